package fault

import (
	"time"

	"bufsim/sim"
)

// hold names a state that a host is kept in, such as paused.
type hold struct{ state, host string }

// keep brings a host into a state unless another fault holds it there, and returns
// what takes that back once no fault holds it any more.
func (in *Injector) keep(state string, h *sim.Host, enter, leave func()) (undo func()) {
	key := hold{state, h.Name()}
	if in.holds[key]++; in.holds[key] == 1 {
		enter()
	}
	return func() {
		if in.holds[key]--; in.holds[key] == 0 {
			leave()
		}
	}
}

func crash(x *Shot) ([]Part, error) {
	return x.each(func(h *sim.Host) func() { return x.in.keep(DoCrash, h, h.Crash, h.Restart) }), nil
}

func pause(x *Shot) ([]Part, error) {
	return x.each(func(h *sim.Host) func() { return x.in.keep(DoPause, h, h.Pause, h.Resume) }), nil
}

func refuse(x *Shot) ([]Part, error) {
	net := x.Network()
	return x.each(func(h *sim.Host) func() {
		return x.in.keep(DoRefuse, h, func() { net.Refuse(h.Name()) }, func() { net.Accept(h.Name()) })
	}), nil
}

func clockStep(x *Shot) ([]Part, error) {
	by := x.Fault.Duration("by")
	return x.each(func(h *sim.Host) func() {
		h.StepClock(by)
		return func() { h.StepClock(-by) }
	}), nil
}

func clockDrift(x *Shot) ([]Part, error) {
	ppb := x.Fault.Number("ppm", 0) * int64(time.Microsecond)
	return x.each(func(h *sim.Host) func() {
		h.SetDrift(h.Drift() + ppb)
		return func() { h.SetDrift(h.Drift() - ppb) }
	}), nil
}

// heal ends the faults under way that touch the target, or all.
func heal(x *Shot) ([]Part, error) {
	if x.Fault.Target == "" {
		return nil, x.in.heal(x.Env, nil)
	}
	return nil, x.in.heal(x.Env, namesOf(x.Hosts))
}

func namesOf(hosts []*sim.Host) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name()
	}
	return names
}
