package buffer

import (
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// checker watches a buffer from outside, by its events, and from inside, between the steps of
// the scheduler, and collects what breaks the properties of section 11.
type checker struct {
	cfg    Config
	b      *Buffer // nil until it is made
	broken []string

	entries map[int64]*ghostEntry
	shards  map[string]*ghostShard
	taken   int64 // slots in use, counted from events
	over    bool  // Shutdown has returned
}

type ghostEntry struct {
	shard    string
	at       sim.Time
	slot     bool
	left     string // how the entry left the queue
	released bool
}

type ghostShard struct {
	state         State
	started       sim.Time
	ended         instant
	reparent      instant
	primary       string
	lastEvicted   int64
	lastUnblocked int64
	draining      int64  // size of the drain that is not yet counted in Drained
	newcomer      string // the proc that is about to get the slot of an evicted request
	unfinished    int    // given free by the drain, slot not yet released
	drained       int
	last          shardCounts
}

type shardCounts struct{ starts, stops, buffered, drained, evicted, dry int64 }

func newChecker(cfg Config) *checker {
	return &checker{cfg: cfg, entries: map[int64]*ghostEntry{}, shards: map[string]*ghostShard{}}
}

func (c *checker) must(ok bool, property, format string, args ...any) {
	if !ok {
		c.broken = append(c.broken, property+": "+fmt.Sprintf(format, args...))
	}
}

func (c *checker) shard(name string) *ghostShard {
	if c.shards[name] == nil {
		c.shards[name] = &ghostShard{}
	}
	return c.shards[name]
}

// Record implements trace.Sink.
func (c *checker) Record(e trace.Event) {
	name, now := e.Text("shard"), sim.Time(e.Time)
	g, cfg := c.shard(name), c.cfg
	switch e.Kind {
	case KindStart:
		c.must(g.state == Idle, "P-9", "%s starts in state %v", name, g.state)
		c.must(!c.over, "P-6", "%s starts after shutdown", name)
		c.must(!g.ended.lessThan(cfg.MinTimeBetweenFailovers, now), "P-11", "%s starts %v after its last end", name, now.Sub(g.ended.at))
		c.must(!g.reparent.lessThan(cfg.MinTimeBetweenFailovers, now), "P-11", "%s starts %v after its last reparent", name, now.Sub(g.reparent.at))
		g.state, g.started = Buffering, now
	case KindStop:
		c.must(g.state == Buffering, "P-9", "%s stops in state %v", name, g.state)
		c.must(now.Sub(g.started) <= cfg.MaxFailoverDuration, "P-12", "%s buffered for %v", name, now.Sub(g.started))
		g.state, g.draining, g.drained = Draining, e.Number("queued"), int(e.Number("queued"))
		if e.Text("reason") != stopMarkFailed {
			g.ended = at(now)
		}
	case KindDrained:
		c.must(g.state == Draining, "P-9", "%s is drained in state %v", name, g.state)
		c.must(e.Number("requests") == g.draining, "P-7", "%s drained %d of %d", name, e.Number("requests"), g.draining)
		g.state, g.draining = Idle, 0
	case KindPrimary:
		if g.primary != "" && g.primary != "<nil>" {
			g.reparent = at(now)
		}
		g.primary = e.Text("alias")
	case KindBuffered, KindEvicted, KindUnblocked, KindReleased:
		c.recordEntry(e, g, name, now)
	}
}

func (c *checker) recordEntry(e trace.Event, g *ghostShard, name string, now sim.Time) {
	id, cfg := e.Number("entry"), c.cfg
	if e.Kind == KindBuffered {
		c.must(g.state == Buffering, "P-18", "%s holds a request in state %v", name, g.state)
		c.must(e.Number("queued") <= int64(cfg.Size), "P-17", "%s has %d queued", name, e.Number("queued"))
		c.must(g.newcomer == "" || g.newcomer == e.Proc, "P-16", "%s has the slot that %s made free", e.Proc, g.newcomer)
		g.newcomer = ""
		c.entries[id] = &ghostEntry{shard: name, at: now, slot: true}
		c.taken++
		return
	}
	x := c.entries[id]
	switch e.Kind {
	case KindEvicted:
		c.must(g.newcomer == "", "P-16", "%s made room and did not enter", g.newcomer)
		c.must(x.left == "", "P-1, P-10", "entry %d is evicted and was %s", id, x.left)
		x.left = e.Text("reason")
		if x.left == evictedFull {
			x.slot = false // the newcomer has it
			c.taken--
			g.newcomer = e.Proc
		}
		if x.left == evictedWindow {
			c.must(now.Sub(x.at) == cfg.Window, "P-13", "entry %d was held for %v", id, now.Sub(x.at))
		}
		if x.left != evictedContext {
			c.must(id > g.lastEvicted, "P-14", "entry %d is evicted after %d", id, g.lastEvicted)
			g.lastEvicted = id
		}
	case KindUnblocked:
		c.must(x.left == "", "P-1, P-10", "entry %d is drained and was %s", id, x.left)
		x.left = "drained"
		g.unfinished++
		c.must(g.unfinished <= min(cfg.DrainConcurrency, g.drained), "P-15", "%s has %d unfinished", name, g.unfinished)
		if cfg.DrainConcurrency == 1 {
			c.must(id > g.lastUnblocked, "P-14", "entry %d is drained after %d", id, g.lastUnblocked)
			g.lastUnblocked = id
		}
	case KindReleased:
		c.must(x.slot && !x.released, "P-1", "the slot of entry %d is released twice", id)
		c.must(x.left != "", "P-10", "the slot of entry %d is released while it is queued", id)
		x.released = true
		c.taken--
		if x.left == "drained" {
			g.unfinished--
		}
	}
}

// between looks at the buffer between two steps. Where a lock is held, a step of the rules is
// not over.
func (c *checker) between(now sim.Time) {
	if c.b == nil {
		return
	}
	for _, sb := range c.b.made {
		if sb.mu.Locked() {
			continue
		}
		c.lookAt(sb, now)
	}
}

func (c *checker) lookAt(sb *shardBuffer, now sim.Time) {
	g, state := c.shard(sb.shard), sb.state.Load()
	queued := int64(0)
	if sb.queue != nil {
		c.must(state == Buffering, "P-3", "%s has a queue in state %v", sb.shard, state)
		for e := sb.queue.head; e != nil; e = e.next {
			c.must(!e.unblocked.IsSet(), "P-3", "entry %d is queued and unblocked", e.id)
			c.must(now <= e.deadline, "P-13, P-22", "entry %d is %v too late", e.id, now.Sub(e.deadline))
			queued++
		}
		c.must(queued == int64(sb.queue.len), "P-3", "%s counts %d of %d queued", sb.shard, sb.queue.len, queued)
	}
	if state == Buffering {
		alive := sb.thread != nil && !sb.thread.ended.IsSet() && !sb.thread.stopAsked.IsSet()
		c.must(alive, "P-4", "%s buffers without a timeout thread", sb.shard)
	}
	n := countsOf(sb)
	if sb.dryRun() {
		c.must(n.buffered+n.drained+n.evicted == 0, "P-20", "dry run of %s counts %+v", sb.shard, n)
	}
	c.must(n.buffered == n.drained+n.evicted+queued+g.draining, "P-7", "%s: %+v with %d queued and %d in the drain", sb.shard, n, queued, g.draining)
	phase := int64(0)
	if state == Buffering {
		phase = 1
	}
	c.must(n.starts == n.stops+phase, "P-8", "%s: %+v in state %v", sb.shard, n, state)
	was := g.last
	grew := n.starts >= was.starts && n.stops >= was.stops && n.buffered >= was.buffered && n.drained >= was.drained && n.evicted >= was.evicted && n.dry >= was.dry
	c.must(grew, "P-19", "%s: %+v after %+v", sb.shard, n, was)
	g.last = n
}

func countsOf(sb *shardBuffer) shardCounts {
	n := shardCounts{
		starts: sb.stats.starts.Value(), buffered: sb.stats.buffered.Value(), drained: sb.stats.drained.Value(), dry: sb.stats.bufferedDryRun.Value(),
	}
	for _, s := range sb.stats.evicted {
		n.evicted += s.Value()
	}
	for _, reason := range []string{stopNewPrimary, stopResharding, stopMoveTables, stopMaxDuration, stopShutdown, stopMarkFailed} {
		n.stops += sb.stats.stops(reason).Value()
	}
	return n
}

// atEnd looks at a buffer whose Shutdown has returned.
func (c *checker) atEnd(took time.Duration) {
	c.must(c.b.slots.free.Free() == c.cfg.Size && c.b.slots.inUse() == 0, "P-2, P-6", "%d slots are free at the end", c.b.slots.free.Free())
	c.must(c.taken == 0, "P-2", "%d slots were taken and not released", c.taken)
	for _, sb := range c.b.made {
		c.must(sb.state.Load() == Idle && sb.thread == nil, "P-6", "%s is %v at the end, after %v", sb.shard, sb.state.Load(), took)
	}
	for id, x := range c.entries {
		c.must(x.left != "", "P-10", "entry %d never left", id)
	}
}
