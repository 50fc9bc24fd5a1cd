package mysqld

import (
	"slices"
	"time"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// semiSync is the settings of both sides and the commits that wait on the source's.
// spec: T-113
type semiSync struct {
	source, replica bool
	queue           []*pending
	// polled is when the ACK receiver's present poll began: at the last acknowledgement or
	// (re)connection of a replica.
	polled sim.Time
	// activity is there while the source's side is being switched off: it ends the poll.
	activity     *sim.Event
	acknowledged int64
	// ackCount and timeout are server variables; they last until the process ends.
	ackCount int
	timeout  time.Duration
	// fallen says that a commit's patience was over: commits wait no more until a replica has
	// caught up (Rpl_semi_sync_source_status OFF).
	fallen bool
}

// waits reports whether commits wait for acknowledgements now.
func (s *semiSync) waits() bool { return s.source && !s.fallen }

// ackActivity tells of an acknowledgement or of a replica that went: both end a poll, and
// with it a switch that waits for it. A replica that comes begins a new poll without ending
// the wait, if anybody else is listened to (see listenTo).
// spec: T-117a
func (s *Server) ackActivity() {
	s.semi.polled = s.disk.Now()
	if s.semi.activity != nil {
		s.semi.activity.Set()
	}
}

// acknowledged records that a replica has everything up to, not including, index end, and
// lets go the commits that enough replicas have.
// spec: T-114, T-118, T-118a
func (s *Server) acknowledged(d *dump, end int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.stop.IsSet() {
		return
	}
	d.acked = max(d.acked, end)
	if !d.heard {
		return
	}
	s.ackActivity()
	s.countAcks()
}

// countAcks lets go the commits that enough replicas have acknowledged.
func (s *Server) countAcks() {
	enough := s.acknowledgedByEnough()
	s.semi.acknowledged += int64(s.release(enough, causeAcked))
	if s.semi.fallen && enough >= len(s.log) {
		s.setFallen(false)
	}
}

// listenTo begins to hear a replica that has just come. If the last one has gone a moment ago,
// the ACK receiver still polls, with nobody left to listen to: nothing wakes it before that
// poll expires, and what the newcomer acknowledges meanwhile counts only then. So replicas that
// all reconnect at once freeze commits for most of a second, though each is back in
// milliseconds. The caller holds the lock and has not listed d yet.
// spec: T-117a, T-147
func (s *Server) listenTo(d *dump) {
	if !d.semiSync {
		return
	}
	now := s.disk.Now()
	rest := semiSyncPoll - now.Sub(s.semi.polled)
	deaf := s.semi.source && !s.opts.SemiSyncSwitchInstant && !s.hears() && rest > 0
	if !deaf {
		d.heard, s.semi.polled = true, now
		return
	}
	s.process.env.NewTimer("ack-receiver-poll", func() { s.pollExpired(d) }).Reset(rest)
}

// startAckReceiver is what switching the source's side on does: a receiver that starts hears all
// replicas that are there, and without any it sleeps until the first one comes.
func (s *Server) startAckReceiver() {
	s.semi.polled = s.disk.Now().Add(-semiSyncPoll)
	for _, d := range s.dumps {
		if d.semiSync {
			d.heard, s.semi.polled = true, s.disk.Now()
		}
	}
}

// hears reports whether the ACK receiver has a replica to listen to.
func (s *Server) hears() bool {
	return slices.ContainsFunc(s.dumps, func(d *dump) bool { return d.heard })
}

// pollExpired is the end of the poll during which a replica came. A timer cannot wait for the
// lock, so where somebody has it, the receiver does in a thread of its own.
func (s *Server) pollExpired(d *dump) {
	if s.mu.TryLock() {
		defer s.mu.Unlock()
		s.hear(d)
		return
	}
	s.process.env.GoDaemon("ack-receiver", func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hear(d)
	})
}

// hear has the receiver read the acknowledgements of a replica. The caller holds the lock.
func (s *Server) hear(d *dump) {
	if d.stop.IsSet() || d.heard {
		return
	}
	d.heard = true
	if d.acked > 0 {
		s.ackActivity()
		s.countAcks()
	} else {
		s.semi.polled = s.disk.Now()
	}
}

