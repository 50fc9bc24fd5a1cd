package hunt_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/explain"
	"bufsim/experiments/hunt"
)

// caseOf finds a case.
func caseOf(t *testing.T, release, world, signature string, runs int) *hunt.Case {
	t.Helper()
	r := explore(t, hunt.Options{Release: release, Seed: 1, Runs: runs, Worlds: []string{world}, Until: signature, Jobs: 1})
	f := find(r, signature)
	require.NotNil(t, f)
	return f.Case
}

// shown plays a case with a change.
func shown(t *testing.T, c *hunt.Case, change func(*hunt.Input)) bool {
	t.Helper()
	own, in := *c, *c.Input
	in.Steps, in.Choices = slices.Clone(in.Steps), slices.Clone(in.Choices)
	change(&in)
	own.Input = &in
	r, err := hunt.Replay(&own, hunt.ReplayOptions{})
	require.NoError(t, err)
	return r.Finding != nil
}

// A gate that buffers again after its shutdown: the explanation names the one interruption that
// does it, the steps that it needs and the fix, and each of these holds when it is played apart
// from the search.
//
// spec: B-14, B-18, B-64
func TestExplainARace(t *testing.T) {
	c := shrunk(t, caseOf(t, "v23.0.0", "buffer", "buffer-states GATE SHARD", 500))
	e, err := hunt.Explain(c, hunt.ExplainOptions{Search: true})
	require.NoError(t, err)
	require.Equal(t, c.Verdict.Signature, e.Signature)
	require.Equal(t, c.Hash, e.Hash, "what is told is the recorded run")

	require.False(t, e.Schedule.Dull)
	require.NotEmpty(t, e.Schedule.Departures)
	for _, d := range e.Schedule.Departures {
		require.True(t, d.Needed)
		require.Contains(t, d.Text, "gate-1/request")
		require.False(t, shown(t, c, func(in *hunt.Input) { in.Choices[d.Number-1].C = 0 }), d.Text)
	}
	require.Contains(t, texts(e.Chain), "gate-1 shuts its buffer down: end")
	require.Contains(t, e.RulesNamed(), "B-64")

	left := 0
	for _, s := range e.Savers {
		require.True(t, s.Verified)
		switch s.Knob {
		case "without":
			left++
		case "fix":
			require.Contains(t, s.Text, "StoppedRecheck (since v23)")
			require.Equal(t, []string{"B-14"}, s.Rules)
			require.False(t, shown(t, c, func(in *hunt.Input) { in.Switches = []string{"StoppedRecheck=true"} }))
		}
	}
	require.Equal(t, len(c.Input.Steps), left, "a small case needs all of its steps")
}

// A rare race: no schedule of a changed run is the recorded one, so that the recorded run alone
// would acquit whatever is changed. The two requests that the race is between and the fix are
// named, and neither the requests that have nothing to do with it nor another fix.
//
// spec: B-35, B-39
func TestExplainARareRace(t *testing.T) {
	c, err := hunt.ReadCase("testdata/why/lost-wakeup.yaml")
	require.NoError(t, err)
	e, err := hunt.Explain(c, hunt.ExplainOptions{Search: true})
	require.NoError(t, err)
	var without, fixes []string
	for _, s := range e.Savers {
		switch s.Knob {
		case "without":
			without = append(without, s.Text)
		case "fix":
			fixes = append(fixes, s.Text)
			require.Equal(t, []string{"B-39"}, s.Rules)
		}
	}
	require.Len(t, fixes, 1)
	require.Contains(t, fixes[0], "TimeoutNoticeRemembered (since main)")
	require.Equal(t, []string{`leaving out "at 1m1s request ks/0 cause shutting-down patience 1s"`, `leaving out "at 1m2s request ks/0"`}, without)
	require.Less(t, len(without), len(c.Input.Steps))
}

// A reparent of another shard ends the buffering under every schedule: nothing unusual is told of
// it. A flag that saves does so when the case is played with it.
//
// spec: B-17, D-92
func TestExplainWithoutARace(t *testing.T) {
	c := shrunk(t, caseOf(t, "v13", "gate", "no-early-end GATE SHARD", 1000))
	e, err := hunt.Explain(c, hunt.ExplainOptions{Search: true})
	require.NoError(t, err)
	require.True(t, e.Schedule.Dull)
	require.Contains(t, e.RulesNamed(), "B-17")
	require.Contains(t, strings.Join(texts(e.Chain), "\n"), "begins to refuse statements")
	knobs := map[string]bool{}
	for _, s := range e.Savers {
		knobs[s.Knob] = true
		if len(s.Flags) == 0 {
			continue
		}
		require.False(t, shown(t, c, func(in *hunt.Input) {
			for _, f := range s.Flags {
				in.Flags = append(slices.Clone(in.Flags), strings.TrimPrefix(f, "--"))
			}
		}), "%v", s.Flags)
	}
	require.True(t, knobs["buffer-max-failover-duration"] && knobs["without"] && knobs["fix"], "%v", knobs)
}

