package runner

import (
	"slices"
	"time"

	"bufsim/experiments/scenario"
	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/topo/toposerver"
)

// topoFaults are the faults of one topology service under way.
type topoFaults struct {
	leaderless int
	slow       []*time.Duration
	watches    []*toposerver.WatchFaults
}

// topoEffect gives what the kinds do that know the topology service.
func (s site) topoEffect(kind string) fault.Effect {
	switch kind {
	case scenario.FaultWipeTopo:
		return s.onTopos(wipeTopo)
	case scenario.FaultLoseQuorum:
		return s.onTopos(loseQuorum)
	case scenario.FaultStallMember:
		return s.onTopos(func(t *topoProcess, x *fault.Shot) (undo func()) {
			t.store.StallMember(int(x.Fault.Number("member", 0)))
			return nil
		})
	case scenario.FaultSlowTopo:
		return s.onTopos(slowTopo)
	case scenario.FaultStaleWatch:
		return s.onTopos(staleWatch)
	case scenario.FaultBreakWatches:
		return s.onTopos(breakWatches)
	case scenario.FaultExpireLeases:
		return s.onTopos(func(t *topoProcess, x *fault.Shot) (undo func()) {
			t.store.ExpireLeases(x.Fault.Arg("prefix"))
			return nil
		})
	}
	return nil
}

// onTopos does something to each topology server of the target; undo may be nil.
func (s site) onTopos(do func(*topoProcess, *fault.Shot) (undo func())) fault.Effect {
	return func(x *fault.Shot) ([]fault.Part, error) {
		_, kind, name := scenario.FaultTarget(x.Fault.Target)
		var parts []fault.Part
		for _, t := range s.toposOf(kind, name) {
			if undo := do(t, x); undo != nil {
				parts = append(parts, fault.Part{Hosts: []string{t.host.Name()}, Undo: func(*sim.Env) error { undo(); return nil }})
			}
		}
		return parts, nil
	}
}

// wipeTopo brings a topology server back with empty disks. spec: O-92
func wipeTopo(t *topoProcess, x *fault.Shot) (undo func()) {
	up := x.TakeDown(t.host)
	t.store.Wipe()
	if x.Fault.For > 0 {
		return up
	}
	up()
	return nil
}

// spec: O-92, O-93
func loseQuorum(t *topoProcess, _ *fault.Shot) (undo func()) {
	return counted(&t.faults.leaderless, func(on bool) {
		if on {
			t.store.LoseQuorum()
		} else {
			t.store.RegainQuorum()
		}
	})
}

// slowTopo adds to the time of each request; several faults add up. spec: O-94
func slowTopo(t *topoProcess, x *fault.Shot) (undo func()) {
	mine := new(time.Duration)
	*mine = x.Fault.Duration("add")
	f := &t.faults
	apply := func() {
		sum := time.Duration(0)
		for _, d := range f.slow {
			sum += *d
		}
		t.store.Slow(sim.Constant(sum))
	}
	f.slow = append(f.slow, mine)
	apply()
	return func() {
		f.slow = slices.DeleteFunc(f.slow, func(d *time.Duration) bool { return d == mine })
		apply()
	}
}

// staleWatch changes what watches tell; of several faults the last one counts. spec: O-95
func staleWatch(t *topoProcess, x *fault.Shot) (undo func()) {
	values := x.Fault.Arg("values")
	mine := &toposerver.WatchFaults{Delay: sim.Constant(x.Fault.Duration("delay")), Duplicate: values == "twice", Skip: values == "latest"}
	f := &t.faults
	apply := func() {
		now := toposerver.WatchFaults{}
		for _, w := range f.watches {
			now = *w
		}
		t.store.SetWatchFaults(now)
	}
	f.watches = append(f.watches, mine)
	apply()
	return func() {
		f.watches = slices.DeleteFunc(f.watches, func(w *toposerver.WatchFaults) bool { return w == mine })
		apply()
	}
}

// spec: O-25, O-95
func breakWatches(t *topoProcess, x *fault.Shot) (undo func()) {
	switch x.Fault.Arg("way") {
	case scenario.WatchesSilent:
		t.store.SilenceWatches()
	case scenario.WatchesCompacted:
		t.store.CompactWatches()
	case scenario.WatchesClosed:
		t.store.CloseWatches()
	}
	return nil
}
