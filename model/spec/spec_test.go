package spec_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/release"
	"bufsim/model/spec"
	"bufsim/model/vterr"
)

// Configuration D of the vectors: enabled for all, size 10, window 10 s, maximum 20 s, cool-down
// 60 s, drain of one at a time.
func configD() spec.BufferConfig {
	return spec.BufferConfig{
		Enabled: true, Size: 10, Window: 10 * time.Second, MaxFailoverDuration: 20 * time.Second,
		MinTimeBetweenFailovers: time.Minute, DrainConcurrency: 1,
	}
}

func behaviors(t *testing.T, name string) release.Behaviors {
	p, err := release.Lookup(name)
	require.NoError(t, err)
	return p.Behaviors
}

func failover() spec.Cause {
	return spec.Cause{Code: vterr.ClusterEvent, Text: "operation not allowed in state NOT_SERVING"}
}

func sec(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// f is a request that saw a failover, n one without an error.
func f(at float64) spec.Request {
	return spec.Request{At: sec(at), Shard: "ks/0", Cause: failover()}
}
func n(at float64) spec.Request { return spec.Request{At: sec(at), Shard: "ks/0"} }

// event is a keyspace event of shard ks/0 with a serving primary.
func event(at float64, primary string) spec.Signal {
	return spec.Signal{At: sec(at), Records: []spec.Record{{Shard: "ks/0", Primary: primary, Serving: true}}}
}

func schedule(signals []spec.Signal, requests ...spec.Request) spec.Schedule {
	return spec.Schedule{Requests: requests, Signals: signals, End: time.Hour}
}

// summary tells what came of the requests.
func summary(o spec.BufferOutcome) (lines []string) {
	for _, r := range o.Requests {
		lines = append(lines, fmt.Sprintf("%v@%v", r.Result, r.At))
	}
	return lines
}

// spec: V-1, V-2, V-3, V-8, V-9, V-22
func TestVectors(t *testing.T) {
	withRetry := func(r spec.Request, takes float64) spec.Request { r.RetryTakes = sec(takes); return r }
	within := func(r spec.Request, timeout float64) spec.Request { r.Timeout = sec(timeout); return r }
	tests := []struct {
		name     string
		size     int
		schedule spec.Schedule
		want     []string
		check    func(*testing.T, spec.Counters)
	}{
		{
			"V-1", 10, schedule([]spec.Signal{event(0, "a"), event(3, "b")}, withRetry(f(1), .5), withRetry(n(2), .5), f(3.2), f(10), f(63)),
			[]string{"retry@3s", "retry@3.5s", "pass@3.2s", "pass@10s", "retry@1m13s"},
			func(t *testing.T, c spec.Counters) {
				require.EqualValues(t, 2, c.Starts)
				require.EqualValues(t, 1, c.Skipped[spec.SkippedFailoverTooRecent])
				require.EqualValues(t, 30, c.UtilizationSum)
			},
		},
		{
			"V-2", 10, schedule(nil, f(0), f(4), n(12)),
			[]string{"retry@10s", "retry@14s", "retry@20s"},
			func(t *testing.T, c spec.Counters) {
				require.EqualValues(t, 2, c.Evicted[spec.EvictedWindow])
				require.EqualValues(t, 1, c.Drained)
				require.EqualValues(t, 20000, c.LastFailoverDurationMs)
			},
		},
		{
			"V-3", 2, schedule([]spec.Signal{event(3, "b")}, f(0), n(1), n(2)),
			[]string{"evicted@2s", "retry@3s", "retry@3s"},
			func(t *testing.T, c spec.Counters) { require.EqualValues(t, 100, c.UtilizationSum) },
		},
		{
			"V-8", 10, schedule([]spec.Signal{event(0, "a"), event(5, "b")}, f(6), f(65)),
			[]string{"pass@6s", "retry@1m15s"},
			func(t *testing.T, c spec.Counters) {
				require.EqualValues(t, 1, c.Skipped[spec.SkippedReparentTooRecent])
			},
		},
		{
			"V-9", 10, schedule([]spec.Signal{{At: sec(2), Records: []spec.Record{{Shard: "ks/0"}}}}, f(0)),
			[]string{"shard missing@2s"},
			func(t *testing.T, c spec.Counters) { require.EqualValues(t, 1, c.Stops[spec.ReshardingComplete]) },
		},
		{
			"V-22", 10, schedule([]spec.Signal{event(12, "b")}, within(f(0), 2), within(n(5), 2), n(9)),
			[]string{"context deadline@2s", "context deadline@7s", "retry@12s"},
			func(t *testing.T, c spec.Counters) { require.EqualValues(t, 2, c.Evicted[spec.EvictedContext]) },
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := configD()
			cfg.Size = test.size
			all, err := spec.AllBufferOutcomes(cfg, behaviors(t, "main"), test.schedule, 10_000)
			require.NoError(t, err)
			require.Len(t, all, 1)
			require.Equal(t, test.want, summary(all[0]))
			test.check(t, all[0].Shards[0].Counters)
			played := spec.PlayBuffer(cfg, behaviors(t, "main"), test.schedule, func(spec.Buffer, spec.Effect) {})
			require.Equal(t, all[0], played)
		})
	}
}

