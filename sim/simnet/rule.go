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
	action action
	delay  time.Duration
}

type action uint8

const (
	pass action = iota
	deliverAfter
	drop
	hold
)

// Pass leaves the message to the next rule, and in the end to the link's latency.
func Pass() Verdict { return Verdict{} }

// DeliverAfter delivers the message after d instead of the link's latency, but
// never before an earlier message of its connection.
func DeliverAfter(d time.Duration) Verdict { return Verdict{deliverAfter, d} }

// Drop loses this transmission: the message is judged again at its retransmission.
func Drop() Verdict { return Verdict{action: drop} }

// Hold keeps the message, and what was sent after it, until rules are taken away
// or the link is unclogged.
func Hold() Verdict { return Verdict{action: hold} }

// Rule decides about messages when they are sent or sent again. The first verdict
// of the chain other than Pass counts. OnMessage must not block, nor call the network.
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
	for _, entry := range n.rules {
		if v := entry.rule.OnMessage(m); v.action != pass {
			return v
		}
	}
	return Pass()
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
