package buffer_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"

	"bufsim/gate/buffer"
	"bufsim/gate/metrics"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

// discard is a sink that keeps nothing.
type discard struct{}

func (discard) Record(trace.Event) {}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// The names, types, labels and zero series of a shard that was only heard of, and the same
// after a failover.
// spec: B-73, B-74, buffer 9
func TestExposition(t *testing.T) {
	heardOf := newStory(ev(0, 1, true)).run(t).reg.Snapshot().Text()
	golden(t, "heard-of.prom", heardOf)
	failedOver := newStory(
		req("R1", 0, F), req("R2", 1, N),
		at(2, func(s *story) {
			e := keyspaceEvent(1, true, "0")
			e.MoveTables = buffer.MoveTables{Type: buffer.MoveTablesRegular, State: buffer.MoveTablesSwitched}
			s.buffer.HandleKeyspaceEvent(e)
		}),
	).run(t).reg.Snapshot().Text()
	golden(t, "failed-over.prom", failedOver)
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(strings.NewReader(failedOver))
	require.NoError(t, err)
	require.Len(t, families, 14, "families of section 9")
}

// spec: B-9
func TestCallAfterShutdownMakesNoOtherSeries(t *testing.T) {
	s := newStory(shutdown(0), req("R1", 1, F)).run(t)
	require.Len(t, s.reg.Snapshot().Samples(), 2, "the size and one skip")
	require.EqualValues(t, 1, s.counts()["requests_skipped{Shutdown}"])
}

// spec: buffer 7.2, B-69, B-70
func TestLogLines(t *testing.T) {
	s := newStory(
		ev(0, 1, true), req("R1", 1, F), req("R2", 2, N), ev(4.25, 2, true),
		req("R3", 5, F), req("R4", 6, F), req("R5", 10, F), req("R6", 10.001, F), ev(50, 3, true), req("R7", 80, F),
	)
	s.cfg.KeyspaceShards = "ks"
	s.run(t)
	golden(t, "log.txt", strings.Join(s.logLines("info"), "\n")+"\n")

	dry := newStory(req("R1", 0, F), ev(1, 2, true), req("R2", 2, F))
	dry.cfg.Enabled, dry.cfg.DryRun = false, true
	dry.run(t)
	golden(t, "log-dry-run.txt", strings.Join(dry.logLines("info"), "\n")+"\n")
}

// spec: buffer 7.2
func TestConfigurationLines(t *testing.T) {
	tests := []struct {
		name   string
		change func(*buffer.Config)
		want   []string
	}{
		{"off", func(c *buffer.Config) {}, []string{"vtgate buffer not enabled."}},
		{"on", func(c *buffer.Config) { c.Enabled = true }, []string{"vtgate buffer enabled. PRIMARY requests will be buffered during detected failovers."}},
		{"keyspaces", func(c *buffer.Config) { c.Enabled, c.KeyspaceShards = true, "a,b" }, []string{
			"vtgate buffer enabled. PRIMARY requests will be buffered during detected failovers.",
			"Buffering limited to configured keyspaces: a, b.",
		}},
		{"shards", func(c *buffer.Config) { c.Enabled, c.KeyspaceShards = true, "ks/0" }, []string{
			"vtgate buffer enabled. PRIMARY requests will be buffered during detected failovers.",
			"Buffering limited to configured  and shards: ks/0.",
		}},
		{"both, and dry run", func(c *buffer.Config) { c.Enabled, c.DryRun, c.KeyspaceShards = true, true, "a,b/0" }, []string{
			"vtgate buffer in dry-run mode enabled for all requests. Dry-run bufferings will log failovers but not buffer requests.",
			"vtgate buffer enabled. PRIMARY requests will be buffered during detected failovers.",
			"Buffering limited to configured keyspaces: ashards: b/0. Dry-run mode is overridden for these entries and actual buffering will take place.",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStory(at(0, func(*story) {}))
			s.cfg.Enabled = false
			test.change(&s.cfg)
			require.Equal(t, test.want, s.run(t).logLines("info"))
		})
	}
}

