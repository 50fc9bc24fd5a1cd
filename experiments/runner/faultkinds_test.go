package runner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/invariant"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/fault"
	"bufsim/sim/simtest"
	"bufsim/sim/trace"
)

// withFaults is the default scenario with faults, with the switch at 6s or without it, and with
// a recovery at the end after which all that must hold is judged.
func withFaults(t testing.TB, plan string, prs bool) (*scenario.Scenario, runner.Options) {
	t.Helper()
	s, opts := load(t, scenario.DefaultName, "v24")
	s.Thresholds, s.Duration, s.Recovery = scenario.Thresholds{}, scenario.Duration(15*time.Second), scenario.Duration(30*time.Second)
	s.Timeline[0].Outcome = scenario.OutcomeAny
	if !prs {
		s.Timeline = nil
	}
	faults, err := fault.ParsePlan(plan, scenario.FaultKinds())
	require.NoError(t, err)
	for _, f := range faults {
		s.Faults = append(s.Faults, scenario.FaultLine{Fault: f})
	}
	opts.Seed, opts.Invariants = 1, invariant.All()
	return s, opts
}

// harm says in a few words what a run suffered.
func harm(r *runner.Result) string {
	var words []string
	if r.Statements.Errors > 0 {
		words = append(words, "errors")
	}
	if r.Latency.Max > 1500*time.Millisecond {
		words = append(words, "waits")
	}
	for _, o := range r.Operations {
		switch took := o.End.Sub(o.Start); {
		case !o.Ended:
			words = append(words, "endless switch")
		case o.Error != "":
			words = append(words, "failed switch")
		case took > 1500*time.Millisecond:
			words = append(words, "slow switch")
		default:
			words = append(words, "switch")
		}
	}
	return strings.Join(words, ", ")
}

// What each kind of fault does to the clients of a cluster, and to a switch; and that
// everything is whole after the end of the faults and a recovery.
//
// spec: O-92, O-93, O-94, O-95, O-96, O-97, O-98
func TestWhatFaultsBreak(t *testing.T) {
	played := map[string]bool{}
	for _, c := range []struct {
		plan string
		prs  bool
		want string
	}{
		{"", false, ""},
		{"", true, "switch"},
		{"at 5s crash primary:commerce/0 for 3s", false, "waits"},
		{"at 5s crash mysqld:primary:commerce/0 for 3s", false, "errors, waits"},
		{"at 5s crash gate-1 for 3s", false, "errors"},
		{"at 5s crash topo for 3s", false, ""},
		{"at 6.1s crash vtctld for 3s", true, "errors, failed switch"},
		{"at 5s restart primary:commerce/0", false, "errors"},
		{"at 5s restart mysqld:primary:commerce/0", false, "errors, waits"},
		{"at 5s restart gate-1 for 2s", false, "errors"},
		{"at 5s pause primary:commerce/0 for 3s", false, "waits"},
		{"at 5s pause mysqld:primary:commerce/0 for 3s", false, "waits"},
		{"at 5s pause gate-1 for 3s", false, "waits"},
		{"at 6.1s pause vtctld for 3s", true, "waits, slow switch"},
		{"at 5s partition primary:commerce/0 peer gate-1 for 3s", false, "waits"},
		{"at 5s isolate primary:commerce/0 for 3s", false, "waits"},
		{"at 5s isolate mysqld:replicas:commerce/0 for 3s", false, "waits"},
		{"at 5s clog clients peer gate-1 for 3s", false, "waits"},
		{"at 5s clog clients peer gate-1\nat 6s unclog clients peer gate-1", false, ""},
		{"at 5s clog clients peer gate-1\nat 8s heal gate-1", false, "waits"},
		{"at 5s swizzle-clog cell:zone1 over 1s for 3s", false, "waits"},
		{"at 5s slow gate-1 peer primary:commerce/0 add 1s for 3s", false, "waits"},
		{"at 5s loss gate-1 peer primary:commerce/0 share 90% for 5s", false, "waits"},
		{"at 5s mute gate-1 peer clients message response for 1s", false, "errors"},
		{"at 5s reset clients peer gate-1\nat 5s refuse gate-1 for 3s", false, "errors"},
		{"at 5s clock-step primary:commerce/0 by 1h for 3s", false, ""},
		{"at 5s clock-drift host:primary:commerce/0 ppm 50000 for 3s", false, ""},
		{"at 5s stop-applier replicas:commerce/0 for 5s", true, "failed switch"},
		{"at 2s set-delay replicas:commerce/0 delay 3s for 20s", true, "waits, slow switch"},
		{"at 5s slow-disk primary:commerce/0 add 2s for 3s", false, "waits"},
		{"at 5s slow-disk primary:commerce/0 factor 2000 for 3s", false, "waits"},
		{"at 5s stall-disk primary:commerce/0 for 3s", false, "waits"},
		{"at 5s set-writable primary:commerce/0 value false\nat 7s set-writable primary:commerce/0 value true", false, "errors, waits"},
		{"at 5s drop-health replicas:commerce/0 peer gate-1 for 6s", true, "errors, switch"},
		{"at 5s hold-health replicas:commerce/0 for 6s", true, "waits, switch"},
		{"at 5s prs commerce/0 to zone1-101", false, "switch"},
		{"at 5s ers commerce/0", false, "switch"},
		{"at 5s break-applier replicas:commerce/0", true, "failed switch"},
		{"at 5s write-errant replicas:commerce/0", true, "errors, failed switch"},
		{"at 5s switch-mysql zone1-101", false, "errors, waits"},
		{"at 5s wipe-topo topo for 3s", true, "errors, failed switch"},
		{"at 5s lose-quorum topo for 3s", false, ""},
		{"at 5s lose-quorum topo for 3s", true, "slow switch"},
		{"at 5s stall-member topo member 0\nat 5s stall-member topo member 1\nat 5s stall-member topo member 2", true, "slow switch"},
		{"at 5s slow-topo topo add 1s for 5s", true, "slow switch"},
		{"at 5s stale-watch topo delay 1s for 9s", true, "switch"},
		{"at 5s break-watches topo way silent", true, "switch"},
		{"at 5s break-watches topo way closed", true, "switch"},
		{"at 6.1s expire-leases topo prefix /vitess/global/keyspaces", true, "errors, failed switch"},
	} {
		t.Run(c.plan, func(t *testing.T) {
			s, opts := withFaults(t, c.plan, c.prs)
			r := run(t, s, opts)
			require.Equal(t, c.want, harm(r))
			require.Empty(t, r.Findings())
			require.Zero(t, r.Statements.Unfinished)
			for i, f := range r.Faults {
				require.True(t, f.Fired && f.Ended, f.Line)
				require.Empty(t, f.Error)
				played[s.Faults[i].Do] = true
			}
		})
	}
	for _, k := range scenario.FaultKinds() {
		require.True(t, played[k.Name], "no case plays %s", k.Name)
	}
}

