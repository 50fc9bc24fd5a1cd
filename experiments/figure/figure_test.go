package figure

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/explain"
	"bufsim/experiments/plotstyle"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/gate/buffer"
	"bufsim/model/release"
	"bufsim/sim/trace"
	"bufsim/tablet"
)

func resolved(t *testing.T, text string) *sweep.Resolved {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plan.yaml")
	require.NoError(t, os.WriteFile(path, []byte("apiVersion: bufsim/v1\nname: t\ntitle: A title.\nscenario: default\n"+text), 0o600))
	plan, err := sweep.LoadPlan(path)
	require.NoError(t, err)
	r, err := plan.Resolve(nil)
	require.NoError(t, err)
	return r
}

// drawn plays a plan and draws its figure of a kind.
func drawn(t *testing.T, kind string, r *sweep.Resolved) (plotstyle.Figure, []sweep.Summary) {
	t.Helper()
	w, err := New(kind, r)
	require.NoError(t, err)
	tally, err := sweep.Run(context.Background(), r, sweep.Options{Probe: w.Probe, Sample: w.Sample})
	require.NoError(t, err)
	points, err := tally.Summarise()
	require.NoError(t, err)
	f, err := w.Figure(points)
	require.NoError(t, err)
	_, err = f.CSV()
	require.NoError(t, err, "the figure is valid")
	return f, points
}

const twoByTwo = "vary: {buffer-window: [1s, 10s], prs: [2s, 4s]}\nseeds: 1-2\n"

func TestHeatHasEachPointInItsCell(t *testing.T) {
	f, points := drawn(t, "heat", resolved(t, twoByTwo))
	h := f.Body.(plotstyle.Heat)
	require.Equal(t, []string{"1s", "10s"}, h.Columns)
	require.Equal(t, []string{"2s", "4s"}, h.Rows)
	require.Greater(t, h.Values[1][0], h.Values[0][0], "a longer outage fails more")
	require.Zero(t, h.Values[1][1])
	for _, p := range points {
		i, j := map[string]int{"1s": 0, "10s": 1}[p.At["buffer-window"]], map[string]int{"2s": 0, "4s": 1}[p.At["prs"]]
		require.Equal(t, p.ErrorRate.Mean, h.Values[j][i])
	}
}

// Each of the six clients has one request in the outage: it is drained if the window is
// long enough, and it is evicted first if not.
func TestOutcomesCountTheRequestsOfTheOutage(t *testing.T) {
	r := resolved(t, "vary: {buffer-window: [1s, 10s], prs: 4s}\nseeds: 1-2\n")
	f, points := drawn(t, "outcomes", r)
	got := map[string][]float64{}
	for _, p := range f.Body.(plotstyle.Bars).Parts {
		got[p.Name] = p.Values
	}
	require.Equal(t, 6.0, got["held, then drained"][1])
	require.Equal(t, points[0].Errors, got["evicted: window exceeded"][0], "an eviction is an error")
	require.Positive(t, got["evicted: window exceeded"][0])
	for name, values := range got {
		if name != "held, then drained" {
			require.Zero(t, values[1], name)
		}
	}
}

// Without slots, requests are not held; the buffer counts why, and each of them failed once.
func TestOutcomesCountWhatWasSkipped(t *testing.T) {
	r := resolved(t, "vary: {buffer-size: [1, 2], enable-buffer: [true, false], prs: 4s}\nseeds: 1-1\n")
	f, points := drawn(t, "outcomes", r)
	sum := func(point int) (n float64) {
		for _, p := range f.Body.(plotstyle.Bars).Parts {
			switch p.Name {
			case "held, then drained", "answered in the outage, not held":
			default:
				n += p.Values[point]
			}
		}
		return n
	}
	for i := range points {
		require.Positive(t, points[i].Errors)
		require.Equal(t, points[i].Errors, sum(i), "all failures are accounted for: %s %s", points[i].Value, points[i].Variant)
	}
}

