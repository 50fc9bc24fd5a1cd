package report

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bufsim/experiments/sweep"
)

// SweepPage is everything that the report of a sweep is made from.
type SweepPage struct {
	Resolved *sweep.Resolved
	Points   []sweep.Summary
	// Runs are those played of the Planned ones; fewer after an interrupt.
	Runs, Planned int
	// Shard is the part that was played, such as 2/8; "" is all of it.
	Shard string
	// MarksMissed are the plan's marks that no run reached.
	MarksMissed []string
	// Replay is the command that plays the sweep again.
	Replay string
}

func (s *SweepPage) heading() string {
	r := s.Resolved
	name := r.Axes[0].Name
	if sweep.IsFlag(name) {
		name = "--" + name
	}
	return fmt.Sprintf("%s, release %s: error rate versus %s, seeds %s at every point", r.Scenarios(), r.Releases(), name, r.Seeds)
}

// partial says in words that a sweep was not played to its end, or "".
func (s *SweepPage) partial() string {
	switch {
	case s.Runs == s.Planned:
		return ""
	case s.Shard != "":
		return fmt.Sprintf("Part %s: %d of %d runs.", s.Shard, s.Runs, s.Planned)
	case s.Resolved.Plan.UntilHalfwidth > 0:
		return fmt.Sprintf("%d of at most %d runs: each point was played until its interval was narrow enough.", s.Runs, s.Planned)
	}
	return fmt.Sprintf("Interrupted: %d of %d runs were played; points have fewer seeds than planned or none.", s.Runs, s.Planned)
}

// Text renders the points of a sweep as a table and a plain curve.
func (s *SweepPage) Text() string {
	p := &page{}
	p.wrapped("", s.heading())
	p.command("Replay: ", s.Replay)
	if text := s.partial(); text != "" {
		p.line("%s", text)
	}
	variant, peak := "", peakRate(s.Points)
	for i, pt := range s.Points {
		if i == 0 || pt.Variant != variant {
			variant = pt.Variant
			p.gap()
			p.line("Reparent: %s", variant)
			p.line("%12s %9s  %-19s %8s %9s", "value", "errors", "95 % interval", "runs hit", "outage")
		}
		p.line("%12s %8.2f%%  %-19s %7.0f%% %9s  %s", pt.Value, 100*pt.ErrorRate.Mean, interval(pt),
			100*pt.AnyError.Mean, pt.Outage.Round(10*time.Millisecond), strings.Repeat("#", bar(pt.ErrorRate.Mean, peak)))
	}
	if idle := s.Idle(); len(idle) > 0 {
		p.gap()
		for _, l := range idle {
			p.wrapped("", l)
		}
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

// Idle says what happened in no run: faults by point, marks of the whole sweep.
func (s *SweepPage) Idle() (lines []string) {
	for i := range s.Points {
		pt := &s.Points[i]
		for _, f := range pt.NeverFired() {
			lines = append(lines, fmt.Sprintf("Never happened in the %d runs at %s, %s: fault %q.", pt.ErrorRate.N, pt.Value, pt.Variant, f))
		}
	}
	for _, id := range s.MarksMissed {
		lines = append(lines, fmt.Sprintf("Never reached in %d runs: mark %s.", s.Runs, id))
	}
	return lines
}

// CSV writes the points of a sweep with a header.
func (s *SweepPage) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', 10, 64) }
	rows := [][]string{{"variant", s.Resolved.Axes[0].Name, "error_rate", "low", "high", "runs_hit", "outage_s", "latency_max_s", "errors_per_run", "runs"}}
	for _, pt := range s.Points {
		rows = append(rows, []string{
			pt.Variant, pt.Value, number(pt.ErrorRate.Mean), number(pt.ErrorRate.Low), number(pt.ErrorRate.High),
			number(pt.AnyError.Mean), number(pt.Outage.Seconds()), number(pt.LatencyMax.Seconds()), number(pt.Errors), strconv.Itoa(pt.ErrorRate.N),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return b.String()
}

// Markdown renders the points of a sweep as a table.
func (s *SweepPage) Markdown() string {
	p := &page{}
	p.line("# %s", s.heading())
	p.gap()
	p.fence(s.Replay)
	p.gap()
	if text := s.partial(); text != "" {
		p.line("%s", text)
		p.gap()
	}
	var rows [][]string
	for _, pt := range s.Points {
		rows = append(rows, []string{
			pt.Variant, pt.Value, percent(pt.ErrorRate.Mean), interval(pt), fmt.Sprintf("%.0f %%", 100*pt.AnyError.Mean),
			pt.Outage.Round(10 * time.Millisecond).String(), strconv.Itoa(pt.ErrorRate.N),
		})
	}
	p.table([]string{"reparent", "`" + s.Resolved.Axes[0].Name + "`", "errors", "95 % interval", "runs hit", "outage", "runs"}, rows)
	if idle := s.Idle(); len(idle) > 0 {
		p.gap()
		for _, l := range idle {
			p.line("- %s", l)
		}
	}
	return p.String()
}

// SweepJSON is the JSON form of a sweep.
type SweepJSON struct {
	Scenario string          `json:"scenario"`
	Release  string          `json:"release"`
	Axes     []sweep.Axis    `json:"axes"`
	Plan     string          `json:"plan"`
	Seeds    string          `json:"seeds"`
	Runs     int             `json:"runs"`
	Planned  int             `json:"planned_runs"`
	Points   []sweep.Summary `json:"points"`
	// MarksMissed are the marks of the plan that no run reached.
	MarksMissed []string `json:"marks_missed,omitempty"`
	Replay      string   `json:"replay"`
}

// JSON gives the JSON form.
func (s *SweepPage) JSON() SweepJSON {
	r := s.Resolved
	return SweepJSON{
		Scenario: r.Scenarios(), Release: r.Releases(), Axes: r.Axes, Plan: r.Hash, Seeds: r.Seeds.String(),
		Runs: s.Runs, Planned: s.Planned, Points: s.Points,
		MarksMissed: s.MarksMissed, Replay: s.Replay,
	}
}
