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

// linkRule is a rule on one link; clog says that it holds messages.
type linkRule struct {
	simnet.Rule
	clog bool
}

// clog is the rule that holds everything.
type clog struct{}

// OnMessage implements simnet.Rule.
func (clog) OnMessage(*simnet.Message) simnet.Verdict { return simnet.Hold() }

// put puts a rule on a link until the part is taken back.
func (l *links) put(on link, rule simnet.Rule) Part {
	if len(l.rules) == 0 {
		l.rules = map[link][]*linkRule{}
		l.remove = l.net.AddRule(l)
	}
	_, isClog := rule.(clog)
	r := &linkRule{rule, isClog}
	l.rules[on] = append(l.rules[on], r)
	return Part{Hosts: []string{on.from, on.to}, Undo: func(*sim.Env) error {
		l.take(on, func(other *linkRule) bool { return other == r })
		return nil
	}}
}

// take takes rules from a link, and lets go what they held.
func (l *links) take(on link, which func(*linkRule) bool) {
	rest := slices.DeleteFunc(l.rules[on], which)
	if len(rest) > 0 {
		l.rules[on] = rest
	} else {
		delete(l.rules, on)
	}
	if len(l.rules) == 0 && l.remove != nil {
		l.remove()
		l.remove = nil
		return
	}
	l.net.Rejudge()
}

// unclog takes the clogs from a link.
func (l *links) unclog(on link) {
	l.take(on, func(r *linkRule) bool { return r.clog })
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
