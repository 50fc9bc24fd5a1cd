package hunt

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// zero always takes the first alternative.
type zero struct{}

func (zero) Choose(*sim.Point, int) int { return 0 }

// A branch follows just as many decisions as it is told, and notes when it left.
func TestBranchLeavesAfterItsLength(t *testing.T) {
	d := sim.Decision{Kind: sim.KindTask, N: 2, C: 1}
	var left sim.Time
	b := &branch{Replay: explore.NewReplay([]sim.Decision{d, d, d}, false), length: 2, left: &left, rest: zero{}}
	var took []int
	for i := range 4 {
		took = append(took, b.Choose(&sim.Point{Kind: sim.KindTask, Time: sim.Time(i)}, 2))
	}
	require.Equal(t, []int{1, 1, 0, 0}, took)
	require.Equal(t, sim.Time(2), left)
}
