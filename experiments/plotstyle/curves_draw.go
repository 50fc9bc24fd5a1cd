package plotstyle

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawIn draws from back to front: grid, bands, reference lines, curves, markers;
// bands never hide the curve of another series.
func (c Curves) drawIn(canvas draw.Canvas) {
	p := newPlot(c.X, c.Y)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = c.bounds()
	p.Y.Min, p.Y.Max = roundRange(p.Y.Min, p.Y.Max)
	pad := 0.02 * (p.X.Max - p.X.Min)
	p.X.Min, p.X.Max = p.X.Min-pad, p.X.Max+pad

	p.Add(plotFunc(drawGrid), plotFunc(c.drawBands))
	// The horizontal extent of the data area does not depend on its height, so
	// the labels above it can be placed first.
	labels := placeLabels(p.DataCanvas(canvas), p, c.References)
	p.Add(plotFunc(labels.drawLines), plotFunc(c.drawCurves))
	area := draw.Crop(canvas, 0, 0, 0, -labels.height())
	p.Draw(area)
	labels.drawText(p.DataCanvas(area))
}

// plotFunc makes a function a plot.Plotter.
type plotFunc func(c draw.Canvas, p *plot.Plot)

// Plot implements plot.Plotter.
func (f plotFunc) Plot(c draw.Canvas, p *plot.Plot) { f(c, p) }

// drawGrid draws a light line at each mark of the y axis.
func drawGrid(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	style := draw.LineStyle{Color: gridGrey(), Width: vg.Points(0.75)}
	for _, mark := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(style, c.Min.X, y(mark.Value), c.Max.X, y(mark.Value))
	}
}

func (c Curves) drawBands(canvas draw.Canvas, p *plot.Plot) {
	for i, s := range c.Series {
		if !s.hasBand() {
			continue
		}
		outline := points(canvas, p, s.X, s.High)
		lower := points(canvas, p, s.X, s.Low)
		for j := len(lower) - 1; j >= 0; j-- {
			outline = append(outline, lower[j])
		}
		canvas.FillPolygon(looks()[i].band(), outline)
	}
}

func (c Curves) drawCurves(canvas draw.Canvas, p *plot.Plot) {
	for i, s := range c.Series {
		canvas.StrokeLines(looks()[i].line(), points(canvas, p, s.X, s.Y))
	}
	for i, s := range c.Series {
		every := markerStep(len(s.X))
		for j, at := range points(canvas, p, s.X, s.Y) {
			if j%every == 0 {
				looks()[i].drawMarker(&canvas, at)
			}
		}
	}
}

// markerStep keeps about twenty markers on a dense curve; the line has all points.
func markerStep(points int) int {
	const enough = 20
	return (points + enough - 1) / enough
}

func points(c draw.Canvas, p *plot.Plot, xs, ys []float64) []vg.Point {
	x, y := p.Transforms(&c)
	at := make([]vg.Point, len(xs))
	for i := range xs {
		at[i] = vg.Point{X: x(xs[i]), Y: y(ys[i])}
	}
	return at
}

// drawSwatch draws the sample of a series in the legend.
func drawSwatch(c *draw.Canvas, style look, band bool) {
	if band {
		c.FillPolygon(style.band(), []vg.Point{
			c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y},
		})
	}
	middle := c.Center()
	c.StrokeLine2(style.line(), c.Min.X, middle.Y, c.Max.X, middle.Y)
	style.drawMarker(c, middle)
}
