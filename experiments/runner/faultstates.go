package runner

import (
	"errors"

	"bufsim/experiments/scenario"
	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/tablet/mysqld"
)

func (s site) breakApplier(x *fault.Shot) ([]fault.Part, error) {
	return nil, s.onEach(x, (*mysqld.Client).BreakApplier)
}

func (s site) writeErrant(x *fault.Shot) ([]fault.Part, error) {
	return nil, s.onEach(x, (*mysqld.Client).WriteErrant)
}

// onEach does something on each MySQL server of the target that nothing takes back.
func (s site) onEach(x *fault.Shot, do func(*mysqld.Client) error) (err error) {
	for _, m := range s.members(scenario.Target(x.Fault.Target)) {
		err = errors.Join(err, do(m.server.Client(x.Env)))
	}
	return err
}

// switchMySQL does what an external tool does to make a replica the shard's primary without
// Vitess: the old one is made read-only, the new one catches up, forgets its source, gets the
// old one's side of semi-sync and is made writable. Vitess itself leaves semi-sync alone here.
// spec: R-120
func (s site) switchMySQL(x *fault.Shot) ([]fault.Part, error) {
	for _, next := range s.members(scenario.Target(x.Fault.Target)) {
		shard := next.keyspace + "/" + next.shard
		for _, old := range s.members(scenario.Target("primary:" + shard)) {
			if err := handOver(x.Env, old.server, next.server); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// externalCatchUpSeconds bounds the new primary's wait for the old one's transactions.
const externalCatchUpSeconds = 30

func handOver(env *sim.Env, old, next *mysqld.Server) error {
	c := next.Client(env)
	for _, step := range []func() error{
		func() error { return old.Client(env).SetSuperReadOnly(true) },
		func() error { return c.WaitForExecuted(old.Executed(), externalCatchUpSeconds) },
		func() error { return c.StopReplication(false) },
		c.ResetReplica,
		func() error { return handOverSemiSync(old.Client(env), c) },
		func() error { return c.SetSuperReadOnly(false) },
		func() error { return c.SetReadOnly(false) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// handOverSemiSync has the new primary wait for acknowledgements if the old one did.
func handOverSemiSync(old, next *mysqld.Client) error {
	state, err := old.SemiSync()
	if err != nil || !state.Source {
		return err
	}
	return next.SetSemiSync(true, true)
}
