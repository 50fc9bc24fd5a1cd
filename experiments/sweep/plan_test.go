package sweep

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
)

const header = "apiVersion: bufsim/v1\nname: p\n"

// plan reads a plan from text.
func plan(t testing.TB, text string) *Plan {
	t.Helper()
	p, err := parsePlan("plan.yaml", []byte(header+text))
	require.NoError(t, err)
	return p
}

func resolved(t testing.TB, text string) *Resolved {
	t.Helper()
	r, err := plan(t, text).Resolve(nil)
	require.NoError(t, err)
	return r
}

// rows are the values of all points.
func rows(r *Resolved) (list [][]string) {
	for _, p := range r.Points {
		list = append(list, p.At)
	}
	return list
}

func TestLoadPlan(t *testing.T) {
	p, err := LoadPlan("testdata/small.yaml")
	require.NoError(t, err)
	require.Equal(t, &Plan{
		APIVersion: scenario.APIVersion, Name: "small", Title: "Two windows", Scenario: "default", Release: "v24",
		Vary:  Axes{{Name: "buffer-window", Values: []string{"1s", "10s"}}, {Name: "prs", Values: []string{"4s"}}, {Name: "lag", Values: []string{"100ms"}}},
		Seeds: "1-3", Dir: "testdata",
	}, p)
	r, err := p.Resolve(nil)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"1s", "4s", "100ms"}, {"10s", "4s", "100ms"}}, rows(r))
	require.Equal(t, "outage 4s, lag 100ms", r.Variant(r.Points[0].At))
	require.Equal(t, 6, r.Runs())

	_, err = LoadPlan("testdata/none.yaml")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A mistake in a file is named with file, line and column.
func TestPlanMistakes(t *testing.T) {
	for text, want := range map[string][]string{
		header + "flagg: x\n":                      {"plan.yaml: [3:1]", "flagg"},
		header + "vary: 7\n":                       {"plan.yaml: [3:"},
		header + "vary: {buffer-window: {a: 1}}\n": {"plan.yaml: ", "vary: buffer-window: write a list such as [1s, 2s] or a range"},
		header + "vary: {buffer-window: 9s..1s}\n": {"plan.yaml: ", "the range ends before it begins"},
		header + "until_halfwidth: much\n":         {"plan.yaml: ", "much"},
		header + "name: q\n":                       {"plan.yaml: [3:1]", "name"},
		"name: p\n":                                {"plan.yaml: apiVersion is \"\"", "bufsim/v1"},
		"apiVersion: bufsim/v9\nname: p\n":         {"plan.yaml: apiVersion is \"bufsim/v9\""},
		"a: [\n":                                   {"plan.yaml: ["},
		"":                                         {"plan.yaml: "},
	} {
		_, err := parsePlan("plan.yaml", []byte(text))
		for _, part := range want {
			require.ErrorContains(t, err, part, text)
		}
	}
}

