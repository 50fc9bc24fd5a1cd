package sim

// RWMutex is like sync.RWMutex: many readers or one writer, and a waiting writer
// keeps new readers out. Make one with [Env.NewRWMutex].
type RWMutex struct {
	Object
	writer  bool
	readers int
	q       waitList // readers and writers in order of arrival
	writers int      // writers in q
}

// NewRWMutex returns an unlocked RWMutex.
func (e *Env) NewRWMutex(name string) *RWMutex { return &RWMutex{Object: e.object(name)} }

// Lock blocks until nobody holds the mutex and takes it for writing.
func (m *RWMutex) Lock() {
	m.enter(OpLock)
	if m.writer || m.readers > 0 {
		m.writers++
		m.wait(OpLock, writeSide{m}).park()
	} else {
		m.writer = true
		m.setHolder(m.env.current())
	}
	m.exit()
}

// RLock blocks while a writer holds the mutex or waits for it, and takes it for reading.
func (m *RWMutex) RLock() {
	m.enter(OpRLock)
	if m.writer || m.writers > 0 {
		m.wait(OpRLock, readSide{m}).park()
	} else {
		m.readers++
	}
	m.exit()
}

func (m *RWMutex) wait(op Op, side heir) *wait {
	if w := m.env.w; w != nil {
		w.checkCycle(w.cur, &m.Object)
	}
	wt := m.env.begin(op, &m.Object)
	wt.enrol(&m.q, side)
	return wt
}

// Unlock ends writing; it panics if nobody writes. A proc that is unwound by the
// crash of its host frees only what it holds.
func (m *RWMutex) Unlock() {
	m.enterQuiet()
	if m.foreign() {
		return
	}
	if !m.writer {
		m.misuse("unlock of RWMutex not locked for writing")
	}
	m.endWriting()
	m.exit()
}

func (m *RWMutex) endWriting() {
	m.writer = false
	m.freeHolder()
	m.serve(true)
}

// RUnlock ends one reader; it panics if nobody reads.
func (m *RWMutex) RUnlock() {
	if w := m.env.w; w == nil || m.writers > 0 {
		m.enterQuiet()
	} else {
		w.touch(&m.Object, OpRLock) // nobody waits who would notice
	}
	if m.readers == 0 {
		m.misuse("runlock of RWMutex without readers")
	}
	m.endReading()
	m.exit()
}

func (m *RWMutex) endReading() {
	m.readers--
	if m.readers == 0 {
		m.serve(false)
	}
}

// serve hands the mutex on: after a writer to all readers that wait (as Go
// does), else to the writer that waited longest.
func (m *RWMutex) serve(readersFirst bool) {
	if readersFirst || m.writers == 0 {
		m.each(func(n *node, writes bool) bool {
			if !writes {
				m.readers++
				n.fire()
			}
			return true
		})
	}
	if m.readers > 0 {
		return
	}
	m.each(func(n *node, writes bool) bool {
		if writes {
			m.writers--
			m.writer = true
			m.setHolder(n.wait.proc)
			n.fire()
		}
		return !writes
	})
}

// each calls visit for the waiters in order of arrival until it reports false;
// visit may serve the waiter.
func (m *RWMutex) each(visit func(n *node, writes bool) bool) {
	for n := m.q.head; n != nil; {
		next := n.next
		if _, writes := n.slot.(writeSide); !visit(n, writes) {
			return
		}
		n = next
	}
}

// RLocker returns the read side as a [Locker].
func (m *RWMutex) RLocker() Locker { return readSide{m} }

// readSide is the Locker of the readers and the heir of one that waits.
type readSide struct{ m *RWMutex }

// Lock implements [Locker].
func (r readSide) Lock() { r.m.RLock() }

// Unlock implements [Locker].
func (r readSide) Unlock() { r.m.RUnlock() }

// inherit implements heir.
func (r readSide) inherit(_ *node, fired bool) {
	if fired {
		r.m.endReading()
	}
}

// writeSide is the heir of a writer that waits.
type writeSide struct{ m *RWMutex }

// inherit implements heir: without the writer, readers may be able to go on.
func (s writeSide) inherit(n *node, fired bool) {
	m := s.m
	if !fired {
		m.writers--
		if m.writers == 0 && !m.writer {
			m.serve(true)
		}
	} else if m.writer && m.holder == n.wait.proc {
		m.endWriting()
	}
}
