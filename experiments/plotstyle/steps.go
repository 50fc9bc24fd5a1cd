package plotstyle

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Steps shows counts over the time of one run, such as the requests in a buffer:
// each keeps its value until the next change. Spans shade the time behind them.
type Steps struct {
	X, Y  Axis
	Lines []StepLine // one to seven, in legend order
	Spans []Span
	// From and To bound the shown time.
	From, To float64
}

// StepLine is one count; X does not decrease, and Y[i] holds from X[i] on.
type StepLine struct {
	Name string
	X, Y []float64
}

func (s Steps) check() error {
	if err := errors.Join(s.X.check("x"), s.Y.check("y"), checkSpans(s.Spans)); err != nil {
		return err
	}
	if !isFinite(s.From) || !isFinite(s.To) || s.To <= s.From {
		return fmt.Errorf("steps: from %v to %v is no time", s.From, s.To)
	}
	if len(s.Lines) == 0 || len(s.Lines) > len(looks()) {
		return fmt.Errorf("steps: %d lines, must be 1 to %d", len(s.Lines), len(looks()))
	}
	for _, l := range s.Lines {
		if l.Name == "" || len(l.X) == 0 || len(l.X) != len(l.Y) {
			return fmt.Errorf("steps: line %q has %d instants and %d values", l.Name, len(l.X), len(l.Y))
		}
		for i := range l.X {
			if !isFinite(l.X[i]) || !isFinite(l.Y[i]) || i > 0 && l.X[i] < l.X[i-1] {
				return fmt.Errorf("steps: line %q: point %d is not finite or goes back", l.Name, i+1)
			}
		}
	}
	return nil
}

func (s Steps) hasIntervals() bool { return false }

func (s Steps) records() [][]string {
	rows := [][]string{{"kind", "name", s.X.column(), "until", s.Y.column()}}
	for _, l := range s.Lines {
		for i := range l.X {
			until := number(s.To)
			if i+1 < len(l.X) {
				until = number(l.X[i+1])
			}
			rows = append(rows, []string{"step", l.Name, number(l.X[i]), until, number(l.Y[i])})
		}
	}
	return append(rows, spanRecords(s.Spans)...)
}

func (s Steps) entries() []entry {
	var list []entry
	for i, l := range s.Lines {
		list = append(list, entry{name: l.Name, swatch: func(c *draw.Canvas) {
			c.StrokeLine2(stepLine(i), c.Min.X, c.Center().Y, c.Max.X, c.Center().Y)
		}})
	}
	return append(list, spanEntries(s.Spans)...)
}

func (s Steps) drawIn(canvas draw.Canvas) {
	p := newPlot(s.X, s.Y)
	p.X.Min, p.X.Max = s.From, s.To
	top := 0.0
	for _, l := range s.Lines {
		for _, y := range l.Y {
			top = max(top, y)
		}
	}
	p.Y.Min, p.Y.Max = roundRange(0, top)
	p.Add(plotFunc(func(c draw.Canvas, p *plot.Plot) { drawSpans(c, p, s.Spans) }), plotFunc(drawGrid), plotFunc(s.drawLines))
	p.Draw(canvas)
}

func (s Steps) drawLines(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, l := range s.Lines {
		var path []vg.Point
		last := 0.0
		for j := range l.X {
			if l.X[j] > s.To {
				break
			}
			at := max(l.X[j], s.From)
			if j > 0 {
				path = append(path, vg.Point{X: x(at), Y: y(last)})
			}
			path, last = append(path, vg.Point{X: x(at), Y: y(l.Y[j])}), l.Y[j]
		}
		path = append(path, vg.Point{X: x(s.To), Y: y(last)})
		c.StrokeLines(stepLine(i), path)
	}
}

// stepLine is the line of a count; the first is broad, since counts often coincide.
func stepLine(i int) draw.LineStyle {
	style := looks()[i].line()
	if i == 0 {
		style.Width = vg.Points(4.5)
	}
	return style
}
