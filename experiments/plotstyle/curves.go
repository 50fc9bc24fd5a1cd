package plotstyle

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg/draw"
)

// Curves shows how a value depends on a number, such as the share of failed
// statements on the buffer window: one curve per series, each with its band.
type Curves struct {
	X, Y       Axis
	Series     []Series    // one to seven, in legend order
	References []Reference // drawn behind the curves
}

// Series is one curve: X strictly increasing, at least two points, all slices of
// one length. Low and High bound Y point by point; both nil draws no band.
type Series struct {
	Name      string
	X, Y      []float64
	Low, High []float64
}

// Reference is a vertical line at a value of x that the reader knows, such as a
// default or the length of the outage. The label stands above the plot.
type Reference struct {
	X     float64
	Label string
}

func (c Curves) check() error {
	if err := errors.Join(c.X.check("x"), c.Y.check("y")); err != nil {
		return err
	}
	if len(c.Series) == 0 || len(c.Series) > len(looks()) {
		return fmt.Errorf("curves: %d series, must be 1 to %d", len(c.Series), len(looks()))
	}
	seen := make(map[string]bool)
	for i, s := range c.Series {
		if s.Name == "" || seen[s.Name] {
			return fmt.Errorf("series %d: name %q is missing or used twice", i+1, s.Name)
		}
		seen[s.Name] = true
		if err := s.check(); err != nil {
			return fmt.Errorf("series %q: %w", s.Name, err)
		}
	}
	for i, r := range c.References {
		if !isFinite(r.X) {
			return fmt.Errorf("reference %q: x = %v is not finite", r.Label, r.X)
		}
		if r.Label == "" {
			return fmt.Errorf("reference %d: label is missing", i+1)
		}
	}
	return nil
}

func (s Series) check() error {
	n := len(s.X)
	if n < 2 {
		return fmt.Errorf("%d points, a curve needs two", n)
	}
	if len(s.Y) != n {
		return fmt.Errorf("%d values of x but %d of y", n, len(s.Y))
	}
	if (len(s.Low) != 0 || len(s.High) != 0) && (len(s.Low) != n || len(s.High) != n) {
		return fmt.Errorf("%d points but a band of %d low and %d high ends", n, len(s.Low), len(s.High))
	}
	for i := range n {
		if err := s.checkPoint(i); err != nil {
			return fmt.Errorf("point %d: %w", i+1, err)
		}
	}
	return nil
}

func (s Series) checkPoint(i int) error {
	if !isFinite(s.X[i]) || !isFinite(s.Y[i]) {
		return fmt.Errorf("(%v, %v) is not finite", s.X[i], s.Y[i])
	}
	if i > 0 && s.X[i] <= s.X[i-1] {
		return fmt.Errorf("x = %v does not increase after %v", s.X[i], s.X[i-1])
	}
	if !s.hasBand() {
		return nil
	}
	if !isFinite(s.Low[i]) || !isFinite(s.High[i]) {
		return fmt.Errorf("band %v to %v is not finite", s.Low[i], s.High[i])
	}
	if s.Low[i] > s.High[i] {
		return fmt.Errorf("band is upside down: low %v is above high %v", s.Low[i], s.High[i])
	}
	return nil
}

func isFinite(x float64) bool {
	return !math.IsNaN(x) && !math.IsInf(x, 0)
}

func (s Series) hasBand() bool { return len(s.Low) > 0 }

func (c Curves) hasIntervals() bool {
	for _, s := range c.Series {
		if s.hasBand() {
			return true
		}
	}
	return false
}

// records lists the curves in long form, then the reference lines.
func (c Curves) records() [][]string {
	rows := [][]string{{"kind", "name", c.X.column(), c.Y.column(), "low", "high"}}
	for _, s := range c.Series {
		for i := range s.X {
			row := []string{"curve", s.Name, number(s.X[i]), number(s.Y[i]), "", ""}
			if s.hasBand() {
				row[4], row[5] = number(s.Low[i]), number(s.High[i])
			}
			rows = append(rows, row)
		}
	}
	for _, r := range c.References {
		rows = append(rows, []string{"reference", r.Label, number(r.X), "", "", ""})
	}
	return rows
}

// number is the shortest text that reads back as the same value.
func number(x float64) string {
	return strconv.FormatFloat(x, 'g', -1, 64)
}

func (c Curves) entries() []entry {
	var list []entry
	for i, s := range c.Series {
		style := looks()[i]
		list = append(list, entry{name: s.Name, swatch: func(sample *draw.Canvas) {
			drawSwatch(sample, style, s.hasBand())
		}})
	}
	return list
}

// bounds is the part of the plane that holds all points, bands and references.
func (c Curves) bounds() (xLow, xHigh, yLow, yHigh float64) {
	xLow, xHigh = math.Inf(1), math.Inf(-1)
	yLow, yHigh = math.Inf(1), math.Inf(-1)
	for _, s := range c.Series {
		for i := range s.X {
			xLow, xHigh = min(xLow, s.X[i]), max(xHigh, s.X[i])
			yLow, yHigh = min(yLow, s.Y[i]), max(yHigh, s.Y[i])
			if s.hasBand() {
				yLow, yHigh = min(yLow, s.Low[i]), max(yHigh, s.High[i])
			}
		}
	}
	for _, r := range c.References {
		xLow, xHigh = min(xLow, r.X), max(xHigh, r.X)
	}
	return xLow, xHigh, yLow, yHigh
}
