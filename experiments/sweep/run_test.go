package sweep

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/plotstyle"
	"bufsim/experiments/stats"
)

func small(t testing.TB) *Resolved {
	t.Helper()
	p, err := LoadPlan("testdata/small.yaml")
	require.NoError(t, err)
	r, err := p.Resolve(nil)
	require.NoError(t, err)
	return r
}

// played plays a plan and gives its records and its tally.
func played(t testing.TB, r *Resolved, opts Options) ([]Record, *Tally) {
	t.Helper()
	var records []Record
	opts.Write = func(rec Record) error {
		records = append(records, rec)
		return nil
	}
	tally, err := Run(context.Background(), r, opts)
	require.NoError(t, err)
	return records, tally
}

// The records come in the order of the plan, and are the same on one core and on
// eight.
func TestRunOrder(t *testing.T) {
	r := small(t)
	var want []Record
	for _, cores := range []int{1, 2, 8} {
		before := runtime.GOMAXPROCS(cores)
		var calls []int
		got, tally := played(t, r, Options{Progress: func(done, total int) {
			require.Equal(t, 6, total)
			calls = append(calls, done)
		}})
		runtime.GOMAXPROCS(before)
		require.Equal(t, []int{1, 2, 3, 4, 5, 6}, calls)
		require.Equal(t, 6, tally.Runs)
		if want == nil {
			want = got
		}
		require.Equal(t, want, got)
	}
	for i, rec := range want {
		require.Equal(t, []any{i / 3, uint64(i%3 + 1), r.Hash}, []any{rec.Point, rec.Seed, rec.Plan})
		require.Equal(t, map[string]string{"buffer-window": []string{"1s", "10s"}[i/3], "prs": "4s", "lag": "100ms"}, rec.At)
		require.Empty(t, rec.OurFault)
		require.InDelta(t, 4, rec.Outage.Seconds(), 0.5)
	}
	require.Positive(t, want[0].Errors, "a window of 1s is shorter than the outage")
	require.Zero(t, want[3].Errors, "one of 10s is not")
	require.Equal(t, want, decoded(t, encoded(t, want)))
}

func encoded(t testing.TB, records []Record) []byte {
	t.Helper()
	var text bytes.Buffer
	write := WriteNDJSON(&text)
	for _, rec := range records {
		require.NoError(t, write(rec))
	}
	return text.Bytes()
}

func decoded(t testing.TB, text []byte) []Record {
	t.Helper()
	records, err := ReadRecords("runs.ndjson", bytes.NewReader(text))
	require.NoError(t, err)
	return records
}

// What was played before the interrupt is written and counted, and a sweep that goes
// on from there writes the rest: together, the very records of a whole one.
func TestRunCancelledAndResumed(t *testing.T) {
	r := small(t)
	all, whole := played(t, r, Options{})
	// On several cores the others may have ended before the second is delivered.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ctx, cancel := context.WithCancel(context.Background())
	var kept []Record
	tally, err := Run(ctx, r, Options{
		Write: func(rec Record) error { kept = append(kept, rec); return nil },
		Progress: func(done, _ int) {
			if done == 2 {
				cancel()
			}
		},
	})
	require.ErrorIs(t, err, context.Canceled)
	require.GreaterOrEqual(t, len(kept), 2)
	require.Less(t, len(kept), len(all))
	require.Equal(t, len(kept), tally.Runs)
	require.Equal(t, all[:len(kept)], kept)
	rest, resumed := played(t, r, Options{Had: kept})
	require.Equal(t, all, append(kept, rest...))
	require.Equal(t, whole, resumed)

	tally, err = Run(ctx, r, Options{}) // before the first
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, tally.Runs)

	ctx, cancel = context.WithCancel(context.Background())
	_, err = Run(ctx, r, Options{Progress: func(done, total int) {
		if done == total {
			cancel()
		}
	}})
	require.NoError(t, err, "an interrupt after the last run interrupts nothing")
}

// A run that cannot be played, and a record that cannot be written, end the sweep
// with their error.
func TestRunFails(t *testing.T) {
	r := small(t)
	r.Points[1].Setting.Flags.VTGate.BufferSize = -1
	_, err := Run(context.Background(), r, Options{})
	require.ErrorContains(t, err, "--buffer-window=10s prs=4s lag=100ms, seed ")
	require.False(t, errors.Is(err, context.Canceled))

	full := errors.New("no space left on device")
	tally, err := Run(context.Background(), small(t), Options{Write: func(rec Record) error {
		if rec.Seed == 3 {
			return full
		}
		return nil
	}})
	require.ErrorIs(t, err, full)
	require.Equal(t, 2, tally.Runs)
}

