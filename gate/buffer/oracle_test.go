package buffer_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/release"
	"bufsim/model/spec"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
)

// The buffer and the reference model of its rules must agree on every outcome, time and counter,
// for any flags, release, arrivals, ends of contexts, events and schedule. Where the rules leave
// a choice, the buffer's outcome must be one of those that the model allows.
//
// BUFSIM_NIGHTLY=1 tries 10,000 cases of each property instead of 200.

const (
	normalCases, nightlyCases = 200, 10_000
	// oracleStates is when a search for an outcome is given up.
	oracleStates = 200_000
)

// grid is the pace on which most things happen, so that many fall on one instant.
const grid = 100 * time.Millisecond

// anchors draws instants that are likely to coincide with others, or to miss them by a hair.
type anchors struct {
	t     *rapid.T
	known []time.Duration
}

// instant draws one: on the grid, or at, just before, or just after something that is due.
func (a *anchors) instant(label string, upTo int) time.Duration {
	if len(a.known) > 0 && rapid.Bool().Draw(a.t, label+" anchored") {
		at := rapid.SampledFrom(a.known).Draw(a.t, label) + time.Duration(rapid.IntRange(-1, 1).Draw(a.t, label+" hair"))
		return max(at, 0)
	}
	return time.Duration(rapid.IntRange(0, upTo).Draw(a.t, label)) * grid
}

// due notes what follows from something that happens at an instant.
func (a *anchors) due(at time.Duration, after ...time.Duration) {
	a.known = append(a.known, at)
	for _, d := range after {
		a.known = append(a.known, at+d)
	}
}

func units(t *rapid.T, label string, lo, hi int) time.Duration {
	return time.Duration(rapid.IntRange(lo, hi).Draw(t, label)) * grid
}

func drawConfig(t *rapid.T) spec.BufferConfig {
	cfg := spec.BufferConfig{
		Enabled: true, Size: rapid.IntRange(1, 3).Draw(t, "size"), Window: units(t, "window", 1, 5),
		MinTimeBetweenFailovers: units(t, "min time", 0, 8), DrainConcurrency: rapid.IntRange(1, 3).Draw(t, "concurrency"),
	}
	cfg.MaxFailoverDuration = cfg.Window + units(t, "beyond window", 0, 5)
	switch rapid.IntRange(0, 9).Draw(t, "mode") {
	case 0: // the other shard is in dry run
		cfg.DryRun, cfg.KeyspaceShards = true, "ks/-80"
	case 1:
		cfg.Enabled, cfg.DryRun = false, true
	case 2:
		cfg.KeyspaceShards = "other,ks/80-" // the other shard is disabled
	}
	return cfg
}

func drawBehaviors(t *rapid.T) release.Behaviors {
	b := rapid.SampledFrom(release.All()).Draw(t, "release").Behaviors
	b.MarkWindow = b.MarkShardNotServing && rapid.IntRange(0, 3).Draw(t, "mark window") == 0
	b.CancelLeaksSlot = rapid.IntRange(0, 9).Draw(t, "cancel leaks slot") == 0
	return b
}

// drawCase draws a life of a buffer.
func drawCase(t *rapid.T) oracleCase {
	c := oracleCase{cfg: drawConfig(t), behaviors: drawBehaviors(t)}
	a := &anchors{t: t}
	for range rapid.IntRange(1, 7).Draw(t, "requests") {
		c.schedule.Requests = append(c.schedule.Requests, drawRequest(t, a, c.cfg))
	}
	for range rapid.IntRange(0, 3).Draw(t, "signals") {
		c.schedule.Signals = append(c.schedule.Signals, drawSignal(t, a, c))
	}
	if rapid.IntRange(0, 2).Draw(t, "shutdowns") == 0 {
		c.schedule.Shutdowns = []time.Duration{a.instant("shutdown", 25)}
	}
	c.schedule.End = time.Hour
	return c
}

func drawRequest(t *rapid.T, a *anchors, cfg spec.BufferConfig) spec.Request {
	failover := spec.Cause{Code: vterr.ClusterEvent, Text: "operation not allowed in state NOT_SERVING"}
	denied := spec.Cause{Code: vterr.FailedPrecondition, Text: "disallowed due to rule: enforce denied tables"}
	other := spec.Cause{Code: vterr.Unavailable, Text: "connection refused"}
	r := spec.Request{
		At: a.instant("at", 20), Shard: rapid.SampledFrom([]string{"ks/-80", "ks/-80", "ks/80-"}).Draw(t, "shard"),
		Cause:      rapid.SampledFrom([]spec.Cause{{}, failover, failover, failover, denied, other}).Draw(t, "cause"),
		RetryTakes: units(t, "retry", 0, 3),
	}
	a.due(r.At, cfg.Window, cfg.MaxFailoverDuration, r.RetryTakes, cfg.MinTimeBetweenFailovers)
	switch rapid.IntRange(0, 3).Draw(t, "context") {
	case 0:
		r.Timeout = max(a.instant("deadline", 30)-r.At, grid)
		a.due(r.At + r.Timeout)
	case 1:
		r.Cancels, r.Cancelled = true, a.instant("cancelled", 30)
		a.due(r.Cancelled)
	}
	switch rapid.IntRange(0, 5).Draw(t, "watcher") {
	case 0:
		r.Mark, r.MarkTakes = spec.MarkAccepted, units(t, "mark", 0, 2)
	case 1:
		r.Mark, r.MarkTakes = spec.MarkRefused, units(t, "mark", 0, 2)
	}
	return r
}

