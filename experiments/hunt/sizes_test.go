package hunt_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/history"
	"bufsim/experiments/hunt"
)

// shrunk is a case made small.
func shrunk(t *testing.T, c *hunt.Case) *hunt.Case {
	t.Helper()
	small, err := hunt.Shrink(context.Background(), c, hunt.ShrinkOptions{})
	require.NoError(t, err)
	return small
}

// Taking choices away one at a time ends with four of them that need each other; one other
// departure from the dull schedule shows the same.
//
// spec: B-14
func TestShrinkFindsASimplerSchedule(t *testing.T) {
	r := explore(t, hunt.Options{Release: "v23.0.0", Seed: 2, Runs: 500, Worlds: []string{"buffer"}, Until: "buffer-states GATE SHARD", Jobs: 1})
	f := find(r, "buffer-states GATE SHARD")
	require.NotNil(t, f)
	small := shrunk(t, f.Case)
	require.Equal(t, hunt.Counts{Departures: 1, Clients: 1, Faults: 1}, small.Counts())
	require.Equal(t, f.Signature, small.Verdict.Signature)
	out, err := hunt.Replay(small, hunt.ReplayOptions{Strict: true})
	require.NoError(t, err)
	require.NotNil(t, out.Finding)
}

// sizes are those of small cases. Tests that run at the same time add to them.
type sizes struct {
	mu  sync.Mutex
	all []hunt.Counts
}

func (s *sizes) add(n hunt.Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, n)
}

// check holds the medians: at most three choices that are not the dull ones, two clients, a fault.
func (s *sizes) check(t *testing.T) {
	for _, x := range []struct {
		what string
		of   func(hunt.Counts) int
		most int
	}{
		{"departures", func(n hunt.Counts) int { return n.Departures }, 3},
		{"clients", func(n hunt.Counts) int { return n.Clients }, 2},
		{"faults", func(n hunt.Counts) int { return n.Faults }, 1},
	} {
		var list []int
		for _, n := range s.all {
			list = append(list, x.of(n))
		}
		slices.Sort(list)
		t.Logf("%s: %v", x.what, list)
		require.NotEmpty(t, list)
		require.LessOrEqual(t, list[len(list)/2], x.most, "%s: %v", x.what, list)
	}
}

// namesARule says whether one of the rules is among those that a bug of docs/bugs breaks.
func namesARule(t *testing.T, bug string, rules []string) bool {
	t.Helper()
	i := slices.IndexFunc(history.All(), func(b history.Bug) bool { return b.Name == bug })
	require.GreaterOrEqual(t, i, 0)
	return slices.ContainsFunc(history.All()[i].Rules, func(r string) bool { return slices.Contains(rules, r) })
}
