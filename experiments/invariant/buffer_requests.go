package invariant

import (
	"time"

	"bufsim/gate/buffer"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// bufferOnce is P-1 and P-10.
func bufferOnce() Invariant {
	return bufferInvariant(Invariant{
		ID:      "held-request-ends-once",
		Meaning: "A request that a buffer holds leaves the queue once, drained or evicted, and its slot is released once, afterwards.",
		Rules:   []string{"P-1", "P-10"},
		Fail:    failBufferOnce,
	}, judgeOnce)
}

func failBufferOnce(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: P-1, P-10
func judgeOnce(c *bufferChecker, e *bufferEvent) {
	r, id := e.request, e.Number("entry")
	switch e.Kind {
	case buffer.KindEvicted, buffer.KindUnblocked:
		if r == nil || r.left != "" {
			c.violate(e.object(), e.now, shown(heldEvent(r), e.Event), "request %d leaves the queue and is not in it", id)
		}
	case buffer.KindReleased:
		if r == nil || r.left == "" {
			c.violate(e.object(), e.now, shown(heldEvent(r), e.Event), "the slot of request %d is released, which is queued or has none", id)
		}
	}
}

// bufferSlots is P-2 and P-17.
func bufferSlots() Invariant {
	return bufferInvariant(Invariant{
		ID:      "buffer-slots",
		Meaning: "A buffer never holds more requests than it has slots.",
		Rules:   []string{"P-2", "P-17"},
		Fail:    failBufferSlots,
	}, judgeSlots)
}

func failBufferSlots(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: P-2, P-17
func judgeSlots(c *bufferChecker, e *bufferEvent) {
	if e.Kind != buffer.KindBuffered {
		return
	}
	if size := int64(c.config.BufferSize); e.buffer.taken+1 > size || e.Number("slots") > size || e.Number("queued") > size {
		c.violate(e.object(), e.now, shown(e.Event), "%d slots are taken of %d, with %d in the queue", e.buffer.taken+1, size, e.Number("queued"))
	}
}

// bufferWindow is P-13.
func bufferWindow() Invariant {
	return bufferInvariant(Invariant{
		ID:      "buffer-window",
		Meaning: "No request waits in a queue for longer than the buffer window.",
		Rules:   []string{"P-13", "P-22"},
		Fail:    failBufferWindow,
	}, judgeWindow)
}

func failBufferWindow(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: P-13, P-22
func judgeWindow(c *bufferChecker, e *bufferEvent) {
	r := e.request
	if r == nil || r.left != "" || e.Kind != buffer.KindEvicted {
		if e.Kind == buffer.KindStop {
			c.overdue(e)
		}
		return
	}
	held, slack := e.now.Sub(at(&r.held)), c.facts.Slack(at(&r.held), e.now)
	switch {
	case e.Text("reason") == "WindowExceeded" && held < c.config.BufferWindow-slack:
		c.violate(e.object(), e.now, shown(r.held, e.Event), "request %d leaves after %v for a window of %v", e.Number("entry"), held, c.config.BufferWindow)
	case held > c.config.BufferWindow+e.buffer.stood-r.stood+slack:
		c.violate(e.object(), e.now, shown(r.held, e.Event), "request %d was held for %v, the window is %v", e.Number("entry"), held, c.config.BufferWindow)
	}
}

// overdue looks for requests that should have left before the buffering stopped. Of several
// the oldest is told.
func (c *bufferChecker) overdue(e *bufferEvent) {
	var oldest *heldRequest
	for _, r := range e.buffer.requests { // in any order: the least counts
		most := c.config.BufferWindow + e.buffer.stood - r.stood + c.facts.Slack(at(&r.held), e.now)
		if r.left != "" || inShard(&r.held) != e.shard.name || e.now.Sub(at(&r.held)) <= most {
			continue
		}
		if oldest == nil || r.held.Number("entry") < oldest.held.Number("entry") {
			oldest = r
		}
	}
	if oldest != nil {
		c.violate(e.object(), e.now, shown(oldest.held, e.Event), "request %d was held for %v, the window is %v",
			oldest.held.Number("entry"), e.now.Sub(at(&oldest.held)), c.config.BufferWindow)
	}
}

// bufferOrder is P-14.
func bufferOrder() Invariant {
	return bufferInvariant(Invariant{
		ID:      "buffer-order",
		Meaning: "Requests that have to leave a queue leave it oldest first, and a drain gives them free in the order of their arrival.",
		Rules:   []string{"P-14"},
		Fail:    failBufferOrder,
	}, judgeOrder)
}

func failBufferOrder(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: P-14
func judgeOrder(c *bufferChecker, e *bufferEvent) {
	id := e.Number("entry")
	switch {
	case e.Kind == buffer.KindEvicted && e.Text("reason") != "ContextDone" && id < e.shard.evicted:
		c.violate(e.object(), e.now, shown(e.Event), "request %d is evicted after request %d", id, e.shard.evicted)
	case e.Kind == buffer.KindUnblocked && c.config.BufferDrainConcurrency == 1 && id < e.shard.unblocked:
		c.violate(e.object(), e.now, shown(e.Event), "request %d is drained after request %d", id, e.shard.unblocked)
	}
}

// bufferFull is P-16.
func bufferFull() Invariant {
	return bufferInvariant(Invariant{
		ID:      "buffer-full-means-full",
		Meaning: "A request has to make room for a newer one only when every slot is taken, and the newer one gets its place.",
		Rules:   []string{"P-16"},
		Fail:    failBufferFull,
	}, judgeFull)
}

func failBufferFull(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// The slots are shared by all shards, and no shard's lock guards them all: what is told at the
// very instant of the eviction, a slot that was given back or one that another shard's request
// has taken, may have happened on the other side of the look.
//
// spec: P-16
func judgeFull(c *bufferChecker, e *bufferEvent) {
	c.suspected(e.now)
	switch {
	case e.Kind == buffer.KindEvicted && e.Text("reason") == evictedFull && e.buffer.taken < int64(c.config.BufferSize) && !c.justFreed(e):
		c.suspect = &suspicion{e.object(), *e, keep(e.Event)}
	case e.Kind == buffer.KindBuffered && e.shard.newcomer != "" && e.shard.newcomer != e.Proc:
		c.violate(e.object(), e.now, shown(e.Event), "%s gets the slot that %s made free", e.Proc, e.shard.newcomer)
	case e.Kind == buffer.KindBuffered && c.suspect != nil && e.shard != c.suspect.event.shard:
		c.suspect = nil
	}
}

// justFreed reports whether a slot was given back at the instant of an event.
func (c *bufferChecker) justFreed(e *bufferEvent) bool {
	freed := e.buffer.freed
	return freed >= 0 && e.now.Sub(freed) <= c.facts.Slack(freed, e.now)
}

// suspected tells a suspicion that nothing has cleared at its instant.
func (c *bufferChecker) suspected(now sim.Time) {
	if s := c.suspect; s != nil && now.Sub(s.event.now) > c.facts.Slack(s.event.now, now) {
		c.suspect = nil
		c.violate(s.object, s.event.now, shown(heldEvent(s.event.request), s.shown), "request %d makes room with less than %d slots taken", s.shown.Number("entry"), c.config.BufferSize)
	}
}

// bufferDuration is P-12.
func bufferDuration() Invariant {
	return bufferInvariant(Invariant{
		ID:      "buffering-ends",
		Meaning: "The buffering of a shard ends within the maximum failover duration.",
		Rules:   []string{"P-12"},
		Fail:    failBufferDuration,
	}, judgeDuration)
}

func failBufferDuration(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: P-12
func judgeDuration(c *bufferChecker, e *bufferEvent) {
	most := c.config.BufferMaxFailoverDuration + e.buffer.stood - e.shard.stood + c.facts.Slack(at(&e.shard.started), e.now)
	if took := e.now.Sub(at(&e.shard.started)); e.shard.state == bufferBuffering && took > most {
		c.violate(e.object(), e.now, shown(e.shard.started, e.Event), "it has buffered for %v, the maximum is %v", took, most)
	}
}

// bufferGap is P-11.
func bufferGap() Invariant {
	return bufferInvariant(Invariant{
		ID:      "buffering-gap",
		Meaning: "Buffering of a shard does not start again within the minimum time after its last end or after a new primary was heard of.",
		Rules:   []string{"P-11"},
		Fail:    failBufferGap,
	}, judgeGap)
}

func failBufferGap(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: P-11
func judgeGap(c *bufferChecker, e *bufferEvent) {
	if e.Kind != buffer.KindStart {
		return
	}
	least := c.config.BufferMinTimeBetweenFailovers
	for _, before := range shown(e.shard.stopped, e.shard.promoted) {
		if before.Kind != "" && time.Duration(e.Time-before.Time) < least-c.facts.Slack(at(&before), e.now) {
			c.violate(e.object(), e.now, shown(before, e.Event), "it starts %v after that, the minimum is %v", time.Duration(e.Time-before.Time), least)
		}
	}
}

// heldEvent is the event that began to hold a request; none for a request that is not held.
func heldEvent(r *heldRequest) (none trace.Event) {
	if r == nil {
		return none
	}
	return r.held
}