// Whatever can be known to be wrong is said before any run.
func TestResolveErrors(t *testing.T) {
	const vary = "vary: {buffer-window: 1s}\n"
	for text, want := range map[string]string{
		"scenario: none.yaml\n" + vary: "none.yaml",
		"release: v1\n" + vary:         "v1",
		"":                             "the plan varies nothing",
		"vary: {buffer-window: []}\n":  "buffer-window has no values",
		"vary: {bufer-window: 1s}\n":   `there is no axis "bufer-window"; did you mean "buffer-window"?`,
		"vary: {buffer-window: 1s, buffer_window: 2s}\n":                "buffer-window appears twice",
		"vary: {buffer-window: soon}\n":                                 "soon",
		"vary: {buffer-size: -1}\n":                                     "buffer-size=-1: ",
		"vary: {buffer-max-failover-duration: 5s}\n":                    "buffer-max-failover-duration=5s: ",
		"vary: {prs: long}\n":                                           `prs: "long" is not a duration`,
		"vary: {lag: -1s}\n":                                            `lag: "-1s" is not a duration`,
		"vary: {release: v1}\n":                                         "v1",
		"vary: {scenario: none.yaml}\n":                                 "none.yaml",
		"vary: {clients: 0}\nscenario: 4\n":                             "no closed group",
		"vary: {clients: 0}\n":                                          `clients: "0" is not a whole number from 1 on`,
		"vary: {qps: 10}\n":                                             "no open group",
		"vary: {durability: strong}\n":                                  `"strong" is not one of none, semi_sync`,
		vary + "random: -1\n":                                           "-1 points",
		vary + "seeds: 9-1\n":                                           "seeds: ",
		vary + "seeds: 1-10000001\n":                                    "more than 10000000 runs",
		vary + "seeds: 1-9223372036854775807\n":                         "more than 10000000 runs",
		"vary: {buffer-window: 1..1000, lag: 1s..1000s, prs: 1s..2s}\n": "more than 100000 points",
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
		p := plan(t, "vary: {buffer-window: 1s}\n")
		p.Scenario, p.Dir = name, dir
		r, err := p.Resolve(nil)
		require.NoError(t, err)
		require.Equal(t, want, r.Scenarios())
	}
}

// Each axis changes what it names in the points' settings, and the scenario that was
// loaded is left alone.
func TestAxes(t *testing.T) {
	set := func(axis, value string) Setting {
		return resolved(t, "scenario: default\nvary: {"+axis+": "+value+"}\n").Points[0].Setting
	}
	base := set("buffer-window", "10s").Scenario
	require.Equal(t, 2*time.Second, set("lag", "2s").Scenario.Cluster.MySQL.ReplicationDelay.Std())
	// Less what semi-sync takes. spec: R-91
	require.Equal(t, scenario.Constant(2940*time.Millisecond), set("prs", "4s").Scenario.Cluster.Steps.PromoteDelay)
	require.Equal(t, scenario.Constant(0), set("prs", "500ms").Scenario.Cluster.Steps.PromoteDelay)
	require.Equal(t, 77, set("clients", "77").Scenario.Workload[0].Closed.Clients)
	require.Equal(t, scenario.Constant(time.Second), set("think", "1s").Scenario.Workload[0].Closed.Think)
	require.Equal(t, 3, set("gates", "3").Scenario.Cluster.Gates[0].Count)
	require.Equal(t, scenario.DurabilityNone, set("durability", "none").Scenario.Cluster.Keyspaces[0].Durability)
	require.Equal(t, "v13", set("release", "v13").Profile.Name)
	require.Equal(t, "4-quick-prs", set("scenario", "4").Scenario.Name)
	require.Equal(t, 7, set("buffer_size", "7").Flags.VTGate.BufferSize)
	again := set("buffer-window", "10s").Scenario
	require.Equal(t, base.Hash(), again.Hash())

	open := *base
	open.Workload = []scenario.ClientGroup{{Open: &scenario.Open{Rate: 5}}}
	varied, err := Vary(&open, "qps", "200")
	require.NoError(t, err)
	require.Equal(t, scenario.Rate(200), varied.Workload[0].Open.Rate)
	require.Equal(t, scenario.Rate(5), open.Workload[0].Open.Rate)
	_, err = Vary(base, "release", "v13")
	require.ErrorContains(t, err, `"release" is not one of prs, lag`)
}

