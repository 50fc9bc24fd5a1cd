package mysqld

import (
	"context"
	"errors"
	"time"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
)

// ThreadState is the state of a replication thread.
// spec: T-104
type ThreadState uint8

// The states. The applier is never connecting.
const (
	Stopped ThreadState = iota
	Connecting
	Running
)

// String names the state.
func (s ThreadState) String() string { return [...]string{"stopped", "connecting", "running"}[s] }

// receiver is the IO thread: it copies the source's log into the relay log.
type receiver struct {
	server *Server
	p      *process
	source topodata.TabletAlias
	ctx    *sim.Context
	cancel func()
	state  ThreadState
	// session names the present connection; acknowledges says whether it was made with the
	// replica's side of semi-sync on. spec: T-113
	session      int64
	acknowledges bool
	// received is the index in the source's log up to which this session received; ackWake
	// tells the stream of acknowledgements.
	received int
	ackWake  *sim.Chan[struct{}]
	// heard is when the source last sent something; notListening while the thread is busy with
	// the relay log.
	heard *sim.Atomic[sim.Time]
}

const notListening = sim.Time(-1)

// startReceiver starts the thread; the caller holds the lock.
func (s *Server) startReceiver() {
	p := s.process
	ctx, cancel := p.env.WithCancel(p.env.Background())
	r := &receiver{
		server: s, p: p, source: s.source, ctx: ctx, cancel: cancel, state: Connecting,
		ackWake: sim.NewChan[struct{}](p.env, "mysqld.ack.wake", 1), heard: sim.NewAtomic(p.env, "mysqld.heard", p.env.Now()),
	}
	s.receiver, s.ioError = r, ""
	s.emitThread("io", Connecting, "")
	p.env.GoDaemon("receiver", r.run)
}

// stopReceiver stops the thread; the caller holds the lock.
func (s *Server) stopReceiver() {
	if s.receiver != nil {
		s.receiver.cancel()
		s.receiver = nil
		s.emitThread("io", Stopped, "")
	}
}

// run connects again and again until it is stopped or the source refuses for good.
// spec: T-105, T-106
func (r *receiver) run() {
	for {
		err := r.follow()
		if r.ctx.Err() != nil || errors.Is(err, errPurged) {
			r.give(err)
			return
		}
		r.setState(Connecting, err)
		if r.p.env.SleepCtx(r.ctx, r.server.opts.ConnectRetry) != nil {
			return
		}
	}
}

// give ends the thread because of an error, unless it was stopped before.
func (r *receiver) give(err error) {
	s := r.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receiver == r {
		s.receiver, s.ioError = nil, err.Error()
		s.emitThread("io", Stopped, s.ioError)
	}
}

func (r *receiver) setState(state ThreadState, err error) {
	s := r.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receiver != r {
		return
	}
	r.state, s.ioError = state, ""
	if err != nil {
		s.ioError = err.Error()
	}
	s.emitThread("io", state, s.ioError)
}

// follow is one connection to the source, until it breaks.
func (r *receiver) follow() error {
	env := r.p.env
	req, pause := r.request()
	if err := env.SleepCtx(r.ctx, pause); err != nil {
		return err
	}
	ctx, cancel := env.WithCancel(r.ctx)
	defer cancel()
	conn := r.p.node.Dial(HostName(r.source), simnet.DialOptions{})
	defer conn.Close()
	limit := r.watchSilence(cancel)
	defer limit.Stop()
	stream, err := conn.Stream(ctx, methodDump, req)
	if err != nil {
		return r.reason(err)
	}
	r.setState(Running, nil)
	for {
		msg, err := stream.Recv()
		if err != nil {
			return r.reason(err)
		}
		if !r.receive(msg.(*batch)) {
			return r.ctx.Err()
		}
	}
}

// request prepares the session: what the replica has, and whether it acknowledges.
func (r *receiver) request() (*dumpRequest, time.Duration) {
	s := r.server
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	r.session, r.acknowledges, r.received = s.sessions, s.semi.replica, 0
	r.heard.Store(r.p.env.Now())
	req := &dumpRequest{
		have: s.executed.Union(s.retrieved), replica: r.p.env.HostName(), session: r.session, semiSync: r.acknowledges,
	}
	return req, s.draw(s.timings.ReplicaConnect)
}

