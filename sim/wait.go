package sim

// Waiting. All tools share one mechanism: a proc enrols one or more nodes in
// the wait lists of objects and parks. Whoever serves a node fires its wait: all
// nodes of the wait leave their lists, and the proc becomes ready.

// wait is one act of waiting of one proc (or, in real time, of one goroutine).
type wait struct {
	proc  *Proc     // nil in real time
	live  *liveWait // nil in a World
	obj   *Object
	since Time
	fired int32 // index of the case that fired, -1 while waiting
	used  int32
	op    Op
	nodes [2]node
	extra []*node // beyond the first two cases
}

// liveWait is what a wait needs in real time.
type liveWait struct {
	env   *Env
	wake  chan struct{} // receives once when fired
	timer *Timer        // the deadline
}

// node is the place of a wait in one object's list.
type node struct {
	list       *waitList
	prev, next *node
	wait       *wait
	index      int32
	slot       any // what a channel operation carries, or an heir
}

// heir takes back what was given to a proc that is killed before it could use it,
// and learns that a proc in its list is gone.
type heir interface {
	// inherit is called after n left its list; fired says whether n was served.
	inherit(n *node, fired bool)
}

// waitList is a doubly linked list of nodes in order of arrival.
type waitList struct {
	head, tail *node
	n          int
}

func (l *waitList) push(n *node) {
	n.list, n.prev, n.next = l, l.tail, nil
	if l.tail == nil {
		l.head = n
	} else {
		l.tail.next = n
	}
	l.tail = n
	l.n++
}

func (l *waitList) remove(n *node) {
	if n.prev == nil {
		l.head = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		l.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.list, n.prev, n.next = nil, nil, nil
	l.n--
}

// at returns the i-th node.
func (l *waitList) at(i int) *node {
	n := l.head
	for ; i > 0; i-- {
		n = n.next
	}
	return n
}

// begin prepares the caller's wait. In a World it is part of the proc and costs
// nothing; it panics in a callback, which cannot wait.
func (e *Env) begin(op Op, obj *Object) *wait {
	if e.w == nil {
		return e.beginLive(op, obj)
	}
	p := e.w.waiter(op)
	p.state = procWaiting
	wt := &p.wait
	wt.op, wt.obj, wt.since = op, obj, e.w.now
	wt.fired, wt.used = -1, 0
	return wt
}

func (e *Env) beginLive(op Op, obj *Object) *wait {
	l := &liveWait{env: e, wake: make(chan struct{}, 1)}
	wt := &wait{live: l, fired: -1, op: op, obj: obj}
	wt.own()
	return wt
}

// own prepares the nodes that are part of the wait.
func (wt *wait) own() {
	for i := range wt.nodes {
		wt.nodes[i].wait, wt.nodes[i].index = wt, int32(i)
	}
}

// leave gives control to the next task and returns the mailbox to wait in, if there
// is need to; in real time it gives up the monitor and blocks the goroutine.
func (wt *wait) leave() *mailbox {
	if p := wt.proc; p != nil {
		return p.host.w.handOver(p)
	}
	l := wt.live
	l.env.live.Unlock()
	<-l.wake
	l.env.live.Lock()
	return nil
}

// waiter returns the proc that is about to wait.
func (w *World) waiter(op Op) *Proc {
	p := w.cur
	if p == nil {
		panic("sim: " + op.String() + " in a timer callback, which cannot wait")
	}
	if p.killed {
		panic(killed{})
	}
	return p
}

// enrol puts the wait into l as its next case and returns the node.
func (wt *wait) enrol(l *waitList, slot any) *node {
	i := int(wt.used)
	wt.used++
	var n *node
	if i < len(wt.nodes) {
		n = &wt.nodes[i]
	} else {
		if i-len(wt.nodes) == len(wt.extra) {
			wt.extra = append(wt.extra, &node{wait: wt, index: int32(i)})
		}
		n = wt.extra[i-len(wt.nodes)]
	}
	n.slot = slot
	if l != nil {
		l.push(n)
	}
	return n
}

func (wt *wait) node(i int) *node {
	if i < len(wt.nodes) {
		return &wt.nodes[i]
	}
	return wt.extra[i-len(wt.nodes)]
}

// park waits until a node fires; then wt.fired is its index. The monitor, held by
// the caller in real time, is given up meanwhile and held again at return.
//
// After a switch the processor mispredicts every return, so each frame between a
// program and the switch costs as much as a cache miss: therefore swap is written out
// here, and all of park where procs wait most.
func (wt *wait) park() {
	if box := wt.leave(); box != nil {
		if box.flip() {
			box.next()
		} else {
			box.yield(struct{}{})
		}
	}
	if wt.fired < 0 {
		panic(killed{})
	}
}

// unlink takes all nodes out of their lists.
func (wt *wait) unlink() {
	for i := range int(wt.used) {
		n := wt.node(i)
		if n.list != nil {
			n.list.remove(n)
		}
	}
}

// abandon ends the wait of a proc that is killed.
func (wt *wait) abandon() {
	wt.unlink()
	for i := range int(wt.used) {
		n := wt.node(i)
		if h, ok := n.slot.(heir); ok {
			h.inherit(n, n.index == wt.fired)
		}
		n.slot = nil
	}
	wt.used, wt.fired = 0, -1
}

// fire serves n, whose wait is not over: its proc becomes ready with n's case.
func (n *node) fire() {
	wt := n.wait
	wt.fired = n.index
	if wt.used == 1 && n.list != nil {
		n.list.remove(n)
	} else {
		wt.unlink()
	}
	if p := wt.proc; p != nil {
		p.host.w.touchID(p.id)
		p.makeReady()
	} else {
		wt.live.wake <- struct{}{}
	}
}
