package simnet

import (
	"slices"
	"time"
)

// MessageKind is what a message is for.
type MessageKind uint8

// The kinds of messages.
const (
	// Connect asks for a connection, and accepts one on the way back.
	Connect MessageKind = iota
	// Request opens a call or a stream.
	Request
	// Response ends a call or a stream.
	Response
	// StreamValue is one value of a stream.
	StreamValue
	// Cancel says that the caller gave up.
	Cancel
	// ResetConn ends a connection, or refuses one.
	ResetConn
	// Keepalive is a probe or its answer.
	Keepalive
)

// String names the kind.
func (k MessageKind) String() string {
	return [...]string{"connect", "request", "response", "stream", "cancel", "reset", "keepalive"}[k]
}

// Message is what a [Rule] sees of a message.
type Message struct {
	From, To string // host names
	Kind     MessageKind
	Method   string // of requests, responses, stream values and cancels
	ConnID   uint64
}

// Verdict is what happens to a message; the zero value passes it.
type Verdict struct {
	action  action
	delay   time.Duration
	percent int64 // of a pass: the link's latency in percent, 0 for 100
}

type action uint8

const (
	pass action = iota
	deliverAfter
	drop
	hold
	lose
)

// Pass leaves the message to the next rule, and in the end to the link's latency.
func Pass() Verdict { return Verdict{} }

// DeliverAfter delivers the message after d instead of the link's latency, but
// never before an earlier message of its connection.
func DeliverAfter(d time.Duration) Verdict { return Verdict{action: deliverAfter, delay: d} }

// Drop loses this transmission: the message is judged again at its retransmission.
func Drop() Verdict { return Verdict{action: drop} }

// Hold keeps the message, and what was sent after it, until rules are taken away
// or the link is unclogged.
func Hold() Verdict { return Verdict{action: hold} }

// Slow leaves the message to the next rule, and makes its latency percent/100 of what
// the link's would be, and more by added. The slownesses of several rules add up.
func Slow(percent int64, added time.Duration) Verdict { return Verdict{percent: percent, delay: added} }

// Lose takes the message away for good, while what was sent after it goes on. No
// network does that to a connection; it stands for a process that keeps to itself
// what it should have sent or handled.
func Lose() Verdict { return Verdict{action: lose} }

// Passes reports whether the verdict leaves the message to the next rule.
func (v Verdict) Passes() bool { return v.action == pass }

// And is a verdict that passes, with the slowness of another one on top.
func (v Verdict) And(by Verdict) Verdict {
	if by.percent != 0 {
		if v.percent == 0 {
			v.percent = 100
		}
		v.percent = v.percent * by.percent / 100
		v.delay = v.delay * time.Duration(by.percent) / 100
	}
	v.delay += by.delay
	return v
}

// latency is what becomes of the link's latency d in a pass.
func (v Verdict) latency(d time.Duration) time.Duration {
	if v.percent != 0 {
		d = d * time.Duration(v.percent) / 100
	}
	return d + v.delay
}

// Rule decides about messages when they are sent or sent again. The first verdict
// of the chain other than Pass and Slow counts. OnMessage must not block, nor call the network.
type Rule interface {
	OnMessage(m *Message) Verdict
}

// RuleFunc is a function as a [Rule].
type RuleFunc func(m *Message) Verdict

// OnMessage implements Rule.
func (f RuleFunc) OnMessage(m *Message) Verdict { return f(m) }

type ruleEntry struct{ rule Rule }

// AddRule puts a rule at the end of the chain, behind the network's own: cut and
// clogged links and losses. The function it returns takes it out again.
func (n *Network) AddRule(r Rule) (remove func()) {
	entry := &ruleEntry{r}
	n.mu.Lock()
	n.rules = append(n.rules, entry)
	n.mu.Unlock()
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if i := slices.Index(n.rules, entry); i >= 0 {
			n.rules = slices.Delete(slices.Clone(n.rules), i, i+1)
			n.retryHeld()
		}
	}
}

// judge runs the chain; mu is held.
func (n *Network) judge(l *link, m *Message) Verdict {
	if v := l.OnMessage(m); v.action != pass {
		return v
	}
	total := Pass()
	for _, entry := range n.rules {
		v := entry.rule.OnMessage(m)
		if v.action != pass {
			return v
		}
		total = total.And(v)
	}
	return total
}

// OnMessage implements Rule for the state of one link: the head of the chain.
func (l *link) OnMessage(*Message) Verdict {
	switch {
	case l.clogged:
		return Hold()
	case l.cut:
		return Drop()
	case l.lossNum > 0 && l.losses.Chance(l.lossNum, l.lossDen):
		return Drop()
	}
	return Pass()
}