func TestLatencyIsADistribution(t *testing.T) {
	f, _ := drawn(t, "latency", resolved(t, "vary: {buffer-window: [1s, 10s], prs: 4s}\nseeds: 1-2\n"))
	series := f.Body.(plotstyle.Curves).Series
	require.Len(t, series, 2)
	at := func(i int, x float64) float64 {
		for j, v := range series[i].X {
			if v >= x {
				return series[i].Y[j]
			}
		}
		return 0
	}
	for i, s := range series {
		require.Equal(t, 1.0, s.Y[steps], "all requests waited no longer than the longest")
		require.IsNonDecreasing(t, s.Y, s.Name)
		require.Less(t, s.Y[0], 0.5, i)
	}
	require.Equal(t, 1.0, at(0, 1.1), "nobody waits longer than the window of 1s")
	require.Less(t, at(1, 1.1), 0.5, "most wait longer with a window that is longer than the outage")
}

func TestMeasuresOfTheBuffer(t *testing.T) {
	r := resolved(t, "vary: {clients: [3, 6], prs: 4s}\nseeds: 1-2\n")
	for _, c := range []struct {
		kind string
		want func(y []float64)
	}{
		{"size", func(y []float64) { require.Equal(t, []float64{3, 6}, y, "each client waits for one answer") }},
		{"drain", func(y []float64) { require.Greater(t, y[1], y[0], "one after the other") }},
		{"herd", func(y []float64) { require.GreaterOrEqual(t, y[0], 1.0) }},
		{"errors", func(y []float64) { require.Equal(t, []float64{0, 0}, y) }},
	} {
		f, _ := drawn(t, c.kind, r)
		c.want(f.Body.(plotstyle.Curves).Series[0].Y)
	}
}

// Only statements from the end of buffering on count, and only while they overlap.
func TestHerdCountsOverlaps(t *testing.T) {
	query := func(at, took int64) trace.Event {
		return trace.Event{Time: at, Kind: tablet.KindQuery, Fields: []trace.Field{trace.Int("took_ns", took)}}
	}
	stop := trace.Event{Time: 100, Kind: buffer.KindStop}
	require.Equal(t, 2, mostAtOnce([]trace.Event{
		query(50, 20), stop, query(110, 50), query(120, 15), query(130, 20), query(140, 10), query(150, 10),
	}))
	require.Zero(t, mostAtOnce([]trace.Event{query(50, 20), query(60, 20)}))
}

// Only statements that begin after a buffering and end within its drain count.
func TestSlowdownIsOfStatementsInTheDrain(t *testing.T) {
	query := func(at, took int64) trace.Event {
		return trace.Event{Time: at, Kind: tablet.KindQuery, Fields: []trace.Field{trace.Int("took_ns", took)}}
	}
	stop, drained := trace.Event{Time: 1e9, Kind: buffer.KindStop}, trace.Event{Time: 5e9, Kind: buffer.KindDrained}
	require.InDelta(t, 1.5, meanWhileDraining([]trace.Event{
		query(5e8, 1e8), stop, query(2e9, 15e8), query(3e9, 1e9), query(4e9, 2e9), drained, query(9e9, 3e9),
	}), 1e-9)
	require.Zero(t, meanWhileDraining([]trace.Event{query(5e8, 1e8)}))
}

// The difference of a seed is taken from the run with the same seed.
func TestDifferenceIsPaired(t *testing.T) {
	r := resolved(t, "vary: {buffer-window: [1s, 2s], release: [v21, v24]}\nseeds: 1-3\n")
	w, err := New("difference", r)
	require.NoError(t, err)
	tally := sweep.NewTally(r)
	for point := range r.Points {
		for seed := range uint64(3) {
			rec := sweep.Record{Point: point, Seed: seed + 1, ErrorRate: 0.1 * float64(seed)}
			if point == 3 {
				rec.ErrorRate -= 0.01
			}
			w.Sample(rec, nil)
			tally.Add(rec)
		}
	}
	points, err := tally.Summarise()
	require.NoError(t, err)
	f, err := w.Figure(points)
	require.NoError(t, err)
	series := f.Body.(plotstyle.Curves).Series
	require.Len(t, series, 1, "the first release is what the others are compared with")
	require.Equal(t, "release v24", series[0].Name)
	require.InDeltaSlice(t, []float64{0, -0.01}, series[0].Y, 1e-12)
	require.InDelta(t, series[0].Low[1], series[0].High[1], 1e-12, "all seeds differ by the same")
}

