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
		wt.enrol(&m.q)
		wt.park()
		if wt.grants == m {
			break
		}
	}
	m.locked, m.holder = true, m.env.current()
	m.exit()
}

// TryLock takes the mutex if it is free and says whether it did.
func (m *Mutex) TryLock() bool {
	m.enter(OpLock)
	free := !m.locked
	if free {
		m.locked, m.holder = true, m.env.current()
	}
	m.exit()
	return free
}

// Unlock frees the mutex; it panics if the mutex is not locked.
func (m *Mutex) Unlock() {
	m.enterQuiet()
	m.release()
	m.exit()
}

// release serves the next waiter; the caller is inside the monitor.
func (m *Mutex) release() {
	if !m.locked {
		panic("sim: unlock of unlocked mutex " + m.FullName())
	}
	m.locked, m.holder = false, nil
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
	n.wait.grants = m
	m.locked, m.holder = true, n.wait.proc
	n.fire()
}

// Locked reports whether somebody holds the mutex; for assertions.
func (m *Mutex) Locked() bool {
	m.enterQuiet()
	defer m.exit()
	return m.locked
}