// Seeds are added in rounds to the points that are not precise yet: the point whose
// runs all agree needs 60 of them, and the other its whole range or less.
func TestUntilHalfwidth(t *testing.T) {
	r := resolved(t, "vary: {buffer-window: [1s, 10s], prs: 4s}\nseeds: 1-100\nuntil_halfwidth: 0.5%\n")
	records, tally := played(t, r, Options{})
	n := map[int]int{}
	for _, rec := range records {
		n[rec.Point]++
	}
	require.Equal(t, n[0]+n[1], tally.Runs)
	require.Equal(t, 60, n[1])
	require.Zero(t, n[0]%stats.SeedsPerRound)
	e, err := tally.errorRate(0)
	require.NoError(t, err)
	require.True(t, n[0] == 100 || e.High-e.Mean <= 0.005 && e.Mean-e.Low <= 0.005, "%d runs: %+v", n[0], e)
	again, _ := played(t, r, Options{Had: records[:50]})
	require.Equal(t, records[50:], again)
}

func TestSummarise(t *testing.T) {
	tally := NewTally(small(t))
	for _, rec := range []Record{
		{Statements: 10, Errors: 1, ErrorRate: 0.1, Outage: 2 * time.Second, Max: time.Second},
		{Statements: 10, Errors: 3, ErrorRate: 0.3, Outage: 4 * time.Second, Max: 3 * time.Second},
		{Statements: 10, Errors: 0, ErrorRate: 0, Outage: 3 * time.Second, Max: time.Second},
		{Statements: 10, Errors: 0, ErrorRate: 0, Outage: 3 * time.Second, Max: 3 * time.Second},
	} {
		tally.Add(rec)
	}
	points, err := tally.Summarise()
	require.NoError(t, err)
	require.Len(t, points, 1, "a point without runs is left out")
	p := points[0]
	require.Equal(t, "1s", p.Value)
	require.InDelta(t, 0.1, p.ErrorRate.Mean, 1e-12)
	require.InDelta(t, 0.5, p.AnyError.Mean, 1e-12)
	require.InDelta(t, 1, p.Errors, 1e-12)
	require.Equal(t, 3*time.Second, p.Outage)
	require.Equal(t, 2*time.Second, p.LatencyMax)
	require.True(t, 0 <= p.ErrorRate.Low && p.ErrorRate.Low < 0.1 && 0.1 < p.ErrorRate.High && p.ErrorRate.High <= 0.3)
	again, err := tally.Summarise()
	require.NoError(t, err)
	require.Equal(t, points, again)
	require.Nil(t, tally.OurFault)
	tally.Add(Record{OurFault: "panic"})
	require.Equal(t, "panic", tally.OurFault.OurFault)
}

// The figure has one curve a variant with the flag's default marked; values without
// a place on an axis have none, nor have random points.
func TestFigure(t *testing.T) {
	r := resolved(t, "title: T\nvary: {buffer-window: [1s, 20s], prs: [2s, 4s]}\nseeds: 1-7\n")
	var points []Summary
	for i, p := range r.Points {
		s := Summary{Value: p.At[0], Variant: r.Variant(p.At)}
		s.ErrorRate.Mean = float64(i) / 10
		points = append(points, s)
	}
	f, err := Figure(r, points)
	require.NoError(t, err)
	curves := f.Body.(plotstyle.Curves)
	require.Len(t, curves.Series, 2)
	require.Equal(t, []float64{1, 20}, curves.Series[0].X)
	require.Equal(t, []float64{0.2, 0.3}, curves.Series[1].Y)
	require.Equal(t, []plotstyle.Reference{{X: 10, Label: "default 10s"}}, curves.References)
	require.Equal(t, 7, f.Caption.Runs)

	points[0].Value = "true"
	_, err = Figure(r, points)
	require.ErrorContains(t, err, "no place on an axis")
	_, err = Figure(resolved(t, "vary: {buffer-window: 1s..2s}\nrandom: 3\n"), points)
	require.ErrorContains(t, err, "random points make no curves")
}

// BenchmarkSweepRuns plays a small sweep on all cores.
func BenchmarkSweepRuns(b *testing.B) {
	r := small(b)
	runs := 0
	for b.Loop() {
		_, tally := played(b, r, Options{})
		runs += tally.Runs
	}
	b.ReportMetric(float64(runs)/b.Elapsed().Seconds(), "runs/s")
}
