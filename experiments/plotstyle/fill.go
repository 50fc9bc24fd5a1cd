package plotstyle

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// fill is how one part of a bar is told from the others: a colour and a hatching.
type fill struct {
	colour color.NRGBA
	// slope of the hatching: 0 none, 1 rising, -1 falling, 2 both, 3 upright.
	hatch int
}

// fills are the parts' styles in order of use; the first is for what is as it should be.
func fills() []fill {
	look := looks()
	return []fill{
		{grey(205), 0},
		{look[0].colour, 0},
		{look[1].colour, 1},
		{look[4].colour, -1},
		{look[3].colour, 2},
		{look[5].colour, 1},
		{look[2].colour, 3},
		{color.NRGBA{R: 240, G: 228, B: 66, A: 255}, -1},
		{grey(120), 2},
		{grey(20), 0},
	}
}

// paint fills a rectangle.
func (f fill) paint(c *draw.Canvas, r vg.Rectangle) {
	c.SetColor(f.colour)
	c.Fill(r.Path())
	style := draw.LineStyle{Color: paper(), Width: vg.Points(0.8)}
	if f.hatch == 1 || f.hatch == 2 {
		hatch(c, r, style, 1)
	}
	if f.hatch == -1 || f.hatch == 2 {
		hatch(c, r, style, -1)
	}
	if f.hatch == 3 {
		for x := r.Min.X + hatchGap/2; x < r.Max.X; x += hatchGap / 1.5 {
			c.StrokeLine2(style, x, r.Min.Y, x, r.Max.Y)
		}
	}
}

// hatchGap is the distance of the hatching's lines.
const hatchGap = vg.Length(6)

// hatch draws lines at 45 degrees within a rectangle.
func hatch(c *draw.Canvas, r vg.Rectangle, style draw.LineStyle, slope vg.Length) {
	size := r.Size()
	for d := -size.Y + hatchGap/2; d < size.X; d += hatchGap {
		from, to := max(d, 0), min(d+size.Y, size.X) // along x, from the lower or the upper edge
		y1, y2 := from-d, to-d
		if slope < 0 {
			y1, y2 = size.Y-y1, size.Y-y2
		}
		c.StrokeLine2(style, r.Min.X+from, r.Min.Y+y1, r.Min.X+to, r.Min.Y+y2)
	}
}

func (f fill) swatch(c *draw.Canvas) { f.paint(c, c.Rectangle) }
