package plotstyle

import (
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// referenceLabels are the texts above the reference lines, placed so that none
// covers another.
type referenceLabels struct {
	placed []placedLabel
	rows   int
}

type placedLabel struct {
	Reference
	left, right vg.Length // extent of the text
	at          vg.Length // position of the line
	row         int       // 0 is next to the plot
}

// placeLabels centres each label on its line, kept within the data area, in the
// lowest row where it does not touch another. Labels are placed from left to
// right, so a line passes only beside labels of lower rows.
func placeLabels(data draw.Canvas, p *plot.Plot, references []Reference) referenceLabels {
	x, _ := p.Transforms(&data)
	style := captionStyle()
	var labels referenceLabels
	for _, r := range slices.SortedStableFunc(slices.Values(references), byX) {
		wide := style.Width(r.Label)
		left := max(data.Min.X, min(x(r.X)-wide/2, data.Max.X-wide))
		next := placedLabel{Reference: r, left: left, right: left + wide, at: x(r.X)}
		for slices.ContainsFunc(labels.placed, next.touches) {
			next.row++
		}
		labels.placed = append(labels.placed, next)
		labels.rows = max(labels.rows, next.row+1)
	}
	return labels
}

func byX(a, b Reference) int {
	switch {
	case a.X < b.X:
		return -1
	case a.X > b.X:
		return 1
	}
	return 0
}

// touches tells whether the label, or the line that leads up to it, would come
// too close to another label.
func (l placedLabel) touches(other placedLabel) bool {
	const gap = vg.Length(8)
	if l.row == other.row && l.left < other.right+gap && other.left < l.right+gap {
		return true
	}
	// The line of the upper one must not cross the lower one.
	upper, lower := l, other
	if other.row > l.row {
		upper, lower = other, l
	}
	return upper.row > lower.row && upper.at > lower.left-gap/2 && upper.at < lower.right+gap/2
}

func (r referenceLabels) rowHeight() vg.Length { return lineHeight(captionStyle()) }

// height is the space that the labels need above the plot.
func (r referenceLabels) height() vg.Length {
	if r.rows == 0 {
		return 0
	}
	return vg.Length(r.rows)*r.rowHeight() + 3
}

func (r referenceLabels) lineStyle() draw.LineStyle {
	return draw.LineStyle{Color: axisGrey, Width: vg.Points(1), Dashes: []vg.Length{3, 3}}
}

// drawLines draws the lines over the data area.
func (r referenceLabels) drawLines(c draw.Canvas, _ *plot.Plot) {
	for _, l := range r.placed {
		top := c.Max.Y + vg.Length(l.row)*r.rowHeight() + 2
		c.StrokeLine2(r.lineStyle(), l.at, c.Min.Y, l.at, top)
	}
}

// drawText draws the labels above the data area.
func (r referenceLabels) drawText(c draw.Canvas) {
	for _, l := range r.placed {
		y := c.Max.Y + vg.Length(l.row+1)*r.rowHeight() + 3
		drawLines(&c, captionStyle(), vg.Point{X: l.left, Y: y}, []string{l.Label})
	}
}
