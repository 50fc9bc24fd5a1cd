package sim

// timerHeap is a 4-ary heap of timers ordered by (when, seq). The keys stand
// inline in the slice (half the cost of following pointers), and each timer
// knows its place so that stopping it is O(log n).
//
// A popped root is left vacant until the next operation: the commonest one is a
// push (a proc sleeps again), which then fills the root and sifts once.
type timerHeap struct {
	entries []heapEntry
	vacant  bool // entries[0] was popped
}

type heapEntry struct {
	when Time
	seq  uint64
	t    *Timer
}

func (e *heapEntry) before(f *heapEntry) bool {
	return e.when < f.when || e.when == f.when && e.seq < f.seq
}

func (h *timerHeap) len() int {
	if h.vacant {
		return len(h.entries) - 1
	}
	return len(h.entries)
}

func (h *timerHeap) push(t *Timer, when Time, seq uint64) {
	if h.vacant {
		h.vacant = false
		h.entries[0] = heapEntry{when, seq, t}
		h.down(0)
		return
	}
	h.entries = append(h.entries, heapEntry{when, seq, t})
	h.up(len(h.entries) - 1)
}

// next returns the instant of the earliest timer; the heap must not be empty.
func (h *timerHeap) next() Time {
	h.settle()
	return h.entries[0].when
}

// due reports whether the earliest timer is due at t. With a vacant root it looks
// at the root's children, so that a following push still finds the root free.
func (h *timerHeap) due(t Time) bool {
	if !h.vacant {
		return len(h.entries) > 0 && h.entries[0].when == t
	}
	for i := 1; i < len(h.entries) && i <= 4; i++ {
		if h.entries[i].when == t {
			return true
		}
	}
	return false
}

// pop removes and returns the earliest timer; the heap must not be empty.
func (h *timerHeap) pop() *Timer {
	h.settle()
	t := h.entries[0].t
	t.index = 0
	h.vacant = true
	return t
}

// settle fills a vacant root.
func (h *timerHeap) settle() {
	if !h.vacant {
		return
	}
	h.vacant = false
	last := len(h.entries) - 1
	moved := h.entries[last]
	h.entries[last] = heapEntry{}
	h.entries = h.entries[:last]
	if last > 0 {
		h.entries[0] = moved
		h.down(0)
	}
}

// remove takes t out of the heap if it is there and says whether it was.
func (h *timerHeap) remove(t *Timer) bool {
	if t.index == 0 {
		return false
	}
	h.settle()
	h.removeAt(int(t.index) - 1)
	return true
}

func (h *timerHeap) removeAt(i int) {
	last := len(h.entries) - 1
	h.entries[i].t.index = 0
	moved := h.entries[last]
	h.entries[last] = heapEntry{}
	h.entries = h.entries[:last]
	if i == last {
		return
	}
	h.entries[i] = moved
	moved.t.index = int32(i) + 1
	if !h.down(i) {
		h.up(i)
	}
}

func (h *timerHeap) up(i int) {
	e := h.entries[i]
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&h.entries[parent]) {
			break
		}
		h.entries[i] = h.entries[parent]
		h.entries[i].t.index = int32(i) + 1
		i = parent
	}
	h.entries[i] = e
	e.t.index = int32(i) + 1
}

func (h *timerHeap) down(i int) bool {
	e, start, n := h.entries[i], i, len(h.entries)
	for {
		child := 4*i + 1
		if child >= n {
			break
		}
		least := child
		for c := child + 1; c < child+4 && c < n; c++ {
			if h.entries[c].before(&h.entries[least]) {
				least = c
			}
		}
		if !h.entries[least].before(&e) {
			break
		}
		h.entries[i] = h.entries[least]
		h.entries[i].t.index = int32(i) + 1
		i = least
	}
	h.entries[i] = e
	e.t.index = int32(i) + 1
	return i > start
}
