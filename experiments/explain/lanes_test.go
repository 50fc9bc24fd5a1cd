package explain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/explain"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim/trace"
)

// Scenario 5 on lanes: every request has a bar, requests of a connection follow each other, and
// the outcomes are those that the buffer counted: ten held, six of them pushed out. spec: B-22
func TestLanes(t *testing.T) {
	p := play(t, setting(t, "5"))
	bars, outcomes, causes := 0, map[explain.Outcome]int{}, map[string]int{}
	for _, lane := range p.Lanes() {
		for i, b := range lane.Bars {
			bars++
			outcomes[b.Outcome]++
			causes[b.Cause]++
			require.LessOrEqual(t, b.From, b.To)
			if i > 0 {
				require.LessOrEqual(t, lane.Bars[i-1].To, b.From, "%s overlaps", b.Request)
			}
			for _, h := range b.Held {
				require.LessOrEqual(t, b.From, h.From)
				require.LessOrEqual(t, h.To, b.To)
			}
		}
	}
	require.Len(t, p.Requests, bars)
	require.Equal(t, 4, outcomes[explain.HeldAnswered])
	require.Equal(t, 6, outcomes[explain.HeldFailed])
	require.Equal(t, 2, causes["evicted-full"], "hidden tries of drivers are no failures of statements")
}

// Following a request keeps its events and those of its stay in the buffer, not those of the
// request that it pushed out.
func TestFollow(t *testing.T) {
	s := setting(t, "5")
	rec := trace.NewRecorder(trace.Filter{})
	var second string // the request that was held when there was no free slot
	p := play(t, s)
	for _, q := range p.Requests {
		for _, pass := range q.Passes {
			if pass.Hold != nil && pass.Hold.Entry == 5 {
				second = q.ID
			}
		}
	}
	_, err := runner.Run(s.Scenario, runner.Options{
		Seed: s.Seed, Release: s.Release, Flags: s.Flags, Sink: &explain.Follow{Requests: []string{second}, To: rec},
	})
	require.NoError(t, err)
	held := 0
	for _, e := range rec.Events() {
		if f, has := e.Get("request"); has {
			require.Equal(t, second, f.Str)
		}
		if f, has := e.Get("entry"); has {
			require.EqualValues(t, 5, f.Num, "%s", e.Kind)
			held++
		}
	}
	require.Greater(t, held, 1)
}

// A request whose gate dies ends with the gate, not with the run.
func TestLanesEndWithTheirGate(t *testing.T) {
	s := setting(t, scenario.DefaultName)
	timeline := s.Scenario.Timeline
	breaks("when buffer.stop crash gate-1 for 2s")(t, &s)
	s.Scenario.Timeline = timeline
	p := play(t, s)
	require.Len(t, p.Result.Faults, 1)
	died, lost := p.Result.Faults[0].Start, 0
	for _, lane := range p.Lanes() {
		for _, b := range lane.Bars {
			if b.Outcome == explain.Unanswered && b.From < died {
				lost++
				require.Equal(t, died, b.To)
			}
		}
	}
	require.Positive(t, lost)
}
