package plotstyle

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func (h Heat) drawIn(canvas draw.Canvas) {
	p := newPlot(h.X, h.Y)
	p.X.Min, p.X.Max = -0.5, float64(len(h.Columns))-0.5
	p.Y.Min, p.Y.Max = -0.5, float64(len(h.Rows))-0.5
	p.X.Tick.Marker, p.Y.Tick.Marker = names(h.Columns), names(h.Rows)
	p.Add(plotFunc(h.drawCells), plotFunc(h.drawContour))
	p.Draw(canvas)
}

// names are labels at 0, 1, 2 and so on.
type names []string

// Ticks implements plot.Ticker.
func (n names) Ticks(_, _ float64) []plot.Tick {
	marks := make([]plot.Tick, len(n))
	for i, label := range n {
		marks[i] = plot.Tick{Value: float64(i), Label: label}
	}
	return marks
}

// cell is the rectangle of column i and row j.
func cell(c *draw.Canvas, p *plot.Plot, i, j int) vg.Rectangle {
	x, y := p.Transforms(c)
	return vg.Rectangle{
		Min: vg.Point{X: x(float64(i) - 0.5), Y: y(float64(j) - 0.5)},
		Max: vg.Point{X: x(float64(i) + 0.5), Y: y(float64(j) + 0.5)},
	}
}

func (h Heat) drawCells(c draw.Canvas, p *plot.Plot) {
	top := largest(h.Values)
	style := captionStyle()
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	for j, row := range h.Values {
		for i, v := range row {
			box := cell(&c, p, i, j)
			c.SetColor(shade(v / top))
			c.Fill(box.Path())
			outline(&c, box, draw.LineStyle{Color: gridGrey(), Width: vg.Points(0.5)})
			text := h.text(v)
			if style.Width(text)+4 > box.Size().X {
				continue // the shade must do; the CSV has the number
			}
			style.Color = inkOn(v / top)
			c.FillText(style, vg.Point{X: (box.Min.X + box.Max.X) / 2, Y: (box.Min.Y + box.Max.Y) / 2}, text)
		}
	}
}

// drawContour draws the edges between cells on different sides of the level.
func (h Heat) drawContour(c draw.Canvas, p *plot.Plot) {
	if h.Level == 0 {
		return
	}
	reached := func(i, j int) bool { return h.Values[j][i] >= h.Level }
	style := contourLine()
	for j := range h.Rows {
		for i := range h.Columns {
			box := cell(&c, p, i, j)
			if i > 0 && reached(i, j) != reached(i-1, j) {
				c.StrokeLine2(style, box.Min.X, box.Min.Y, box.Min.X, box.Max.Y)
			}
			if j > 0 && reached(i, j) != reached(i, j-1) {
				c.StrokeLine2(style, box.Min.X, box.Min.Y, box.Max.X, box.Min.Y)
			}
		}
	}
}
