package reparent

import (
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// repointRun is the calls to the replicas under way. They outlive the operation.
type repointRun struct {
	// first happens when one of them has succeeded, all when all have ended.
	first, all *sim.Event
	cancel     func()
	// errs belongs to the waiter once all has happened; calls counts the calls.
	errs  []error
	calls int
}

// repoint starts to attach tablets to a parent, within WRT in a context of its own. They
// resume replication only if it ran before. spec
func (e *emergency) repoint(parent *topodata.Tablet, tablets []*topodata.Tablet) *repointRun {
	ctx, cancel := e.withWRT(e.env.Background())
	run := &repointRun{
		first: e.env.NewEvent("first-follows"), all: e.env.NewEvent("all-repointed"), cancel: cancel,
		errs: make([]error, len(tablets)),
	}
	group := e.env.NewWaitGroup("repoint")
	for i, t := range tablets {
		if t == parent || e.ignored(t.Alias) {
			continue
		}
		run.calls++
		e.info(lineEmergencyRepoint, "setting new primary on replica %v", t.Alias)
		group.Go("repoint-"+t.Alias.String(), func() {
			err := e.tm.SetReplicationSource(ctx, t.Alias, tmclient.SetReplicationSourceRequest{
				Parent: parent.Alias, ForceStart: e.wasRunning(t.Alias),
				SemiSync: e.durability.IsAcker(member(parent), member(t)),
			})
			if err != nil {
				run.errs[i] = emergencyRepointFailed(fromTablet(err, e.behaviors()), t.Alias)
				return
			}
			run.first.Set()
		})
	}
	e.env.Go("repointed", func() {
		group.Wait()
		run.all.Set()
		cancel()
	})
	return run
}

// verdict is what the failures mean when all calls have ended: it is enough that one replica
// follows, and in a shard of two tablets that one, most likely dead, need not. spec: R-110
func (run *repointRun) verdict(e *emergency, tablets int) error {
	failed := 0
	for _, err := range run.errs {
		if err != nil {
			failed++
		}
	}
	const pair = 2
	switch {
	case run.calls == 0 || failed < run.calls:
		return nil
	case tablets <= pair:
		e.warn(lineOnlyReplica, "Failed to set the MySQL replication source during ERS but because there is only one other tablet "+
			"we assume it is the one that had failed and will progress with the reparent. Error: %v", joined(run.errs))
		return nil
	default:
		return replicasFailed(joined(run.errs), run.calls)
	}
}
