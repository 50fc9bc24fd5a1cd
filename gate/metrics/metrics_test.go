package metrics_test

import (
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"

	"bufsim/gate/metrics"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// inWorld runs fn in a world of its own and expects a normal end.
func inWorld(t *testing.T, cfg sim.Config, fn func(*sim.Env)) {
	t.Helper()
	w := sim.New(cfg)
	w.AddHost("gate-1", sim.HostOptions{}, fn)
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
}

func stops() metrics.Family {
	return metrics.Family{
		Name: "vtgate_buffer_stops", Help: `Ends of "buffering" by C:\reason`, Type: metrics.Counter,
		Labels: []string{"keyspace", "shard_name", "reason"},
	}
}

func TestTextIsSortedAndEscaped(t *testing.T) {
	var text string
	inWorld(t, sim.Config{}, func(env *sim.Env) {
		reg := metrics.NewRegistry(env)
		v := reg.Register(stops())
		reg.Register(metrics.Family{Name: "vtgate_buffer_size", Help: "Slots.", Type: metrics.Gauge}).With().Set(10)
		reg.Register(metrics.Family{Name: "vtgate_buffer_starts", Help: "Nobody counted yet.", Type: metrics.Counter})
		v.With("ks2", "0", "Shutdown").Add(2)
		v.With("ks1", "80-", "Shutdown")
		v.With("ks1", "-80", "New\n\"Primary\"").Add(7)
		v.With("ks1", "-80", `a\b`).Add(-1)
		text = reg.Snapshot().Text()
	})
	require.Equal(t, `# HELP vtgate_buffer_size Slots.
# TYPE vtgate_buffer_size gauge
vtgate_buffer_size 10
# HELP vtgate_buffer_stops Ends of "buffering" by C:\\reason
# TYPE vtgate_buffer_stops counter
vtgate_buffer_stops{keyspace="ks1",reason="New\n\"Primary\"",shard_name="-80"} 7
vtgate_buffer_stops{keyspace="ks1",reason="Shutdown",shard_name="80-"} 0
vtgate_buffer_stops{keyspace="ks1",reason="a\\b",shard_name="-80"} -1
vtgate_buffer_stops{keyspace="ks2",reason="Shutdown",shard_name="0"} 2
`, text)
}

// A reader of the Prometheus project reads back what was written.
func TestPrometheusReadsTheText(t *testing.T) {
	awkward := "a \"quoted\" \\ back\nslash"
	var text string
	inWorld(t, sim.Config{}, func(env *sim.Env) {
		reg := metrics.NewRegistry(env)
		v := reg.Register(stops())
		v.With("ks", awkward, "Shutdown").Add(3)
		v.With("ks", "0", "Shutdown").Add(4)
		text = reg.Snapshot().Text()
	})
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(t, err)
	family := families["vtgate_buffer_stops"]
	require.Equal(t, stops().Help, family.GetHelp())
	require.Equal(t, "COUNTER", family.GetType().String())
	require.Len(t, family.GetMetric(), 2)
	second := family.GetMetric()[1]
	require.InDelta(t, 3, second.GetCounter().GetValue(), 0)
	names, values := []string{}, []string{}
	for _, label := range second.GetLabel() {
		names, values = append(names, label.GetName()), append(values, label.GetValue())
	}
	require.Equal(t, []string{"keyspace", "reason", "shard_name"}, names)
	require.Equal(t, []string{"ks", "Shutdown", awkward}, values)
}

// spec: buffer 9
func TestDotsBecomeUnderscores(t *testing.T) {
	inWorld(t, sim.Config{}, func(env *sim.Env) {
		v := metrics.NewRegistry(env).Register(stops())
		v.With("my.ks", "0", "Shutdown").Add(1)
		env.Assert(v.With("my_ks", "0", "Shutdown").Value() == 1, "same-series")
	})
}

func TestSnapshotAnswersQuestions(t *testing.T) {
	inWorld(t, sim.Config{}, func(env *sim.Env) {
		reg := metrics.NewRegistry(env)
		reg.Register(stops()).With("ks", "0", "Shutdown").Add(5)
		snap := reg.Snapshot()
		env.Assert(snap.Map()[`vtgate_buffer_stops{keyspace="ks",reason="Shutdown",shard_name="0"}`] == 5, "map")
		env.Assert(snap.Samples()[0].Label("reason") == "Shutdown", "label")
		env.Assert(snap.Samples()[0].Label("cell") == "", "no-label")
	})
}

func TestMisuseEndsTheWorld(t *testing.T) {
	for id, misuse := range map[string]func(*metrics.Registry){
		"metrics-name-taken":  func(r *metrics.Registry) { r.Register(stops()); r.Register(stops()) },
		"metrics-label-count": func(r *metrics.Registry) { r.Register(stops()).With("ks") },
	} {
		w := sim.New(sim.Config{})
		w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) { misuse(metrics.NewRegistry(env)) })
		out := w.Run()
		require.Equal(t, sim.AssertionFailed, out.Kind)
		require.Equal(t, id, out.ID)
	}
}

func TestNoCountIsLostUnderAnySchedule(t *testing.T) {
	for seed := range uint64(20) {
		inWorld(t, sim.Config{Chooser: explore.NewRandom(seed, true)}, func(env *sim.Env) {
			v := metrics.NewRegistry(env).Register(stops())
			group := env.NewWaitGroup("adders")
			for range 5 {
				group.Go("adder", func() {
					for range 10 {
						v.With("ks", "0", "Shutdown").Add(1)
					}
				})
			}
			group.Wait()
			env.Assert(v.With("ks", "0", "Shutdown").Value() == 50, "lost-count")
		})
	}
}
