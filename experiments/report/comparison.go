package report

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bufsim/experiments/compare"
	"bufsim/experiments/stats"
)

// ComparisonPage is everything that the report of a comparison is made from.
type ComparisonPage struct {
	*compare.Comparison
	// Replay is the command that plays the comparison again.
	Replay string
}

func (p *ComparisonPage) heading() string {
	return fmt.Sprintf("A: %s, B: %s; %d runs each, seeds %s", p.First.Label, p.Second.Label, p.Runs, p.Seeds)
}

const comparisonMethod = "Means over runs; difference: B - A run by run with a 95 % BCa bootstrap interval; verdict on B: sign-flip\n" +
	"test of the differences, corrected by Holm for the number of figures, ~ where that leaves 5 % or more."

// Text renders the comparison as a table.
func (p *ComparisonPage) Text() string {
	w := &page{}
	w.wrapped("", p.heading())
	w.command("Replay: ", p.Replay)
	w.gap()
	w.line("%-24s %10s %10s %10s  %-22s %s", "", "A", "B", "B - A", "95 % interval", "B is")
	for _, f := range p.Figures {
		w.line("%-24s %10s %10s %10s  %-22s %s", f.Name, valueOf(f.Unit, f.First.Mean), valueOf(f.Unit, f.Second.Mean),
			valueOf(f.Unit, f.Diff.Mean), intervalOf(f.Unit, f.Diff), f.Verdict)
	}
	w.gap()
	w.block(comparisonMethod)
	return w.String()
}

// Markdown renders the comparison as a table.
func (p *ComparisonPage) Markdown() string {
	w := &page{}
	w.line("# %s", p.heading())
	w.gap()
	w.fence(p.Replay)
	w.gap()
	var rows [][]string
	for _, f := range p.Figures {
		rows = append(rows, []string{
			f.Name, valueOf(f.Unit, f.First.Mean), valueOf(f.Unit, f.Second.Mean), valueOf(f.Unit, f.Diff.Mean), intervalOf(f.Unit, f.Diff), string(f.Verdict),
		})
	}
	w.table([]string{"", "A", "B", "B - A", "95 % interval", "B is"}, rows)
	w.gap()
	w.block(comparisonMethod)
	return w.String()
}

// CSV writes one row a figure, with a header; times are in seconds.
func (p *ComparisonPage) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', 10, 64) }
	rows := [][]string{{"figure", "unit", "first", "second", "difference", "low", "high", "p", "verdict", "runs"}}
	for _, f := range p.Figures {
		rows = append(rows, []string{
			f.Name, f.Unit, number(f.First.Mean), number(f.Second.Mean), number(f.Diff.Mean), number(f.Diff.Low), number(f.Diff.High),
			number(f.P), string(f.Verdict), strconv.Itoa(f.Diff.N),
		})
	}
	if err := w.WriteAll(rows); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return b.String()
}

// ComparisonJSON is the JSON form of a comparison.
type ComparisonJSON struct {
	First   string           `json:"first"`
	Second  string           `json:"second"`
	Seeds   string           `json:"seeds"`
	Runs    int              `json:"runs"`
	Figures []compare.Figure `json:"figures"`
	Replay  string           `json:"replay"`
}

// JSON gives the JSON form.
func (p *ComparisonPage) JSON() ComparisonJSON {
	return ComparisonJSON{p.First.Label, p.Second.Label, p.Seeds.String(), p.Runs, p.Figures, p.Replay}
}

// valueOf writes a value in its unit.
func valueOf(unit string, x float64) string {
	switch unit {
	case "share":
		return fmt.Sprintf("%.2f%%", 100*x)
	case "s":
		return time.Duration(x * float64(time.Second)).Round(time.Millisecond).String()
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

func intervalOf(unit string, e stats.Estimate) string {
	if !e.Bounded() {
		return "(one run)"
	}
	return valueOf(unit, e.Low) + " to " + valueOf(unit, e.High)
}
