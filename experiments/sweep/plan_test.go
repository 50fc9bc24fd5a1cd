package sweep

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/scenario"
)

const header = "apiVersion: bufsim/v1\nname: p\n"

// plan reads a plan from text.
func plan(t testing.TB, text string) *Plan {
	t.Helper()
	p, err := parsePlan("plan.yaml", []byte(header+text))
	require.NoError(t, err)
	return p
}

func TestLoadPlan(t *testing.T) {
	p, err := LoadPlan("testdata/small.yaml")
	require.NoError(t, err)
	require.Equal(t, &Plan{
		APIVersion: scenario.APIVersion, Name: "small", Title: "Two windows", Scenario: "default", Release: "v24",
		Flag: "buffer-window", Values: []string{"1s", "10s"}, PRS: []string{"4s"}, Lag: []string{"100ms"}, Seeds: "1-3", dir: "testdata",
	}, p)
	r, err := p.Resolve(nil)
	require.NoError(t, err)
	v := Variant{PRS: 4 * time.Second, Lag: 100 * time.Millisecond}
	require.Equal(t, []Point{{"1s", v}, {"10s", v}}, r.Points)
	require.Equal(t, "outage 4s, lag 100ms", v.Label())
	require.Equal(t, 3, r.runs())

	_, err = LoadPlan("testdata/none.yaml")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A mistake in a file is named with file, line and column.
func TestPlanMistakes(t *testing.T) {
	for text, want := range map[string][]string{
		header + "flagg: x\n":              {"plan.yaml: [3:1]", "flagg"},
		header + "values: {a: 1}\n":        {"plan.yaml: [3:"},
		header + "name: q\n":               {"plan.yaml: [3:1]", "name"},
		"name: p\n":                        {"plan.yaml: apiVersion is \"\"", "bufsim/v1"},
		"apiVersion: bufsim/v9\nname: p\n": {"plan.yaml: apiVersion is \"bufsim/v9\""},
		"a: [\n":                           {"plan.yaml: ["},
		"":                                 {"plan.yaml: "},
	} {
		_, err := parsePlan("plan.yaml", []byte(text))
		for _, part := range want {
			require.ErrorContains(t, err, part, text)
		}
	}
}

// Whatever can be known to be wrong is said before any run.
func TestResolveErrors(t *testing.T) {
	for text, want := range map[string]string{
		"scenario: none.yaml\nflag: buffer-window\nvalues: [1s]\n":              "none.yaml",
		"release: v1\nflag: buffer-window\nvalues: [1s]\n":                      "v1",
		"flag: buffer-window\n":                                                 "no values",
		"flag: no-such-flag\nvalues: [1]\n":                                     "no-such-flag",
		"flag: buffer-window\nvalues: [soon]\n":                                 "soon",
		"flag: buffer-size\nvalues: [-1]\n":                                     "buffer",
		"flag: buffer-window\nvalues: [1s]\nprs: [long]\n":                      `prs: "long" is not a duration`,
		"flag: buffer-window\nvalues: [1s]\nlag: [-1s]\n":                       `lag: "-1s" is not a duration`,
		"flag: buffer-window\nvalues: [1s]\nseeds: 9-1\n":                       "seeds: ",
		"flag: buffer-window\nvalues: [1s, 2s]\nseeds: 1-500001\n":              "more than 1000000 runs",
		"flag: buffer-window\nvalues: [1s, 2s]\nseeds: 1-9223372036854775807\n": "more than 1000000 runs",
	} {
		_, err := plan(t, text).Resolve(nil)
		require.ErrorContains(t, err, want, text)
	}
}

// The scenario stands beside the plan, or is a built-in one.
func TestScenarioOfAPlan(t *testing.T) {
	dir := t.TempDir()
	s, err := scenario.Builtin("3", scenario.VitessOptions())
	require.NoError(t, err)
	s.Name = "mine"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.yaml"), s.Marshal(), 0o644))
	for name, want := range map[string]string{"": "default", "5": "5-too-many-connections", "mine.yaml": "mine"} {
		p := plan(t, "flag: buffer-window\nvalues: [1s]\n")
		p.Scenario, p.dir = name, dir
		r, err := p.Resolve(nil)
		require.NoError(t, err)
		require.Equal(t, want, r.Scenario.Name)
	}
}

// A window above the maximum failover duration raises that; the scenario's own
// values are left alone.
func TestPointsOfAPlan(t *testing.T) {
	r, err := plan(t, "flag: buffer-window\nvalues: [1s, 40s]\nprs: [500ms, 3s]\nlag: [0s, 2s]\n").Resolve(nil)
	require.NoError(t, err)
	require.Len(t, r.Points, 2*2*2)
	before := r.Scenario.Marshal()
	for _, p := range r.Points {
		set, err := r.FlagsAt(p)
		require.NoError(t, err)
		require.GreaterOrEqual(t, set.VTGate.BufferMaxFailoverDuration, set.VTGate.BufferWindow)
		s := r.ScenarioAt(p)
		require.Equal(t, p.Variant.Lag, s.Cluster.MySQL.ReplicationDelay.Std())
		want := scenario.Constant(max(0, p.Variant.PRS-1060*time.Millisecond)) // less what semi-sync takes
		require.Equal(t, want, s.Cluster.Steps.PromoteDelay)
	}
	require.Equal(t, before, r.Scenario.Marshal())
	require.Equal(t, "as in the scenario", Variant{}.Label())
	require.Equal(t, "lag 2s", Variant{Lag: 2 * time.Second}.Label())
}

// No text makes the reader panic, and what it accepts can be resolved or is
// refused with an error.
func FuzzParsePlan(f *testing.F) {
	f.Add([]byte(header + "flag: buffer-window\nvalues: [1s, 2s]\nseeds: 1-3\n"))
	f.Add([]byte("apiVersion: bufsim/v1\nprs: [1s]\n"))
	f.Add([]byte("&a [*a]"))
	f.Add([]byte("prs: !000 ")) // makes the YAML decoder panic
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := parsePlan("plan.yaml", src)
		if err != nil {
			require.Nil(t, p)
			return
		}
		if p.Scenario != "" || len(p.PRS)*len(p.Lag)*len(p.Values) > 1000 {
			return // reads no files
		}
		r, err := p.Resolve(nil)
		if err == nil {
			require.NotEmpty(t, r.Points)
		}
	})
}
