package sim

import (
	"math/bits"
	"slices"
)

// timerHeap is a 4-ary heap of timers ordered by (instant, order of setting).
//
// An entry is 16 bytes without a pointer: the keys stand inline, and the four
// children of an entry share a cache line. Timers are named by slot numbers, and
// the place of each slot is kept in a dense table, so that sifting touches neither
// the timers nor the garbage collector. The smallest of four children is found
// without branches: nobody could predict them.
//
// A popped root is left vacant until the next operation: the commonest one is a
// push (a proc sleeps again), which then fills the root and sifts once.
type timerHeap struct {
	entries []heapEntry // from index heapRoot on; filled up with heapEnd to whole groups of four
	n       int         // entries in use, the vacant root included
	vacant  bool        // the root was popped
	timers  []*Timer    // by slot
	place   []int32     // by slot: index in entries
	free    []int32     // unused slots
	seq     uint64      // counts the settings
}

// heapEntry is the instant of a timer, and its order and slot in one number.
type heapEntry struct {
	when Time
	key  uint64
}

const (
	// heapRoot makes groups of children start at multiples of four.
	heapRoot = 3
	// slotBits is enough for 16 million pending timers; the rest of the key
	// counts 2^40 settings, after which the pending ones are renumbered.
	slotBits = 24
	slotMask = 1<<slotBits - 1
	maxSeq   = 1<<(64-slotBits) - 1
)

// heapEnd is later than every entry.
func heapEnd() heapEntry { return heapEntry{Never, 1<<64 - 1} }

// less is 1 if e comes before f, else 0.
func (e heapEntry) less(f heapEntry) int {
	_, borrow := bits.Sub64(e.key, f.key, 0)
	_, borrow = bits.Sub64(uint64(e.when), uint64(f.when), borrow)
	return int(borrow)
}

func (h *timerHeap) len() int {
	if h.vacant {
		return h.n - 1
	}
	return h.n
}

func (h *timerHeap) push(t *Timer, when Time) {
	if h.seq == maxSeq {
		h.renumber()
	}
	h.seq++
	if h.vacant {
		h.vacant = false
		slot := h.entries[heapRoot].key & slotMask
		if h.timers[slot] != t {
			h.timers[slot] = t
		}
		t.slot = int32(slot) + 1
		h.down(heapRoot, heapEntry{when, h.seq<<slotBits | slot})
		return
	}
	slot := h.newSlot()
	h.timers[slot] = t
	t.slot = int32(slot) + 1
	i := heapRoot + h.n
	h.n++
	for i >= len(h.entries) {
		h.entries = append(h.entries, heapEnd(), heapEnd(), heapEnd(), heapEnd())
	}
	h.up(i, heapEntry{when, h.seq<<slotBits | slot})
}

func (h *timerHeap) newSlot() uint64 {
	if k := len(h.free); k > 0 {
		slot := h.free[k-1]
		h.free = h.free[:k-1]
		return uint64(slot)
	}
	if len(h.timers) > slotMask {
		panic("sim: more than 16 million timers are set")
	}
	h.timers, h.place = append(h.timers, nil), append(h.place, 0)
	return uint64(len(h.timers) - 1)
}

func (h *timerHeap) freeSlot(slot uint64) {
	h.timers[slot] = nil
	h.free = append(h.free, int32(slot))
}

// next returns the instant of the earliest timer; the heap must not be empty.
func (h *timerHeap) next() Time {
	if h.vacant {
		h.settle()
	}
	return h.entries[heapRoot].when
}

// due reports whether the earliest timer is due at t. With a vacant root it looks
// at the root's children, so that a following push still finds the root free.
func (h *timerHeap) due(t Time) bool {
	if !h.vacant {
		return h.n > 0 && h.entries[heapRoot].when == t
	}
	if h.n == 1 {
		return false
	}
	c := (*[4]heapEntry)(h.entries[heapRoot+1:])
	return c[0].when == t || c[1].when == t || c[2].when == t || c[3].when == t
}

// pop removes and returns the earliest timer; the heap must not be empty.
func (h *timerHeap) pop() *Timer {
	if h.vacant {
		h.settle()
	}
	t := h.timers[h.entries[heapRoot].key&slotMask]
	t.slot = 0
	h.vacant = true
	return t
}

// settle fills a vacant root.
func (h *timerHeap) settle() {
	if h.vacant {
		h.vacant = false
		h.freeSlot(h.entries[heapRoot].key & slotMask)
		h.removeAt(heapRoot)
	}
}

// remove takes t out of the heap if it is there and says whether it was.
func (h *timerHeap) remove(t *Timer) bool {
	if t.slot == 0 {
		return false
	}
	h.settle()
	slot := uint64(t.slot - 1)
	t.slot = 0
	h.removeAt(int(h.place[slot]))
	h.freeSlot(slot)
	return true
}

// removeAt closes the gap at index i with the last entry.
func (h *timerHeap) removeAt(i int) {
	h.n--
	last := heapRoot + h.n
	moved := h.entries[last]
	h.entries[last] = heapEnd()
	if i == last {
		return
	}
	if i > heapRoot && moved.less(h.entries[parentOf(i)]) == 1 {
		h.up(i, moved)
	} else {
		h.down(i, moved)
	}
}

func parentOf(i int) int { return i/4 + 2 }

func (h *timerHeap) set(i int, e heapEntry) {
	h.entries[i] = e
	h.place[e.key&slotMask] = int32(i)
}

// up puts e at index i or at one of its ancestors.
func (h *timerHeap) up(i int, e heapEntry) {
	for i > heapRoot {
		parent := parentOf(i)
		f := h.entries[parent]
		if e.less(f) == 0 {
			break
		}
		h.set(i, f)
		i = parent
	}
	h.set(i, e)
}

// down puts e at index i or at one of its descendants.
func (h *timerHeap) down(i int, e heapEntry) {
	entries, place, end := h.entries, h.place, heapRoot+h.n
	for {
		child := 4 * (i - 2)
		if child >= end {
			break
		}
		group := (*[4]heapEntry)(entries[child:])
		a := group[1].less(group[0])
		b := 2 + group[3].less(group[2])
		a ^= (a ^ b) & -group[b&3].less(group[a&3])
		f := group[a&3]
		if f.less(e) == 0 {
			break
		}
		entries[i] = f
		place[f.key&slotMask] = int32(i)
		i = child + a
	}
	entries[i] = e
	place[e.key&slotMask] = int32(i)
}

// renumber gives the pending timers the smallest numbers in their order: a sorted
// slice is a heap.
func (h *timerHeap) renumber() {
	h.settle()
	if h.n == 0 {
		h.seq = 0
		return
	}
	list := h.entries[heapRoot : heapRoot+h.n]
	slices.SortFunc(list, func(a, b heapEntry) int { return b.less(a) - a.less(b) })
	for i, e := range list {
		h.set(heapRoot+i, heapEntry{e.when, uint64(i+1)<<slotBits | e.key&slotMask})
	}
	h.seq = uint64(h.n)
}
