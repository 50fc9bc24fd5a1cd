package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/plotstyle"
)

func small(t testing.TB) *Resolved {
	t.Helper()
	p, err := LoadPlan("testdata/small.yaml")
	require.NoError(t, err)
	r, err := p.Resolve(nil)
	require.NoError(t, err)
	return r
}

func played(t testing.TB, r *Resolved) []Record {
	t.Helper()
	records, err := Run(context.Background(), r, nil)
	require.NoError(t, err)
	return records
}

// The records come in the order of the plan, and are the same on one core and on
// eight.
func TestRunOrder(t *testing.T) {
	r := small(t)
	var want []Record
	for _, cores := range []int{1, 2, 8} {
		before := runtime.GOMAXPROCS(cores)
		var calls []int
		got, err := Run(context.Background(), r, func(done, total int) {
			require.Equal(t, 6, total)
			calls = append(calls, done)
		})
		runtime.GOMAXPROCS(before)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 3, 4, 5, 6}, calls)
		if want == nil {
			want = got
		}
		require.Equal(t, want, got)
	}
	for i, rec := range want {
		require.Equal(t, []any{i / 3, uint64(i%3 + 1), r.Points[i/3].Value}, []any{rec.Point, rec.Seed, rec.Value})
		require.Empty(t, rec.OurFault)
		require.InDelta(t, 4, rec.Outage.Seconds(), 0.5)
	}
	require.Positive(t, want[0].Errors, "a window of 1s is shorter than the outage")
	require.Zero(t, want[3].Errors, "one of 10s is not")

	var text bytes.Buffer
	require.NoError(t, WriteNDJSON(&text, want))
	dec := json.NewDecoder(&text)
	for i := range want {
		var rec Record
		require.NoError(t, dec.Decode(&rec))
		require.Equal(t, want[i], rec)
	}
}

// What was played before the interrupt is kept.
func TestRunCancelled(t *testing.T) {
	r := small(t)
	all := played(t, r)
	ctx, cancel := context.WithCancel(context.Background())
	kept, err := Run(ctx, r, func(done, _ int) {
		if done == 2 {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.GreaterOrEqual(t, len(kept), 2)
	require.Less(t, len(kept), len(all))
	require.Subset(t, all, kept)

	kept, err = Run(ctx, r, nil) // before the first
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, kept)

	ctx, cancel = context.WithCancel(context.Background())
	kept, err = Run(ctx, r, func(done, total int) {
		if done == total {
			cancel()
		}
	})
	require.NoError(t, err, "an interrupt after the last run interrupts nothing")
	require.Equal(t, all, kept)
}

// A run that cannot be played ends the sweep with its error.
func TestRunFails(t *testing.T) {
	r := small(t)
	r.Points[1].Value = "nonsense"
	_, err := Run(context.Background(), r, nil)
	require.ErrorContains(t, err, "nonsense")
	require.False(t, errors.Is(err, context.Canceled))
}

func TestSummarise(t *testing.T) {
	r := small(t)
	records := []Record{
		{Point: 0, Statements: 10, Errors: 1, ErrorRate: 0.1, Outage: 2 * time.Second},
		{Point: 0, Statements: 10, Errors: 3, ErrorRate: 0.3, Outage: 4 * time.Second},
		{Point: 0, Statements: 10, Errors: 0, ErrorRate: 0, Outage: 3 * time.Second},
		{Point: 0, Statements: 10, Errors: 0, ErrorRate: 0, Outage: 3 * time.Second},
	}
	points, err := Summarise(r, records)
	require.NoError(t, err)
	require.Len(t, points, 1, "a point without runs is left out")
	p := points[0]
	require.Equal(t, "1s", p.Value)
	require.InDelta(t, 0.1, p.ErrorRate.Mean, 1e-12)
	require.InDelta(t, 0.5, p.AnyError.Mean, 1e-12)
	require.InDelta(t, 1, p.Errors, 1e-12)
	require.Equal(t, 3*time.Second, p.Outage)
	require.True(t, 0 <= p.ErrorRate.Low && p.ErrorRate.Low < 0.1 && 0.1 < p.ErrorRate.High && p.ErrorRate.High <= 0.3)
	again, err := Summarise(r, records)
	require.NoError(t, err)
	require.Equal(t, points, again)
}

// The figure has one curve a variant with the flag's default marked; a flag
// without a place on an axis has none.
func TestFigure(t *testing.T) {
	r, err := plan(t, "title: T\nflag: buffer-window\nvalues: [1s, 20s]\nprs: [2s, 4s]\nseeds: 1-7\n").Resolve(nil)
	require.NoError(t, err)
	var points []Summary
	for i, p := range r.Points {
		s := Summary{Value: p.Value, Variant: p.Variant.Label()}
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
}

// BenchmarkSweepRuns plays a small sweep on all cores.
func BenchmarkSweepRuns(b *testing.B) {
	r := small(b)
	runs := 0
	for b.Loop() {
		runs += len(played(b, r))
	}
	b.ReportMetric(float64(runs)/b.Elapsed().Seconds(), "runs/s")
}
