package hunt_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/hunt"
)

func explore(t testing.TB, opts hunt.Options) *hunt.Report {
	t.Helper()
	r, err := hunt.Explore(context.Background(), opts)
	require.NoError(t, err)
	r.Elapsed = 0
	return r
}

// The bugs that releases really had are found by drawing, without being told where to look.
// docs/bugs tells about each. A reader gets a small case of them, whose explanation names a rule
// that the bug breaks.
//
// spec: B-14, B-17, B-27, B-46, B-57, D-48, D-65, D-67, D-71, D-88, D-92, D-102, C-9
func TestFindsTheBugsOfReleases(t *testing.T) {
	small := &sizes{}
	t.Cleanup(func() { small.check(t) })
	for _, bug := range bugs() {
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			r := explore(t, hunt.Options{
				Release: bug.release, Switches: bug.switches, Seed: 1, Runs: bug.runs, Worlds: []string{bug.world}, Jobs: 1, Until: bug.shows,
			})
			f := find(r, bug.shows)
			require.NotNil(t, f, "nothing in %d runs: %v", r.Runs, signatures(r))
			c := shrunk(t, f.Case)
			small.add(c.Counts())
			e, err := hunt.Explain(c, hunt.ExplainOptions{})
			require.NoError(t, err)
			require.True(t, namesARule(t, bug.name, e.RulesNamed()), "%v", e.RulesNamed())
		})
	}
}

// With the fixes of all bugs nothing is found, however many of the runs above are played.
func TestFindsNothingInAFixedGate(t *testing.T) {
	for _, world := range []string{"buffer", "gate"} {
		t.Run(world, func(t *testing.T) {
			t.Parallel()
			r := explore(t, hunt.Options{Release: "main", Switches: []string{"MarkWindow=true"}, Seed: 3, Runs: 600, Worlds: []string{world}, Jobs: 1})
			require.Empty(t, signatures(r))
		})
	}
}

// Equal options give equal reports, on any number of cores.
func TestReportsAreEqualOnAnyNumberOfCores(t *testing.T) {
	opts := hunt.Options{Release: "v13", Seed: 5, Runs: 96, Worlds: []string{"buffer", "gate"}, Jobs: 1}
	one := explore(t, opts)
	opts.Jobs = 3
	three := explore(t, opts)
	require.NotEmpty(t, one.Findings)
	require.Equal(t, one, three)
}

// A case replays to the very run, from its text alone; one that was recorded with a fix does
// not show any more.
func TestCasesReplay(t *testing.T) {
	r := explore(t, hunt.Options{Release: "v13", Seed: 1, Runs: 300, Worlds: []string{"buffer", "gate"}})
	require.Greater(t, len(r.Findings), 3)
	for _, f := range r.Findings {
		text, err := f.Case.Marshal()
		require.NoError(t, err)
		c, err := hunt.ParseCase(text)
		require.NoError(t, err)
		again, err := c.Marshal()
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
		out, err := hunt.Replay(c, hunt.ReplayOptions{Strict: true})
		require.NoError(t, err, f.Signature)
		require.True(t, out.Same)
		require.NotNil(t, out.Finding)
	}
}

// What does not show any more is said, and strict replay names the first decision that differs.
func TestReplayOfAFixedBug(t *testing.T) {
	r := explore(t, hunt.Options{Release: "v22", Seed: 1, Runs: 200, Worlds: []string{"buffer"}})
	f := find(r, "buffer-states GATE SHARD")
	require.NotNil(t, f)
	c := *f.Case
	in := *c.Input
	in.Release, c.Input = "v24", &in
	out, err := hunt.Replay(&c, hunt.ReplayOptions{})
	require.NoError(t, err)
	require.Nil(t, out.Finding)
	require.False(t, out.Same)
	require.NotEmpty(t, out.Differs)
	_, err = hunt.Replay(&c, hunt.ReplayOptions{Strict: true})
	require.ErrorContains(t, err, "leaves the recorded one")
}

// Shrinking keeps what is needed: a primary that refuses, a request, and the promotion of
// another shard.
//
// spec: B-17, D-92
func TestShrinkKeepsWhatMatters(t *testing.T) {
	r := explore(t, hunt.Options{Release: "v13", Seed: 1, Runs: 400, Worlds: []string{"gate"}, Until: "no-early-end GATE SHARD"})
	f := find(r, "no-early-end GATE SHARD")
	require.NotNil(t, f)
	small, err := hunt.Shrink(context.Background(), f.Case, hunt.ShrinkOptions{})
	require.NoError(t, err)
	require.Equal(t, f.Signature, small.Verdict.Signature)
	require.Len(t, small.Input.Shards, 2)
	require.Len(t, small.Input.Steps, 3)
	out, err := hunt.Replay(small, hunt.ReplayOptions{Strict: true})
	require.NoError(t, err)
	require.NotNil(t, out.Finding)
}

// A whole cluster is played, judged and recovered, and its case replays.
func TestClusters(t *testing.T) {
	r := explore(t, hunt.Options{Release: "v24", Seed: 2, Runs: 8, Worlds: []string{"cluster"}})
	require.Equal(t, 8, r.Worlds["cluster"])
	require.Positive(t, r.Reached["run.recovery over"])
	require.Positive(t, r.Reached["buffer.start"])
}

func find(r *hunt.Report, signature string) *hunt.Finding {
	for _, f := range r.Findings {
		if f.Signature == signature {
			return f
		}
	}
	return nil
}

func signatures(r *hunt.Report) (list []string) {
	for _, f := range r.Findings {
		list = append(list, f.Signature+": "+f.Case.Input.Line())
	}
	return list
}
