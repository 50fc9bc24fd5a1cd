package runner_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/gate/buffer"
	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// bufferings are the events of the gates' buffers, and the terms in which tablets were primary.
type bufferings struct {
	events []trace.Event
	terms  map[string]map[int64]bool // by tablet
}

// Record implements trace.Sink.
func (b *bufferings) Record(e trace.Event) {
	switch e.Kind {
	case buffer.KindStart, buffer.KindStop, buffer.KindEvicted, buffer.KindSkipped:
		b.events = append(b.events, e)
	case tablet.KindState:
		if e.Text("type") == "PRIMARY" {
			if b.terms[e.Host] == nil {
				b.terms[e.Host] = map[int64]bool{}
			}
			b.terms[e.Host][e.Number("pts")] = true
		}
	}
}

// of lists the events of a kind at a gate; a reason of "" fits all.
func (b *bufferings) of(gate string, kind trace.Kind, reason string) (list []trace.Event) {
	for _, e := range b.events {
		if e.Host == gate && e.Kind == kind && (reason == "" || e.Text("reason") == reason) {
			list = append(list, e)
		}
	}
	return list
}

func (b *bufferings) onlyTermIs(t *testing.T, host string) {
	require.Len(t, b.terms, 1)
	require.Len(t, b.terms[host], 1, "an undone switch makes no new term")
}

func undone(t *testing.T, s *scenario.Scenario, opts runner.Options) (*runner.Result, *bufferings) {
	seen := &bufferings{terms: map[string]map[int64]bool{}}
	opts.Sink = seen
	r := run(t, s, opts)
	require.Contains(t, r.Operations[0].Error, "failed to catch up with replication MySQL56/")
	return r, seen
}

// P7: fifteen workers without pauses, in the profile of v12 to v15. The switch takes 35 to 42 s, 29
// of them waiting for the elect, and is undone. The buffer gives up on requests one by one after
// its window of 10 s and as a whole after 20 s, long before the old primary serves again; for the
// rest of the outage it holds nothing, since its last failover is too recent.
// spec: P7, R-60, R-74, R-75, R-201, R-225, B-15, B-33, B-36
func TestSeedP7HeavyWriters(t *testing.T) {
	for _, rel := range []string{"v12", "v13", "v14", "v15"}[:often(2, 4)] {
		s, opts := load(t, "7", rel)
		opts.Seed, opts.Flags.VTGate.BufferSize = 1, 1000
		r, seen := undone(t, s, opts)
		op := r.Operations[0]
		require.InDelta(t, 38.5, op.End.Sub(op.Start).Seconds(), 3.5, rel)
		starts, stops := seen.of("gate-1", buffer.KindStart, ""), seen.of("gate-1", buffer.KindStop, "")
		require.Len(t, starts, 1)
		require.Len(t, stops, 1)
		begin := starts[0].Time
		require.Equal(t, "MaxDurationExceeded", stops[0].Text("reason"))
		require.EqualValues(t, 20*time.Second, stops[0].Time-begin)
		evicted := seen.of("gate-1", buffer.KindEvicted, "")
		require.NotEmpty(t, evicted)
		require.EqualValues(t, 10*time.Second, evicted[0].Time-begin)
		for _, e := range evicted {
			require.Equal(t, "WindowExceeded", e.Text("reason"))
		}
		skipped := seen.of("gate-1", buffer.KindSkipped, "LastFailoverTooRecent")
		if rel == "v12" { // it does not ask its buffer where it knows no healthy primary
			require.Empty(t, skipped)
		} else {
			require.NotEmpty(t, skipped)
			require.GreaterOrEqual(t, skipped[0].Time, stops[0].Time)
			require.Less(t, sim.Time(skipped[len(skipped)-1].Time), op.End, "when the old primary serves again, nothing is refused")
		}
		seen.onlyTermIs(t, "zone1-0000000100")
		for _, ph := range op.Phases {
			if ph.Name == "catch_up" {
				require.InDelta(t, 29, ph.End.Sub(ph.Begin).Seconds(), 0.01)
			}
		}
	}
}

// P15: two gates, of which one loses the message that the old primary does not serve any more. The
// elect does not catch up, and the demotion is undone after 14 s, within the term that it had. The
// gate that has heard of the demotion takes that for the end; the other one waits for a new term
// that never comes, until its buffer gives up, and refuses what nobody had to refuse.
// spec: P15, R-73, T-133, B-36
func TestSeedP15LostMessage(t *testing.T) {
	for seed := uint64(1); seed <= uint64(often(3, 20)); seed++ {
		s, opts := load(t, scenario.DefaultName, "v24")
		s.Thresholds, s.Duration = scenario.Thresholds{}, scenario.Duration(40*time.Second)
		s.Cluster.Gates[0].Count = 2
		c := s.Workload[0].Closed
		c.Clients, c.Think, c.Statements = 20, scenario.Uniform(20*time.Millisecond, 80*time.Millisecond), scenario.Statements{Insert: 1}
		plan, err := fault.ParsePlan("at 1s set-delay zone1-101 delay 500ms\nwhen reparent.phase phase=demotion what=begin set-delay zone1-101 delay 60s\n"+
			"when reparent.phase phase=demotion what=begin drop-health zone1-100 peer gate-2 for 10s\n", scenario.FaultKinds())
		require.NoError(t, err)
		for _, f := range plan {
			s.Faults = append(s.Faults, scenario.FaultLine{Fault: f})
		}
		s.Timeline = []scenario.Operation{plannedAtFive(scenario.Args{NewPrimary: "zone1-101"})}
		opts.Seed = seed
		r, seen := undone(t, s, opts)
		seen.onlyTermIs(t, "zone1-0000000100")
		end := r.Operations[0].End
		for gate, reason := range map[string]string{"gate-1": "NewPrimarySeen", "gate-2": "MaxDurationExceeded"} {
			starts, stops := seen.of(gate, buffer.KindStart, ""), seen.of(gate, buffer.KindStop, "")
			require.Len(t, starts, 1, gate)
			require.Len(t, stops, 1, gate)
			require.Equal(t, reason, stops[0].Text("reason"), gate)
			if gate == "gate-1" {
				require.InDelta(t, end.Duration().Seconds(), time.Duration(stops[0].Time).Seconds(), 0.5)
				continue
			}
			require.EqualValues(t, 20*time.Second, stops[0].Time-starts[0].Time)
			require.Greater(t, sim.Time(stops[0].Time), end.Add(3*time.Second), "the old primary has served for seconds")
		}
	}
}
