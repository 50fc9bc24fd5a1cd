package sim

// Waiting. All tools share one mechanism: a proc enrols one or more nodes in
// the wait lists of objects and parks. Whoever serves a node fires its wait; the
// first to fire wins and the proc becomes ready. The nodes left over are taken
// out of their lists when the proc runs again.

// wait is one act of waiting of one proc (or, in real time, of one goroutine).
type wait struct {
	env   *Env
	proc  *Proc         // nil in real time
	wake  chan struct{} // real time only: receives once when fired
	nodes [2]node
	extra []*node // beyond the first two cases
	used  int
	fired int // index of the case that fired, -1 while waiting
	// grants is the mutex that was handed over together with the firing, if any.
	grants *Mutex
	timer  *Timer // real time only: the deadline
	op     Op
	obj    *Object
	since  Time
}

// node is the place of a wait in one object's list.
type node struct {
	list       *waitList
	prev, next *node
	wait       *wait
	index      int
	slot       any // what a channel operation carries
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
	if n.list != l {
		return
	}
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
		return &wait{env: e, wake: make(chan struct{}, 1), fired: -1, op: op, obj: obj}
	}
	p := e.w.cur
	if p == nil {
		panic("sim: " + op.String() + " in a timer callback, which cannot wait")
	}
	if p.killed {
		panic(killed{})
	}
	wt := &p.wait
	wt.env, wt.op, wt.obj, wt.since = e, op, obj, e.w.now
	wt.fired, wt.used, wt.grants = -1, 0, nil
	return wt
}

// enrol puts the wait into l as its next case and returns the node.
func (wt *wait) enrol(l *waitList) *node {
	i := wt.used
	wt.used++
	var n *node
	if i < len(wt.nodes) {
		n = &wt.nodes[i]
	} else {
		if i-len(wt.nodes) == len(wt.extra) {
			wt.extra = append(wt.extra, new(node))
		}
		n = wt.extra[i-len(wt.nodes)]
	}
	n.wait, n.index = wt, i
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

// park waits until a node fires and returns its index. The monitor, held by the
// caller in real time, is given up meanwhile and held again at return.
func (wt *wait) park() int {
	if wt.proc != nil {
		wt.proc.park()
	} else {
		wt.env.live.Unlock()
		<-wt.wake
		wt.env.live.Lock()
	}
	if wt.used == 1 { // the one node fired, so it is in no list
		wt.nodes[0].slot = nil
	} else {
		wt.unlink()
	}
	return wt.fired
}

// unlink takes the nodes that were not served out of their lists.
func (wt *wait) unlink() {
	wt.leaveLists()
	for i := range wt.used {
		wt.node(i).slot = nil
	}
}

func (wt *wait) leaveLists() {
	for i := range wt.used {
		if n := wt.node(i); n.list != nil {
			n.list.remove(n)
		}
	}
}

// fire serves n: its proc becomes ready with n's case. It reports false if the
// wait was over already. The wait leaves all lists at once: until its proc runs,
// nobody else may try to serve it.
func (n *node) fire() bool {
	wt := n.wait
	if wt.fired >= 0 {
		return false
	}
	wt.fired = n.index
	wt.leaveLists()
	if wt.proc != nil {
		wt.proc.makeReady()
	} else {
		wt.wake <- struct{}{}
	}
	return true
}
