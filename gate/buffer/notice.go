package buffer

import "bufsim/sim"

// notice wakes the timeout thread when the queue gets its first request.
type notice interface {
	// give notifies the thread, now or (if remembered) when it next looks.
	give()
	// given is the case to wait for; it must be called anew for every wait.
	given() sim.Case
}

func newNotice(env *sim.Env, remembered bool) notice {
	if remembered {
		return &rememberedNotice{slot: sim.NewChan[struct{}](env, "notice", 1)}
	}
	return &fleetingNotice{env: env, mu: env.NewMutex("notice.mu"), current: env.NewEvent("notice")}
}

// rememberedNotice keeps one notice that nobody has taken yet; more are dropped. One that has
// become stale only makes the thread look again.
// spec: B-39
type rememberedNotice struct{ slot *sim.Chan[struct{}] }

func (n *rememberedNotice) give()           { n.slot.TrySend(struct{}{}) }
func (n *rememberedNotice) given() sim.Case { return sim.OnRecv[struct{}](n.slot, nil, nil) }

// fleetingNotice is the fault of all releases before main: a notice that comes after the
// thread saw the queue empty and before it asks for the present event is lost.
// spec: buffer 8.2, BUG_LOST_WAKEUP
type fleetingNotice struct {
	env     *sim.Env
	mu      *sim.Mutex // guards current
	current *sim.Event
}

func (n *fleetingNotice) give() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.current.Set()
	n.current = n.env.NewEvent("notice")
}

func (n *fleetingNotice) given() sim.Case {
	n.mu.Lock()
	defer n.mu.Unlock()
	return sim.OnEvent(n.current)
}
