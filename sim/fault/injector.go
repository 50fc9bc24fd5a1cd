package fault

import (
	"fmt"
	"slices"

	"bufsim/sim"
	"bufsim/sim/simnet"
)

// Injector carries out a plan on a world. It is not safe for concurrent use: it
// belongs to the world.
type Injector struct {
	kinds   Table
	site    Site
	planned []*underWay
	waiting []*trigger
	active  []*underWay
	links   links
	holds   map[hold]int
	started bool
	closed  bool
}

// Site is the world that faults act on.
type Site struct {
	World *sim.World
	// Env belongs to a host that never crashes; faults that wait run there.
	Env    *sim.Env
	Net    *simnet.Network
	Domain Domain
}

// Record says what became of a fault.
type Record struct {
	Line string
	// Fired is false if the fault did not happen.
	Fired bool
	// Start is when it happened, End when all of it was over; Ended is false if it
	// lasted to the end of the run.
	Start, End sim.Time
	Ended      bool
	// Hosts and Peers are what its target and its peer named.
	Hosts, Peers []string
	// Err is the first error of doing it and of taking it back.
	Err error
}

// underWay is a fault with what is known of it.
type underWay struct {
	Record
	fault Fault
	kind  *Kind
	parts []Part
	// over is called when the fault has been done and, if it has a time, undone.
	over func()
}

// NewInjector returns an injector of a plan whose lines are of the given kinds. It
// does nothing before Start.
func NewInjector(plan Plan, kinds Table) *Injector {
	in := &Injector{kinds: kinds, holds: map[hold]int{}}
	for i := range plan {
		u := in.prepare(plan[i])
		in.planned = append(in.planned, u)
		if w := &u.fault.When; w.Event != "" {
			in.waiting = append(in.waiting, &trigger{When: w, of: u})
		}
	}
	return in
}

func (in *Injector) prepare(f Fault) *underWay {
	u := &underWay{fault: f, Record: Record{Line: f.String()}, over: func() {}}
	u.kind, _ = in.kinds.Find(f.Do)
	return u
}

// Start begins to carry out the plan: faults whose instant is past happen at once,
// and events count for triggers from now on.
func (in *Injector) Start(s Site) {
	in.site, in.started = s, true
	in.links.net = s.Net
	for _, u := range in.planned {
		if u.fault.When.Event == "" {
			s.World.Intervene(sim.Time(u.fault.When.At), func() { in.fire(u) })
		}
	}
}

// Do carries out one fault now, whatever its When says, and blocks until it has been
// done and, if it has a time, undone. Start must have been called.
func (in *Injector) Do(env *sim.Env, f Fault) Record {
	u := in.prepare(f)
	u.Line = f.Action()
	over := env.NewEvent("fault over")
	u.over = func() { over.Set() }
	in.site.World.Intervene(env.Now(), func() { in.fire(u) })
	over.Wait()
	return u.Record
}

// HealAll ends the plan: faults that have not happened do not happen any more, and
// those under way are taken back. It blocks until that is done. Liveness is judged
// after it.
func (in *Injector) HealAll(env *sim.Env) error {
	in.closed = true
	return in.takeBack(env, nil)
}

// Records says what became of each fault of the plan, in its order.
func (in *Injector) Records() []Record {
	list := make([]Record, len(in.planned))
	for i, u := range in.planned {
		list[i] = u.Record
	}
	return list
}

// fire is an intervention: the fault happens.
func (in *Injector) fire(u *underWay) {
	if in.closed {
		u.over()
		return
	}
	x := in.aim(u)
	u.Fired, u.Start = true, in.site.World.Now()
	u.Hosts, u.Peers = namesOf(x.Hosts), nil
	if u.fault.Peer != "" {
		u.Peers = namesOf(x.Peers)
	}
	if !u.kind.Blocks {
		in.apply(u, x)
		return
	}
	in.site.Env.Go("fault/"+u.fault.Do, func() {
		x.Env = in.site.Env
		in.apply(u, x)
	})
}

