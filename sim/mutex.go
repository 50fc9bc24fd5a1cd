package sim

// Locker is what a [Cond] needs of its lock; [Mutex] is a Locker, and
// [RWMutex.RLocker] gives the read side of an RWMutex as one.
type Locker interface {
	Lock()
	Unlock()
}

// Mutex is like sync.Mutex, but first come, first served by default: Unlock
// hands it to a waiter. (A chooser may pick another waiter, or leave it free so
// that a newcomer can barge in, as Go's may.) It knows its holder, so that
// reports can name it. Make one with [Env.NewMutex].
type Mutex struct {
	Object
	locked bool
	q      waitList
}

// NewMutex returns an unlocked mutex.
func (e *Env) NewMutex(name string) *Mutex { return &Mutex{Object: e.object(name)} }

// Lock blocks until the mutex is free and takes it. In a timer callback it must
// not be contended: callbacks cannot wait.
func (m *Mutex) Lock() {
	m.enter(OpLock)
	for m.locked {
		if w := m.env.w; w != nil {
			w.checkCycle(w.cur, &m.Object)
		}
		wt := m.env.begin(OpLock, &m.Object)
		wt.enrol(&m.q, m)
		wt.park()
		if wt.proc == nil || m.holder == wt.proc {
			m.exit()
			return // it was handed over
		}
		m.env.w.touch(&m.Object, OpLock)
	}
	m.locked = true
	m.setHolder(m.env.current())
	m.exit()
}

// TryLock takes the mutex if it is free and says whether it did.
func (m *Mutex) TryLock() bool {
	m.enter(OpAcquire) // OpLock may wait
	free := !m.locked
	if free {
		m.locked = true
		m.setHolder(m.env.current())
	}
	m.exit()
	return free
}

// Unlock frees the mutex; it panics if the mutex is not locked. A proc that is
// unwound by the crash of its host frees only what it holds.
func (m *Mutex) Unlock() {
	m.enterQuiet()
	if m.foreign() {
		return
	}
	if !m.locked {
		m.misuse("unlock of unlocked mutex")
	}
	m.release()
	m.exit()
}

// release serves the next waiter; the caller is inside the monitor.
func (m *Mutex) release() {
	m.locked = false
	m.freeHolder()
	if m.q.n == 0 {
		return
	}
	i := 0
	if w := m.env.w; w != nil && w.chooser != nil {
		i = w.choose(KindBarge, OpUnlock, &m.Object, m.q.n+1)
	}
	if i == m.q.n {
		m.q.head.fire() // wakes it to compete with whoever comes
		return
	}
	n := m.q.at(i)
	m.locked = true
	m.setHolder(n.wait.proc)
	n.fire()
}

// inherit implements heir: a mutex handed to a proc that was killed goes to the
// next; and if the dead proc was to compete for a free mutex, another one is.
func (m *Mutex) inherit(n *node, fired bool) {
	if fired && (!m.locked || m.holder == n.wait.proc) {
		m.release()
	}
}

// Locked reports whether somebody holds the mutex; for assertions.
func (m *Mutex) Locked() bool {
	m.enterQuiet()
	defer m.exit()
	return m.locked
}
