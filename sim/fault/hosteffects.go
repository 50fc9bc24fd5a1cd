package fault

import (
	"slices"
	"time"

	"bufsim/sim"
)

// hold names a state that a host, or one life of it, is kept in, such as paused.
type hold struct {
	state, host string
	life        uint32
}

// keep brings a host into a state, and returns what takes that back once no fault holds
// it there any more.
func (in *Injector) keep(key hold, enter, leave func()) (undo func()) {
	in.holds[key]++
	enter()
	return func() {
		if in.holds[key]--; in.holds[key] == 0 {
			leave()
		}
	}
}

// keepLife is keep for a state that ends with the life of the process: if others have
// started it again meanwhile, there is nothing to take back.
func (in *Injector) keepLife(state string, h *sim.Host, enter, leave func()) (undo func()) {
	life := h.Env().Incarnation()
	return in.keep(hold{state, h.Name(), life}, enter, func() {
		if h.Env().Incarnation() == life {
			leave()
		}
	})
}

func crash(x *Shot) ([]Part, error) {
	return x.each(x.TakeDown), nil
}

func pause(x *Shot) ([]Part, error) {
	return x.each(func(h *sim.Host) func() { return x.in.keepLife(DoPause, h, h.Pause, h.Resume) }), nil
}

func refuse(x *Shot) ([]Part, error) {
	net := x.Network()
	return x.each(func(h *sim.Host) func() {
		return x.in.keep(hold{state: DoRefuse, host: h.Name()}, func() { net.Refuse(h.Name()) }, func() { net.Accept(h.Name()) })
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

// heal ends the faults under way, or what they have done to the target.
func heal(x *Shot) ([]Part, error) {
	if x.Fault.Target == "" {
		return nil, x.in.takeBack(x.Env, nil)
	}
	target := namesOf(x.Hosts)
	return nil, x.in.takeBack(x.Env, func(_ *underWay, p *Part) bool {
		return slices.ContainsFunc(p.Hosts, func(h string) bool { return slices.Contains(target, h) })
	})
}

func namesOf(hosts []*sim.Host) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name()
	}
	return names
}
