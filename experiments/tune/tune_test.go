package tune

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/observed"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simtest"
)

// On the inputs of the guide's seven scenarios the advice gives flags with which a rerun
// has no failed statement, or names what fails with all of the candidates. The long runs have
// fewer candidates and seeds, except in the night.
func TestGuideScenarios(t *testing.T) {
	for number := 1; number <= 7; number++ {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			s, err := scenario.Builtin(fmt.Sprint(number), scenario.VitessOptions())
			require.NoError(t, err)
			profile, err := release.Lookup(s.Release)
			require.NoError(t, err)
			base, err := s.FlagSet(profile)
			require.NoError(t, err)
			p := &Problem{Scenario: s, Profile: profile, Base: base, Seeds: 6, Verify: 12}
			if number >= 6 && !simtest.Nightly() { // long runs
				if number == 6 {
					p.Seeds, p.Verify = 3, 4
				}
				p.Candidates.Windows = []time.Duration{time.Second, 2 * time.Second, 30 * time.Second}
				p.Candidates.Sizes = []int{10, 20}
			}
			a := solved(t, p)
			require.NotNil(t, a.Setting, "%+v", a)
			explained := map[string]bool{}
			for _, c := range a.Remaining {
				explained[c.Why] = true
			}
			for seed := range uint64(3) {
				result, err := runner.Run(s, runner.Options{Seed: seed + 100, Release: profile, Flags: a.Setting.apply(base)})
				require.NoError(t, err)
				if a.Verdict == Recommended {
					require.Zero(t, result.Statements.Errors, "seed %d: %s", seed+100, result.Verdict)
				}
				for _, c := range causes(result) {
					require.True(t, explained[c.Why], "seed %d: the advice does not say that %q remains", seed+100, c.Why)
				}
			}
			switch number {
			case 4: // the second reparent comes five seconds after the first
				require.Equal(t, Recommended, a.Verdict)
				require.LessOrEqual(t, a.Setting.Gap, 5*time.Second)
			case 6: // gateslap's clients give up after a second
				require.Equal(t, Unavoidable, a.Verdict)
				require.True(t, explained["the client's own time limit ended, or its connection broke"], "%+v", a.Remaining)
			case 7: // the window must be longer than the failing reparent
				require.Equal(t, 30*time.Second, a.Setting.Window)
			default:
				require.Equal(t, Recommended, a.Verdict)
				require.Equal(t, 2*time.Second, a.Setting.Window)
				require.Equal(t, 10, a.Setting.Size)
			}
		})
	}
}

// The scenario of numbers is one that loads; open arrivals keep the rate, closed ones, too.
func TestLoadScenario(t *testing.T) {
	for name, l := range map[string]Load{
		"open":         {QPS: 40, Connections: 10, Reads: 0.8, Gates: 2, Shards: 3, Apart: time.Second, Release: "v24"},
		"closed":       {QPS: 40, Connections: 10, Reads: 0.5, Closed: true, OnError: scenario.OnErrorRetry, RetryWait: time.Second, RetryCount: 3, ReadTimeout: 30 * time.Second, Gates: 2, Shards: 1, Release: "v19"},
		"no read":      {QPS: 80, Gates: 1, Shards: 1, Release: "v13"},
		"transactions": {QPS: 80, Reads: 0.5, Transactions: Transactions{Share: 0.4}, Gates: 1, Shards: 1, Release: "v24"},
		"long ones": {
			QPS: 20, Connections: 40, Closed: true, Transactions: Transactions{Share: 0.4, Writes: 3, Length: 2 * time.Second, LengthP99: 4 * time.Second},
			Gates: 2, Shards: 2, Release: "v24",
		},
		"nothing else": {QPS: 20, Connections: 2, Transactions: Transactions{Share: 1}, Gates: 1, Shards: 1, Release: "v24"},
	} {
		s, err := l.Scenario(2*time.Second, scenario.VitessOptions())
		require.NoError(t, err, name)
		require.Len(t, s.Timeline, l.Shards)
		require.Len(t, s.Cluster.Keyspaces[0].Shards, l.Shards)
		r, err := runner.Run(s, runner.Options{Seed: 3})
		require.NoError(t, err)
		require.False(t, r.Outcome.Failed())
		for i := range r.Operations {
			require.Empty(t, r.Operations[i].Error)
		}
		require.InEpsilon(t, l.QPS*float64(l.Gates), float64(r.Statements.Total)/r.Time.Seconds(), 0.4, name)
	}
}

