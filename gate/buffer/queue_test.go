package buffer

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whoever leaves, and from wherever: the others stay, in the order of their arrival, and can be
// walked from both ends. spec: B-24, B-27, B-40
func TestQueueKeepsItsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, want := &queue{}, []*entry(nil)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			if len(want) == 0 || rapid.Bool().Draw(t, "one comes") {
				e := &entry{}
				q.push(e)
				want = append(want, e)
			} else {
				i := rapid.IntRange(0, len(want)-1).Draw(t, "who leaves")
				q.remove(want[i])
				require.Nil(t, want[i].queue)
				want = slices.Delete(want, i, i+1)
			}
			var forth, back []*entry
			for e := q.head; e != nil; e = e.next {
				forth = append(forth, e)
				require.Same(t, q, e.queue)
			}
			for e := q.tail; e != nil; e = e.prev {
				back = append([]*entry{e}, back...)
			}
			require.True(t, slices.Equal(want, forth), "from the head")
			require.True(t, slices.Equal(want, back), "from the tail")
			require.Equal(t, len(want), q.len)
		}
	})
}