// example plays one run with an outage longer than the window.
func example(t *testing.T) *Run {
	t.Helper()
	s, err := scenario.Builtin("default", scenario.VitessOptions())
	require.NoError(t, err)
	s, err = sweep.Vary(s, "prs", "5s")
	require.NoError(t, err)
	p, err := release.Lookup("v24")
	require.NoError(t, err)
	set, err := s.FlagSet(p)
	require.NoError(t, err)
	require.NoError(t, set.Set("buffer-window", "3s", p))
	rec, watch := trace.NewRecorder(Filter()), explain.NewWatch()
	result, err := runner.Run(s, runner.Options{Seed: 1, Release: p, Flags: set, Sink: trace.Tee{rec, watch}, Details: true})
	require.NoError(t, err)
	return &Run{Result: result, Events: rec.Events(), Account: explain.NewAccount(watch, result, set), Title: "An example."}
}

func TestLanesShowEachStatementOnce(t *testing.T) {
	r := example(t)
	f, err := OfRun("lanes", r)
	require.NoError(t, err)
	body := f.Body.(plotstyle.Lanes)
	require.Len(t, body.Lanes, 6, "a client that reconnects keeps its lane")
	kinds := map[int]int{}
	for _, lane := range body.Lanes {
		for i, b := range lane.Bars {
			kinds[b.Kind]++
			require.True(t, i == 0 || b.From >= lane.Bars[i-1].To, "no two bars of a lane overlap")
		}
	}
	require.Equal(t, r.Result.Statements.Errors, kinds[heldFailed]+kinds[failed])
	require.Equal(t, 6, kinds[heldFailed])
	require.Equal(t, int64(kinds[heldAnswered]), r.Result.Gates[0].Sum("vtgate_buffer_requests_drained"))
	require.Len(t, body.Spans, 3, "demotion, catch-up and promotion")
	for i, s := range body.Spans[1:] {
		require.LessOrEqual(t, body.Spans[i].To, s.From, "no two are shaded at a time")
	}
}

func TestOccupancyFillsAndEmpties(t *testing.T) {
	r := example(t)
	f, err := OfRun("occupancy", r)
	require.NoError(t, err)
	for _, l := range f.Body.(plotstyle.Steps).Lines {
		most := 0.0
		for _, y := range l.Y {
			most = max(most, y)
			require.GreaterOrEqual(t, y, 0.0)
		}
		require.Equal(t, 6.0, most, "%s: all six clients wait", l.Name)
		require.Zero(t, l.Y[len(l.Y)-1], l.Name)
	}
}

// A run without a reparent has nothing to show, and says so.
func TestQuietRunHasNoScene(t *testing.T) {
	_, err := OfRun("lanes", &Run{Result: &runner.Result{}, Title: "Quiet."})
	require.ErrorContains(t, err, "nothing to show")
}

func TestKindsSayWhatTheyTake(t *testing.T) {
	r := resolved(t, twoByTwo)
	_, err := New("lanes", r)
	require.ErrorContains(t, err, "takes a scenario and not a plan")
	_, err = OfRun("heat", &Run{})
	require.ErrorContains(t, err, "takes a plan and not a scenario")
	_, err = New("heet", r)
	require.ErrorContains(t, err, `did you mean "heat"?`)
	_, err = New("heat", resolved(t, "vary: {prs: [2s, 3s]}\nseeds: 1-1\n"))
	require.ErrorContains(t, err, "varies two things")
	_, err = New("difference", resolved(t, "vary: {prs: [2s, 3s]}\nseeds: 1-1\n"))
	require.ErrorContains(t, err, "two axes or more")
	for _, k := range Kinds() {
		require.NotEqual(t, k.make == nil, k.draw == nil, k.Name)
	}
}
