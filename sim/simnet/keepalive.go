package simnet

import "bufsim/sim"

// keepalive is the client's watch over a connection.
type keepalive struct {
	timer    *sim.Timer // of the client's process: one that is paused probes nobody
	opts     DialOptions
	last     sim.Time // when the last message came
	probed   bool     // and nothing was heard since
	deadline sim.Time // of the probe
}

// heard notes that a message came.
func (a *keepalive) heard(now sim.Time) {
	a.last = now
	if a.probed {
		a.probed = false
		a.timer.Reset(a.opts.KeepaliveTime)
	}
}

func (a *keepalive) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// startKeepalive begins to watch; mu is held. The connect counts as a probe that
// has the whole time for its answer.
func (k *connection) startKeepalive(opts DialOptions) {
	if opts.KeepaliveTime <= 0 {
		return
	}
	a := &k.alive
	a.opts = opts
	a.probed, a.deadline = true, k.net.env.Now().Add(opts.KeepaliveTime+opts.KeepaliveTimeout)
	a.timer = k.dialer.node.env.NewTimer("keepalive", k.watch)
	a.timer.ResetAt(a.deadline)
}

// watch is a callback. The timer is not set again for each message that comes, but
// looks when it fires how long ago the last one was.
func (k *connection) watch() {
	k.net.mu.Lock()
	defer k.net.mu.Unlock()
	a := &k.alive
	now := k.net.env.Now()
	silent := a.last.Add(a.opts.KeepaliveTime)
	switch {
	case k.client.closed:
	case a.probed && now >= a.deadline:
		k.client.shut(Lost, true)
	case a.probed:
		a.timer.ResetAt(a.deadline)
	case now >= silent:
		k.client.send(Keepalive)
		a.probed, a.deadline = true, now.Add(a.opts.KeepaliveTimeout)
		a.timer.ResetAt(a.deadline)
	default:
		a.timer.ResetAt(silent)
	}
}
