package spec

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/release"
	"bufsim/model/vterr"
)

// everyOutcome goes through all steps, quiet or not, one by one.
func everyOutcome(state Buffer, limit int) (outcomes []BufferOutcome, complete bool) {
	seen := map[string]bool{}
	todo := []Buffer{state}
	for len(todo) > 0 {
		state := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if key := state.key(); seen[key] {
			continue
		} else if seen[key] = true; len(seen) > limit {
			return nil, false
		}
		events, _ := state.present()
		if len(events) == 0 {
			events = state.later()
		}
		if len(events) == 0 {
			if o := state.Outcome(); !slices.ContainsFunc(outcomes, o.Equal) {
				outcomes = append(outcomes, o)
			}
		}
		for _, e := range events {
			next, _ := state.Step(e)
			todo = append(todo, next)
		}
	}
	return outcomes, true
}

// drawSmall draws a few things, many of them at one instant.
func drawSmall(t *rapid.T) (BufferConfig, release.Behaviors, Schedule) {
	second := func(label string, hi int) time.Duration {
		return time.Duration(rapid.IntRange(0, hi).Draw(t, label)) * time.Second
	}
	cfg := BufferConfig{
		Enabled: true, Size: rapid.IntRange(1, 2).Draw(t, "size"), Window: time.Second, MaxFailoverDuration: time.Second + second("beyond", 1),
		MinTimeBetweenFailovers: second("min time", 1), DrainConcurrency: rapid.IntRange(1, 2).Draw(t, "concurrency"),
	}
	b := rapid.SampledFrom(release.All()).Draw(t, "release").Behaviors
	b.MarkWindow = b.MarkShardNotServing && rapid.Bool().Draw(t, "mark window")
	s := Schedule{End: time.Hour}
	for range rapid.IntRange(1, 3).Draw(t, "requests") {
		s.Requests = append(s.Requests, Request{
			At: second("at", 1), Shard: rapid.SampledFrom([]string{"ks/a", "ks/a", "ks/b"}).Draw(t, "shard"),
			Cause:   rapid.SampledFrom([]Cause{{}, {Code: vterr.ClusterEvent, Text: "x"}, {Code: vterr.ClusterEvent, Text: "x"}}).Draw(t, "cause"),
			Timeout: second("timeout", 1), Cancels: rapid.IntRange(0, 3).Draw(t, "cancels") == 0, Cancelled: second("cancelled", 1),
			RetryTakes: second("retry", 1), Mark: Mark(rapid.IntRange(0, 2).Draw(t, "mark")), MarkTakes: second("mark takes", 1),
		})
	}
	if rapid.Bool().Draw(t, "signal") {
		rec := Record{Shard: "ks/a", Primary: "p", Serving: rapid.Bool().Draw(t, "serving")}
		s.Signals = []Signal{{At: second("signal at", 2), Records: []Record{rec}}}
	}
	if rapid.IntRange(0, 2).Draw(t, "shutdown") == 0 {
		s.Shutdowns = []time.Duration{second("shutdown at", 2)}
	}
	return cfg, b, s
}

// That quiet steps are taken first changes no set of outcomes.
func TestQuietStepsHideNothing(t *testing.T) {
	judged, cases := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		cfg, b, s := drawSmall(t)
		cases++
		every, complete := everyOutcome(NewBuffer(cfg, b, s), 4_000)
		if !complete {
			return
		}
		judged++
		some, err := AllBufferOutcomes(cfg, b, s, 20_000)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for _, o := range every {
			if !slices.ContainsFunc(some, o.Equal) {
				t.Fatalf("lost: %+v", o)
			}
		}
		if len(some) != len(every) {
			t.Fatalf("%d outcomes instead of %d", len(some), len(every))
		}
	})
	t.Logf("%d of %d cases are small enough", judged, cases)
	require.Greater(t, judged, cases/2)
}
