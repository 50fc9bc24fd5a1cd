package report

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"bufsim/experiments/compare"
)

// ExplanationPage is everything that the report of observed counters is made from.
type ExplanationPage struct {
	*compare.Explanation
	Replay string `json:"replay"`
}

// shownSettings are how many settings the text shows; -o csv has all.
const shownSettings = 10

// Text renders the ranking, and the best setting's counters beside the observed ones.
func (e *ExplanationPage) Text() string {
	p := &page{}
	p.wrapped("", e.answer())
	p.command("Replay: ", e.Replay)
	p.gap()
	p.line("%10s  %-46s %s", "log ratio", "setting", "counters that no run came to")
	for i := range e.shown() {
		s := &e.Settings[i]
		p.line("%10.1f  %-46s %s", s.Ratio, s.Label, outside(s))
	}
	if n := len(e.Settings) - shownSettings; n > 0 {
		p.line("%10s  and %d more", "", n)
	}
	p.gap()
	p.line("%-32s %10s %10s  %s", e.Settings[0].Label, "observed", "mean", "range of the runs")
	for _, c := range e.Settings[0].Counters {
		p.line("%-32s %10.0f %10.1f  %.0f to %.0f", c.Name, c.Observed, c.Mean, c.Low, c.High)
	}
	p.gap()
	p.wrapped("", e.note())
	return p.String()
}

// Markdown renders the same as tables.
func (e *ExplanationPage) Markdown() string {
	p := &page{}
	p.line("# %s", e.answer())
	p.gap()
	p.fence(e.Replay)
	p.gap()
	var rows [][]string
	for i := range e.shown() {
		s := &e.Settings[i]
		rows = append(rows, []string{fmt.Sprintf("%.1f", s.Ratio), "`" + s.Label + "`", outside(s)})
	}
	p.table([]string{"log ratio", "setting", "counters that no run came to"}, rows)
	p.gap()
	rows = nil
	for _, c := range e.Settings[0].Counters {
		rows = append(rows, []string{c.Name, fmt.Sprintf("%.0f", c.Observed), fmt.Sprintf("%.1f", c.Mean), fmt.Sprintf("%.0f to %.0f", c.Low, c.High)})
	}
	p.table([]string{"`" + e.Settings[0].Label + "`", "observed", "mean", "range of the runs"}, rows)
	p.gap()
	p.line("%s", e.note())
	return p.String()
}

// CSV writes all counters of all settings.
func (e *ExplanationPage) CSV() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', 10, 64) }
	rows := [][]string{{"setting", "log_likelihood_ratio", "counter", "observed", "mean", "low", "high"}}
	for _, s := range e.Settings {
		for _, c := range s.Counters {
			rows = append(rows, []string{s.Label, number(s.Ratio), c.Name, number(c.Observed), number(c.Mean), number(c.Low), number(c.High)})
		}
	}
	if err := w.WriteAll(rows); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return b.String()
}

func (e *ExplanationPage) shown() []compare.Explained {
	return e.Settings[:min(len(e.Settings), shownSettings)]
}

func (e *ExplanationPage) answer() string {
	if e.None {
		return "None of the settings explains the observed counters: each has a counter that none of its runs came to. The closest is " + e.Settings[0].Label + "."
	}
	return "The observed counters are explained best by " + e.Settings[0].Label + "."
}

func (e *ExplanationPage) note() string {
	return fmt.Sprintf("log ratio: natural logarithm of the likelihood over that of the best setting; -2 is weak, -5 strong evidence for the best. "+
		"%d runs of each; likelihood: %s.", e.Runs, e.Model)
}

func outside(s *compare.Explained) string {
	var names []string
	for _, c := range s.Outside() {
		names = append(names, c.Name)
	}
	if len(names) == 0 {
		return "-"
	}
	if len(names) > 2 {
		return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
	}
	return strings.Join(names, ", ")
}
