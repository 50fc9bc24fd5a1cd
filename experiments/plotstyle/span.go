package plotstyle

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Span is a part of the time axis with a name, such as a phase of a reparent. It is
// shaded over the whole height of the plot.
type Span struct {
	Name     string
	From, To float64
}

func checkSpans(spans []Span) error {
	if len(spans) > len(spanColours()) {
		return fmt.Errorf("%d spans, at most %d can be told apart", len(spans), len(spanColours()))
	}
	for _, s := range spans {
		if s.Name == "" || !isFinite(s.From) || !isFinite(s.To) || s.To < s.From {
			return fmt.Errorf("span %q from %v to %v is no part of the axis with a name", s.Name, s.From, s.To)
		}
	}
	return nil
}

func spanRecords(spans []Span) [][]string {
	var rows [][]string
	for _, s := range spans {
		rows = append(rows, []string{"span", s.Name, number(s.From), number(s.To), ""})
	}
	return rows
}

// spanColours are pale, so that what is drawn over them keeps its contrast.
func spanColours() []color.NRGBA {
	var list []color.NRGBA
	for _, l := range []int{4, 0, 2, 1, 3, 6} {
		c := looks()[l].colour
		c.A = 60
		list = append(list, c)
	}
	return list
}

// drawSpans shades the spans. Short ones stay visible: none is thinner than a line.
func drawSpans(c draw.Canvas, p *plot.Plot, spans []Span) {
	x, _ := p.Transforms(&c)
	for i, s := range spans {
		from, to := max(c.Min.X, x(s.From)), min(c.Max.X, x(s.To))
		if to < c.Min.X || from > c.Max.X {
			continue
		}
		c.SetColor(spanColours()[i])
		c.Fill(vg.Rectangle{Min: vg.Point{X: from, Y: c.Min.Y}, Max: vg.Point{X: max(to, from+1.5), Y: c.Max.Y}}.Path())
	}
}

func spanEntries(spans []Span) []entry {
	var list []entry
	for i, s := range spans {
		list = append(list, entry{name: s.Name, swatch: func(c *draw.Canvas) {
			c.SetColor(spanColours()[i])
			c.Fill(c.Rectangle.Path())
		}})
	}
	return list
}
