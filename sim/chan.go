package sim

// Unbounded is the capacity of a channel whose sends never block.
const Unbounded = -1

// Chan is like a Go channel of the given capacity: 0 hands over directly,
// [Unbounded] is a queue without limit. Receives and sends are served in order
// of arrival by default. Make one with [NewChan].
type Chan[T any] struct {
	Object
	buf    []T // ring
	head   int
	n      int
	cap    int
	closed bool
	recvq  waitList
	sendq  waitList
	spare  []*slot[T]
}

// slot carries the value of a waiting operation.
type slot[T any] struct {
	v  T
	ok bool
}

// NewChan returns an open channel of the given capacity.
func NewChan[T any](e *Env, name string, capacity int) *Chan[T] {
	return &Chan[T]{Object: e.object(name), cap: capacity}
}

// Send blocks until the channel takes v. It panics if the channel is closed.
func (c *Chan[T]) Send(v T) {
	c.enter(OpSend)
	if !c.trySend(v) {
		wt := c.env.begin(OpSend, &c.Object)
		s := c.newSlot()
		s.v = v
		wt.enrol(&c.sendq, s)
		if box := wt.leave(); box != nil { // wt.park, written out to save a frame
			if box.flip() {
				box.next()
			} else {
				box.yield(struct{}{})
			}
		}
		if wt.fired < 0 {
			panic(killed{})
		}
		ok := s.ok
		c.freeSlot(s)
		if !ok {
			c.misuse("send on closed channel")
		}
	}
	c.exit()
}

// TrySend sends v if the channel takes it at once and says whether it did.
func (c *Chan[T]) TrySend(v T) bool {
	c.enter(OpSend)
	ok := c.trySend(v)
	c.exit()
	return ok
}

// Recv blocks until a value comes or the channel is closed and empty; then ok is false.
func (c *Chan[T]) Recv() (v T, ok bool) {
	c.enter(OpRecv)
	if !c.recvReady() {
		wt := c.env.begin(OpRecv, &c.Object)
		s := c.newSlot()
		wt.enrol(&c.recvq, s)
		if box := wt.leave(); box != nil { // wt.park, written out to save a frame
			if box.flip() {
				box.next()
			} else {
				box.yield(struct{}{})
			}
		}
		if wt.fired < 0 {
			panic(killed{})
		}
		v, ok = s.v, s.ok
		c.freeSlot(s)
	} else {
		v, ok = c.take()
	}
	c.exit()
	return v, ok
}

// TryRecv receives without waiting; got says whether there was a value.
func (c *Chan[T]) TryRecv() (v T, got bool) {
	c.enter(OpRecv)
	if c.recvReady() {
		v, got = c.take()
	}
	c.exit()
	return v, got
}

// Close closes the channel: receivers get what is left, then ok = false. It
// panics if the channel is closed already.
func (c *Chan[T]) Close() {
	c.enter(OpClose)
	if c.closed {
		c.misuse("close of closed channel")
	}
	c.closed = true
	for c.recvq.n > 0 {
		c.recvq.head.fire()
	}
	for c.sendq.n > 0 {
		c.sendq.head.fire()
	}
	c.exit()
}

// Closed reports whether the channel is closed.
func (c *Chan[T]) Closed() bool {
	c.enter(OpLoad)
	closed := c.closed
	c.exit()
	return closed
}

// Len returns the number of values in the channel's buffer.
func (c *Chan[T]) Len() int {
	c.enterQuiet()
	n := c.n
	c.exit()
	return n
}

// Cap returns the channel's capacity.
func (c *Chan[T]) Cap() int { return c.cap }

func (c *Chan[T]) sendReady() bool {
	return c.closed || c.recvq.n > 0 || c.cap == Unbounded || c.n < c.cap
}

func (c *Chan[T]) trySend(v T) bool {
	if !c.sendReady() {
		return false
	}
	if c.closed {
		c.misuse("send on closed channel")
	}
	if c.recvq.n > 0 {
		n := c.recvq.at(c.pickWaiter(OpSend, c.recvq.n))
		s := n.slot.(*slot[T])
		s.v, s.ok = v, true
		n.fire()
		return true
	}
	c.put(v)
	return true
}

func (c *Chan[T]) recvReady() bool { return c.n > 0 || c.sendq.n > 0 || c.closed }

// take receives a value when recvReady.
func (c *Chan[T]) take() (v T, ok bool) {
	if c.n > 0 {
		v, ok = c.get(), true
		if c.sendq.n > 0 {
			c.put(c.takeSender())
		}
		return v, ok
	}
	if c.sendq.n > 0 {
		return c.takeSender(), true
	}
	return v, false
}

func (c *Chan[T]) takeSender() T {
	n := c.sendq.at(c.pickWaiter(OpRecv, c.sendq.n))
	s := n.slot.(*slot[T])
	s.ok = true
	n.fire()
	return s.v
}

func (c *Chan[T]) put(v T) {
	if c.n == len(c.buf) {
		buf := make([]T, max(4, 2*len(c.buf)))
		for i := range c.n {
			buf[i] = c.buf[(c.head+i)%len(c.buf)]
		}
		c.buf, c.head = buf, 0
	}
	c.buf[(c.head+c.n)%len(c.buf)] = v
	c.n++
}

func (c *Chan[T]) get() T {
	var zero T
	v := c.buf[c.head]
	c.buf[c.head] = zero
	c.head = (c.head + 1) % len(c.buf)
	c.n--
	return v
}

func (c *Chan[T]) newSlot() *slot[T] {
	if k := len(c.spare); k > 0 {
		s := c.spare[k-1]
		c.spare = c.spare[:k-1]
		return s
	}
	return new(slot[T])
}

func (c *Chan[T]) freeSlot(s *slot[T]) {
	*s = slot[T]{}
	c.spare = append(c.spare, s)
}

// OnRecv is a [Env.Select] case that receives into *v (and, if ok is not nil,
// says in *ok whether the channel was still open).
func OnRecv[T any](c *Chan[T], v *T, ok *bool) Case { return Case{src: c, data: v, ok: ok} }

// OnSend is a [Env.Select] case that sends v. It panics if the channel is closed.
func OnSend[T any](c *Chan[T], v T) Case { return Case{src: c, send: true, data: &v} }

func (c *Chan[T]) header() *Object { return &c.Object }

func (c *Chan[T]) caseReady(k *Case) bool {
	if k.send {
		return c.sendReady()
	}
	return c.recvReady()
}

func (c *Chan[T]) caseTake(k *Case) {
	if k.send {
		c.trySend(*k.data.(*T))
		return
	}
	v, ok := c.take()
	deliver(k, v, ok)
}

func (c *Chan[T]) caseEnrol(k *Case, wt *wait) {
	s := c.newSlot()
	if k.send {
		s.v = *k.data.(*T)
		wt.enrol(&c.sendq, s)
		return
	}
	wt.enrol(&c.recvq, s)
}

func (c *Chan[T]) caseFinish(k *Case, n *node, fired bool) {
	s := n.slot.(*slot[T])
	v, ok := s.v, s.ok
	c.freeSlot(s)
	n.slot = nil
	if !fired {
		return
	}
	if !k.send {
		deliver(k, v, ok)
	} else if !ok {
		c.misuse("send on closed channel")
	}
}

func deliver[T any](k *Case, v T, ok bool) {
	if dst, _ := k.data.(*T); dst != nil {
		*dst = v
	}
	if k.ok != nil {
		*k.ok = ok
	}
}
