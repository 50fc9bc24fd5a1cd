package reparent

import "bufsim/sim"

// underLock runs an operation on a shard under its lock, unless ctx holds that already, and
// reports its end. The lock is given up by a plain call, not a deferred one: a killed process
// must not give it up.
// spec
func (r *Reparenter) underLock(ctx *sim.Context, p *progress, keyspace, shard, action string, do func(ctx *sim.Context) error) error {
	began := r.env.Now()
	unlock := func(*error) {}
	if r.ts.CheckShardLocked(ctx, keyspace, shard) != nil {
		var err error
		if ctx, unlock, err = r.ts.LockShard(ctx, keyspace, shard, action); err != nil {
			r.counts.add(p, err, r.env.Now().Sub(began))
			return err
		}
	}
	err := do(ctx)
	r.counts.add(p, err, r.env.Now().Sub(began))
	if err == nil {
		p.event("finished " + p.operation)
	} else {
		p.event("failed " + p.operation + ": " + err.Error())
	}
	unlock(&err)
	return err
}
