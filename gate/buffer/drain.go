package buffer

import (
	"time"

	"bufsim/sim"
)

// drain gives the requests of a failover free in their order, so many at a time as is
// configured, and then goes from DRAINING to IDLE. It has no time limit: a retry that hangs
// keeps the shard DRAINING.
// spec: B-45..B-51
func (sb *shardBuffer) drain(cut *queue, thread *timeoutThread, err error) {
	defer sb.helpers.Done()
	thread.end()
	began := sb.env.Now()
	sb.drainAll(cut, err)
	took := sb.env.Now().Sub(began)
	if sb.env.Tracing() {
		sb.logDrained(took, cut.len)
		sb.traceDrained(took, cut.len)
	}
	sb.stats.drained.Add(int64(cut.len))

	sb.mu.Lock()
	defer sb.mu.Unlock()
	sb.mustBe(Draining)
	sb.state.Store(Idle)
	sb.thread = nil
}

func (sb *shardBuffer) logDrained(took time.Duration, n int) {
	sb.env.Logf("info", "Draining finished for shard: %s Took: %v for: %d requests.", sb.name(), took, n)
}

// drainAll runs the workers and waits for them.
// spec: B-46
func (sb *shardBuffer) drainAll(cut *queue, err error) {
	line := &drainLine{mu: sb.env.NewMutex("drain line"), next: cut.head}
	workers := 1
	if sb.buffer.behaviors.DrainConcurrencyHonoured {
		workers = min(sb.buffer.cfg.DrainConcurrency, cut.len)
	}
	if workers <= 1 {
		sb.drainWorker(line, err) // a worker of its own would change nothing
		return
	}
	group := sb.env.NewWaitGroup("drain workers")
	for range workers {
		group.Go(sb.names.drainWorker, func() { sb.drainWorker(line, err) })
	}
	group.Wait()
}

// drainLine hands the entries to the workers, each once.
type drainLine struct {
	mu   *sim.Mutex // guards next
	next *entry
}

func (l *drainLine) take() *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.next
	if e != nil {
		l.next = e.next
	}
	return e
}

// drainWorker gives one request after the other free, each when the scope of the one before
// has ended.
// spec: B-46, B-48
func (sb *shardBuffer) drainWorker(line *drainLine, err error) {
	for e := line.take(); e != nil; e = line.take() {
		e.unblock(err)
		if sb.env.Tracing() {
			sb.traceUnblocked(e)
		}
		e.waitForScopeEnd(sb.env)
		sb.releaseSlot(e)
	}
}