// often is a number for each day, and another one for the long form of the tests.
func often(day, night int) int {
	if simtest.Nightly() {
		return night
	}
	return day
}

// Each named pattern happens in the default switch, and leaves a cluster that becomes whole.
// Those that bring their own switch find it at rest.
func TestPatternsLeaveAWholeCluster(t *testing.T) {
	for _, p := range scenario.FaultPatterns() {
		t.Run(p.Name, func(t *testing.T) {
			plan, err := p.Plan(scenario.FaultKinds())
			require.NoError(t, err)
			s, opts := withFaults(t, plan.String(), p.Name != "prs-to-lagging-replica")
			for seed := range uint64(often(1, 20)) {
				opts.Seed = seed + 1
				r := run(t, s, opts)
				require.False(t, r.Outcome.Failed(), r.Outcome.Detail)
				require.Empty(t, r.Findings())
				for _, f := range r.Faults {
					require.True(t, f.Fired, f.Line)
					require.Empty(t, f.Error, f.Line)
				}
			}
		})
	}
}

// A fault that does not happen changes nothing: the run is the same, to the last choice of
// an exploring chooser. A fault without effect makes no choice and draws nothing.
func TestFaultsThatDoNotHappenChangeNothing(t *testing.T) {
	play := func(plan string) *runner.Result {
		s, opts := withFaults(t, "at 5s clog gates peer topo for 1s\n"+plan, true)
		s.Recovery, opts.Chooser = 0, explore.NewRandom(7, true)
		return run(t, s, opts)
	}
	base := play("")
	idle := play("when buffer.start keyspace=other crash gate-1\nwhen host host=gate-1 nth 99 pause topo\nafter buffer.start wait 1h prs commerce/0\n")
	require.Equal(t, base.Hash, idle.Hash)
	require.Equal(t, base.Decisions, idle.Decisions)
	for _, f := range idle.Faults[1:] {
		require.False(t, f.Fired, f.Line)
	}
	idle.Faults = base.Faults
	require.Equal(t, text(t, base), text(t, idle))

	stepped := play("at 4s clock-step topo by 1ms")
	require.Equal(t, base.Decisions, stepped.Decisions)
	require.NotEqual(t, base.Hash, stepped.Hash)
}

