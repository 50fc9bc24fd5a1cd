package spec

import "time"

// stepRequest takes a step of one caller.
func (b *Buffer) stepRequest(e Event) []Effect {
	r, in, sh := &b.requests[e.Of], &b.rules.schedule.Requests[e.Of], b.shardOfRequest(e.Of)
	switch e.Kind {
	case RequestCalls:
		return b.call(e.Of)
	case RequestCreates:
		b.create(in.Shard)
		r.phase = requestLooks
	case RequestLooks:
		return b.look(e.Of)
	case RequestEnters:
		return b.enter(e.Of)
	case WatcherAnswers:
		sh.holder = nobody
		if in.Mark == MarkRefused {
			return b.pass(e.Of) // spec: B-17
		}
		b.begin(sh)
		return b.hold(e.Of)
	case ParkedReturns:
		return b.parkedReturns(e.Of)
	case RequestAdmits:
		sh.holder = nobody
		return b.admit(e.Of)
	case ContextEnds:
		r.contextEnded = ContextDeadline
		if e.Nth == 1 {
			r.contextEnded = ContextCanceled
		}
	case RequestWakes:
		return b.wake(e.Of)
	case RequestGivesUp:
		r.phase = requestLeaves
	case RequestLeaves:
		b.leave(e.Of)
		return b.returns(e.Of, r.contextEnded)
	case RetryEnds:
		r.phase, r.finished = requestOver, true // spec: B-26
		if r.outcome.Result == Retry {
			r.outcome.RetryEnd = b.now
			return []Effect{{RetryOver, e.Of}}
		}
	}
	return nil
}

// returns ends the call of a request.
func (b *Buffer) returns(i int, result Result) []Effect {
	r := &b.requests[i]
	r.outcome.Result, r.outcome.At = result, b.now
	r.phase = requestOver
	if result.RetryDone() {
		r.phase, r.until = requestRetries, b.now
		if result == Retry {
			r.until += b.rules.schedule.Requests[i].RetryTakes
		}
	}
	return []Effect{{Returned, i}}
}

// pass lets the request go on as if there were no buffer.
// spec: B-12
func (b *Buffer) pass(i int) []Effect { return b.returns(i, Pass) }

// call is the entry: an error that is no failover passes, and so does everything once the buffer
// is stopped.
// spec: B-4, B-9
func (b *Buffer) call(i int) []Effect {
	r, in, sh := &b.requests[i], &b.rules.schedule.Requests[i], b.shardOfRequest(i)
	if in.Timeout > 0 {
		r.deadline = b.now + in.Timeout
	}
	if in.Cause != (Cause{}) && !Classify(in.Cause, b.rules.behaviors).Failover {
		return b.pass(i)
	}
	if b.stopped {
		sh.counters.Skipped[SkippedShutdown]++
		return b.pass(i)
	}
	r.phase = requestLooks
	if !sh.exists {
		r.phase = requestCreates
	}
	return nil
}

// create makes the buffer of a shard, once.
// spec: B-2, B-10
func (b *Buffer) create(name string) {
	sh := b.shardOf(name)
	sh.exists, sh.mode = true, b.rules.config.ModeOf(name)
}

// look is the first evaluation of the matrix, without the lock.
// spec: B-11, B-13
func (b *Buffer) look(i int) []Effect {
	sh := b.shardOfRequest(i)
	if sh.mode == Disabled {
		sh.counters.Skipped[SkippedDisabled]++
		return b.pass(i)
	}
	if !b.mayHold(i) {
		return b.pass(i)
	}
	b.requests[i].phase = requestEnters
	return nil
}

// mayHold is the matrix: IDLE holds what shows a failover, BUFFERING everything, DRAINING nothing.
// spec: buffer 5.2
func (b *Buffer) mayHold(i int) bool {
	switch b.shardOfRequest(i).state {
	case Idle:
		return b.rules.schedule.Requests[i].Cause != Cause{}
	case Buffering:
		return true
	default:
		return false
	}
}