func drawSignal(t *rapid.T, a *anchors, c oracleCase) spec.Signal {
	sig := spec.Signal{At: a.instant("signal", 25), Switched: rapid.IntRange(0, 5).Draw(t, "switched") == 0}
	a.due(sig.At, c.cfg.MinTimeBetweenFailovers)
	if c.behaviors.LegacyBuffer && rapid.Bool().Draw(t, "legacy") {
		sig.Legacy, sig.Switched, sig.Term = true, false, rapid.Int64Range(0, 3).Draw(t, "term")
	}
	for _, shard := range rapid.SampledFrom([][]string{{"ks/-80"}, {"ks/80-"}, {"ks/-80", "ks/80-"}, {"ks/80-", "ks/-80"}}).Draw(t, "shards") {
		sig.Records = append(sig.Records, spec.Record{
			Shard: shard, Serving: rapid.IntRange(0, 3).Draw(t, "serving") > 0,
			Primary: rapid.SampledFrom([]string{"", "zone1-0000000001", "zone1-0000000002"}).Draw(t, "primary"),
		})
		if sig.Legacy {
			break
		}
	}
	return sig
}

// drawSchedule draws a chooser.
func drawSchedule(t *rapid.T) sim.Chooser {
	chooser, _ := explore.Mixed(rapid.Uint64Range(0, 1<<32).Draw(t, "schedule"))
	return chooser
}

// disagreement plays the case under a schedule and says what is wrong; the model judges
// with rules.
func (c oracleCase) disagreement(schedule sim.Chooser, rules release.Behaviors) error {
	got, err := c.play(schedule)
	if err != nil {
		return err
	}
	allowed, err := spec.AllowsBuffer(c.cfg, rules, c.schedule, got, oracleStates)
	if err != nil || allowed {
		return err
	}
	want := spec.PlayBuffer(c.cfg, rules, c.schedule, func(spec.Buffer, spec.Effect) {})
	return fmt.Errorf("not allowed; one that is allowed (-) and what came out (+):\n%s", cmp.Diff(want, got))
}

// spec: B-2, B-4, B-9..B-39, B-41..B-58, B-60..B-62, B-64..B-68, L-2..L-5, M-1..M-6
func TestBufferAgreesWithTheModel(t *testing.T) {
	simtest.Checks(t, normalCases, nightlyCases)
	cases, unknown := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		cases++
		switch err := c.disagreement(drawSchedule(t), c.behaviors); {
		case errors.Is(err, spec.ErrTooManyStates):
			unknown++
		case err != nil:
			t.Fatalf("%v", err)
		}
	})
	t.Logf("%d cases, %d of them too large to judge", cases, unknown)
	require.LessOrEqual(t, unknown, cases/100)
}

// Where no two causes fall on one instant, the rules allow one outcome, and the buffer gives it
// under any schedule.
func TestDistinctInstantsLeaveNoChoice(t *testing.T) {
	simtest.Checks(t, normalCases, nightlyCases)
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		c.spread()
		if c.behaviors.MarkWindow { // else its start and its thread race by themselves
			c.behaviors.TimeoutNoticeRemembered = true
		}
		all, err := spec.AllBufferOutcomes(c.cfg, c.behaviors, c.schedule, oracleStates)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d outcomes are allowed, %v", len(all), err)
		}
		got, err := c.play(drawSchedule(t))
		if err != nil {
			t.Fatalf("%v", err)
		}
		if !got.Equal(all[0]) {
			t.Fatalf("the model (-) and the buffer (+):\n%s", cmp.Diff(all[0], got))
		}
	})
}

