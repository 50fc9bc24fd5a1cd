package sim

// task is something the scheduler can run: a proc to resume or a timer's
// callback to call. Exactly one of the two is set.
type task struct {
	p *Proc
	t *Timer
}

func (k task) id() uint64 {
	if k.p != nil {
		return k.p.id
	}
	return k.t.id
}

func (k task) host() *Host {
	if k.p != nil {
		return k.p.host
	}
	return k.t.env.host
}

func (k task) info() TaskInfo {
	if k.p != nil {
		return k.p.info()
	}
	return TaskInfo{ID: k.t.id, Name: k.t.FullName(), Op: OpTimer}
}

// readyRing holds the runnable tasks in the order in which they became ready.
type readyRing struct {
	buf  []task // length is a power of two
	head int
	n    int
}

func (r *readyRing) at(i int) task { return r.buf[(r.head+i)&(len(r.buf)-1)] }

func (r *readyRing) push(k task) {
	if r.n == len(r.buf) {
		r.grow()
	}
	r.buf[(r.head+r.n)&(len(r.buf)-1)] = k
	r.n++
}

func (r *readyRing) grow() {
	size := max(16, 2*len(r.buf))
	buf := make([]task, size)
	for i := range r.n {
		buf[i] = r.at(i)
	}
	r.buf, r.head = buf, 0
}

// pop removes the first task.
func (r *readyRing) pop() task {
	k := r.buf[r.head&(len(r.buf)-1)]
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	return k
}

// take removes the i-th task and keeps the order of the others; it moves those on
// the shorter side.
func (r *readyRing) take(i int) task {
	mask := len(r.buf) - 1
	k := r.at(i)
	r.n--
	if i > r.n/2 {
		for ; i < r.n; i++ {
			r.buf[(r.head+i)&mask] = r.buf[(r.head+i+1)&mask]
		}
		return k
	}
	for ; i > 0; i-- {
		r.buf[(r.head+i)&mask] = r.buf[(r.head+i-1)&mask]
	}
	r.head = (r.head + 1) & mask
	return k
}

// filter keeps the tasks for which keep answers true, in order.
func (r *readyRing) filter(keep func(task) bool) {
	for range r.n {
		k := r.pop()
		if keep(k) {
			r.push(k)
		}
	}
}
