package plotstyle

import (
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Span is a part of the time axis with a name, such as a phase of a reparent. It is
// shaded over the whole height of the plot; spans of one name have one colour.
type Span struct {
	Name     string
	From, To float64
}

func checkSpans(spans []Span) error {
	if n := len(spanNames(spans)); n > len(spanColours()) {
		return fmt.Errorf("spans of %d names, at most %d can be told apart", n, len(spanColours()))
	}
	for _, s := range spans {
		if s.Name == "" || !isFinite(s.From) || !isFinite(s.To) || s.To < s.From {
			return fmt.Errorf("span %q from %v to %v is no part of the axis with a name", s.Name, s.From, s.To)
		}
	}
	return nil
}

// spanNames lists the names in their order, each once.
func spanNames(spans []Span) []string {
	var list []string
	for _, s := range spans {
		if !slices.Contains(list, s.Name) {
			list = append(list, s.Name)
		}
	}
	return list
}

func spanRecords(spans []Span) [][]string {
	var rows [][]string
	for _, s := range spans {
		rows = append(rows, []string{"span", s.Name, number(s.From), number(s.To), ""})
	}
	return rows
}

// spanColours are pale, so that what is drawn over them keeps its contrast, and differ
// in hue from the usual bars and lines.
func spanColours() []color.NRGBA {
	pale := func(c color.NRGBA) color.NRGBA {
		c.A = 75
		return c
	}
	look := looks()
	return []color.NRGBA{
		pale(look[3].colour), pale(color.NRGBA{R: 240, G: 228, B: 66}), pale(look[2].colour), pale(grey(120)), pale(look[5].colour),
	}
}

// spanMin is the least width of a span, in points: short ones stay visible.
const spanMin = 1.5

// drawSpans shades the spans, and those that are thinner than a line over the others.
func drawSpans(c draw.Canvas, p *plot.Plot, spans []Span) {
	x, _ := p.Transforms(&c)
	order := spanNames(spans)
	for _, thin := range []bool{false, true} {
		for _, s := range spans {
			from, to := max(c.Min.X, x(s.From)), min(c.Max.X, x(s.To))
			if to < c.Min.X || from > c.Max.X || thin != (to-from < spanMin) {
				continue
			}
			colour := spanColours()[slices.Index(order, s.Name)]
			if thin {
				colour.A = 255
			}
			c.SetColor(colour)
			c.Fill(vg.Rectangle{Min: vg.Point{X: from, Y: c.Min.Y}, Max: vg.Point{X: max(to, from+spanMin), Y: c.Max.Y}}.Path())
		}
	}
}

func spanEntries(spans []Span) []entry {
	var list []entry
	for i, name := range spanNames(spans) {
		list = append(list, entry{name: name, swatch: func(c *draw.Canvas) {
			c.SetColor(spanColours()[i])
			c.Fill(c.Rectangle.Path())
		}})
	}
	return list
}
