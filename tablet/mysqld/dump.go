package mysqld

import (
	"errors"
	"slices"
	"time"

	"bufsim/model/gtid"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// The streams between servers: a replica asks its source for events; the source asks a
// semi-sync replica for acknowledgements (in MySQL both go over one socket).
const (
	methodDump = "mysql.BinlogDump"
	methodAcks = "mysql.SemiSyncAcks"
)

// dumpRequest opens a stream of batches.
// spec: T-105
type dumpRequest struct {
	// have is everything that the replica has: the source sends the rest.
	have gtid.Set
	// replica is the host that asks; session names the connection on it.
	replica  string
	session  int64
	semiSync bool
}

// batch is a part of the source's log; an empty one is a heartbeat.
type batch struct {
	uuid    gtid.UUID
	entries []*Entry
	// end is the index in the source's log after the last entry.
	end int
}

// ackRequest opens the stream of acknowledgements for a session; its items are log indexes.
type ackRequest struct{ session int64 }

var (
	//lint:ignore ST1005 MySQL's text
	errPurged      = errors.New("Got fatal error 1236 from source when reading data from binary log: the source has purged required GTIDs")
	errDumpStopped = errors.New("binlog dump was stopped")
)

// dump is the source's thread for one replica.
type dump struct {
	session  int64
	replica  string
	semiSync bool
	wake     *sim.Chan[struct{}]
	stop     *sim.Event
	// acked is the index in the log up to which the replica has acknowledged.
	acked int
	// heard says that the ACK receiver listens to the replica: only a semi-sync one is listened to.
	heard bool
}

func (s *Server) serveDump(ctx *sim.Context, request any, out *simnet.ServerStream) error {
	req := request.(*dumpRequest)
	p, d, err := s.startDump(req)
	if err != nil {
		return err
	}
	defer s.endDump(d)
	env := p.env
	if d.semiSync {
		env.GoDaemon("acks", func() { s.readAcks(p, d) })
	}
	heartbeat := s.opts.NetTimeout / 2
	next, sentAt := 0, env.Now()
	for skip := req.have; ; skip = (gtid.Set{}) {
		entries, end := s.logFrom(next, skip)
		if next = end; len(entries) > 0 || env.Now().Sub(sentAt) >= heartbeat {
			if err := out.Send(&batch{uuid: s.uuid, entries: entries, end: end}); err != nil {
				return err
			}
			sentAt = env.Now()
		}
		var none struct{}
		var open bool
		switch env.Select(sim.OnRecv(d.wake, &none, &open), sim.OnDone(ctx), sim.OnEvent(d.stop), sim.At(sentAt.Add(heartbeat))) {
		case 1:
			return ctx.Err()
		case 2:
			return errDumpStopped
		}
	}
}

func (s *Server) startDump(req *dumpRequest) (*process, *dump, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up.Load() {
		return nil, nil, ErrGone
	}
	if !req.have.Contains(s.purged) {
		return nil, nil, errPurged
	}
	// A replica that reconnects replaces its old thread, which may not know yet that it is dead.
	for _, old := range s.dumps {
		if old.replica == req.replica {
			old.stop.Set()
		}
	}
	env := s.process.env
	d := &dump{
		session: req.session, replica: req.replica, semiSync: req.semiSync,
		wake: sim.NewChan[struct{}](env, "mysqld.dump.wake", 1), stop: env.NewEvent("mysqld.dump.stop"),
	}
	s.dumps = slices.DeleteFunc(s.dumps, func(o *dump) bool { return o.replica == req.replica })
	s.listenTo(d)
	s.dumps = append(s.dumps, d)
	return s.process, d, nil
}

func (s *Server) endDump(d *dump) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.dumps, d); i >= 0 {
		s.dumps = slices.Delete(s.dumps, i, i+1)
		if d.heard {
			s.ackActivity()
		}
	}
	d.stop.Set()
}

// logFrom gives the log from an index on, less what the replica has already.
func (s *Server) logFrom(from int, have gtid.Set) ([]*Entry, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := len(s.log)
	part := s.log[min(from, end):end:end]
	if have.IsEmpty() {
		return part, end
	}
	var missing []*Entry
	for _, e := range part {
		if !have.Has(e.UUID, e.Number) {
			missing = append(missing, e)
		}
	}
	return missing, end
}

// readAcks follows a replica's acknowledgements. When they cannot be read any more, the
// dump ends, too, and the replica connects again.
func (s *Server) readAcks(p *process, d *dump) {
	ctx, cancel := p.env.WithCancel(p.env.Background())
	defer cancel()
	defer d.stop.Set()
	conn := p.node.Dial(d.replica, simnet.DialOptions{KeepaliveTime: s.opts.NetTimeout, KeepaliveTimeout: time.Second})
	defer conn.Close()
	p.env.GoDaemon("acks-stop", func() {
		p.env.Select(sim.OnEvent(d.stop), sim.OnDone(ctx))
		cancel()
	})
	stream, err := conn.Stream(ctx, methodAcks, &ackRequest{session: d.session})
	if err != nil {
		return
	}
	for {
		end, err := stream.Recv()
		if err != nil {
			return
		}
		s.acknowledged(d, end.(int))
	}
}