// aim resolves whom the fault hits.
func (in *Injector) aim(u *underWay) *Shot {
	x := &Shot{Fault: &u.fault, in: in}
	domain := in.site.Domain
	if u.fault.Target != "" {
		x.Hosts = domain.Hosts(u.fault.Target, u.kind.Machine)
	}
	if u.fault.Peer != "" {
		x.Peers = domain.Hosts(u.fault.Peer, u.kind.Machine)
		return x
	}
	for _, h := range domain.Hosts("", true) {
		if !slices.Contains(x.Hosts, h) {
			x.Peers = append(x.Peers, h)
		}
	}
	return x
}

// apply has the effect do its work, and sees to its end.
func (in *Injector) apply(u *underWay, x *Shot) {
	effect := in.effect(u.fault.Do)
	switch {
	case effect == nil:
		u.Err = fmt.Errorf("nothing here can do %q", u.fault.Do)
	case u.fault.Target != "" && len(x.Hosts) == 0:
		u.Err = fmt.Errorf("%s names nobody at this time", u.fault.Target)
	case u.fault.Peer != "" && len(x.Peers) == 0:
		u.Err = fmt.Errorf("%s names nobody at this time", u.fault.Peer)
	default:
		u.parts, u.Err = effect(x)
	}
	in.traceInject(&u.Record)
	now := in.site.World.Now()
	if len(u.parts) == 0 {
		u.End, u.Ended = now, true
		u.over()
		return
	}
	in.active = append(in.active, u)
	switch {
	case in.closed: // healed while the effect was at work
		in.undo(x.Env, u, "heal", nil)
	case u.fault.For > 0:
		in.site.World.Intervene(now.Add(u.fault.For), func() { in.expire(u) })
	default:
		u.over()
	}
}

// expire is an intervention: the fault's time is over.
func (in *Injector) expire(u *underWay) {
	switch {
	case u.Ended:
	case u.kind.Blocks:
		in.site.Env.Go("fault/"+u.fault.Do+"/undo", func() { in.undo(in.site.Env, u, "for", nil) })
	default:
		in.undo(nil, u, "for", nil)
	}
}

// takeBack takes back those parts of the faults under way that which chooses; nil
// chooses all.
func (in *Injector) takeBack(env *sim.Env, which func(*underWay, *Part) bool) (first error) {
	for _, u := range slices.Clone(in.active) {
		if err := in.undo(env, u, "heal", which); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// undo takes back chosen parts of a fault, the last one first.
func (in *Injector) undo(env *sim.Env, u *underWay, why string, which func(*underWay, *Part) bool) (first error) {
	var mine, rest []Part
	for _, p := range u.parts {
		if which == nil || which(u, &p) {
			mine = append(mine, p)
		} else {
			rest = append(rest, p)
		}
	}
	if len(mine) == 0 {
		return nil
	}
	u.parts = rest
	var touched []string
	for _, p := range slices.Backward(mine) {
		if err := p.Undo(env); err != nil && first == nil {
			first = err
		}
		touched = append(touched, p.Hosts...)
	}
	if u.Err == nil {
		u.Err = first
	}
	slices.Sort(touched)
	in.traceUndo(&u.Record, why, slices.Compact(touched), first)
	if len(u.parts) == 0 && !u.Ended {
		u.End, u.Ended = in.site.World.Now(), true
		in.active = slices.DeleteFunc(in.active, func(other *underWay) bool { return other == u })
		u.over()
	}
	return first
}

// effect gives what a kind does: one of this package, else one of the domain.
func (in *Injector) effect(kind string) Effect {
	switch kind {
	case DoCrash:
		return crash
	case DoPause:
		return pause
	case DoRefuse:
		return refuse
	case DoClockStep:
		return clockStep
	case DoClockRate:
		return clockDrift
	case DoHeal:
		return heal
	case DoPartition, DoIsolate:
		return partition
	case DoClog:
		return clog
	case DoUnclog:
		return unclog
	case DoSwizzle:
		return swizzle
	case DoSlow:
		return slow
	case DoLoss:
		return loss
	case DoMute:
		return mute
	case DoReset:
		return reset
	}
	return in.site.Domain.Effect(kind)
}