// The requests of a small world are told as the statements of a cluster are.
//
// spec: B-27
func TestRequestsOfASmallWorld(t *testing.T) {
	c := caseOf(t, "v13", "gate", "no-early-end GATE SHARD", 1000)
	p, err := c.Requests()
	require.NoError(t, err)
	require.Equal(t, c.Hash, p.Result.Hash, "watching changes nothing")
	asked := 0
	for _, s := range c.Input.Steps {
		if s.Do == "request" {
			asked++
		}
	}
	require.Len(t, p.Requests, asked)
	w, err := p.Why(explain.All, true)
	require.NoError(t, err)
	require.NotEmpty(t, w.Stories)
	for _, s := range w.Stories {
		require.NotEqual(t, "unexplained", s.Cause.ID)
		require.Empty(t, s.Savers)
	}
	held, calls := 0, 0
	for _, lane := range p.Lanes() {
		require.Len(t, lane.Bars, 1, "each request has a client of its own")
		held += len(lane.Bars[0].Held)
		calls += len(lane.Bars[0].Calls)
	}
	require.Positive(t, held)
	require.Positive(t, calls)
}

// A cluster's case becomes a setting that plays the recorded run, schedule included.
func TestSettingOfACluster(t *testing.T) {
	c := caseOf(t, "v13", "cluster", "no-resharding-made-up GATE", 32)
	p, err := c.Requests()
	require.NoError(t, err)
	require.Equal(t, c.Hash, p.Result.Hash)
	e, err := hunt.Explain(c, hunt.ExplainOptions{})
	require.NoError(t, err)
	require.NotEmpty(t, e.Chain)
	require.LessOrEqual(t, e.Chain[len(e.Chain)-1].At, e.At+1_000_000)
	require.Contains(t, e.RulesNamed(), "D-71")
}

// A case that does not show its finding has nothing to be explained.
func TestExplainNeedsAFinding(t *testing.T) {
	c := *caseOf(t, "v23.0.0", "buffer", "buffer-states GATE SHARD", 500)
	in := *c.Input
	in.Release, c.Input = "v24", &in
	_, err := hunt.Explain(&c, hunt.ExplainOptions{})
	var gone *hunt.NotShownError
	require.ErrorAs(t, err, &gone)
	require.ErrorContains(t, err, "does not show buffer-states GATE SHARD any more")
}

func texts(chain []explain.Link) (list []string) {
	for _, l := range chain {
		list = append(list, l.Text)
	}
	return list
}

// A table whose traffic is being switched: the request is held, the shard's primary speaks up, and
// the tablet denies the table still. It is told as that, and not as a failover that ended too
// early. With another tablet in time nothing fails, nor without the switch.
//
// spec: B-5, G-74, G-75
func TestADeniedRequest(t *testing.T) {
	denied := func(program ...string) []explain.Failure {
		in := &hunt.Input{World: "gate", Release: "v24", Seed: 1, Policy: "first", Flags: []string{"enable-buffer=true"}, Shards: []string{"ks/0"}}
		kinds := hunt.Worlds()[1].Steps
		for _, line := range program {
			s, err := hunt.ParseStep(line, kinds)
			require.NoError(t, err)
			in.Steps = append(in.Steps, s)
		}
		p, err := (&hunt.Case{Input: in}).Requests()
		require.NoError(t, err)
		require.Len(t, p.Requests, 1)
		return p.Failures
	}
	failed := denied("at 1s refuse ks/0 cause denied", "at 2s request ks/0", "at 4s terms ks/0 rounds 1")
	require.Len(t, failed, 1)
	require.Equal(t, "denied", failed[0].Cause.ID)
	require.Contains(t, failed[0].Cause.Rules, "G-74")
	require.Contains(t, failed[0].Cause.Flags, "buffer-max-failover-duration")
	require.NotNil(t, failed[0].Request.Passes[0].Hold, "it was held")
	require.Contains(t, failed[0].Error, "disallowed due to rule")

	require.Empty(t, denied("at 1s refuse ks/0 cause denied", "at 2s request ks/0", "at 3s promote ks/0"))
	require.Empty(t, denied("at 2s request ks/0", "at 4s terms ks/0 rounds 1"))
}
