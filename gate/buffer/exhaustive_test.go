package buffer_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"bufsim/model/spec"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
)

// Every schedule of small cases, up to a number of preemptions: whatever comes out must be one of
// the outcomes that the model allows.
//
// BUFSIM_NIGHTLY=1 tries larger cases, with more preemptions.

// smallCase is a coincidence of a few things at one instant.
type smallCase struct {
	name string
	oracleCase
}

// thing adds one thing to a case.
type thing struct {
	name string
	add  func(s *spec.Schedule)
}

const smallWindow = time.Second

// thingsAt are what may happen at an instant. The first request of the schedule, if there is one,
// is what is cancelled.
func thingsAt(at time.Duration) []thing {
	failover := spec.Cause{Code: vterr.ClusterEvent, Text: "operation not allowed in state NOT_SERVING"}
	request := func(r spec.Request) func(*spec.Schedule) {
		r.At, r.Shard = at, "ks/0"
		return func(s *spec.Schedule) { s.Requests = append(s.Requests, r) }
	}
	event := func(primary string, serving bool) func(*spec.Schedule) {
		sig := spec.Signal{At: at, Records: []spec.Record{{Shard: "ks/0", Primary: primary, Serving: serving}}}
		return func(s *spec.Schedule) { s.Signals = append(s.Signals, sig) }
	}
	return []thing{
		{"F", request(spec.Request{Cause: failover})},
		{"F that retries for a window", request(spec.Request{Cause: failover, RetryTakes: smallWindow})},
		{"N", request(spec.Request{})},
		{"event", event("zone1-0000000001", true)},
		{"reshard", event("zone1-0000000002", false)},
		{"shutdown", func(s *spec.Schedule) { s.Shutdowns = append(s.Shutdowns, at) }},
		{"cancel", func(s *spec.Schedule) {
			if len(s.Requests) > 0 {
				s.Requests[0].Cancels, s.Requests[0].Cancelled = true, at
			}
		}},
	}
}

// smallCases are all choices of up to n things at one instant: either the first instant, or the one
// at which the window of a held request is over, and maybe the maximum, too.
func smallCases(n int) []smallCase {
	var cases []smallCase
	for _, size := range []int{1, 2} {
		for _, max := range []time.Duration{smallWindow, 2 * smallWindow} {
			cfg := spec.BufferConfig{
				Enabled: true, Size: size, Window: smallWindow, MaxFailoverDuration: max, MinTimeBetweenFailovers: smallWindow, DrainConcurrency: size,
			}
			for _, at := range []time.Duration{0, smallWindow} {
				choose(thingsAt(at), n, func(chosen []thing) {
					c := smallCase{fmt.Sprintf("size %d, max %v, at %v:", size, max, at), oracleCase{cfg: cfg}}
					c.schedule.End = time.Hour
					if at > 0 {
						thingsAt(0)[0].add(&c.schedule)
					}
					for _, thing := range chosen {
						c.name += " " + thing.name + ","
						thing.add(&c.schedule)
					}
					cases = append(cases, c)
				})
			}
		}
	}
	return cases
}

// choose calls use with every multiset of 1 to n things.
func choose(things []thing, n int, use func([]thing)) {
	var grow func(from int, chosen []thing)
	grow = func(from int, chosen []thing) {
		if len(chosen) > 0 {
			use(slices.Clone(chosen))
		}
		if len(chosen) == n {
			return
		}
		for i := from; i < len(things); i++ {
			grow(i, append(chosen, things[i]))
		}
	}
	grow(0, nil)
}

// explored is what came of the exploration of many cases.
type explored struct{ cases, complete, runs, allowed, reached int }

// judge plays a case under one schedule; it marks the outcome as reached or fails.
func (c smallCase) judge(chooser sim.Chooser, allowed []spec.BufferOutcome, reached map[int]bool) error {
	got, err := c.play(chooser)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(allowed, got.Equal)
	if i < 0 {
		return fmt.Errorf("not allowed; one of %d allowed (-) and what came out (+):\n%s", len(allowed), cmp.Diff(allowed[0], got))
	}
	reached[i] = true
	return nil
}

// explore tries the schedules of one case.
func (e *explored) explore(t *testing.T, c smallCase, limit, preemptions int) {
	allowed, err := spec.AllBufferOutcomes(c.cfg, c.behaviors, c.schedule, oracleStates)
	require.NoError(t, err, c.name)
	reached := map[int]bool{}
	stats, err := explore.Exhaustive(limit, preemptions, func(chooser sim.Chooser) error { return c.judge(chooser, allowed, reached) })
	require.NoError(t, err, "%s after %d runs", c.name, stats.Runs)
	e.cases++
	e.runs += stats.Runs
	e.allowed += len(allowed)
	e.reached += len(reached)
	if stats.Complete {
		e.complete++
	}
}

// spec: C-1..C-8
func TestSmallCasesUnderEverySchedule(t *testing.T) {
	n, limit, preemptions := 2, 25, 1
	if simtest.Nightly() {
		n, limit, preemptions = 4, 400, 2
	}
	for _, name := range []string{"main", "v24", "v23.0.0", "v19", "v13"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var total explored
			for _, c := range smallCases(n) {
				c.behaviors = behaviorsOf(t, name)
				total.explore(t, c, limit, preemptions)
			}
			t.Logf("%d cases, %d of them complete; %d runs reached %d of %d allowed outcomes", total.cases, total.complete, total.runs, total.reached, total.allowed)
			require.GreaterOrEqual(t, total.complete, 40)
		})
	}
}

// The cases of one thing are explored to the end.
func TestSingleThingsUnderEverySchedule(t *testing.T) {
	var total explored
	for _, c := range smallCases(1) {
		if c.cfg.Window < c.cfg.MaxFailoverDuration && c.cfg.Size == 1 {
			c.behaviors = behaviorsOf(t, "main")
			total.explore(t, c, 5_000, 0)
		}
	}
	require.Equal(t, total.cases, total.complete)
	t.Logf("%d cases; %d runs reached %d of %d allowed outcomes", total.cases, total.runs, total.reached, total.allowed)
}

// The model allows nothing that the buffer could not do: each allowed outcome comes out of some
// schedule. So it is not the model's patience that makes the other tests pass.
func TestEveryAllowedOutcomeIsReached(t *testing.T) {
	names, schedules := []string{"main", "v19"}, uint64(2000)
	if simtest.Nightly() {
		names, schedules = []string{"main", "v24", "v23.0.0", "v19", "v13"}, 20_000
	}
	for _, name := range names {
		missing := 0
		for _, c := range smallCases(2) {
			c.behaviors = behaviorsOf(t, name)
			allowed, err := spec.AllBufferOutcomes(c.cfg, c.behaviors, c.schedule, oracleStates)
			require.NoError(t, err)
			reached := map[int]bool{}
			for n := uint64(0); n < schedules && len(reached) < len(allowed); n++ {
				chooser, schedule := explore.Mixed(n)
				require.NoError(t, c.judge(chooser, allowed, reached), "%s %s", c.name, schedule)
			}
			if n := len(allowed) - len(reached); n > 0 {
				missing += n
				t.Logf("%s, %s %d of %d reached", name, c.name, len(reached), len(allowed))
			}
		}
		require.Zero(t, missing, name)
	}
}
