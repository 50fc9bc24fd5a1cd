package groundtruth

import (
	"slices"
	"strings"
)

// Verdict is what the comparison of one figure says.
type Verdict string

// The verdicts.
const (
	// Equal: every simulated run has the measured value.
	Equal Verdict = "equal"
	// InRange: timing decides, and the measured value lies within the simulated ones; of
	// sequences, some simulated runs have the measured one.
	InRange Verdict = "in range"
	// NotExplained: no simulated run comes to the measured value.
	NotExplained Verdict = "NOT EXPLAINED"
)

// Row is the comparison of one figure.
type Row struct {
	Figure   string  `json:"figure"`
	Verdict  Verdict `json:"verdict"`
	Measured float64 `json:"measured"`
	Text     string  `json:"measured_text,omitempty"`
	// Quantiles are the simulated minimum, 5 %, median, 95 % and maximum of a number; Same is
	// the share of simulated runs with exactly the measured value.
	Quantiles [5]float64 `json:"simulated_quantiles"`
	Same      float64    `json:"same_share"`
	// Others are what simulated runs have in place of a measured sequence, with their counts,
	// the most frequent first.
	Others []Other `json:"others,omitempty"`
}

// Other is a sequence of simulated runs.
type Other struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// Comparison is one measured run with its simulated ones.
type Comparison struct {
	Run     string  `json:"run"`
	Note    string  `json:"note"`
	Seeds   int     `json:"seeds"`
	Verdict Verdict `json:"verdict"`
	Rows    []Row   `json:"rows"`
}

// compare judges every figure that the record or a simulated run has.
func compare(m *Measured, measured figures, simulated []figures) *Comparison {
	c := &Comparison{Run: m.Name, Note: m.Note, Seeds: len(simulated), Verdict: Equal}
	for _, name := range names(append([]figures{measured}, simulated...)...) {
		row := judge(name, measured[name], simulated)
		c.Rows = append(c.Rows, row)
		c.Verdict = worse(c.Verdict, row.Verdict)
	}
	return c
}

func worse(a, b Verdict) Verdict {
	order := []Verdict{Equal, InRange, NotExplained}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

func judge(name string, measured value, simulated []figures) Row {
	row := Row{Figure: name, Measured: measured.number, Text: measured.text}
	var numbers []float64
	same := 0
	for _, f := range simulated {
		v := f[name]
		numbers = append(numbers, v.number)
		switch {
		case v.text != measured.text:
			row.other(v.text)
		case v.number == measured.number:
			same++
		}
	}
	row.Same = float64(same) / float64(len(simulated))
	slices.Sort(numbers)
	for i, q := range []float64{0, 0.05, 0.5, 0.95, 1} {
		row.Quantiles[i] = quantile(numbers, q)
	}
	slices.SortFunc(row.Others, func(a, b Other) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Text, b.Text)
	})
	row.Verdict = row.verdict(same, len(simulated))
	return row
}

func (r *Row) other(text string) {
	i := slices.IndexFunc(r.Others, func(o Other) bool { return o.Text == text })
	if i < 0 {
		r.Others = append(r.Others, Other{Text: text})
		i = len(r.Others) - 1
	}
	r.Others[i].Count++
}

func (r *Row) verdict(same, of int) Verdict {
	isText := r.Text != "" || len(r.Others) > 0
	switch {
	case same == of:
		return Equal
	case isText && same > 0:
		return InRange
	case !isText && r.Quantiles[0]-r.resolution() <= r.Measured && r.Measured <= r.Quantiles[4]+r.resolution():
		return InRange
	default:
		return NotExplained
	}
}

// resolution is by how much a real clock's durations are late where a simulated one's are
// exact: requests that waited for a window of 10 s got their answer after 10.004 to 10.013 s,
// and failovers that were cut off after 20 s had lasted 20.000 to 20.002 s.
func (r *Row) resolution() float64 {
	const late = 0.010
	switch {
	case strings.HasSuffix(r.Figure, "_ms"):
		return 1000 * late
	case strings.HasSuffix(r.Figure, ", s"), strings.HasPrefix(r.Figure, aboutNoServer):
		return late
	default:
		return 0
	}
}

// quantile reads a quantile off sorted values, interpolating between neighbours.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