// reason words the end of a connection that was cut because the source was silent.
func (r *receiver) reason(err error) error {
	if r.ctx.Err() == nil && errors.Is(err, context.Canceled) {
		return errors.New("error reconnecting to source: no heartbeat within replica_net_timeout")
	}
	return err
}

// watchSilence cuts the connection when the source says nothing for NetTimeout.
func (r *receiver) watchSilence(cut func()) *sim.Timer {
	s, env := r.server, r.p.env
	var timer *sim.Timer
	timer = env.NewTimer("replica-net-timeout", func() {
		heard := r.heard.Load()
		if heard == notListening {
			heard = env.Now()
		}
		if limit := heard.Add(s.opts.NetTimeout); env.Now() < limit {
			timer.ResetAt(limit)
			return
		}
		cut()
	})
	timer.Reset(s.opts.NetTimeout)
	return timer
}

// receive writes a batch to the relay log and has it acknowledged; false if the thread was
// stopped.
func (r *receiver) receive(b *batch) bool {
	flush, running := r.store(b)
	if !running {
		return false
	}
	if len(b.entries) > 0 && r.acknowledges {
		if flush > 0 {
			r.p.env.Sleep(flush)
		}
		r.flushed(b.end)
		r.ackWake.TrySend(struct{}{})
	}
	return true
}

// store writes to the relay log and says how long the flush before an acknowledgement takes.
func (r *receiver) store(b *batch) (flush time.Duration, running bool) {
	s := r.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stall != nil && len(b.entries) > 0 {
		r.heard.Store(notListening)
		s.awaitServer(r.p.env, r.p.died, true)
	}
	if s.receiver != r {
		return 0, false
	}
	s.sourceUUID = b.uuid
	r.heard.Store(r.p.env.Now())
	if len(b.entries) > 0 {
		s.writeRelayLog(b.entries)
		s.emitReceive(r, b)
		flush = s.timings.onDisk(s.draw(s.timings.Ack))
	}
	return flush, true
}

func (r *receiver) flushed(end int) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.received = end
}

// serveAcks sends the source what the session's receiver has flushed.
// spec: T-114
func (s *Server) serveAcks(ctx *sim.Context, request any, out *simnet.ServerStream) error {
	session := request.(*ackRequest).session
	for sent := 0; ; {
		r, received := s.receivedBy(session)
		if r == nil {
			return errDumpStopped
		}
		if received > sent {
			if err := out.Send(received); err != nil {
				return err
			}
			sent = received
		}
		var none struct{}
		var open bool
		switch r.p.env.Select(sim.OnRecv(r.ackWake, &none, &open), sim.OnDone(ctx), sim.OnDone(r.ctx)) {
		case 1:
			return ctx.Err()
		case 2:
			return errDumpStopped
		}
	}
}

func (s *Server) receivedBy(session int64) (*receiver, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.receiver; r != nil && r.session == session {
		return r, r.received
	}
	return nil, 0
}

func (s *Server) emitReceive(r *receiver, b *batch) {
	if !s.tracing() {
		return
	}
	var set gtid.Set
	for _, e := range b.entries {
		set.Add(e.UUID, e.Number)
	}
	s.emit(KindReceive, trace.Str("gtids", set.String()), trace.Str("source", r.source.String()), trace.Bool("semi_sync", r.acknowledges))
}

func (s *Server) emitThread(thread string, state ThreadState, err string) {
	s.emit(KindReplication, trace.Str("thread", thread), trace.Str("state", state.String()), trace.Str("error", err))
}

// dropRelayLog forgets what was received and not applied.
// spec: T-109
func (s *Server) dropRelayLog() {
	if lost := s.retrieved.Difference(s.executed); !lost.IsEmpty() {
		s.emitSet(KindRelayLost, lost)
	}
	s.relay, s.retrieved = nil, gtid.Set{}
}