// enter is the critical section from the second look to the admission.
// spec: B-13..B-19, C-1
func (b *Buffer) enter(i int) []Effect {
	r, in, sh := &b.requests[i], &b.rules.schedule.Requests[i], b.shardOfRequest(i)
	behaviors := b.rules.behaviors
	if behaviors.StoppedRecheck && b.stopped { // spec: B-14
		return b.pass(i)
	}
	if !b.mayHold(i) {
		return b.pass(i)
	}
	if sh.state == Buffering {
		return b.hold(i)
	}
	if b.tooRecent(sh) {
		return b.pass(i)
	}
	marks := in.Mark != MarkNone && behaviors.MarkShardNotServing
	switch {
	case marks && behaviors.MarkWindow:
		r.previousEnd = sh.lastEnd
		b.begin(sh)
		r.phase, r.generation, r.until = requestParked, sh.generation, b.now+in.MarkTakes // spec: M-1
		return nil
	case marks && in.MarkTakes > 0:
		r.phase, r.until, sh.holder = requestMarks, b.now+in.MarkTakes, i // spec: C-3
		return nil
	case marks && in.Mark == MarkRefused:
		return b.pass(i) // spec: B-17
	}
	b.begin(sh)
	return b.hold(i)
}

// tooRecent is the cool-down; the end of a buffered failover is looked at first.
// spec: B-15, B-16
func (b *Buffer) tooRecent(sh *shard) bool {
	minTime := b.rules.config.MinTimeBetweenFailovers
	if sh.lastEnd.lessThan(minTime, b.now) {
		sh.counters.Skipped[SkippedFailoverTooRecent]++
		return true
	}
	if sh.lastReparent.lessThan(minTime, b.now) {
		sh.counters.Skipped[SkippedReparentTooRecent]++
		return true
	}
	return false
}

// begin is the start of a failover.
// spec: B-18
func (b *Buffer) begin(sh *shard) {
	sh.counters.LastRequestsInFlightMax, sh.counters.LastRequestsDryRunMax, sh.counters.FailoverDurationSumMs = 0, 0, 0
	sh.counters.Starts++
	sh.lastStart, sh.state, sh.queue = b.now, Buffering, nil
	sh.generation++
	sh.thread = thread{phase: threadLooks, head: nobody, maxAt: b.now + b.rules.config.MaxFailoverDuration}
}

// parkedReturns goes on with a request that called the watcher without the lock.
// spec: M-3, M-4
func (b *Buffer) parkedReturns(i int) []Effect {
	r, sh := &b.requests[i], b.shardOfRequest(i)
	if b.rules.schedule.Requests[i].Mark == MarkRefused {
		if sh.generation == r.generation && sh.state == Buffering {
			b.stop(sh, MarkNotServingFailed)
			sh.lastEnd = r.previousEnd
		}
		return b.pass(i)
	}
	if b.stopped || sh.state != Buffering {
		return b.pass(i)
	}
	return b.hold(i)
}

// hold goes on with a request that met BUFFERING. If a shutdown is about, the slots may change
// hands between the look at "stopped" and the try for a slot; else nobody could tell.
// spec: B-19, B-61, C-4
func (b *Buffer) hold(i int) []Effect {
	sh := b.shardOfRequest(i)
	if sh.mode == DryRun {
		sh.counters.LastRequestsDryRunMax++
		sh.counters.BufferedDryRun++
		return b.pass(i)
	}
	if b.shutdownAbout() {
		b.requests[i].phase, sh.holder = requestAdmits, i
		return nil
	}
	return b.admit(i)
}

// shutdownAbout: some Shutdown is due and has not returned.
func (b *Buffer) shutdownAbout() bool {
	for i, at := range b.rules.schedule.Shutdowns {
		if at <= b.now && b.shutdowns[i].phase != shutdownDone {
			return true
		}
	}
	return false
}

// due: the instant has come.
func (b *Buffer) due(at time.Duration) bool { return at <= b.now }
