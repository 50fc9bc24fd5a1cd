package buffer

import "bufsim/sim"

// slots are the places for held requests that all shards share. Taking one never waits.
// spec: C-4
type slots struct {
	free *sim.Semaphore
	// taken counts for status and traces; reading it is no choice point.
	taken *sim.Counter
}

func newSlots(env *sim.Env, size int) *slots {
	return &slots{free: env.NewSemaphore("slots", size), taken: env.NewCounter()}
}

// tryTake takes a slot if one is free.
// spec: B-21
func (s *slots) tryTake() bool {
	if !s.free.TryAcquire() {
		return false
	}
	s.taken.Add(1)
	return true
}

// release gives a slot back; to release more than was taken ends the world.
// spec: B-32
func (s *slots) release() {
	s.taken.Add(-1)
	s.free.Release()
}

func (s *slots) inUse() int { return int(s.taken.Value()) }

// releaseLater gives the entry's slot back once its scope is over, from a task of its own:
// the request may be long gone, and admitted again, when it runs.
// spec: B-28, C-6
func (sb *shardBuffer) releaseLater(e *entry) {
	sb.helpers.Add(1)
	sb.env.Go(sb.names.slotWaiter, func() {
		defer sb.helpers.Done()
		e.waitForScopeEnd(sb.env)
		sb.releaseSlot(e)
	})
}

// releaseSlot gives the slot of an entry back.
func (sb *shardBuffer) releaseSlot(e *entry) {
	sb.buffer.slots.release()
	if sb.env.Tracing() {
		sb.traceReleased(e)
	}
}

// waitOnly lets Shutdown wait for a request that lost its slot to a newer one.
// spec: B-22
func (sb *shardBuffer) waitOnly(e *entry) {
	sb.helpers.Add(1)
	sb.env.Go(sb.names.slotWaiter, func() {
		defer sb.helpers.Done()
		e.waitForScopeEnd(sb.env)
	})
}
