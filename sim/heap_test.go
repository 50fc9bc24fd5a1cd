package sim

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// heapModel is the obvious timer queue: a slice in order of setting.
type heapModel struct {
	list []modelEntry
}

type modelEntry struct {
	when Time
	t    *Timer
}

func (m *heapModel) push(t *Timer, when Time) { m.list = append(m.list, modelEntry{when, t}) }

func (m *heapModel) remove(t *Timer) bool {
	n := len(m.list)
	m.list = slices.DeleteFunc(m.list, func(x modelEntry) bool { return x.t == t })
	return len(m.list) < n
}

// pop takes out the earliest of the first set.
func (m *heapModel) pop() modelEntry {
	x := slices.MinFunc(m.list, func(a, b modelEntry) int { return cmp.Compare(a.when, b.when) })
	m.remove(x.t)
	return x
}

func TestTimerHeapIsASortedList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var h timerHeap
		if rapid.Bool().Draw(rt, "about to renumber") {
			h.seq = maxSeq - uint64(rapid.IntRange(0, 30).Draw(rt, "settings left"))
		}
		var m heapModel
		timers := make([]Timer, 40)
		now := Time(0)
		for range rapid.IntRange(0, 200).Draw(rt, "operations") {
			x := &timers[rapid.IntRange(0, len(timers)-1).Draw(rt, "timer")]
			switch rapid.IntRange(0, 3).Draw(rt, "operation") {
			case 0:
				require.Equal(rt, m.remove(x), h.remove(x))
			case 1:
				if len(m.list) > 0 {
					want := m.pop()
					require.Equal(rt, want.when, h.next())
					require.Same(rt, want.t, h.pop())
					now = want.when
					due := slices.ContainsFunc(m.list, func(x modelEntry) bool { return x.when == now })
					require.Equal(rt, due, h.due(now))
				}
			default:
				m.remove(x)
				h.remove(x)
				when := now.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "delay")))
				if rapid.IntRange(0, 20).Draw(rt, "far") == 0 {
					when = Never
				}
				m.push(x, when)
				h.push(x, when)
			}
			require.Equal(rt, len(m.list), h.len())
		}
		for len(m.list) > 0 {
			require.Same(rt, m.pop().t, h.pop())
		}
		require.Zero(rt, h.len())
	})
}

func TestReadyRingKeepsItsOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var r readyRing
		var model []*Proc
		for i := range rapid.IntRange(0, 100).Draw(rt, "operations") {
			if len(model) == 0 || rapid.IntRange(0, 2).Draw(rt, "operation") > 0 {
				p := &Proc{id: uint64(i)}
				model = append(model, p)
				r.push(task{p: p})
				continue
			}
			k := rapid.IntRange(0, len(model)-1).Draw(rt, "place")
			require.Same(rt, model[k], r.take(k).p)
			model = slices.Delete(model, k, k+1)
		}
		r.filter(func(k task) bool { return k.p.id%2 == 0 })
		model = slices.DeleteFunc(model, func(p *Proc) bool { return p.id%2 != 0 })
		for _, p := range model {
			require.Same(rt, p, r.pop().p)
		}
		require.Zero(rt, r.n)
	})
}