func TestLoadMistakes(t *testing.T) {
	for want, l := range map[string]Load{
		"rate of statements":     {Gates: 1, Shards: 1},
		"need a number of":       {QPS: 1, Closed: true, Gates: 1, Shards: 1},
		"say closed, too":        {QPS: 1, RetryWait: time.Second, Gates: 1, Shards: 1},
		"whole numbers from 1":   {QPS: 1, Gates: 0, Shards: 1},
		"say themselves what is": {Gateslap: "01_light_traffic", Transactions: Transactions{Share: 0.1}, Gates: 1, Shards: 1},
		"retries are not played": {QPS: 1, Connections: 5, Closed: true, OnError: scenario.OnErrorRetry, Transactions: Transactions{Share: 0.1}, Gates: 1, Shards: 1},
		"need 3 connections":     {QPS: 10, Connections: 3, Transactions: Transactions{Share: 0.1, Length: 10 * time.Second}, Gates: 1, Shards: 1},
		"0 to 100 %":             {QPS: 10, Transactions: Transactions{Share: 1.5}, Gates: 1, Shards: 1},
		"there is no gateslap ":  {Gateslap: "nosuch", Gates: 1, Shards: 1, Release: "v24"},
	} {
		_, err := l.Scenario(0, scenario.VitessOptions())
		require.ErrorContains(t, err, want)
	}
}

// What a log or counters say becomes a load; what they cannot say is said. spec: W-56, W-64
func TestFromTraffic(t *testing.T) {
	seen := observed.Traffic{Span: time.Minute, QPS: 200, Primary: 0.5, Reads: 0.3, Sessions: 7, InTransaction: 0.1}
	l, assumed := FromTraffic(seen)
	require.Equal(t, Load{QPS: 100, Connections: 7, Reads: 0.3}, l)
	require.Len(t, assumed, 2)
	require.Contains(t, assumed[1], "no transaction from its beginning to its end")
	seen.Transactions = observed.Transactions{Count: 3, Statements: 3.4, Median: time.Second, P99: 9 * time.Second}
	l, assumed = FromTraffic(seen)
	require.Equal(t, Transactions{Share: 0.1, Writes: 3, Length: time.Second, LengthP99: 9 * time.Second}, l.Transactions)
	require.Len(t, assumed, 1)
	l, assumed = FromTraffic(observed.Traffic{Span: time.Minute, QPS: 200, Primary: 1})
	require.Equal(t, Load{QPS: 200, Reads: readsAssumed}, l)
	require.Contains(t, assumed[1], "neither sessions nor reads")
}

// Each error names its cause: what the buffer says stands before what it wraps.
// spec: G-24, G-63, B-30
func TestCauses(t *testing.T) {
	wrapped := vterr.BufferingFailed(vterr.ErrBufferEvicted, vterr.New(vterr.ClusterEvent, vterr.TextReparent))
	for _, c := range []struct {
		text, why string
		num       int
		elsewhere bool
	}{
		{wrapped.Error(), "newer request took the place", 1105, false},
		{vterr.ErrBufferFull.Error(), "the buffer was full", 1105, false},
		{vterr.TextReparentV13, "did not hold the request", 1105, false},
		{vterr.InconsistentState().Error(), "a race", 1105, true},
		{vterr.BeingResharded().Error(), "a race", 1105, true},
		{vterr.FatalTransaction(vterr.ShuttingDown()).Error(), "a transaction", 1105, true},
		{"Lost connection to MySQL server during query (timed out)", "own time limit", 2013, true},
		{"something new", "other", 1105, false},
	} {
		got := causeOf(runner.ErrorCount{Num: c.num, Text: c.text, Count: 2})
		require.Contains(t, got.Why, c.why, c.text)
		require.Equal(t, c.elsewhere, got.Elsewhere, c.text)
		require.Equal(t, 2, got.Count)
	}
}