// A release's own defaults and the flags of the command line hold at each point, and
// a window above the maximum failover duration raises that unless it varies itself.
func TestFlagsOfPoints(t *testing.T) {
	r := resolved(t, "vary: {buffer-window: [1s, 25s], release: [v12, v24]}\n")
	require.Equal(t, [][]string{{"1s", "v12"}, {"25s", "v12"}, {"1s", "v24"}, {"25s", "v24"}}, rows(r))
	limits := func(r *Resolved) (list []time.Duration) {
		for _, p := range r.Points {
			list = append(list, p.Setting.Flags.VTGate.BufferMaxFailoverDuration)
		}
		return list
	}
	require.Equal(t, []time.Duration{20 * time.Second, 25 * time.Second, 20 * time.Second, 25 * time.Second}, limits(r))
	require.NotEqual(t, r.Points[0].Setting.Flags.VTGate.BufferSize, r.Points[2].Setting.Flags.VTGate.BufferSize)

	asked := 0
	r, err := plan(t, "vary: {buffer-window: [1s, 2s], lag: [0s, 1s]}\n").Resolve(func(s *scenario.Scenario, p release.Profile) (flags.Set, error) {
		asked++
		set, err := s.FlagSet(p)
		set.VTGate.BufferSize = 5
		return set, err
	})
	require.NoError(t, err)
	require.Equal(t, 1, asked, "once for a scenario and a release")
	require.Equal(t, 5, r.Points[3].Setting.Flags.VTGate.BufferSize)

	_, err = plan(t, "vary: {buffer-window: 30s, buffer-max-failover-duration: [20s, 40s]}\n").Resolve(nil)
	require.ErrorContains(t, err, "--buffer-window=30s --buffer-max-failover-duration=20s: ")
}

// The hash tells plans apart, and no seed takes part in it.
func TestPlanHash(t *testing.T) {
	base := resolved(t, "vary: {buffer-window: [1s, 2s]}\nseeds: 1-3\n").Hash
	require.Equal(t, base, resolved(t, "vary: {buffer_window: 1s..2s}\nseeds: 1-9\n").Hash)
	for _, text := range []string{
		"vary: {buffer-window: [1s, 3s]}\n", "vary: {buffer-window: [1s, 2s]}\nrelease: v19\n",
		"vary: {buffer-window: [1s, 2s], lag: 1s}\n", "vary: {buffer-window: [1s, 2s]}\nscenario: 3\n",
	} {
		require.NotEqual(t, base, resolved(t, text).Hash, text)
	}
}

// Random points lie in their ranges and depend on nothing but the plan; one axis more
// leaves the draws of the others alone.
func TestRandomDesign(t *testing.T) {
	one := resolved(t, "vary: {buffer-window: 1s..9s, buffer-size: 2..5}\nrandom: 50\n")
	two := resolved(t, "vary: {buffer-window: 1s..9s, lag: [0s, 4s], buffer-size: 2..5}\nrandom: 50\n")
	require.Len(t, one.Points, 50)
	seen := map[string]bool{}
	for i, p := range one.Points {
		d, err := time.ParseDuration(p.At[0])
		require.NoError(t, err)
		require.True(t, time.Second <= d && d <= 9*time.Second, p.At[0])
		require.Contains(t, []string{"2", "3", "4", "5"}, p.At[1])
		require.Equal(t, p.At, []string{two.Points[i].At[0], two.Points[i].At[2]})
		seen[p.At[0]] = true
	}
	require.Greater(t, len(seen), 40, "not only the whole seconds")
}

// No text makes the reader panic, and what it accepts can be resolved or is
// refused with an error.
func FuzzParsePlan(f *testing.F) {
	f.Add([]byte(header + "vary: {buffer-window: [1s, 2s]}\nseeds: 1-3\n"))
	f.Add([]byte(header + "vary: {buffer-window: 1s..5s, prs: 3s}\nrandom: 3\n"))
	f.Add([]byte("&a [*a]"))
	f.Add([]byte("prs: !000 ")) // makes the YAML decoder panic
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := parsePlan("plan.yaml", src)
		if err != nil {
			require.Nil(t, p)
			return
		}
		points := 1
		for _, a := range p.Vary {
			if a.Name == "scenario" {
				return // reads no files
			}
			points *= len(a.Values)
		}
		if p.Scenario != "" || points > 1000 || p.Random > 1000 {
			return
		}
		r, err := p.Resolve(nil)
		if err == nil {
			require.NotEmpty(t, r.Points)
		}
	})
}