// spread moves every cause by a power of two of nanoseconds, so that no sum of some is the sum of
// others. The watcher answers at once: who waits for it would go on at one instant.
func (c *oracleCase) spread() {
	hair := time.Duration(1)
	move := func(at *time.Duration) {
		*at += hair
		hair *= 2
	}
	for i := range c.schedule.Requests {
		r := &c.schedule.Requests[i]
		r.At, r.Cancelled = r.At.Round(grid), r.Cancelled.Round(grid)
		move(&r.At)
		move(&r.RetryTakes)
		r.MarkTakes = 0
		if r.Timeout > 0 {
			r.Timeout = max(r.Timeout.Round(grid), grid)
			move(&r.Timeout)
		}
		if r.Cancels {
			move(&r.Cancelled)
		}
	}
	c.cfg.MaxFailoverDuration += c.cfg.Window/2 + 1 // not a multiple of what requests wait for
	for i := range c.schedule.Signals {
		move(&c.schedule.Signals[i].At)
	}
	for i := range c.schedule.Shutdowns {
		move(&c.schedule.Shutdowns[i])
	}
}

// The model must see: each switch of a release, and a small change of the flags, shows in some case.
func TestModelSeesFaults(t *testing.T) {
	tests := []struct {
		name  string
		rules func(*release.Behaviors) // what the model goes by
		fault func(*oracleCase)        // what the buffer does instead
	}{
		{"BUG_LOST_WAKEUP", nil, func(c *oracleCase) { c.behaviors.TimeoutNoticeRemembered = false }},
		{"BUG_NO_STOPPED_RECHECK", nil, func(c *oracleCase) { c.behaviors.StoppedRecheck = false }},
		{"BUG_REMOVE_NO_RELEASE", nil, func(c *oracleCase) { c.behaviors.CancelLeaksSlot = true }},
		{"BUG_DRAIN_SEQUENTIAL", nil, func(c *oracleCase) { c.behaviors.DrainConcurrencyHonoured = false }},
		{"BUG_NO_MARK", nil, func(c *oracleCase) { c.behaviors.MarkShardNotServing = false }},
		{"BUG_STOP_BEFORE_FLAG", func(b *release.Behaviors) { b.StoppedRecheck = false }, func(c *oracleCase) {
			c.behaviors.StoppedRecheck, c.behaviors.StoppedFlagFirst = false, false
		}},
		{"FIX_MARK_WINDOW", nil, func(c *oracleCase) { c.behaviors.MarkWindow = true }},
		{"denied tables are no failover", nil, func(c *oracleCase) { c.behaviors.ClassifyDeniedTables = false }},
		{"one slot more", nil, func(c *oracleCase) { c.cfg.Size++ }},
		{"a window that is 1 ns longer", nil, func(c *oracleCase) { c.cfg.Window++ }},
		{"a maximum that is 1 ns longer", nil, func(c *oracleCase) { c.cfg.MaxFailoverDuration++ }},
		{"a cool-down that is 1 ns shorter", nil, func(c *oracleCase) { c.cfg.MinTimeBetweenFailovers-- }},
	}
	draws := rapid.Custom(drawCase)
	newest := release.All()[len(release.All())-1].Behaviors
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			seen := false
			for i := 0; i < 5000 && !seen; i++ {
				c := draws.Example(i)
				c.behaviors = newest
				if test.rules != nil {
					test.rules(&c.behaviors)
				}
				judge := c
				test.fault(&c)
				chooser, _ := explore.Mixed(uint64(i))
				got, err := c.play(chooser)
				require.NoError(t, err)
				allowed, err := spec.AllowsBuffer(judge.cfg, judge.behaviors, judge.schedule, got, oracleStates)
				require.NoError(t, err)
				seen = !allowed
				if seen {
					t.Logf("seen in case %d", i)
				}
			}
			require.True(t, seen)
		})
	}
}

// The cases must be rich: every result and every reason comes up.
func TestCasesAreRich(t *testing.T) {
	draws := rapid.Custom(drawCase)
	results, reasons := map[spec.Result]int{}, map[string]int{}
	choices := 0
	for i := range 800 {
		c := draws.Example(i)
		all, err := spec.AllBufferOutcomes(c.cfg, c.behaviors, c.schedule, oracleStates)
		require.NoError(t, err)
		if len(all) > 1 {
			choices++
		}
		for _, r := range all[0].Requests {
			results[r.Result]++
		}
		for _, sh := range all[0].Shards {
			for reason, n := range sh.Counters.Stops {
				reasons["stop "+spec.StopReason(reason).String()] += int(n)
			}
			for reason, n := range sh.Counters.Evicted {
				reasons["evicted "+spec.EvictReason(reason).String()] += int(n)
			}
			for reason, n := range sh.Counters.Skipped {
				reasons["skipped "+spec.SkipReason(reason).String()] += int(n)
			}
		}
	}
	t.Log(results, reasons, choices)
	require.Greater(t, choices, 150, "cases in which the rules leave a choice")
	for r := spec.Pass; r <= spec.ContextDeadline; r++ {
		require.NotZero(t, results[r], r)
	}
	for reason, n := range reasons {
		require.NotZero(t, n, reason)
	}
}
