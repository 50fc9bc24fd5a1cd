package sim

// Semaphore holds a number of permits; waiters are served first come, first
// served by default. Make one with [Env.NewSemaphore].
type Semaphore struct {
	Object
	free, size int
	q          waitList
}

// NewSemaphore returns a semaphore with n free permits.
func (e *Env) NewSemaphore(name string, n int) *Semaphore {
	return &Semaphore{Object: e.object(name), free: n, size: n}
}

// Acquire takes a permit, waiting for one until ctx ends; then it returns the
// context's error. A nil ctx waits without limit.
func (s *Semaphore) Acquire(ctx *Context) error {
	if s.TryAcquire() {
		return nil
	}
	if ctx == nil {
		s.env.Select(Case{src: s})
		return nil
	}
	if s.env.Select(Case{src: s}, OnDone(ctx)) == 0 {
		return nil
	}
	return ctx.Err()
}

// TryAcquire takes a permit if one is free and says whether it did.
func (s *Semaphore) TryAcquire() bool {
	s.enter(OpAcquire)
	ok := s.free > 0 && s.q.n == 0
	if ok {
		s.free--
	}
	s.exit()
	return ok
}

// Release gives a permit back; it panics if none was taken.
func (s *Semaphore) Release() {
	s.enter(OpRelease)
	s.releaseQuiet()
	s.exit()
}

func (s *Semaphore) releaseQuiet() {
	if s.q.n > 0 {
		s.q.at(s.pickWaiter(OpRelease, s.q.n)).fire()
		return
	}
	if s.free == s.size {
		s.misuse("release of a permit that was not taken, semaphore")
	}
	s.free++
}

// Free returns the number of free permits.
func (s *Semaphore) Free() int {
	s.enter(OpLoad)
	n := s.free
	s.exit()
	return n
}

func (s *Semaphore) header() *Object      { return &s.Object }
func (s *Semaphore) caseReady(*Case) bool { return s.free > 0 && s.q.n == 0 }
func (s *Semaphore) caseTake(*Case)       { s.free-- }
func (s *Semaphore) caseEnrol(_ *Case, wt *wait) {
	wt.enrol(&s.q, s)
}
func (s *Semaphore) caseFinish(*Case, *node, bool) {}

// inherit implements heir: the permit of a proc that was killed goes to another.
func (s *Semaphore) inherit(_ *node, fired bool) {
	if fired {
		s.releaseQuiet()
	}
}

// WaitGroup is like sync.WaitGroup, but it always detects misuse: a negative
// count, and an Add from zero while somebody waits. Make one with [Env.NewWaitGroup].
type WaitGroup struct {
	Object
	n int
	q waitList
}

// NewWaitGroup returns a group with count zero.
func (e *Env) NewWaitGroup(name string) *WaitGroup { return &WaitGroup{Object: e.object(name)} }

// Add changes the count by n.
func (g *WaitGroup) Add(n int) {
	g.enter(OpStore)
	if g.n == 0 && n > 0 && g.q.n > 0 {
		g.misuse("WaitGroup.Add races with Wait at count zero,")
	}
	if g.n+n < 0 {
		g.misuse("negative WaitGroup count,")
	}
	g.n += n
	if g.n == 0 {
		for g.q.n > 0 {
			g.q.head.fire()
		}
	}
	g.exit()
}

// Done lowers the count by one.
func (g *WaitGroup) Done() { g.Add(-1) }

// Wait blocks until the count is zero.
func (g *WaitGroup) Wait() {
	if w := g.env.w; w != nil && w.attends {
		g.expect()
	}
	g.enter(OpWait)
	if g.n > 0 {
		wt := g.env.begin(OpWait, &g.Object)
		wt.enrol(&g.q, nil)
		wt.park()
	}
	g.exit()
}

// Go runs fn in a proc that is counted in the group.
func (g *WaitGroup) Go(name string, fn func()) {
	g.Add(1)
	g.env.Go(name, func() {
		defer g.Done()
		fn()
	})
}
