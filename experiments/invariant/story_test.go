package invariant_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"bufsim/experiments/invariant"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// Each invariant has a story: traces made by hand in which it holds, and in which it does
// not. A line of a trace is an instant, a host with a proc, a kind and fields:
//
//	6.2s zone1-0000000100/tm tablet.state type=PRIMARY state=Serving pts=7
//
// Unquoted digits are a number. The hosts zone1-0000000100 to ...102 are the tablets of
// commerce/0.
//
// spec: T-50a, O-92, D-93, D-94, R-120, R-208, GI-1, GI-3, GI-5, GI-6, GI-7, DI-12, T-151, R-66, R-220, R-221, T-154, T-156, DI-11, P-21, P-24, GI-11, T-152, T-153, R-222, R-223, R-224, R-225, R-226, R-227, R-229, I-O3, I-O4, T-150, T-157, T-143, DI-1, DI-2
// spec: P-1, P-2, P-6, P-7, P-9, P-10, P-11, P-12, P-13, P-14, P-15, P-16, P-17, P-18, P-22
func TestStories(t *testing.T) {
	for _, inv := range invariant.All() {
		t.Run(inv.ID, func(t *testing.T) {
			path := "testdata/stories/" + inv.ID
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return watch(t, inv, d) })
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Contains(t, string(text), "\n----\nholds\n", "a trace in which it holds")
			require.Contains(t, string(text), "\n----\nBROKEN ", "a trace in which it does not")
		})
	}
}

func watch(t *testing.T, inv invariant.Invariant, d *datadriven.TestData) string {
	durability := "semi_sync"
	var end invariant.End
	for _, arg := range d.CmdArgs {
		switch arg.Key {
		case "durability":
			durability = arg.Vals[0]
		case "end":
			end.Time = instant(t, arg.Vals[0])
		case "healed":
			end.Healed, end.Recovered = instant(t, arg.Vals[0]), true
		default:
			d.Fatalf(t, "unknown argument %s", arg.Key)
		}
	}
	w := invariant.NewWatch([]invariant.Invariant{inv}, facts(durability))
	for i, line := range strings.Split(strings.TrimSpace(d.Input), "\n") {
		if line != "" {
			w.Record(event(t, uint64(i+1), line))
		}
	}
	var out strings.Builder
	for _, v := range w.Finish(end) {
		word := "BROKEN"
		if !v.Finding() {
			word = "excused: " + v.Excused + ":"
		}
		fmt.Fprintf(&out, "%s %s at %v (%d): %s\n", word, v.Object, v.At, v.Count, v.Detail)
		for _, e := range v.Events {
			out.WriteString("  " + strings.Join(strings.Fields(e), " ") + "\n")
		}
	}
	if out.Len() == 0 {
		return "holds\n"
	}
	return out.String()
}

func facts(durability string) invariant.Facts {
	set := flags.Defaults(release.Latest())
	set.VTGate.BufferSize = 2
	set.VTGate.BufferDrainConcurrency = 1
	return invariant.Facts{
		Release: release.Latest(), Flags: set, Gates: []string{"gate-1"},
		Keyspaces: []invariant.Keyspace{{Name: "commerce", Durability: durability, Shards: []invariant.Shard{{
			Name: "0", Tablets: []topodata.TabletAlias{{Cell: "zone1", UID: 100}, {Cell: "zone1", UID: 101}, {Cell: "zone1", UID: 102}},
		}}}},
	}
}

func instant(t *testing.T, text string) sim.Time {
	t.Helper()
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return sim.Time(d)
}

func event(t *testing.T, step uint64, line string) trace.Event {
	t.Helper()
	words := split(line)
	require.GreaterOrEqual(t, len(words), 3, line)
	e := trace.Event{Time: int64(instant(t, words[0])), Step: step, Incarnation: 1, Kind: trace.Kind(words[2])}
	e.Host, e.Proc, _ = strings.Cut(words[1], "/")
	for _, w := range words[3:] {
		key, value, ok := strings.Cut(w, "=")
		require.True(t, ok, line)
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			e.Fields = append(e.Fields, trace.Int(key, n))
			continue
		}
		e.Fields = append(e.Fields, trace.Str(key, strings.Trim(value, `"`)))
	}
	return e
}

// split cuts a line at blanks outside of quotes.
func split(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

// An invariant is told by one id, one sentence and rules, and fails in a function of its own.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, inv := range invariant.All() {
		require.False(t, seen[inv.ID], inv.ID)
		seen[inv.ID] = true
		require.Regexp(t, `^[a-z]+(-[a-z]+)+$`, inv.ID)
		require.Regexp(t, `^[A-Z].*\.$`, inv.Meaning, inv.ID)
		require.NotEmpty(t, inv.Rules, inv.ID)
		require.NotEmpty(t, inv.Kinds, inv.ID)
		found, err := invariant.Lookup(inv.ID)
		require.NoError(t, err)
		require.Equal(t, inv.Meaning, found.Meaning)
	}
	_, err := invariant.Lookup("one-writable-primery")
	require.EqualError(t, err, `there is no invariant "one-writable-primery", did you mean one-writable-primary?`)
}

// failed takes down where an invariant failed.
type failed struct{ text string }

func (f *failed) Helper()                           {}
func (f *failed) Fatalf(format string, args ...any) { f.text = fmt.Sprintf(format, args...) }

func TestFailTellsTheViolation(t *testing.T) {
	for _, inv := range invariant.All() {
		var f failed
		inv.Fail(&f, invariant.Violation{Invariant: inv.ID, Object: "commerce/0", At: sim.Time(time.Second), Detail: "seen", Events: []string{"line"}})
		require.Equal(t, inv.ID+": commerce/0 at 1s: seen\n  line", f.text)
	}
}

func TestParse(t *testing.T) {
	all, err := invariant.Parse("all")
	require.NoError(t, err)
	require.Len(t, all, len(invariant.All()))
	none, err := invariant.Parse("none")
	require.NoError(t, err)
	require.Empty(t, none)
	two, err := invariant.Parse("buffer-window, one-lock-holder")
	require.NoError(t, err)
	require.Len(t, two, 2)
	_, err = invariant.Parse("buffer-window,nothing")
	require.Error(t, err)
}