// A trigger happens in the very step of its event, also where the program holds locks, and
// an exploring chooser interrupts it anywhere.
func TestTriggersHitTheirEvent(t *testing.T) {
	for seed := range uint64(3) {
		s, opts := withFaults(t, "when tablet.state host=primary:commerce/0 nth 2 slow-disk primary:commerce/0 add 1ms for 1s\n"+
			"when tablet.step call=PromoteReplica step=begin crash primary:commerce/0 for 2s\nwhen net.reply host=vtctld nth 9 pause replicas:commerce/0 for 300ms", true)
		s.Recovery, opts.Chooser = 0, explore.NewRandom(seed, true)
		rec := trace.NewRecorder(trace.Filter{Kinds: []string{"fault", "tablet.step", "host"}})
		opts.Sink = rec
		r := run(t, s, opts)
		require.False(t, r.Outcome.Failed(), r.Outcome.Detail)
		var step, crash *trace.Event
		for i := range rec.Events() {
			switch e := &rec.Events()[i]; {
			case e.Kind == "tablet.step" && e.Text("call") == "PromoteReplica" && e.Text("step") == "begin" && step == nil:
				step = e
			case e.Kind == fault.KindInject && strings.Contains(e.Text("line"), "crash"):
				require.Nil(t, crash, "only once")
				crash = e
			}
		}
		require.Equal(t, step.Step, crash.Step)
		require.Equal(t, "zone1-0000000100", crash.Text("hosts"), "whoever is the primary at that time")
		for _, f := range r.Faults {
			require.True(t, f.Fired && f.Ended, f.Line)
		}
	}
}

// The fullest buffer is that of the gate that holds most requests at the time.
func TestFullestBuffer(t *testing.T) {
	s, opts := withFaults(t, "after buffer.start wait 150ms crash gate:fullest-buffer for 1s", true)
	s.Cluster.Gates[0].Count, s.Recovery = 3, 0
	s.Workload[0].Closed.Clients = 30
	s.Cluster.Steps.PromoteDelay = scenario.Constant(2 * time.Second)
	held := map[string]int64{"gate-1": 0, "gate-2": 0, "gate-3": 0}
	fewer := 0
	opts.Sink = sinkFunc(func(e trace.Event) {
		switch {
		case e.Kind == "buffer.buffered" || e.Kind == "buffer.released":
			held[e.Host] = e.Number("slots")
		case e.Kind == fault.KindInject:
			most := e.Text("hosts")
			for gate, n := range held {
				require.LessOrEqual(t, n, held[most], "%s holds %d, %s holds %d", gate, n, most, held[most])
				if n < held[most] {
					fewer++
				}
			}
		}
	})
	run(t, s, opts)
	require.Positive(t, fewer, "all gates hold the same")
}

type sinkFunc func(trace.Event)

// Record implements trace.Sink.
func (f sinkFunc) Record(e trace.Event) { f(e) }

// Every step of a switch, each with the process that takes it dying there: in the end
// everything is whole.
//
// spec
func TestCrashAtEveryStep(t *testing.T) {
	s, opts := withFaults(t, "", true)
	rec := trace.NewRecorder(trace.Filter{})
	opts.Sink = rec
	run(t, s, opts)
	opts.Sink = nil
	plans, err := fault.StepPlans(rec.Events(), sim.Time(6*time.Second), []string{"tablet.step", "reparent.phase"},
		[]string{"call", "step", "phase", "what"}, "crash {host} for 4s", scenario.FaultKinds())
	require.NoError(t, err)
	require.Greater(t, len(plans), 40)
	for i, plan := range plans {
		if i%often(6, 1) != 0 {
			continue
		}
		s.Faults = []scenario.FaultLine{{Fault: plan[0]}}
		r := run(t, s, opts)
		require.False(t, r.Outcome.Failed(), "%s%s", plan, r.Outcome.Detail)
		require.Empty(t, r.Findings(), plan.String())
		require.True(t, r.Faults[0].Fired && r.Faults[0].Ended, plan.String())
	}
}
