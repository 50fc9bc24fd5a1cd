package invariant

import (
	"time"

	"bufsim/gate/buffer"
	"bufsim/model/flags"
	"bufsim/sim"
	"bufsim/sim/trace"
)

func bufferInvariants() []Invariant {
	return []Invariant{
		bufferStates(), bufferOnce(), bufferSlots(), bufferWindow(), bufferOrder(), bufferDuration(), bufferGap(),
		bufferDrains(), bufferFull(), bufferBalance(),
	}
}

// bufferInvariant makes an invariant of a function that judges each event of a buffer by what
// was true before it.
func bufferInvariant(inv Invariant, judge func(*bufferChecker, *bufferEvent)) Invariant {
	inv.Kinds = []string{string(trace.KindHost), "buffer"}
	inv.New = func(f Facts) Checker {
		return &bufferChecker{facts: f, config: f.Flags.VTGate, buffers: map[string]*bufferView{}, judge: judge}
	}
	return inv
}

// bufferChecker follows the buffers of all gates.
type bufferChecker struct {
	findings
	facts   Facts
	config  flags.VTGate
	buffers map[string]*bufferView // by gate
	judge   func(*bufferChecker, *bufferEvent)
	// suspect is an eviction that is a violation unless another request turns out to have taken
	// its slot before it at the same instant.
	suspect *suspicion
}

// suspicion is what bufferFull waits to be cleared of.
type suspicion struct {
	object string
	event  bufferEvent
	shown  trace.Event
}

// bufferEvent is an event of a buffer with what was true before it.
type bufferEvent struct {
	trace.Event
	now    sim.Time
	buffer *bufferView
	shard  *bufferShard
	// request is the held request that the event is about, nil if it is about none or one
	// that nobody holds.
	request *heldRequest
}

// object names the shard at the gate.
func (e *bufferEvent) object() string { return e.Host + " " + e.shard.name }

// bufferView is one gate's buffer.
type bufferView struct {
	shards   map[string]*bufferShard
	requests map[int64]*heldRequest
	// taken counts the slots in use.
	taken int64
	// freed is when a slot was last given back.
	freed sim.Time
	// down: its shutdown is over.
	down bool
	// paused is since when the gate stands still, stood how long it has stood still in all.
	paused sim.Time
	stood  time.Duration
}

// bufferShard is one shard in a buffer.
type bufferShard struct {
	name  string
	state bufferState
	// started and stopped are the last begin and end of a buffering that count for the next
	// (zero: none); promoted is when another primary was last heard of.
	started, stopped, promoted trace.Event
	primary                    string
	queued                     int64
	// toDrain is the size of the drain; unfinished are those of it that were given free and
	// are not over.
	toDrain, drained, unfinished int64
	evicted, unblocked           int64 // the last ones, by number
	newcomer                     string
	// stood is how long the gate had stood still in all when the buffering started.
	stood time.Duration
}

// bufferState is what a shard's buffer does. spec: P-9
type bufferState string

const (
	bufferIdle      bufferState = "idle"
	bufferBuffering bufferState = "buffering"
	bufferDraining  bufferState = "draining"
)

// heldRequest is one request that a buffer holds, until its slot is free again.
type heldRequest struct {
	held trace.Event
	left string // how it left the queue; "" while it is queued
	// stood is how long the gate had stood still in all when it was held.
	stood time.Duration
}

// Record implements Checker.
func (c *bufferChecker) Record(e trace.Event) {
	b := c.buffers[e.Host]
	if b == nil || restarted(&e) {
		b = &bufferView{freed: -1, shards: map[string]*bufferShard{}, requests: map[int64]*heldRequest{}}
		c.buffers[e.Host] = b
	}
	if e.Kind == trace.KindHost {
		b.stand(&e)
		return
	}
	if e.Kind == buffer.KindShutdown {
		b.down = b.down || e.Text("what") == "end"
		return
	}
	ev := &bufferEvent{Event: e, now: at(&e), buffer: b, shard: b.shard(inShard(&e))}
	if n, ok := e.Get("entry"); ok {
		ev.request = b.requests[n.Num]
	}
	c.judge(c, ev)
	b.apply(ev)
}

// Finish implements Checker.
func (c *bufferChecker) Finish(End) { c.suspected(sim.Never) }

// stand follows the times in which the gate stands still: rules about time hold but for
// them.
func (b *bufferView) stand(e *trace.Event) {
	switch e.Text("what") {
	case "pause":
		b.paused = at(e)
	case "resume":
		b.stood += at(e).Sub(b.paused)
	}
}

func (b *bufferView) shard(name string) *bufferShard {
	s := b.shards[name]
	if s == nil {
		s = &bufferShard{name: name, state: bufferIdle}
		b.shards[name] = s
	}
	return s
}

// apply takes over what an event says.
func (b *bufferView) apply(e *bufferEvent) {
	s := e.shard
	switch e.Kind {
	case buffer.KindStart:
		s.state, s.started, s.stood = bufferBuffering, keep(e.Event), b.stood
	case buffer.KindStop:
		s.state, s.toDrain, s.drained, s.queued = bufferDraining, e.Number("queued"), 0, 0
		if e.Text("reason") != "MarkNotServingFailed" {
			s.stopped = keep(e.Event)
		}
	case buffer.KindDrained:
		s.state, s.toDrain = bufferIdle, 0
	case buffer.KindPrimary:
		if s.primary != "" && s.primary != "<nil>" {
			s.promoted = keep(e.Event)
		}
		s.primary = e.Text("alias")
	case buffer.KindBuffered:
		b.requests[e.Number("entry")] = &heldRequest{held: keep(e.Event), stood: b.stood}
		b.taken++
		s.queued++
		s.newcomer = ""
	case buffer.KindEvicted, buffer.KindUnblocked, buffer.KindReleased:
		if e.request != nil {
			b.applyRequest(e)
		}
	}
}

// evictedFull is the reason of a request that had to make room.
const evictedFull = "BufferFull"

func (b *bufferView) applyRequest(e *bufferEvent) {
	s, r, id := e.shard, e.request, e.Number("entry")
	switch e.Kind {
	case buffer.KindEvicted:
		r.left = e.Text("reason")
		s.queued--
		if r.left != "ContextDone" {
			s.evicted = id
		}
		if r.left == evictedFull { // the newcomer has its slot
			b.taken--
			s.newcomer = e.Proc
			delete(b.requests, id)
		}
	case buffer.KindUnblocked:
		r.left = "drained"
		s.drained++
		s.unfinished++
		s.unblocked = id
	case buffer.KindReleased:
		b.taken--
		b.freed = e.now
		if r.left == "drained" {
			s.unfinished--
		}
		delete(b.requests, id)
	}
}
