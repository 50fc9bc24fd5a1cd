package topo

import (
	"bufsim/sim"
	"bufsim/topo/wire"
)

// electionsDir holds the elections of the global topology. spec: topo 1.1
const electionsDir = "elections"

// leadershipNode is the node of errors about a participation that is over. spec: O-42
const leadershipNode = "Leadership"

// LeaderParticipation is a process's part in an election. spec: O-42
type LeaderParticipation interface {
	// WaitForLeadership blocks until the process leads, and returns a context that ends
	// when it no longer does. In etcd2 only Stop ends it, even if the lease is lost.
	// After Stop the error is Interrupted. spec: O-42, O-43
	WaitForLeadership() (*sim.Context, error)
	// Stop gives the leadership or the wait for it up, and blocks until that is done.
	Stop()
	// GetCurrentLeaderID is the id of the leader, "" if there is none.
	GetCurrentLeaderID(ctx *sim.Context) (string, error)
	// WaitForNewLeader gives the ids of the leaders, from the present one on, until ctx
	// ends; NoImplementation in zk2 and consul.
	WaitForNewLeader(ctx *sim.Context) (*sim.Chan[string], error)
}

// participation implements [LeaderParticipation].
type participation struct {
	c        *remoteConn
	dir, id  string
	stopping *sim.Context
	stop     func()
	idle     *sim.WaitGroup // of waits for the leadership and of its release
}

// NewLeaderParticipation implements [Conn].
func (c *remoteConn) NewLeaderParticipation(name, id string) (LeaderParticipation, error) {
	p := &participation{c: c, dir: electionsDir + "/" + name, id: id, idle: c.env.NewWaitGroup("leadership")}
	p.stopping, p.stop = c.env.WithCancel(c.env.Background())
	return p, nil
}

// WaitForLeadership implements [LeaderParticipation].
func (p *participation) WaitForLeadership() (*sim.Context, error) {
	if p.stopping.Err() != nil {
		return nil, NewError(Interrupted, leadershipNode)
	}
	session := p.c.flavour.locks.session(p.c.opts, 0)
	told := session.kept // spec: O-43
	session.kept = true
	p.idle.Add(1)
	lock, err := p.c.contend(p.stopping, p.dir, p.id, session)
	if err != nil {
		p.idle.Done()
		if p.stopping.Err() != nil {
			err = NewError(Interrupted, leadershipNode)
		}
		return nil, err
	}
	leading, end := p.c.env.WithCancel(p.stopping)
	p.c.env.GoDaemon("leadership", func() {
		defer p.idle.Done()
		defer end()
		if told && p.c.env.Select(sim.OnDone(p.stopping), sim.OnEvent(lock.lost)) == 1 {
			lock.letGo()
			return
		}
		p.c.env.Select(sim.OnDone(p.stopping))
		ctx, cancel := p.c.env.WithTimeout(p.c.env.Background(), p.c.opts.RemoteOperationTimeout)
		defer cancel()
		if err := lock.Unlock(ctx); err != nil {
			p.c.env.Logf("warning", "giving up the leadership of %s: %v", p.dir, err)
		}
	})
	return leading, nil
}

// Stop implements [LeaderParticipation].
func (p *participation) Stop() {
	p.stop()
	p.idle.Wait()
}

// GetCurrentLeaderID implements [LeaderParticipation].
func (p *participation) GetCurrentLeaderID(ctx *sim.Context) (string, error) {
	id, _, err := p.leader(ctx)
	return id, err
}

// leader reads the contents of the oldest entry, and the store's revision.
func (p *participation) leader(ctx *sim.Context) (id string, revision int64, err error) {
	resp, err := p.c.read(ctx, wire.RangeRequest{Key: p.c.queuePrefix(p.dir), Prefix: true})
	if err != nil {
		return "", 0, err
	}
	var oldest int64
	for _, kv := range resp.KVs {
		if oldest == 0 || kv.Created < oldest {
			oldest, id = kv.Created, kv.Value.(string)
		}
	}
	return id, resp.Revision, nil
}

// WaitForNewLeader implements [LeaderParticipation].
func (p *participation) WaitForNewLeader(ctx *sim.Context) (*sim.Chan[string], error) {
	if !p.c.flavour.leaderNews {
		return nil, NewError(NoImplementation, "wait for leader not supported in "+p.c.flavour.name+" topo")
	}
	last, revision, err := p.leader(ctx)
	if err != nil {
		return nil, err
	}
	out := sim.NewChan[string](p.c.env, "leaders", sim.Unbounded)
	if last != "" {
		out.Send(last)
	}
	p.c.env.GoDaemon("leaders", func() {
		defer out.Close()
		req := wire.WatchRequest{Key: p.c.queuePrefix(p.dir), Prefix: true, From: revision + 1}
		_ = p.c.follow(ctx, req, func(wire.WatchEvent) error {
			id, _, err := p.leader(ctx)
			if err == nil && id != "" && id != last {
				last = id
				out.Send(id)
			}
			return err
		})
	})
	return out, nil
}
