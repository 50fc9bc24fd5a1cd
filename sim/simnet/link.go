package simnet

import (
	"time"

	"bufsim/sim"
)

type linkKey struct{ from, to string }

// link is one direction between two hosts.
type link struct {
	latency sim.Dist
	// Each direction draws from streams of its own, so that a new link or a loss
	// that is switched on shifts no other draw.
	delays *sim.Rand
	losses *sim.Rand

	lossNum, lossDen int64
	cut              bool
	clogged          bool
}

// link returns the direction from -> to; mu is held.
func (n *Network) link(from, to string) *link {
	key := linkKey{from, to}
	l := n.links[key]
	if l == nil {
		name := from + "->" + to
		l = &link{latency: n.opts.Latency, delays: n.env.Rand("net/delay/" + name), losses: n.env.Rand("net/loss/" + name)}
		switch {
		case from == to:
			l.latency = n.opts.Loopback
		case n.opts.Between != nil:
			l.latency = n.opts.Between(from, to)
		}
		n.links[key] = l
	}
	return l
}

// SetLatency sets the one-way delay of messages that are sent from now on in one
// direction. Messages of one connection still arrive in order.
func (n *Network) SetLatency(from, to string, d sim.Dist) {
	n.mu.Lock()
	n.link(from, to).latency = d
	n.mu.Unlock()
}

// SetLoss makes the link lose num of den transmissions in one direction; num 0
// loses none. As over TCP a lost message is not gone: it, and what was sent after
// it, comes after a retransmission (200ms, doubling up to 2s).
func (n *Network) SetLoss(from, to string, num, den int64) {
	n.env.Assert(num >= 0 && den > 0 && num <= den, "simnet-loss-is-a-probability")
	n.mu.Lock()
	l := n.link(from, to)
	l.lossNum, l.lossDen = num, den
	n.mu.Unlock()
	n.fault("loss", from, to)
}

// The retransmission timeouts of TCP, shortened at the upper end: with the
// kernel's two minutes a healed partition would stay cut for most runs.
const (
	retransmitMin = 200 * time.Millisecond
	retransmitMax = 2 * time.Second
)
