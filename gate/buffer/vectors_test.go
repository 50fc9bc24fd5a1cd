package buffer_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

type counts = map[string]int64

// vector is one of the test vectors of the rules; V-13 allows two outcomes, V-18 is a fault
// and has a test of its own.
type vector struct {
	name    string
	change  func(*story)
	steps   []step
	results map[string]string
	counts  counts
}

// The labels that several vectors count by.
const (
	window   = "requests_evicted{WindowExceeded}"
	failover = "requests_skipped{LastFailoverTooRecent}"
	reparent = "requests_skipped{LastReparentTooRecent}"
)

func vectors() []vector {
	return slices.Concat(lifeVectors(), slotVectors(), drainVectors(), startVectors())
}

// lifeVectors are about a whole failover, the window and the maximum.
func lifeVectors() []vector {
	return []vector{
		{
			name:    "V-1 a failover, the drain, the cool-down, the next failover",
			steps:   []step{ev(0, 1, true), req("R1", 1, F, retryTakes(.5)), req("R2", 2, N, retryTakes(.5)), ev(3, 2, true), req("R3", 3.2, F), req("R4", 10, F), req("R5", 63, F)},
			results: map[string]string{"R1": "ok@3s", "R2": "ok@3.5s", "R3": "pass@3.2s", "R4": "pass@10s", "R5": "ok@1m13s"},
			counts: counts{
				"starts": 2, "stops{NewPrimarySeen}": 1, "stops{MaxDurationExceeded}": 1, "requests_buffered": 3, "requests_drained": 2, window: 1, failover: 1,
				"failover_duration_sum_ms": 20000, "last_failover_duration_ms": 20000, "last_requests_in_flight_max": 1, "utilization_sum": 30,
			},
		},
		{
			name:    "V-2 the window and the maximum duration",
			steps:   []step{req("R1", 0, F), req("R2", 4, F), req("R3", 12, N)},
			results: map[string]string{"R1": "ok@10s", "R2": "ok@14s", "R3": "ok@20s"},
			counts: counts{
				"starts": 1, "stops{MaxDurationExceeded}": 1, "requests_buffered": 3, window: 2, "requests_drained": 1,
				"failover_duration_sum_ms": 20000, "last_failover_duration_ms": 20000, "last_requests_in_flight_max": 2, "utilization_sum": 20,
			},
		},
		{
			name:    "V-20 an error that is no failover bypasses the buffer",
			steps:   []step{req("R1", 0, F), req("R2", 1, X), req("R3", 2, N), ev(3, 2, true)},
			results: map[string]string{"R1": "ok@3s", "R2": "pass@1s", "R3": "ok@3s"},
			counts: counts{
				"starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 2, "requests_drained": 2,
				"failover_duration_sum_ms": 3000, "last_failover_duration_ms": 3000, "last_requests_in_flight_max": 2, "utilization_sum": 20,
			},
		},
		{
			name:    "V-21 a late change of the primary prolongs the cool-down",
			steps:   []step{ev(0, 1, true), req("R1", .5, F), ev(35, 2, true), req("R2", 80, F), req("R3", 81, F), req("R4", 95, F), ev(96, 3, true)},
			results: map[string]string{"R1": "ok@10.5s", "R2": "pass@1m20s", "R3": "pass@1m21s", "R4": "ok@1m36s"},
			counts: counts{
				"starts": 2, "stops{MaxDurationExceeded}": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 2, window: 1, "requests_drained": 1, failover: 1, reparent: 1,
				"failover_duration_sum_ms": 1000, "last_failover_duration_ms": 1000, "last_requests_in_flight_max": 1, "utilization_sum": 20,
			},
		},
		{
			name:    "V-22 buffering goes on although the queue became empty",
			steps:   []step{req("R1", 0, F, contextEnds(2)), req("R2", 5, N, contextEnds(2)), req("R3", 9, N), ev(12, 2, true)},
			results: map[string]string{"R1": "context@2s", "R2": "context@7s", "R3": "ok@12s"},
			counts: counts{
				"starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 3, "requests_evicted{ContextDone}": 2, "requests_drained": 1,
				"failover_duration_sum_ms": 12000, "last_failover_duration_ms": 12000, "last_requests_in_flight_max": 1, "utilization_sum": 10,
			},
		},
	}
}

