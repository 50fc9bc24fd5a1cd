package report

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bufsim/experiments/sweep"
)

// Sweep renders the points of a sweep as a table and a plain curve.
func Sweep(r *sweep.Resolved, points []sweep.Summary) string {
	p := &page{}
	p.line("%s, release %s: error rate versus --%s, seeds %d-%d at every point",
		r.Scenario.Name, r.Profile.Name, r.Plan.Flag, r.Seeds.First, r.Seeds.Last)
	p.gap()
	variant := ""
	peak := peakRate(points)
	for i, s := range points {
		if i == 0 || s.Variant != variant {
			if i > 0 {
				p.gap()
			}
			variant = s.Variant
			p.line("%s", variant)
			p.line("  %10s %9s  %-19s %8s %9s", r.Plan.Flag[max(0, len(r.Plan.Flag)-10):], "errors", "95 % interval", "runs hit", "outage")
		}
		p.line("  %10s %8.2f%%  %-19s %7.0f%% %9s  %s", s.Value, 100*s.ErrorRate.Mean, interval(s),
			100*s.AnyError.Mean, s.Outage.Round(10*time.Millisecond), strings.Repeat("#", bar(s.ErrorRate.Mean, peak)))
	}
	p.gap()
	p.line("errors: mean over runs of the share of failed statements; interval: BCa bootstrap over runs;")
	p.line("runs hit: runs with any failed statement; outage: mean time without a serving primary.")
	return p.String()
}

func interval(s sweep.Summary) string {
	if !s.ErrorRate.Bounded() {
		return "(one run)"
	}
	return fmt.Sprintf("%.2f%% to %.2f%%", 100*s.ErrorRate.Low, 100*s.ErrorRate.High)
}

// barWidth is the length of the longest bar.
const barWidth = 30

func bar(rate, peak float64) int {
	if peak == 0 {
		return 0
	}
	return int(rate/peak*barWidth + 0.5)
}

func peakRate(points []sweep.Summary) float64 {
	peak := 0.0
	for _, s := range points {
		peak = max(peak, s.ErrorRate.Mean)
	}
	return peak
}

// SweepCSV writes the points of a sweep as CSV with a header.
func SweepCSV(r *sweep.Resolved, points []sweep.Summary) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', 10, 64) }
	rows := [][]string{{"variant", r.Plan.Flag, "error_rate", "low", "high", "runs_hit", "outage_s", "errors_per_run", "runs"}}
	for _, s := range points {
		rows = append(rows, []string{
			s.Variant, s.Value, number(s.ErrorRate.Mean), number(s.ErrorRate.Low), number(s.ErrorRate.High),
			number(s.AnyError.Mean), number(s.Outage.Seconds()), number(s.Errors), strconv.Itoa(s.ErrorRate.N),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return b.String()
}
