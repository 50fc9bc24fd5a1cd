package runner

import (
	"errors"
	"slices"

	"bufsim/experiments/scenario"
	"bufsim/model/query"
	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

// Effect implements fault.Domain: what the kinds do that know Vitess and MySQL.
func (s site) Effect(kind string) fault.Effect {
	switch kind {
	case scenario.FaultRestart:
		return s.restart
	case scenario.FaultStopApplier:
		return s.stopApplier
	case scenario.FaultSetDelay:
		return s.setDelay
	case scenario.FaultSlowDisk:
		return s.slowDisk
	case scenario.FaultStallDisk:
		return s.stallDisk
	case scenario.FaultSetWritable:
		return s.setWritable
	case scenario.FaultDropHealth:
		return s.dropHealth
	case scenario.FaultHoldHealth:
		return s.holdHealth
	case scenario.FaultPRS, scenario.FaultERS:
		return s.reparent
	case scenario.FaultBreakApplier:
		return s.breakApplier
	case scenario.FaultWriteErrant:
		return s.writeErrant
	case scenario.FaultSwitchMySQL:
		return s.switchMySQL
	}
	return s.topoEffect(kind)
}

// restart ends processes in good order and starts them again; one that is down already
// it just starts.
func (s site) restart(x *fault.Shot) ([]fault.Part, error) {
	var parts []fault.Part
	for _, h := range x.Hosts {
		if !h.Down() {
			s.terminate(h)
		} else if x.Fault.For == 0 {
			h.Restart()
			continue
		}
		up := x.TakeDown(h)
		if x.Fault.For == 0 {
			up()
			continue
		}
		parts = append(parts, fault.Part{Hosts: []string{h.Name()}, Undo: func(*sim.Env) error { up(); return nil }})
	}
	return parts, nil
}

// terminate sends SIGTERM to a process and waits for its end; the topology server
// just ends.
func (s site) terminate(h *sim.Host) {
	for _, m := range s.tablets {
		if m.host == h && m.process != nil {
			m.process.Terminate()
			m.process.Stopped().Wait()
		}
		if m.mysqld == h {
			m.server.Shutdown()
		}
	}
	for _, g := range s.gates {
		if g.host == h && g.gate != nil {
			g.gate.Shutdown()
		}
	}
}

func (s site) stopApplier(x *fault.Shot) (parts []fault.Part, first error) {
	for _, m := range s.members(scenario.Target(x.Fault.Target)) {
		if err := m.server.Client(x.Env).StopApplier(); err != nil {
			first = errors.Join(first, err)
			continue
		}
		parts = append(parts, onServer(m, func(env *sim.Env) error {
			err := m.server.Client(env).StartApplier()
			if errors.Is(err, mysqld.ErrNotReplica) { // it was promoted meanwhile: nothing to start
				return nil
			}
			return err
		}))
	}
	return parts, first
}

func (s site) setDelay(x *fault.Shot) ([]fault.Part, error) {
	d := x.Fault.Duration("delay")
	return s.timings(x, func(t *mysqld.Timings) { t.SourceDelay = d }), nil
}

func (s site) slowDisk(x *fault.Shot) ([]fault.Part, error) {
	factor, add := max(1, x.Fault.Number("factor", 1)), x.Fault.Duration("add")
	return s.timings(x, func(t *mysqld.Timings) {
		t.DiskFactor = max(1, t.DiskFactor) * factor
		t.DiskDelay += add
	}), nil
}

// timings changes the timings of the target's MySQL servers. Changes by several faults
// lie upon each other in the order of the faults, on the scenario's own.
func (s site) timings(x *fault.Shot, change func(*mysqld.Timings)) []fault.Part {
	var parts []fault.Part
	for _, m := range s.members(scenario.Target(x.Fault.Target)) {
		layer := &change
		m.changes = append(m.changes, layer)
		m.retime()
		parts = append(parts, onServer(m, func(*sim.Env) error {
			m.changes = slices.DeleteFunc(m.changes, func(other *func(*mysqld.Timings)) bool { return other == layer })
			m.retime()
			return nil
		}))
	}
	return parts
}

// retime gives the server its own timings with the changes by faults.
func (m *member) retime() {
	m.server.SetTimings(func(t *mysqld.Timings) {
		*t = m.timings
		for _, change := range m.changes {
			(*change)(t)
		}
	})
}

func (s site) stallDisk(x *fault.Shot) ([]fault.Part, error) {
	return s.counted(x, func(m *member) *int { return &m.stalls }, func(m *member, on bool) { m.server.SetDiskStalled(on) }), nil
}

func (s site) holdHealth(x *fault.Shot) ([]fault.Part, error) {
	return s.counted(x, func(m *member) *int { return &m.heldHealth }, func(m *member, on bool) {
		way := tablet.HealthDelivered
		if on {
			way = tablet.HealthHeld
		}
		if m.process != nil {
			m.process.SetHealthDelivery(way)
		}
	}), nil
}

// counted switches something on for each tablet of the target, and off when no fault
// wants it any more.
func (s site) counted(x *fault.Shot, count func(*member) *int, set func(*member, bool)) []fault.Part {
	var parts []fault.Part
	for _, m := range s.members(scenario.Target(x.Fault.Target)) {
		undo := counted(count(m), func(on bool) { set(m, on) })
		parts = append(parts, onServer(m, func(*sim.Env) error { undo(); return nil }))
	}
	return parts
}

// counted switches something on, and off again with the last undo.
func counted(n *int, set func(on bool)) (undo func()) {
	*n++
	set(true)
	return func() {
		if *n--; *n == 0 {
			set(false)
		}
	}
}

// dropHealth has health messages vanish between a tablet and gates, while everything
// else between them goes on.
func (s site) dropHealth(x *fault.Shot) ([]fault.Part, error) {
	return x.Links(fault.Mute(query.MethodStreamHealth, "stream")), nil
}

// setWritable runs the operator's command for each tablet of the target.
func (s site) setWritable(x *fault.Shot) ([]fault.Part, error) {
	var first error
	r := s.reparenter(s.operatorHost.Env())
	for _, m := range s.members(scenario.Target(x.Fault.Target)) {
		if err := r.SetWritable(x.Env.Background(), m.alias, x.Fault.Arg("value") == "true"); err != nil && first == nil {
			first = err
		}
	}
	return nil, first
}

// reparent has the operator start one more operation, which the result lists behind
// the timeline's.
func (s site) reparent(x *fault.Shot) ([]fault.Part, error) {
	if s.operatorHost.Down() {
		return nil, errOperatorDied
	}
	_, _, shard := scenario.FaultTarget(x.Fault.Target)
	op, env := s.addReparent(x.Fault, shard), s.operatorHost.Env()
	env.Go("timeline/"+op.ID, func() { s.run(env, op) })
	return nil, nil
}