// slotVectors are about full buffers.
func slotVectors() []vector {
	return []vector{
		{
			name: "V-3 the oldest makes room", change: func(s *story) { s.cfg.Size = 2 },
			steps:   []step{req("R1", 0, F), req("R2", 1, N), req("R3", 2, N), ev(3, 2, true)},
			results: map[string]string{"R1": "evicted@2s", "R2": "ok@3s", "R3": "ok@3s"},
			counts: counts{
				"starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 3, "requests_evicted{BufferFull}": 1, "requests_drained": 2,
				"failover_duration_sum_ms": 3000, "last_failover_duration_ms": 3000, "last_requests_in_flight_max": 2, "utilization_sum": 100,
			},
		},
		{
			name: "V-4 another shard has the only slot", change: func(s *story) { s.cfg.Size = 1 },
			steps:   []step{req("Ra", 0, F), req("Rb", 1, F, onShard("b")), ev(5, 2, true, "0", "b"), req("Rb'", 6, F, onShard("b"))},
			results: map[string]string{"Ra": "ok@5s", "Rb": "full@1s", "Rb'": "pass@6s"},
			counts: counts{
				"starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 1, "requests_drained": 1,
				"failover_duration_sum_ms": 5000, "last_failover_duration_ms": 5000, "last_requests_in_flight_max": 1, "utilization_sum": 100,
				"b: starts": 1, "b: stops{NewPrimarySeen}": 1, "b: requests_skipped{BufferFull}": 1, "b: " + failover: 1,
				"b: failover_duration_sum_ms": 4000, "b: last_failover_duration_ms": 4000,
			},
		},
		{
			name: "V-7 a slot is kept during the retry", change: func(s *story) { s.cfg.Size = 1 },
			steps:   []step{req("R1", 0, F, retryTakes(3)), req("R2", 11, N), req("R3", 13.5, N)},
			results: map[string]string{"R1": "ok@10s", "R2": "full@11s", "R3": "ok@20s"},
			counts: counts{
				"starts": 1, "stops{MaxDurationExceeded}": 1, "requests_buffered": 2, window: 1, "requests_skipped{BufferFull}": 1, "requests_drained": 1,
				"failover_duration_sum_ms": 20000, "last_failover_duration_ms": 20000, "last_requests_in_flight_max": 1, "utilization_sum": 100,
			},
		},
		{
			name: "V-15 a context that ended before evicts all the same", change: func(s *story) { s.cfg.Size = 1 },
			steps:   []step{req("R1", 0, F), req("R2", 1, N, contextEnded()), ev(2, 2, true)},
			results: map[string]string{"R1": "evicted@1s", "R2": "context@1s"},
			counts: counts{
				"starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 2, "requests_evicted{BufferFull}": 1, "requests_evicted{ContextDone}": 1,
				"failover_duration_sum_ms": 2000, "last_failover_duration_ms": 2000, "last_requests_in_flight_max": 1, "utilization_sum": 100,
			},
		},
	}
}