func TestTarget(t *testing.T) {
	var target Target
	require.NoError(t, target.ParseErrors("3"))
	require.Equal(t, "at most 3 statements of a run fail", target.String())
	require.NoError(t, target.ParseErrors("0.1%"))
	target.PauseP99, target.PauseMax = time.Second, 2*time.Second
	require.Equal(t, "at most 0.1 % of the statements fail, 99 % of the pauses are at most 1s, no pause is longer than 2s", target.String())
	for _, text := range []string{"-1", "few", "0%", "200%"} {
		require.Error(t, target.ParseErrors(text), text)
	}
	o := &Outcome{Runs: []Run{{Statements: 1000, Errors: 1}, {Statements: 1000, Errors: 1}}}
	require.Empty(t, target.Missed(o))
	o.Runs[0].Errors = 2
	require.Contains(t, target.Missed(o), "of the statements failed")
	require.Equal(t, "2 of 2 runs had failed statements, up to 2", Target{ErrorsMax: 1}.Missed(o))
	o.Stuck = 1
	require.Contains(t, Target{ErrorsMax: 9}.Missed(o), "no answer")
}

// Pauses are counted from when clients wanted to send, and what they would have sent
// meanwhile counts, too.
func TestPauseTargets(t *testing.T) {
	s, err := scenario.Builtin("default", scenario.VitessOptions())
	require.NoError(t, err)
	profile, err := release.Lookup(s.Release)
	require.NoError(t, err)
	base, err := s.FlagSet(profile)
	require.NoError(t, err)
	p := &Problem{Scenario: s, Profile: profile, Base: base}
	p.PRS, err = ParseDurations("4s")
	require.NoError(t, err)
	pool := sim.NewPool()
	defer pool.Close()
	o := &Outcome{Setting: Setting{Window: 10 * time.Second, Max: 10 * time.Second, Gap: time.Minute, Size: 100, Drain: 1}}
	run, err := p.one(o.Setting, 0, 5, pool)
	require.NoError(t, err)
	o.add(*run)
	require.InDelta(t, 4, o.LongestPause().Seconds(), 0.3)
	require.Greater(t, o.Pauses.Summary().Count, int64(6), "six clients waited four seconds each, and would have sent every second")
	require.Contains(t, Target{PauseMax: 3 * time.Second}.Missed(o), "the longest pause was")
	require.Contains(t, Target{PauseP99: 3 * time.Second}.Missed(o), "99th percentile")
	require.Empty(t, Target{PauseMax: 5 * time.Second}.Missed(o))
}

// Equal problems have equal advice.
func TestAdviceIsAFunctionOfTheProblem(t *testing.T) {
	l := Load{QPS: 20, Connections: 5, Reads: 0.8, Gates: 1, Shards: 1, Release: "v24"}
	ask := func() *Advice {
		s, err := l.Scenario(4*time.Second, scenario.VitessOptions())
		require.NoError(t, err)
		profile, err := release.Lookup(s.Release)
		require.NoError(t, err)
		base, err := s.FlagSet(profile)
		require.NoError(t, err)
		p := &Problem{Scenario: s, Profile: profile, Base: base, Seeds: 4, Verify: 6}
		p.Candidates.Windows = []time.Duration{time.Second, 3 * time.Second, 5 * time.Second}
		p.PRS, err = ParseDurations("2s..4s")
		require.NoError(t, err)
		return solved(t, p)
	}
	first := ask()
	require.Equal(t, first, ask())
	require.Equal(t, 5*time.Second, first.Setting.Window)
	require.InDelta(t, 4, first.Played.OutageMax.Seconds(), 0.5)
}
