package groundtruth

import (
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Report is the comparison of several runs.
type Report struct {
	Seeds int           `json:"seeds"`
	Runs  []*Comparison `json:"runs"`
}

// NotExplained counts the figures that no simulated run comes to.
func (r *Report) NotExplained() int {
	n := 0
	for _, c := range r.Runs {
		n += c.count(NotExplained)
	}
	return n
}

func (c *Comparison) count(v Verdict) int {
	n := 0
	for _, row := range c.Rows {
		if row.Verdict == v {
			n++
		}
	}
	return n
}

// Text is the report for a terminal: a line for each run, and what is not explained.
func (r *Report) Text() string {
	var b strings.Builder
	width := 0
	for _, c := range r.Runs {
		width = max(width, len(c.Run))
	}
	for _, c := range r.Runs {
		fmt.Fprintf(&b, "%-*s  %3d figures: %3d equal, %2d in range, %2d not explained\n",
			width, c.Run, len(c.Rows), c.count(Equal), c.count(InRange), c.count(NotExplained))
		for _, row := range c.Rows {
			if row.Verdict == NotExplained {
				fmt.Fprintf(&b, "  NOT EXPLAINED %s: measured %s; simulated %s\n", row.Figure, row.measured(), row.simulated())
			}
		}
	}
	fmt.Fprintf(&b, "%s, %s each: %s\n", countOf(len(r.Runs), "measured run"), countOf(r.Seeds, "seed"), r.summary())
	return b.String()
}

// summary says what came out in one sentence.
func (r *Report) summary() string {
	all, equal, ranged := 0, 0, 0
	for _, c := range r.Runs {
		all, equal, ranged = all+len(c.Rows), equal+c.count(Equal), ranged+c.count(InRange)
	}
	return fmt.Sprintf("of %d figures, %d are equal, %d lie in the simulator's range, %d are not explained.", all, equal, ranged, all-equal-ranged)
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// measured prints the measured value.
func (r *Row) measured() string {
	if r.Text != "" {
		return r.Text
	}
	return number(r.Measured)
}

// simulated prints the quantiles of a number, or the sequences of other runs.
func (r *Row) simulated() string {
	if r.Text == "" && len(r.Others) == 0 {
		list := make([]string, len(r.Quantiles))
		for i, q := range r.Quantiles {
			list[i] = number(q)
		}
		if r.Quantiles[0] == r.Quantiles[4] {
			return list[0]
		}
		return strings.Join(list, " / ")
	}
	text := fmt.Sprintf("the same in %.0f %%", 100*r.Same)
	for i, o := range r.Others {
		if i == 2 {
			return text + fmt.Sprintf("; %d others", len(r.Others)-i)
		}
		text += fmt.Sprintf("; %d × %s", o.Count, o.Text)
	}
	return text
}

// number prints whole numbers as such and others with three digits after the point.
func number(x float64) string {
	if x == math.Trunc(x) {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return strconv.FormatFloat(x, 'f', 3, 64)
}

// Markdown is the report as a page: a table of all runs, then for each run the figures that
// timing decides or that are not explained, and in one line those that are equal.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| run | figures | equal | in range | not explained | verdict |\n| --- | --: | --: | --: | --: | --- |\n")
	for _, c := range r.Runs {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %s |\n", c.Run, len(c.Rows), c.count(Equal), c.count(InRange), c.count(NotExplained), c.Verdict)
	}
	fmt.Fprintf(&b, "\n%s, %s each: %s\n", countOf(len(r.Runs), "measured run"), countOf(r.Seeds, "seed"), r.summary())
	for _, c := range r.Runs {
		c.markdown(&b)
	}
	return b.String()
}

func (c *Comparison) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s.\n", c.Run, strings.TrimSuffix(cell(c.Note), "."))
	var equal []string
	fmt.Fprintf(b, "\n| figure | measured | simulated: min / 5 %% / median / 95 %% / max | same | verdict |\n| --- | --- | --- | --: | --- |\n")
	for _, row := range c.Rows {
		if row.Verdict == Equal {
			equal = append(equal, row.Figure+" = "+row.measured())
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s | %.0f %% | %s |\n", cell(row.Figure), cell(row.measured()), cell(row.simulated()), 100*row.Same, row.Verdict)
	}
	if len(equal) > 0 {
		fmt.Fprintf(b, "\nEqual: %s.\n", cell(strings.Join(equal, "; ")))
	}
}

// cell makes a text fit into a cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", "·", "<", "&lt;", "\n", " ").Replace(s)
}

// CSV is the report as one record for each figure.
func (r *Report) CSV() (string, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{{"run", "figure", "verdict", "measured", "min", "p05", "median", "p95", "max", "same_share"}}
	for _, c := range r.Runs {
		for _, row := range c.Rows {
			record := []string{c.Run, row.Figure, string(row.Verdict), row.measured()}
			for _, q := range row.Quantiles {
				record = append(record, number(q))
			}
			rows = append(rows, append(record, strconv.FormatFloat(row.Same, 'f', 3, 64)))
		}
	}
	err := w.WriteAll(rows)
	return b.String(), err
}
