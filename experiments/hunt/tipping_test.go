package hunt_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/hunt"
)

// A drain that runs beside a new failover: at the start hardly any schedule shows it, with all
// decisions of the case every one does, and the search says where that changed.
func TestTippingOfACase(t *testing.T) {
	r := explore(t, hunt.Options{Release: "v22", Seed: 2, Runs: 200, Worlds: []string{"buffer"}})
	f := find(r, "buffer-states GATE SHARD")
	require.NotNil(t, f)
	tip, err := hunt.FindTipping(context.Background(), f.Case, hunt.TippingOptions{Continuations: 8, Points: 5})
	require.NoError(t, err)
	first, last := tip.Points[0], tip.Points[len(tip.Points)-1]
	require.Equal(t, []int{0, len(f.Case.Input.Choices)}, []int{first.Prefix, last.Prefix})
	require.Less(t, 2*first.Failed, 8, "most schedules do not show it")
	require.Equal(t, 8, last.Failed, "the whole schedule shows it, whatever comes after")
	require.Positive(t, tip.Likely)
	require.LessOrEqual(t, tip.Likely, tip.Certain)
	require.NotEmpty(t, tip.Tip)
	require.Contains(t, tip.TipMeans, "gate-1/")
	require.NotNil(t, tip.Nearest)
	for _, p := range tip.Points {
		if p.Prefix >= tip.Certain {
			require.Equal(t, 8, p.Failed)
		}
		if p.Failed < 8 {
			require.GreaterOrEqual(t, tip.Nearest.Differs, p.Prefix, "a run that passed has followed the case so far")
		}
		if p.Prefix == tip.Likely-1 {
			require.LessOrEqual(t, 2*p.Failed, 8, "the neighbour before is not likely")
		}
	}
	require.Less(t, tip.Nearest.Differs, len(f.Case.Input.Choices))
	require.NotEqual(t, tip.Nearest.Case, tip.Nearest.Pass)
	require.NotEqual(t, tip.Nearest.CaseMeans, tip.Nearest.PassMeans)
	require.Contains(t, tip.Nearest.CaseMeans, "gate-1/")

	again, err := hunt.FindTipping(context.Background(), f.Case, hunt.TippingOptions{Continuations: 8, Points: 5})
	require.NoError(t, err)
	require.Equal(t, tip, again)
}

// A case without recorded decisions has none to blame, and a search that is cancelled ends.
func TestTippingNeedsDecisions(t *testing.T) {
	r := explore(t, hunt.Options{Release: "v22", Seed: 2, Runs: 200, Worlds: []string{"buffer"}})
	f := find(r, "buffer-states GATE SHARD")
	require.NotNil(t, f)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := hunt.FindTipping(ended, f.Case, hunt.TippingOptions{})
	require.ErrorIs(t, err, context.Canceled)
	c, in := *f.Case, *f.Case.Input
	in.Choices, c.Input = nil, &in
	_, err = hunt.FindTipping(context.Background(), &c, hunt.TippingOptions{})
	require.ErrorContains(t, err, "no recorded decisions")
}
