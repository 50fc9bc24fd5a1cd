package fault

import (
	"time"

	"bufsim/sim"
	"bufsim/sim/simnet"
)

// Domain is what the world adds to the kinds of this package.
type Domain interface {
	// Hosts gives the hosts that a target names at this moment, in a fixed order;
	// machine asks for all hosts of their machines. An empty target is everything
	// that can suffer faults.
	Hosts(target string, machine bool) []*sim.Host
	// Machine names the machine that a host runs on; hosts of one machine reach each
	// other whatever the network does.
	Machine(host *sim.Host) string
	// Effect gives what a kind of the domain's own does; nil if there is none.
	Effect(kind string) Effect
}

// Effect does what a fault is, and returns what was done. An error says what could
// not be done; the parts count all the same.
type Effect func(x *Shot) ([]Part, error)

// Part is something that a fault has done to some hosts, and how to take it back.
type Part struct {
	// Hosts are the names of the hosts concerned.
	Hosts []string
	// Undo takes it back; it is called once. env is that of a proc if the fault's
	// kind blocks, and nil otherwise.
	Undo func(env *sim.Env) error
}

// Shot is a fault that happens now, as its effect sees it.
type Shot struct {
	Fault *Fault
	// Hosts are those of the target, and Peers those of the peer; without a peer all
	// others.
	Hosts, Peers []*sim.Host
	// Env is that of the fault's own proc if its kind blocks, and nil otherwise.
	Env *sim.Env

	in *Injector
}

// Rand is a random stream of the fault's own.
func (x *Shot) Rand(name string) *sim.Rand {
	return x.in.site.Env.Rand("fault/" + x.Fault.String() + "/" + name)
}

// Network is the network of the world.
func (x *Shot) Network() *simnet.Network { return x.in.site.Net }

// TakeDown kills a host, and returns what starts it again once no fault keeps it down.
func (x *Shot) TakeDown(h *sim.Host) (up func()) {
	return x.in.keepLife(DoCrash, h, h.Crash, h.Restart)
}

// Intervene calls fn after d, between two steps; see [sim.World.Intervene].
func (x *Shot) Intervene(d time.Duration, fn func()) {
	w := x.in.site.World
	w.Intervene(w.Now().Add(d), fn)
}

// Links puts a rule on the links between the fault's two sides, as its argument way
// says, and returns the parts: one for each link.
func (x *Shot) Links(rule simnet.Rule) []Part {
	var parts []Part
	way := x.Fault.Arg("way")
	for _, a := range x.Hosts {
		for _, b := range x.Peers {
			if x.apart(a, b) && way != WayIn {
				parts = append(parts, x.in.links.put(link{a.Name(), b.Name()}, rule))
			}
			if x.apart(a, b) && way != WayOut {
				parts = append(parts, x.in.links.put(link{b.Name(), a.Name()}, rule))
			}
		}
	}
	return parts
}

// apart reports whether the fault is about the links between two hosts: those within a
// machine are meant only where the line names both sides.
func (x *Shot) apart(a, b *sim.Host) bool {
	domain := x.in.site.Domain
	return a != b && (x.Fault.Peer != "" || domain.Machine(a) != domain.Machine(b))
}

// each makes one part for each host of the target.
func (x *Shot) each(do func(h *sim.Host) (undo func())) []Part {
	var parts []Part
	for _, h := range x.Hosts {
		undo := do(h)
		parts = append(parts, Part{Hosts: []string{h.Name()}, Undo: func(*sim.Env) error { undo(); return nil }})
	}
	return parts
}