// If the window is the maximum, either of the two timers may be first.
// spec: V-13, B-41
func TestWindowEqualToMaximumLeavesAChoice(t *testing.T) {
	cfg := configD()
	cfg.Window = cfg.MaxFailoverDuration
	s := schedule(nil, f(0))
	all, err := spec.AllBufferOutcomes(cfg, behaviors(t, "main"), s, 10_000)
	require.NoError(t, err)
	require.Len(t, all, 2)
	for _, o := range all {
		c := o.Shards[0].Counters
		require.EqualValues(t, 1, c.Stops[spec.MaxDurationExceeded])
		require.EqualValues(t, 1, c.Drained+c.Evicted[spec.EvictedWindow])
		allowed, err := spec.AllowsBuffer(cfg, behaviors(t, "main"), s, o, 10_000)
		require.NoError(t, err)
		require.True(t, allowed)
	}
	wrong := all[0]
	wrong.SlotsInUse++
	allowed, err := spec.AllowsBuffer(cfg, behaviors(t, "main"), s, wrong, 10_000)
	require.NoError(t, err)
	require.False(t, allowed)
}

// A notice that comes while the thread is about to wait is lost in all releases before main.
// spec: V-18, B-39
func TestLostNotice(t *testing.T) {
	first := f(0)
	first.Timeout = sec(1)
	s := schedule(nil, first, n(1))
	for name, want := range map[string]map[string]bool{
		"main": {"retry@11s": true}, "v24": {"retry@11s": true, "retry@20s": true},
	} {
		all, err := spec.AllBufferOutcomes(configD(), behaviors(t, name), s, 10_000)
		require.NoError(t, err)
		got := map[string]bool{}
		for _, o := range all {
			got[summary(o)[1]] = true
		}
		require.Equal(t, want, got, name)
	}
}

func TestTooManyStates(t *testing.T) {
	s := schedule([]spec.Signal{event(0, "a")}, f(0), f(0), n(0))
	_, err := spec.AllBufferOutcomes(configD(), behaviors(t, "main"), s, 3)
	require.ErrorIs(t, err, spec.ErrTooManyStates)
}

// Step leaves the state that it is given alone.
func TestStepIsPure(t *testing.T) {
	s := schedule([]spec.Signal{event(3, "b")}, f(0), n(1), n(2))
	s.Shutdowns = []time.Duration{sec(4)}
	cfg := configD()
	cfg.Size = 2
	state := spec.NewBuffer(cfg, behaviors(t, "main"), s)
	for enabled := state.Enabled(); len(enabled) > 0; enabled = state.Enabled() {
		before := fmt.Sprintf("%+v", state)
		next, _ := state.Step(enabled[0])
		again, _ := state.Step(enabled[0])
		require.Equal(t, before, fmt.Sprintf("%+v", state))
		require.Equal(t, fmt.Sprintf("%+v", next), fmt.Sprintf("%+v", again))
		state = next
	}
}
