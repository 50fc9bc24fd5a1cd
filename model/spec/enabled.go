package spec

import "time"

// Enabled lists the events of which one is next. If nobody can do anything at this instant, that
// is the passing of time until the next instant at which somebody can; nothing is left at the
// end of the schedule. Whenever there are several, all are allowed. [ND]
//
// A quiet event is listed alone: it changes nothing that anybody could see sooner or later by
// taking another step first, so its place among the others does not matter.
func (b Buffer) Enabled() []Event {
	if all, quiet := b.present(); quiet != nil {
		return []Event{*quiet}
	} else if len(all) > 0 {
		return all
	}
	return b.later()
}

// present lists the events of this instant, and one of them that is quiet, if there is one.
func (b *Buffer) present() (all []Event, quiet *Event) {
	list := events{b: b}
	list.ofRequests()
	list.ofShards()
	list.ofSignals()
	list.ofShutdowns()
	return list.all, list.quiet
}

// later is what comes when nothing is left to do at this instant.
func (b *Buffer) later() []Event {
	if b.probed < len(b.rules.schedule.Probes) && b.due(b.rules.schedule.Probes[b.probed]) {
		return []Event{{Kind: ProbeLooks, Of: b.probed}} // when all else is over
	}
	if next, ok := b.nextInstant(); ok {
		return []Event{{Kind: TimePasses, At: next}}
	}
	return nil
}

// events collects what is enabled.
type events struct {
	b     *Buffer
	all   []Event
	quiet *Event
}

func (l *events) add(quiet bool, kind EventKind, of, nth int) {
	e := Event{Kind: kind, Of: of, Nth: nth}
	l.all = append(l.all, e)
	if quiet && l.quiet == nil {
		l.quiet = &e
	}
}

func (l *events) ofRequests() {
	for i := range l.b.requests {
		l.ofContext(i)
		l.ofRequest(i)
	}
}

// ofContext: that a context ends is quiet, since it only makes possible what can be put off.
func (l *events) ofContext(i int) {
	b := l.b
	r, in := &b.requests[i], &b.rules.schedule.Requests[i]
	if r.contextEnded != Pending || r.phase == requestOver {
		return
	}
	deadline := r.deadline > 0 && b.due(r.deadline)
	cancelled := in.Cancels && b.due(in.Cancelled)
	if deadline {
		l.add(!cancelled, ContextEnds, i, 0)
	}
	if cancelled {
		l.add(!deadline, ContextEnds, i, 1)
	}
}

func (l *events) ofRequest(i int) {
	b := l.b
	r, in, sh := &b.requests[i], &b.rules.schedule.Requests[i], b.shardOfRequest(i)
	alone := !b.shutdownAbout()
	free := sh.holder == nobody
	switch r.phase {
	case requestAbsent:
		if b.due(in.At) {
			l.add(alone, RequestCalls, i, 0)
		}
	case requestCreates:
		l.add(alone, RequestCreates, i, 0)
	case requestLooks: // to find that it may be held decides nothing yet
		l.add(sh.mode == Disabled || b.mayHold(i), RequestLooks, i, 0)
	case requestEnters:
		if free {
			l.add(false, RequestEnters, i, 0)
		}
	case requestMarks:
		if b.due(r.until) {
			l.add(false, WatcherAnswers, i, 0)
		}
	case requestParked:
		if b.due(r.until) && free {
			l.add(false, ParkedReturns, i, 0)
		}
	case requestAdmits:
		l.add(false, RequestAdmits, i, 0)
	case requestHeld:
		if r.given != Pending {
			l.add(!b.contextOver(i), RequestWakes, i, 0)
		}
		if r.contextEnded != Pending {
			l.add(false, RequestGivesUp, i, 0)
		}
	case requestLeaves:
		if free {
			l.add(r.given != Pending || sh.state != Buffering, RequestLeaves, i, 0)
		}
	case requestRetries:
		if b.due(r.until) {
			l.add(true, RetryEnds, i, 0)
		}
	}
}

func (l *events) ofShards() {
	slotsUnseen := !l.b.admissionsPossible()
	for i := range l.b.shards {
		sh := &l.b.shards[i]
		for _, req := range sh.slotWaiters {
			if l.b.requests[req].scopeOver() {
				l.add(slotsUnseen, SlotFreed, i, req)
			}
		}
		for _, req := range sh.onlyWaits {
			if l.b.requests[req].scopeOver() {
				l.add(true, WaitOver, i, req)
			}
		}
		l.ofThread(i, sh)
		l.ofDrain(i, sh, slotsUnseen)
	}
}

// admissionsPossible: somebody may still try to be held at this instant.
func (b *Buffer) admissionsPossible() bool {
	for i := range b.requests {
		r := &b.requests[i]
		switch r.phase {
		case requestAbsent:
			if b.due(b.rules.schedule.Requests[i].At) {
				return true
			}
		case requestMarks, requestParked:
			if b.due(r.until) {
				return true
			}
		case requestCreates, requestLooks, requestEnters, requestAdmits:
			return true
		}
	}
	return false
}

// ofThread: once the drain has asked it to stop, whatever else it does changes nothing. spec: C-7
func (l *events) ofThread(i int, sh *shard) {
	t, free := &sh.thread, sh.holder == nobody
	switch t.phase {
	case threadLooks:
		if free {
			l.add(t.stopAsked, ThreadLooks, i, 0)
		}
	case threadFetches:
		l.add(t.stopAsked, ThreadFetches, i, 0)
	case threadWaits:
		l.ofWaitingThread(i, t)
	case threadStops:
		if free {
			l.add(t.stopAsked, ThreadStops, i, 0)
		}
	case threadEvicts:
		if free {
			l.add(t.stopAsked, ThreadEvicts, i, 0)
		}
	}
}

