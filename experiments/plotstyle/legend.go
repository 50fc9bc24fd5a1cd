package plotstyle

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	legendTextMax = vg.Length(150)
	swatchWidth   = vg.Length(30)
	swatchHeight  = vg.Length(13)
	swatchGap     = vg.Length(8)
	entryGap      = vg.Length(8)
)

// entry is one line of the legend: a small sample of the drawing, and its name.
type entry struct {
	name   string
	swatch func(c *draw.Canvas)
}

// drawLegend draws the entries in a column at the right edge, from the top, and
// returns what is left of the canvas. Long names are wrapped, not cut.
func drawLegend(c draw.Canvas, entries []entry) draw.Canvas {
	style := legendStyle()
	widest := vg.Length(0)
	wrapped := make([][]string, len(entries))
	for i, e := range entries {
		wrapped[i] = wrap(style, e.name, legendTextMax)
		for _, line := range wrapped[i] {
			widest = max(widest, style.Width(line))
		}
	}
	column := swatchWidth + swatchGap + widest
	left, y := c.Max.X-column, c.Max.Y
	for i, e := range entries {
		sample := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: left, Y: y - swatchHeight},
			Max: vg.Point{X: left + swatchWidth, Y: y},
		}}
		e.swatch(&sample)
		drawLines(&c, style, vg.Point{X: left + swatchWidth + swatchGap, Y: y}, wrapped[i])
		y -= max(lineHeight(style)*vg.Length(len(wrapped[i])), swatchHeight) + entryGap
	}
	return draw.Crop(c, 0, -(column + legendGap), 0, 0)
}
