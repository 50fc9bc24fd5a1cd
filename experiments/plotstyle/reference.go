package plotstyle

import (
	"cmp"
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

// placeLabels hangs each label like a flag to the right of its line, kept within
// the data area. From right to left, each takes the lowest row where it neither
// touches another label nor covers the line of one.
func placeLabels(data draw.Canvas, p *plot.Plot, references []Reference) referenceLabels {
	x, _ := p.Transforms(&data)
	style := captionStyle()
	var labels referenceLabels
	for _, r := range slices.Backward(slices.SortedStableFunc(slices.Values(references), byX)) {
		wide := style.Width(r.Label)
		left := max(data.Min.X, min(x(r.X)+flagGap, data.Max.X-wide))
		next := placedLabel{Reference: r, left: left, right: left + wide, at: x(r.X)}
		for slices.ContainsFunc(labels.placed, next.collides) {
			next.row++
		}
		labels.placed = append(labels.placed, next)
		labels.rows = max(labels.rows, next.row+1)
	}
	return labels
}

// flagGap is the room between a line and its label.
const flagGap = vg.Length(3)

func byX(a, b Reference) int { return cmp.Compare(a.X, b.X) }

// collides tells whether the label needs a higher row because of another one.
func (l placedLabel) collides(other placedLabel) bool {
	const room = vg.Length(10)
	if l.row == other.row && l.left < other.right+room && other.left < l.right+room {
		return true
	}
	return l.row <= other.row && l.left < other.at+flagGap && other.at < l.right+flagGap
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
	return draw.LineStyle{Color: axisGrey(), Width: vg.Points(1), Dashes: []vg.Length{3, 3}}
}

// drawLines draws the lines over the data area, up to their labels.
func (r referenceLabels) drawLines(c draw.Canvas, _ *plot.Plot) {
	for _, l := range r.placed {
		top := c.Max.Y + (vg.Length(l.row)+0.8)*r.rowHeight() + 3
		if l.left < l.at { // pushed over its line by the edge
			top = c.Max.Y + vg.Length(l.row)*r.rowHeight() + 3
		}
		c.StrokeLine2(r.lineStyle(), l.at, c.Min.Y, l.at, top)
	}
}

// drawText draws the labels above the data area, each on paper, since near the
// edge the line of a higher label may pass behind a lower one.
func (r referenceLabels) drawText(c draw.Canvas) {
	for _, l := range r.placed {
		y := c.Max.Y + vg.Length(l.row)*r.rowHeight() + 3
		box := vg.Rectangle{
			Min: vg.Point{X: l.left - 1, Y: y},
			Max: vg.Point{X: l.right + 1, Y: y + r.rowHeight()},
		}
		c.SetColor(paper())
		c.Fill(box.Path())
		drawLines(&c, captionStyle(), vg.Point{X: l.left, Y: box.Max.Y}, []string{l.Label})
	}
}
