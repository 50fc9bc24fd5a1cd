package spec

// stepSignal takes a step of the task that hands over keyspace events and health records.
func (b *Buffer) stepSignal(e Event) {
	c := &b.consumer
	switch e.Kind {
	case SignalComes:
		b.signals[e.Of] = signalBusy
		*c = consumer{signal: e.Of}
		sig := &b.rules.schedule.Signals[e.Of]
		if len(sig.Records) == 0 || sig.Legacy && sig.Term == 0 { // spec: L-2
			b.signalOver()
		}
	case RecordArrives:
		if b.stopped { // spec: B-67, L-2
			b.signalOver()
			return
		}
		b.create(b.rules.schedule.Signals[e.Of].Records[c.record].Shard)
		c.arrived = true
	case RecordApplies:
		b.apply(e.Of)
		c.record, c.arrived = c.record+1, false
		if c.record == len(b.rules.schedule.Signals[e.Of].Records) {
			b.signalOver()
		}
	}
}

func (b *Buffer) signalOver() {
	b.signals[b.consumer.signal] = signalDone
	b.consumer = consumer{signal: nobody}
}

// apply is one record of a signal, under the shard's lock. Whether the shard was disturbed is
// not asked.
// spec: B-55..B-57, L-3, L-4
func (b *Buffer) apply(i int) {
	sig := &b.rules.schedule.Signals[i]
	rec := sig.Records[b.consumer.record]
	sh := b.shardOf(rec.Shard)
	if sig.Legacy {
		if sig.Term <= sh.term {
			return
		}
		sh.term = sig.Term
	}
	if rec.Primary != sh.primary {
		if sh.primary != "" {
			sh.lastReparent = instant{b.now, true}
		}
		sh.primary = rec.Primary
	}
	switch {
	case sig.Legacy:
		b.stop(sh, NewPrimarySeen)
	case sig.Switched && b.rules.behaviors.ClassifyDeniedTables: // spec: B-56, buffer 8.1
		b.stop(sh, MoveTablesSwitchedTraffic)
	case rec.Serving:
		b.stop(sh, NewPrimarySeen)
	default:
		b.stop(sh, ReshardingComplete)
	}
}

// stepShutdown takes a step of a call of Shutdown. It goes to the shards twice, each time in any
// order. [ND]
// spec: B-64..B-66, B-68
func (b *Buffer) stepShutdown(e Event) []Effect {
	s := &b.shutdowns[e.Of]
	switch e.Kind {
	case ShutdownBegins:
		b.stopped = b.stopped || b.rules.behaviors.StoppedFlagFirst
		s.phase = shutdownLists
	case ShutdownLists:
		s.list(b, shutdownStops)
	case ShutdownTurns:
		s.at = e.Nth
	case ShutdownStops:
		b.stop(&b.shards[s.at], ShutdownStop)
		s.done()
	case ShutdownFlags: // before a fix the flag was set only here. spec: buffer 8.2
		b.stopped = true
		s.list(b, shutdownJoins)
	case ShutdownJoins:
		s.done()
	}
	if s.todo != 0 {
		return nil
	}
	switch s.phase {
	case shutdownStops:
		s.phase = shutdownFlags
	case shutdownJoins:
		s.phase, s.returned = shutdownDone, b.now
		return []Effect{{ShutdownReturned, e.Of}}
	}
	return nil
}

// list begins a walk over the shards that have a buffer now.
func (s *shutdown) list(b *Buffer, phase shutdownPhase) {
	s.phase, s.at, s.todo = phase, nobody, 0
	for i := range b.shards {
		if b.shards[i].exists {
			s.todo |= 1 << i
		}
	}
}

// done crosses out the shard whose turn it was.
func (s *shutdown) done() {
	s.todo &^= 1 << s.at
	s.at = nobody
}
