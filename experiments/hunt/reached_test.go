package hunt

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/sim/fault"
	"bufsim/sim/trace"
)

// The list of marks is that of the programs.
func TestMarksAreThoseOfTheGate(t *testing.T) {
	var emitted, listed []string
	call := regexp.MustCompile(`\.Mark\("([a-z-]+)"\)`)
	require.NoError(t, filepath.Walk("../../gate", func(path string, _ os.FileInfo, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			emitted = append(emitted, m[1])
		}
		return err
	}))
	for _, m := range marks() {
		listed = append(listed, m.Name)
	}
	slices.Sort(emitted)
	require.Equal(t, slices.Compact(emitted), listed)
}

// What never happened is told: kinds of faults that could be drawn, and marks.
func TestGapsTellOfFaultsAndMarks(t *testing.T) {
	reached := Reached{}
	sink := &reacher{reached: reached}
	sink.Record(trace.Event{Kind: fault.KindInject, Fields: []trace.Field{trace.Str("line", "at 6s crash zone1-100 for 3s")}})
	sink.Record(trace.Event{Kind: trace.KindMark, Fields: []trace.Field{trace.Str("id", "inconsistent-state")}})
	var names []string
	for _, g := range reached.gaps(nil, []string{"mark", "fault"}, []string{"crash", "pause"}) {
		names = append(names, g.Name)
	}
	require.NotContains(t, names, "fault.inject crash")
	require.Contains(t, names, "fault.inject pause")
	require.NotContains(t, names, "fault.inject isolate", "it could not be drawn")
	require.NotContains(t, names, "mark inconsistent-state")
	require.Contains(t, names, "mark keyspace-event-dropped")
}

// Kinds of faults that do not exist are told, with what was meant.
func TestCheckFaultKinds(t *testing.T) {
	require.NoError(t, CheckFaultKinds([]string{"crash", "lock-lost"}))
	require.NoError(t, CheckFaultKinds([]string{NoFaults}))
	require.ErrorContains(t, CheckFaultKinds([]string{"crsh"}), `did you mean "crash"?`)
	require.ErrorContains(t, CheckFaultKinds([]string{"xyzzyxyzzy"}), "`bufsim faults` lists them")
	require.ErrorContains(t, CheckFaultKinds([]string{NoFaults, "crash"}), "stands alone")
}

// Clusters draw only the faults that were asked for, and those in each run.
func TestFaultKindsRestrictTheDraw(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(60) {
		o := Options{Release: "v24", Worlds: []string{"cluster"}, Faults: []string{"crash", "wipe-topo"}}
		in, err := o.Input(seed)
		require.NoError(t, err)
		for _, f := range in.Scenario.Faults {
			seen[f.Do] = true
		}
		o.Faults = []string{NoFaults}
		in, err = o.Input(seed)
		require.NoError(t, err)
		require.Empty(t, in.Scenario.Faults)
	}
	require.Equal(t, map[string]bool{"crash": true, "wipe-topo": true}, seen)
}