// spec: B-77
func TestStartLineIsSanitised(t *testing.T) {
	start := func(text string, b release.Behaviors) string {
		s := newStory(req("R1", 0, func() error { return vterr.New(vterr.ClusterEvent, text) }))
		s.behaviors = b
		for _, line := range s.run(t).logLines("info") {
			if _, after, ok := strings.Cut(line, "seen error: "); ok {
				return strings.TrimSuffix(after, ".)")
			}
		}
		return ""
	}
	tests := []struct{ name, text, want string }{
		{"plain", "not serving", "not serving"},
		{"query", `failed, BindVars: {a: 1}, Sql: "select 1"`, "failed"},
		{"query first", `failed: Sql: "select 1", BindVars: {a: 1}`, "failed"},
		{"position", "syntax error at position 12 near 'secret'", "syntax error at position 12"},
		{"position without a number", "syntax error at position near", "syntax error at position near"},
		{"duplicate", "Duplicate entry 'bob' for key 'a', Duplicate entry 'eve' for key 'b'", "Duplicate entry '<val>' for key 'a', Duplicate entry '<val>' for key 'b'"},
		{"incorrect", "Incorrect integer value: 'abc' for column 'x'", "Incorrect integer value: '<val>' for column 'x'"},
		{"incorrect usage", "Incorrect usage of UNION", "Incorrect usage of UNION"},
		{"unfinished", "Duplicate entry 'bob", "Duplicate entry 'bob"},
		{"long", strings.Repeat("x", 500), strings.Repeat("x", 384)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, start(test.text, release.Latest().Behaviors)) })
	}
	require.Equal(t, "Code: CLUSTER_EVENT\nx, Sql: y\n", start("x, Sql: y", behaviorsOf(t, "v13")))
}

// spec: B-30, B-79
func TestContextErrorText(t *testing.T) {
	var err error
	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		cfg := buffer.DefaultConfig()
		cfg.Enabled = true
		b := buffer.New(env, cfg, metrics.NewRegistry(env), release.Latest().Behaviors)
		ctx, _ := env.WithTimeout(env.Background(), sec(1))
		_, err = b.WaitForFailoverEnd(ctx, "ks", "0", nil, F())
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.EqualError(t, err, "Code: UNAVAILABLE\ncontext was canceled before failover finished\n: context deadline exceeded")
	require.Equal(t, vterr.Unavailable, vterr.CodeOf(err))
}

// Each kind of event that is emitted is documented, with these fields in this order; and each
// documented kind is emitted.
func TestTraceKindsAreDocumented(t *testing.T) {
	s := newStory(
		ev(0, 1, true), req("R1", 1, F), req("R2", 2, N, contextEnds(1)), req("R3", 3, N), ev(4, 2, true), req("R4", 5, F),
		req("R5", 80, F), req("R6", 80, F), shutdown(91), req("R7", 92, F),
	)
	s.watcher = &refusals{0}
	s.run(t)
	refused := newStory(req("R1", 1, F))
	refused.watcher = &refusals{1}
	refused.run(t)
	documented := map[trace.Kind]string{}
	for _, doc := range buffer.TraceKinds() {
		documented[doc.Kind] = doc.Fields
	}
	seen := map[trace.Kind]bool{}
	for _, e := range append(s.log.Events(), refused.log.Events()...) {
		if !strings.HasPrefix(string(e.Kind), "buffer.") {
			continue
		}
		var keys []string
		for _, f := range e.Fields {
			keys = append(keys, f.Key)
		}
		require.Equal(t, documented[e.Kind], strings.Join(keys, " "), string(e.Kind))
		seen[e.Kind] = true
	}
	require.Len(t, seen, len(documented))
}

// spec: B-5..B-7
func TestClassificationOfPlainErrors(t *testing.T) {
	newest := release.Latest().Behaviors
	require.False(t, buffer.CausedByFailover(errors.New(vterr.TextReparent), newest))
	require.False(t, buffer.DueToReparent(vterr.BeingResharded()))
	require.True(t, buffer.DueToReparent(vterr.New(vterr.ClusterEvent, "anything")))
	require.Empty(t, buffer.FailoverReason(vterr.New(vterr.Unavailable, vterr.TextReparent), newest))
}

// spec: buffer 2.1
func TestConfigurationFromFlags(t *testing.T) {
	gate := flags.Defaults(release.Latest()).VTGate
	gate.EnableBuffer, gate.BufferKeyspaceShards = true, "ks/-80"
	cfg := buffer.ConfigOf(gate)
	require.Equal(t, buffer.Config{
		Enabled: true, Size: 1000, Window: sec(10), MaxFailoverDuration: sec(20), MinTimeBetweenFailovers: sec(60),
		DrainConcurrency: 1, KeyspaceShards: "ks/-80",
	}, cfg)
	s := newStory(req("R1", 0, F), req("R2", 0, F, onShard("-80")))
	s.cfg = cfg
	s.run(t)
	require.Equal(t, cfg, s.buffer.GetConfig())
	require.Equal(t, map[string]string{"R1": "pass@0s", "R2": "ok@10s"}, s.results, "only the listed shard is buffered")
}