// ofWaitingThread lists the reasons to wake; if there are several, any will do.
// spec: B-34, B-35, B-37, B-41
func (l *events) ofWaitingThread(i int, t *thread) {
	if t.stopAsked {
		l.add(true, ThreadSeesStop, i, 0)
	}
	if l.b.due(t.maxAt) {
		l.add(false, ThreadSeesMax, i, 0)
	}
	if t.head != nobody {
		head := &l.b.requests[t.head]
		if head.given != Pending {
			l.add(false, ThreadSeesUnblocked, i, 0)
		}
		if l.b.due(l.b.requests[t.head].window) {
			l.add(false, ThreadSeesDeadline, i, 0)
		}
		return
	}
	noticed := t.pending
	if !l.b.rules.behaviors.TimeoutNoticeRemembered {
		noticed = t.given > t.seen
	}
	if noticed {
		l.add(false, ThreadSeesNotice, i, 0)
	}
}

func (l *events) ofDrain(i int, sh *shard, slotsUnseen bool) {
	d := &sh.drain
	switch d.phase {
	case drainAsks:
		l.add(true, DrainAsks, i, 0)
	case drainAwaits:
		if sh.thread.phase == threadEnded {
			l.add(true, DrainBegins, i, 0)
		}
	case drainWorks:
		busy := false
		for n, w := range d.workers {
			busy = busy || w.entry != nobody
			switch {
			case w.entry == nobody && d.next < len(d.entries):
				l.add(true, WorkerTakes, i, n)
			case w.entry == nobody:
			case !w.unblocked: // spec: B-48
				held := l.b.requests[w.entry].phase == requestHeld
				l.add(!held || !l.b.contextOver(w.entry), WorkerUnblocks, i, n)
			case l.b.requests[w.entry].scopeOver():
				l.add(slotsUnseen, WorkerReleases, i, n)
			}
		}
		if !busy && d.next == len(d.entries) {
			l.add(true, DrainCounts, i, 0)
		}
	case drainCounted:
		if sh.holder == nobody {
			l.add(slotsUnseen, DrainEnds, i, 0)
		}
	}
}

// ofSignals: the next signal is any that is due. [ND]
func (l *events) ofSignals() {
	b, c := l.b, &l.b.consumer
	switch {
	case c.signal == nobody:
		for i := range b.rules.schedule.Signals {
			if b.signals[i] == signalWaits && b.due(b.rules.schedule.Signals[i].At) {
				l.add(false, SignalComes, i, 0)
			}
		}
	case !c.arrived:
		l.add(!b.shutdownAbout(), RecordArrives, c.signal, 0)
	default:
		rec := b.rules.schedule.Signals[c.signal].Records[c.record]
		if b.shardOf(rec.Shard).holder == nobody {
			l.add(false, RecordApplies, c.signal, 0)
		}
	}
}

func (l *events) ofShutdowns() {
	b := l.b
	for i, at := range b.rules.schedule.Shutdowns {
		s := &b.shutdowns[i]
		switch s.phase {
		case shutdownWaits:
			if b.due(at) {
				l.add(false, ShutdownBegins, i, 0)
			}
		case shutdownLists:
			l.add(false, ShutdownLists, i, 0)
		case shutdownStops:
			if s.at == nobody {
				l.ofTurns(i, s)
			} else if b.shards[s.at].holder == nobody {
				l.add(false, ShutdownStops, i, 0)
			}
		case shutdownFlags:
			l.add(false, ShutdownFlags, i, 0)
		case shutdownJoins:
			if s.at == nobody {
				l.ofTurns(i, s)
			} else if !b.shards[s.at].helpers() {
				l.add(false, ShutdownJoins, i, 0)
			}
		}
	}
}

// ofTurns: a single shard is no choice.
func (l *events) ofTurns(i int, s *shutdown) {
	for shard := range l.b.shards {
		if s.todo>>shard&1 == 1 {
			l.add(s.todo == 1<<shard, ShutdownTurns, i, shard)
		}
	}
}

// nextInstant is the earliest one after now, up to the end, at which something is due.
func (b *Buffer) nextInstant() (next time.Duration, found bool) {
	consider := func(at time.Duration) {
		if at > b.now && at <= b.rules.schedule.End && (!found || at < next) {
			next, found = at, true
		}
	}
	for i := range b.requests {
		r, in := &b.requests[i], &b.rules.schedule.Requests[i]
		consider(in.At)
		consider(r.deadline)
		if in.Cancels {
			consider(in.Cancelled)
		}
		if r.phase == requestMarks || r.phase == requestParked || r.phase == requestRetries {
			consider(r.until)
		}
	}
	for i := range b.shards {
		if t := &b.shards[i].thread; t.phase == threadWaits {
			consider(t.maxAt)
			if t.head != nobody {
				consider(b.requests[t.head].window)
			}
		}
	}
	for i := range b.rules.schedule.Signals {
		consider(b.rules.schedule.Signals[i].At)
	}
	for _, at := range b.rules.schedule.Shutdowns {
		consider(at)
	}
	for _, at := range b.rules.schedule.Probes {
		consider(at)
	}
	return next, found
}