// drainVectors are about contexts, drains and the ends of failovers.
func drainVectors() []vector {
	return []vector{
		{
			name:    "V-5 a context ends in the queue",
			steps:   []step{req("R1", 0, F), req("R2", 1, F, contextEnds(2)), ev(4, 2, true)},
			results: map[string]string{"R1": "ok@4s", "R2": "context@3s"},
			counts: counts{
				"starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 2, "requests_evicted{ContextDone}": 1, "requests_drained": 1,
				"failover_duration_sum_ms": 4000, "last_failover_duration_ms": 4000, "last_requests_in_flight_max": 2, "utilization_sum": 20,
			},
		},
		{
			name:    "V-6 a context ends in the drain",
			steps:   []step{req("R1", 0, F, retryTakes(5)), req("R2", 1, F, contextEnds(5)), ev(4, 2, true), look(8.9), look(9.1)},
			results: map[string]string{"R1": "ok@4s", "R2": "context@6s", "8.9 0": "DRAINING 0, slots 2", "9.1 0": "IDLE 0, slots 0"},
			counts: counts{
				"starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 2, "requests_drained": 2,
				"failover_duration_sum_ms": 4000, "last_failover_duration_ms": 4000, "last_requests_in_flight_max": 2, "utilization_sum": 20,
			},
		},
		{
			name:    "V-9 the shard is gone after a resharding",
			steps:   []step{req("R1", 0, F), ev(2, 0, false)},
			results: map[string]string{"R1": "missing@2s"},
			counts: counts{
				"starts": 1, "stops{ReshardingComplete}": 1, "requests_buffered": 1, "requests_drained": 1,
				"failover_duration_sum_ms": 2000, "last_failover_duration_ms": 2000, "last_requests_in_flight_max": 1, "utilization_sum": 10,
			},
		},
		{
			name:    "V-11 shutdown",
			steps:   []step{req("R1", 0, F, retryTakes(2)), shutdown(1), req("R2", 1.5, N)},
			results: map[string]string{"R1": "ok@1s", "R2": "pass@1.5s", "shutdown": "returned@3s"},
			counts: counts{
				"starts": 1, "stops{Shutdown}": 1, "requests_skipped{Shutdown}": 1, "requests_buffered": 1, "requests_drained": 1,
				"failover_duration_sum_ms": 1000, "last_failover_duration_ms": 1000, "last_requests_in_flight_max": 1, "utilization_sum": 10,
			},
		},
		{
			name: "V-12 two workers drain", change: func(s *story) { s.cfg.DrainConcurrency = 2 },
			steps: []step{
				req("R1", 0, F, retryTakes(4)), req("R2", 1, N, retryTakes(1)), req("R3", 2, N, retryTakes(1)), req("R4", 3, N, retryTakes(1)), ev(5, 2, true), look(8.9), look(9.1),
			},
			results: map[string]string{"R1": "ok@5s", "R2": "ok@5s", "R3": "ok@6s", "R4": "ok@7s", "8.9 0": "DRAINING 0, slots 1", "9.1 0": "IDLE 0, slots 0"},
			counts: counts{
				"starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 4, "requests_drained": 4,
				"failover_duration_sum_ms": 5000, "last_failover_duration_ms": 5000, "last_requests_in_flight_max": 4, "utilization_sum": 40,
			},
		},
	}
}

// startVectors are about what starts and what does not.
func startVectors() []vector {
	return []vector{
		{
			name:    "V-8 the cool-down after a reparent ends exactly at its length",
			steps:   []step{ev(0, 1, true), ev(5, 2, true), req("R1", 6, F), req("R2", 65, F), ev(66, 3, true)},
			results: map[string]string{"R1": "pass@6s", "R2": "ok@1m6s"},
			counts: counts{
				reparent: 1, "starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 1, "requests_drained": 1,
				"failover_duration_sum_ms": 1000, "last_failover_duration_ms": 1000, "last_requests_in_flight_max": 1, "utilization_sum": 10,
			},
		},
		{
			name: "V-10 dry run", change: func(s *story) { s.cfg.Enabled, s.cfg.DryRun = false, true },
			steps:   []step{req("R1", 0, F), req("R2", 1, N), req("R3", 2, F), ev(3, 2, true), req("R4", 4, F)},
			results: map[string]string{"R1": "pass@0s", "R2": "pass@1s", "R3": "pass@2s", "R4": "pass@4s"},
			counts: counts{
				"starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered_dry_run": 3, "last_requests_dry_run_max": 3, "utilization_dry_run_sum": 30, failover: 1,
				"failover_duration_sum_ms": 3000, "last_failover_duration_ms": 3000,
			},
		},
		{
			name: "V-16 the watcher refuses once", change: func(s *story) { s.watcher = &refusals{1} },
			steps:   []step{req("R1", 0, F), req("R2", 1, F), ev(2, 2, true)},
			results: map[string]string{"R1": "pass@0s", "R2": "ok@2s"},
			counts: counts{
				"starts": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 1, "requests_drained": 1,
				"failover_duration_sum_ms": 1000, "last_failover_duration_ms": 1000, "last_requests_in_flight_max": 1, "utilization_sum": 10,
			},
		},
		{
			name: "V-17 the watcher refuses once, outside the lock", change: func(s *story) { s.watcher, s.behaviors.MarkWindow = &refusals{1}, true },
			steps:   []step{req("R1", 0, F), req("R2", 1, F), ev(2, 2, true)},
			results: map[string]string{"R1": "pass@0s", "R2": "ok@2s"},
			counts: counts{
				"starts": 2, "stops{MarkNotServingFailed}": 1, "stops{NewPrimarySeen}": 1, "requests_buffered": 1, "requests_drained": 1,
				"failover_duration_sum_ms": 1000, "last_failover_duration_ms": 1000, "last_requests_in_flight_max": 1, "utilization_sum": 10,
			},
		},
		{
			name: "V-19 a disabled shard counts every eligible call", change: func(s *story) { s.cfg.KeyspaceShards = "other" },
			steps:   []step{req("R1", 0, N), req("R2", 1, F), req("R3", 2, X)},
			results: map[string]string{"R1": "pass@0s", "R2": "pass@1s", "R3": "pass@2s"},
			counts:  counts{"requests_skipped{Disabled}": 2},
		},
	}
}

