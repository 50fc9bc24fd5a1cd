package sim

// RWMutex is like sync.RWMutex: many readers or one writer, and a waiting writer
// keeps new readers out. Make one with [Env.NewRWMutex].
type RWMutex struct {
	Object
	writer  bool
	readers int
	q       waitList // readers and writers in order of arrival; slot true = writer
	writers int      // writers in q
}

// NewRWMutex returns an unlocked RWMutex.
func (e *Env) NewRWMutex(name string) *RWMutex { return &RWMutex{Object: e.object(name)} }

// Lock blocks until nobody holds the mutex and takes it for writing.
func (m *RWMutex) Lock() {
	m.enter(OpLock)
	if m.writer || m.readers > 0 {
		m.wait(OpLock, true)
	} else {
		m.writer, m.holder = true, m.env.current()
	}
	m.exit()
}

// RLock blocks while a writer holds the mutex or waits for it, and takes it for reading.
func (m *RWMutex) RLock() {
	m.enter(OpRLock)
	if m.writer || m.writers > 0 {
		m.wait(OpRLock, false)
	} else {
		m.readers++
	}
	m.exit()
}

func (m *RWMutex) wait(op Op, writer bool) {
	if w := m.env.w; w != nil {
		w.checkCycle(w.cur, &m.Object)
	}
	wt := m.env.begin(op, &m.Object)
	n := wt.enrol(&m.q)
	n.slot = writer
	if writer {
		m.writers++
	}
	wt.park()
}

// Unlock ends writing; it panics if nobody writes.
func (m *RWMutex) Unlock() {
	m.enterQuiet()
	if !m.writer {
		panic("sim: unlock of RWMutex not locked for writing " + m.FullName())
	}
	m.writer, m.holder = false, nil
	m.serve(true)
	m.exit()
}

// RUnlock ends one reader; it panics if nobody reads.
func (m *RWMutex) RUnlock() {
	m.enterQuiet()
	if m.readers == 0 {
		panic("sim: runlock of RWMutex without readers " + m.FullName())
	}
	m.readers--
	if m.readers == 0 {
		m.serve(false)
	}
	m.exit()
}

// serve hands the mutex on: after a writer to all readers that wait (as Go
// does), else to the writer that waited longest.
func (m *RWMutex) serve(readersFirst bool) {
	if readersFirst {
		for n := m.q.head; n != nil; {
			next := n.next
			if n.slot == false {
				m.readers++
				n.fire()
			}
			n = next
		}
	}
	if m.readers > 0 || m.writers == 0 {
		return
	}
	for n := m.q.head; n != nil; n = n.next {
		if n.slot == true {
			m.writers--
			m.writer, m.holder = true, n.wait.proc
			n.fire()
			return
		}
	}
}

// RLocker returns the read side as a [Locker].
func (m *RWMutex) RLocker() Locker { return readSide{m} }

type readSide struct{ m *RWMutex }

func (r readSide) Lock()   { r.m.RLock() }
func (r readSide) Unlock() { r.m.RUnlock() }