// acknowledgedByEnough is the log index up to which AckCount replicas have acknowledged.
func (s *Server) acknowledgedByEnough() int {
	var ends []int
	for _, d := range s.dumps {
		if d.heard {
			ends = append(ends, d.acked)
		}
	}
	if len(ends) < s.semi.ackCount {
		return 0
	}
	slices.Sort(ends)
	return ends[len(ends)-s.semi.ackCount]
}

// release commits the waiting transactions below index end, in the order of the log.
func (s *Server) release(end int, cause commitCause) int {
	n := 0
	for len(s.semi.queue) > 0 && s.semi.queue[0].index < end {
		p := s.semi.queue[0]
		s.semi.queue = s.semi.queue[1:]
		s.complete(p, cause)
		n++
	}
	return n
}

// SemiSync is the state of both sides.
type SemiSync struct {
	Source, Replica bool
	// Waiting counts sessions that wait for acknowledgements; Ackers counts the attached
	// replicas that give them.
	Waiting, Ackers int
	// Acknowledged counts commits that were let go by acknowledgements.
	Acknowledged int64
	// Fallen says that the source went on without acknowledgements after AckTimeout.
	Fallen bool
}

// SemiSync reads the state.
func (c *Client) SemiSync() (state SemiSync, err error) {
	err = c.quick(func(s *Server) error {
		state = SemiSync{Source: s.semi.source, Replica: s.semi.replica, Waiting: len(s.semi.queue), Ackers: s.ackers(), Acknowledged: s.semi.acknowledged, Fallen: s.semi.fallen}
		return nil
	})
	return state, err
}

func (s *Server) ackers() int {
	n := 0
	for _, d := range s.dumps {
		if d.semiSync {
			n++
		}
	}
	return n
}

// SetSemiSync sets both sides. The replica's side counts from the receiver's next connection
// on. Switching the source's side off waits for the ACK receiver, up to a second, and then
// lets all waiting commits go; that goes on when the caller dies.
// spec: T-113, T-117, T-117a
func (c *Client) SetSemiSync(source, replica bool) error {
	if err := c.quick(func(s *Server) error {
		s.semi.replica = replica
		if source && !s.semi.source {
			s.semi.source = true
			s.startAckReceiver()
		}
		s.emitSemiSync(0)
		return nil
	}); err != nil || source {
		return err
	}
	return c.background("semi-sync-off", (*Server).switchSourceOff)
}

func (s *Server) switchSourceOff(env *sim.Env) error {
	if activity, rest, fast := s.ackReceiverPoll(env); activity != nil {
		if env.Select(env.After(rest), sim.OnEvent(activity)) == 1 {
			env.Sleep(min(fast, max(rest, time.Millisecond)))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.semi.activity = nil
	if s.semi.source {
		s.semi.source, s.semi.fallen = false, false
		s.emitSemiSync(s.release(len(s.log), causeSwitchedOff))
	}
	return nil
}

// ackReceiverPoll says what switching the source's side off waits for: the rest of the ACK
// receiver's poll, or activity and a little more. No activity means no wait; where no replica
// is attached there is nothing to poll.
// spec: T-117a
func (s *Server) ackReceiverPoll(env *sim.Env) (activity *sim.Event, rest, fast time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.semi.source || s.opts.SemiSyncSwitchInstant || s.ackers() == 0 {
		return nil, 0, 0
	}
	if s.semi.activity == nil {
		s.semi.activity = env.NewEvent("mysqld.ack-activity")
	}
	rest = semiSyncPoll - env.Now().Sub(s.semi.polled)%semiSyncPoll
	return s.semi.activity, rest, s.draw(s.timings.SemiSyncSwitchFast)
}

func (s *Server) emitSemiSync(released int) {
	s.emit(KindSemiSync, trace.Bool("source", s.semi.source), trace.Bool("replica", s.semi.replica), trace.Int("released", int64(released)))
}
