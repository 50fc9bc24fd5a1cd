package buffer

import "bufsim/sim"

// entry is one held request.
type entry struct {
	ctx      *sim.Context
	admitted sim.Time
	deadline sim.Time
	// id numbers the entries of a gate, for traces.
	id int64
	// unblocked happens once, when the request may go on; err was set before.
	unblocked sim.Event
	err       error
	// finished happens when the request's retry is over. The scope of the entry ends with it, or
	// with ctx.
	finished sim.Event

	// What the caller and the task that frees the slot wait for: parts of the entry, so that
	// waiting allocates nothing.
	callerCases, scopeCases [2]sim.Case

	// The place in a queue, guarded by the shard's lock.
	queue      *queue
	prev, next *entry
}

func newEntry(env *sim.Env, ctx *sim.Context, deadline sim.Time) *entry {
	e := &entry{ctx: ctx, admitted: env.Now(), deadline: deadline}
	env.InitEvent(&e.unblocked, "unblocked")
	env.InitEvent(&e.finished, "retry done")
	return e
}

// unblock lets the waiting request go on with an error or, for a retry, without. Only the step
// that took the entry out of the queue, or the drain, may do so.
// spec: C-5
func (e *entry) unblock(err error) {
	e.err = err
	e.unblocked.Set()
}

// endScope says that the retry is over; it can be repeated.
// spec: B-26
func (e *entry) endScope() { e.finished.Set() }

// waitForRelease waits until the entry is unblocked or the caller's context ended; it reports
// whether it was unblocked. If both have happened it gives either answer. Only the caller does so.
// spec: B-31
func (e *entry) waitForRelease(env *sim.Env) bool {
	e.callerCases = [2]sim.Case{sim.OnEvent(&e.unblocked), sim.OnDone(e.ctx)}
	return env.Select(e.callerCases[:]...) == 0
}

// waitForScopeEnd waits until the retry is over or the caller's context ended. Only the one task
// that frees the slot does so.
// spec: B-28
func (e *entry) waitForScopeEnd(env *sim.Env) {
	e.scopeCases = [2]sim.Case{sim.OnEvent(&e.finished), sim.OnDone(e.ctx)}
	env.Select(e.scopeCases[:]...)
}

// queue holds entries in order of arrival, which is also that of their deadlines, since the
// window is the same for all. Every operation takes constant time.
// spec: B-40
type queue struct {
	head, tail *entry
	len        int
}

func (q *queue) push(e *entry) {
	e.queue, e.prev, e.next = q, q.tail, nil
	if q.tail == nil {
		q.head = e
	} else {
		q.tail.next = e
	}
	q.tail = e
	q.len++
}

func (q *queue) remove(e *entry) {
	if e.prev == nil {
		q.head = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		q.tail = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.queue, e.prev, e.next = nil, nil, nil
	q.len--
}