// spec: buffer 14, V-1..V-22
func TestVectors(t *testing.T) {
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			s := newStory(v.steps...)
			if v.change != nil {
				v.change(s)
			}
			s.run(t)
			for when, state := range s.held {
				s.results[when] = state
			}
			require.Equal(t, v.results, s.results)
			require.Equal(t, v.counts, s.counts())
		})
	}
}

// spec: V-13, B-41
func TestWindowAndMaximumFallTogether(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(40) {
		s := newStory(req("R1", 0, F))
		s.cfg.Window = 20 * time.Second
		if seed > 0 {
			s.sim.Chooser = explore.NewRandom(seed, true)
		}
		s.run(t)
		require.Equal(t, map[string]string{"R1": "ok@20s"}, s.results)
		got := s.counts()
		require.EqualValues(t, 1, got["stops{MaxDurationExceeded}"])
		how := fmt.Sprint(got["requests_drained"], " drained, ", got["requests_evicted{WindowExceeded}"], " by window")
		if seed == 0 {
			require.Equal(t, "1 drained, 0 by window", how, "the maximum duration comes first by default")
		}
		seen[how] = true
	}
	require.Equal(t, map[string]bool{"1 drained, 0 by window": true, "0 drained, 1 by window": true}, seen)
}

// spec: V-14, B-78
func TestUtilizationIsTruncated(t *testing.T) {
	for held, percent := range map[int]int64{1: 1, 29: 28, 57: 56, 58: 57, 100: 100} {
		s := newStory(ev(5, 2, true))
		s.cfg.Size = 100
		for i := range held {
			s.steps = append(s.steps, req(fmt.Sprint("R", i), 1, F))
		}
		require.Equal(t, percent, s.run(t).counts()["utilization_sum"], "%d of 100", held)
	}
}

// The one schedule in which releases before main forget to evict: a request comes between the
// look of the timeout thread at the empty queue and its wait.
// spec: V-18, B-39, X-37
func TestLostWakeup(t *testing.T) {
	play := func(remembered bool) map[string]int {
		seen := map[string]int{}
		for seed := range uint64(600) {
			s := newStory(req("R1", 0, F, contextEnds(1)), req("R2", 1, N))
			s.behaviors.TimeoutNoticeRemembered = remembered
			s.sim = sim.Config{Chooser: explore.NewRandom(seed, true)}
			s.run(t)
			seen[s.results["R2"]]++
		}
		return seen
	}
	require.Equal(t, map[string]int{"ok@11s": 600}, play(true))
	buggy := play(false)
	require.NotZero(t, buggy["ok@20s"], "the fault must show: %v", buggy)
	require.NotZero(t, buggy["ok@11s"], "but not always: %v", buggy)
}
