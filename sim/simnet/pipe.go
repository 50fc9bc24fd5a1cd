package simnet

import (
	"time"

	"bufsim/sim"
)

// message is one message from its sending to its delivery.
type message struct {
	Message
	next    *message
	call    *call // of requests, responses, stream values and cancels
	val     any
	err     error
	refused bool // of a reset: the answer to a connect
}

// pipe is one direction of one connection: first in, first out.
type pipe struct {
	net  *Network
	link *link
	to   *end
	// flight holds the messages on their way; each has one token, a timer that is
	// set. Whichever token fires delivers the first message, so that the order of
	// tokens of one instant does not matter.
	flight queue
	// backlog holds the messages not transmitted yet: none, unless the first was
	// lost or is held.
	backlog queue
	stalled bool
	last    sim.Time // arrival of the last message in flight
	rto     time.Duration
	timer   *sim.Timer // retransmission; made at the first loss
}

// token is the right to deliver one message of a pipe when its timer fires.
type token struct {
	pipe  *pipe
	timer *sim.Timer
}

type queue struct{ head, tail *message }

func (q *queue) push(m *message) {
	if q.tail == nil {
		q.head = m
	} else {
		q.tail.next = m
	}
	q.tail = m
}

func (q *queue) pop() *message {
	m := q.head
	if m == nil {
		return nil
	}
	q.head, m.next = m.next, nil
	if q.head == nil {
		q.tail = nil
	}
	return m
}

// send transmits m after all messages sent before; mu is held.
func (p *pipe) send(m *message) {
	p.backlog.push(m)
	if !p.stalled {
		p.transmit()
	}
}

// transmit sends what is in the backlog until a message is lost or held.
func (p *pipe) transmit() {
	n := p.net
	p.stalled = false
	for m := p.backlog.head; m != nil; m = p.backlog.head {
		v := n.judge(p.link, &m.Message)
		delay := v.delay
		switch v.action {
		case drop:
			p.retransmitLater()
			return
		case hold:
			p.stalled = true
			n.held = append(n.held, p)
			return
		case lose:
			n.freeMessage(p.backlog.pop())
			continue
		case pass:
			delay = v.latency(p.link.latency.Draw(p.link.delays))
		}
		p.rto = 0
		p.flight.push(p.backlog.pop())
		p.last = max(p.last, n.env.Now().Add(max(delay, 0)))
		n.newToken(p).timer.ResetAt(p.last)
	}
}

func (p *pipe) retransmitLater() {
	p.stalled = true
	p.rto = min(max(2*p.rto, retransmitMin), retransmitMax)
	if p.timer == nil {
		p.timer = p.net.env.NewTimer("retransmit", func() {
			p.net.mu.Lock()
			if p.stalled {
				p.transmit()
			}
			p.net.mu.Unlock()
		})
	}
	p.timer.Reset(p.rto)
}

// clear drops everything: nobody is left at either end. mu is held.
func (p *pipe) clear() {
	for _, q := range [...]*queue{&p.flight, &p.backlog} {
		for m := q.pop(); m != nil; m = q.pop() {
			p.net.freeMessage(m)
		}
	}
	p.stalled = false
	if p.timer != nil {
		p.timer.Stop()
	}
}

// Rejudge puts before the rules again what they hold. A rule that holds messages and
// then changes its mind calls for it.
func (n *Network) Rejudge() {
	n.mu.Lock()
	n.retryHeld()
	n.mu.Unlock()
}

// retryHeld transmits again what rules held; mu is held.
func (n *Network) retryHeld() {
	held := n.held
	n.held = nil
	for _, p := range held {
		if p.stalled {
			p.transmit()
		}
	}
}

func (n *Network) newToken(p *pipe) *token {
	var t *token
	if k := len(n.freeTokens); k > 0 {
		t = n.freeTokens[k-1]
		n.freeTokens = n.freeTokens[:k-1]
	} else {
		t = &token{}
		t.timer = n.env.NewTimer("deliver", func() { n.deliver(t) })
	}
	t.pipe = p
	return t
}

// deliver is the callback of a token.
func (n *Network) deliver(t *token) {
	n.mu.Lock()
	p := t.pipe
	t.pipe = nil
	n.freeTokens = append(n.freeTokens, t)
	if m := p.flight.pop(); m != nil { // nil: the connection ended meanwhile
		p.to.receive(m)
		n.freeMessage(m)
	}
	n.mu.Unlock()
}

func (n *Network) newMessage() *message {
	if k := len(n.freeMessages); k > 0 {
		m := n.freeMessages[k-1]
		n.freeMessages = n.freeMessages[:k-1]
		return m
	}
	return &message{}
}

func (n *Network) freeMessage(m *message) {
	if m.call != nil {
		m.call.release()
	}
	*m = message{}
	n.freeMessages = append(n.freeMessages, m)
}
