package fault

import (
	"slices"
	"time"

	"bufsim/sim"
	"bufsim/sim/simnet"
)

func partition(x *Shot) ([]Part, error) {
	return x.Links(simnet.RuleFunc(func(*simnet.Message) simnet.Verdict { return simnet.Drop() })), nil
}

func clog(x *Shot) ([]Part, error) { return x.Links(held()), nil }

func held() simnet.Rule {
	return simnet.RuleFunc(func(*simnet.Message) simnet.Verdict { return simnet.Hold() })
}

// unclog takes back what clogs have done to the links between the two sides.
func unclog(x *Shot) ([]Part, error) {
	mine, others := namesOf(x.Hosts), namesOf(x.Peers)
	return nil, x.in.takeBack(nil, func(u *underWay, p *Part) bool {
		from, to := p.Hosts[0], p.Hosts[len(p.Hosts)-1]
		return u.fault.Do == DoClog && (slices.Contains(mine, from) && slices.Contains(others, to) || slices.Contains(mine, to) && slices.Contains(others, from))
	})
}

func slow(x *Shot) ([]Part, error) {
	v := simnet.Slow(x.Fault.Number("factor", 100), x.Fault.Duration("add"))
	return x.Links(simnet.RuleFunc(func(*simnet.Message) simnet.Verdict { return v })), nil
}

// loss draws for each link from a stream of its own, so that the traffic of one link
// does not decide about another's.
func loss(x *Shot) ([]Part, error) {
	share := min(x.Fault.Number("share", 0), 100)
	draws := map[link]*sim.Rand{}
	return x.Links(simnet.RuleFunc(func(m *simnet.Message) simnet.Verdict {
		on := link{m.From, m.To}
		if draws[on] == nil {
			draws[on] = x.Rand(on.from + "->" + on.to)
		}
		if draws[on].Chance(share, 100) {
			return simnet.Drop()
		}
		return simnet.Pass()
	})), nil
}

func mute(x *Shot) ([]Part, error) {
	return x.Links(Mute(x.Fault.Arg("method"), x.Fault.Arg("message"))), nil
}

// Mute is the rule that makes messages vanish: those of a method, and of a kind
// (request, response, stream), or of all where one is "". Without a method and a
// kind, connections can be neither made nor ended.
func Mute(method, kind string) simnet.Rule {
	return simnet.RuleFunc(func(m *simnet.Message) simnet.Verdict {
		if (method == "" || m.Method == method) && (kind == "" || m.Kind.String() == kind) {
			return simnet.Lose()
		}
		return simnet.Pass()
	})
}

func reset(x *Shot) ([]Part, error) {
	for _, a := range x.Hosts {
		for _, b := range x.Peers {
			x.Network().Reset(a.Name(), b.Name())
		}
	}
	return nil, nil
}

// swizzle clogs host after host and sets them free in another order, the last one
// when the fault's time is over.
func swizzle(x *Shot) ([]Part, error) {
	var parts []Part
	n := len(x.Hosts)
	everybody := x.in.site.Domain.Hosts("", true)
	gap := x.Fault.Duration("over") / time.Duration(max(n-1, 1))
	begin, end := order(n, x.Rand("begin")), order(n, x.Rand("end"))
	for i, h := range x.Hosts {
		from, to := gap*time.Duration(begin[i]), x.Fault.For-gap*time.Duration(end[i])
		if to <= from {
			continue
		}
		c := &swizzled{x: &Shot{Fault: x.Fault, Hosts: []*sim.Host{h}, Peers: everybody, in: x.in}}
		x.Intervene(from, c.begin)
		x.Intervene(to, c.end)
		parts = append(parts, Part{Hosts: []string{h.Name()}, Undo: func(*sim.Env) error { c.end(); return nil }})
	}
	return parts, nil
}

// swizzled is one host's share of a swizzle.
type swizzled struct {
	x     *Shot
	parts []Part
	over  bool
}

func (c *swizzled) begin() {
	if !c.over {
		c.parts = c.x.Links(held())
	}
}

func (c *swizzled) end() {
	c.over = true
	for _, p := range c.parts {
		_ = p.Undo(nil) // taking a rule from a link cannot fail
	}
	c.parts = nil
}

// order is a random permutation of 0 to n-1.
func order(n int, r *sim.Rand) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	r.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}
