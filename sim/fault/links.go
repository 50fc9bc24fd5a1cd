package fault

import (
	"slices"

	"bufsim/sim"
	"bufsim/sim/simnet"
)

// link is one direction between two hosts.
type link struct{ from, to string }

// links are the rules that faults have put on links. As long as there are any, they
// are together one rule of the network.
type links struct {
	net    *simnet.Network
	rules  map[link][]*linkRule
	remove func()
}

// linkRule is a rule on one link; its address tells it from others.
type linkRule struct{ simnet.Rule }

// put puts a rule on a link until the part is taken back.
func (l *links) put(on link, rule simnet.Rule) Part {
	if len(l.rules) == 0 {
		l.rules = map[link][]*linkRule{}
		l.remove = l.net.AddRule(l)
	}
	r := &linkRule{rule}
	l.rules[on] = append(l.rules[on], r)
	return Part{Hosts: []string{on.from, on.to}, Undo: func(*sim.Env) error {
		l.take(on, r)
		return nil
	}}
}

// take takes a rule from a link, and lets go what it held.
func (l *links) take(on link, r *linkRule) {
	rest := slices.DeleteFunc(l.rules[on], func(other *linkRule) bool { return other == r })
	if l.rules[on] = rest; len(rest) == 0 {
		delete(l.rules, on)
	}
	if len(l.rules) == 0 {
		l.remove()
		return
	}
	l.net.Rejudge()
}

// OnMessage implements simnet.Rule: the first rule of the link that does not let the
// message pass counts, and slownesses add up.
func (l *links) OnMessage(m *simnet.Message) simnet.Verdict {
	total := simnet.Pass()
	for _, r := range l.rules[link{m.From, m.To}] {
		v := r.OnMessage(m)
		if !v.Passes() {
			return v
		}
		total = total.And(v)
	}
	return total
}
