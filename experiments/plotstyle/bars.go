package plotstyle

import (
	"fmt"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bars shows how totals are made up: a lying bar for each setting, from top to
// bottom, cut into parts.
type Bars struct {
	// X is the axis of the amounts, Y names what the settings are.
	X, Y     Axis
	Settings []string
	// Parts are the pieces from left to right, in legend order. The first is for what
	// is as it should be, and is grey.
	Parts []Part
}

// Part is one piece of all bars.
type Part struct {
	Name   string
	Values []float64 // one for each setting, none negative
}

func (b Bars) check() error {
	if err := b.X.check("x"); err != nil {
		return err
	}
	if err := b.Y.check("y"); err != nil {
		return err
	}
	if len(b.Settings) == 0 {
		return fmt.Errorf("bars: no setting")
	}
	if len(b.Parts) == 0 || len(b.Parts) > len(fills()) {
		return fmt.Errorf("bars: %d parts, must be 1 to %d", len(b.Parts), len(fills()))
	}
	for _, part := range b.Parts {
		if part.Name == "" || len(part.Values) != len(b.Settings) {
			return fmt.Errorf("bars: part %q has %d values for %d settings", part.Name, len(part.Values), len(b.Settings))
		}
		for _, v := range part.Values {
			if !isFinite(v) || v < 0 {
				return fmt.Errorf("bars: part %q has %v, which is negative or not finite", part.Name, v)
			}
		}
	}
	return nil
}

func (b Bars) hasIntervals() bool { return false }

func (b Bars) records() [][]string {
	rows := [][]string{{"kind", b.Y.column(), "part", b.X.column()}}
	for i, setting := range b.Settings {
		for _, part := range b.Parts {
			rows = append(rows, []string{"part", setting, part.Name, number(part.Values[i])})
		}
	}
	return rows
}

// entries leaves parts out that no bar has.
func (b Bars) entries() []entry {
	var list []entry
	for i, part := range b.Parts {
		if total(part.Values) > 0 {
			list = append(list, entry{name: part.Name, swatch: fills()[i].swatch})
		}
	}
	return list
}

func total(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// longest is the length of the longest bar.
func (b Bars) longest() float64 {
	top := 0.0
	for i := range b.Settings {
		sum := 0.0
		for _, part := range b.Parts {
			sum += part.Values[i]
		}
		top = max(top, sum)
	}
	return top
}

func (b Bars) drawIn(canvas draw.Canvas) {
	p := newPlot(b.X, b.Y)
	p.X.Min, p.X.Max = roundRange(0, b.longest())
	p.Y.Min, p.Y.Max = -0.5, float64(len(b.Settings))-0.5
	upwards := make(names, len(b.Settings))
	for i, s := range b.Settings {
		upwards[len(upwards)-1-i] = s
	}
	p.Y.Tick.Marker = upwards
	p.Add(plotFunc(drawUprightGrid), plotFunc(b.drawBars))
	p.Draw(canvas)
}

// drawUprightGrid draws a light line at each mark of the x axis.
func drawUprightGrid(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	style := draw.LineStyle{Color: gridGrey(), Width: vg.Points(0.75)}
	for _, mark := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		c.StrokeLine2(style, x(mark.Value), c.Min.Y, x(mark.Value), c.Max.Y)
	}
}

// barMax is the greatest thickness of a bar.
const barMax = vg.Length(34)

func (b Bars) drawBars(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	thick := min(barMax, 0.7*(y(1)-y(0)))
	for i := range b.Settings {
		middle, from := y(float64(len(b.Settings)-1-i)), 0.0
		for j, part := range b.Parts {
			v := part.Values[i]
			if v == 0 {
				continue
			}
			box := vg.Rectangle{
				Min: vg.Point{X: x(from), Y: middle - thick/2}, Max: vg.Point{X: x(from + v), Y: middle + thick/2},
			}
			fills()[j].paint(&c, box)
			label(&c, box, amount(v))
			from += v
		}
	}
}

// amount is a number as it stands on a bar.
func amount(v float64) string {
	if v < 10 && v != float64(int(v)) {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// label writes in the middle of a box, on paper, if there is room.
func label(c *draw.Canvas, box vg.Rectangle, text string) {
	style := captionStyle()
	style.Color = ink()
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	wide := style.Width(text) + 6
	if wide > box.Size().X-2 || lineHeight(style) > box.Size().Y {
		return
	}
	middle := vg.Point{X: (box.Min.X + box.Max.X) / 2, Y: (box.Min.Y + box.Max.Y) / 2}
	half := vg.Point{X: wide / 2, Y: lineHeight(style) / 2}
	c.SetColor(paper())
	c.Fill(vg.Rectangle{Min: middle.Sub(half), Max: middle.Add(half)}.Path())
	c.FillText(style, middle.Add(vg.Point{Y: 1.2}), text) // digits have nothing below their line
}
