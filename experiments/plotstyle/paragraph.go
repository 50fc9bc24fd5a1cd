package plotstyle

import (
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// edge is where a paragraph is placed.
type edge int

const (
	top edge = iota
	bottom
)

// drawParagraph draws wrapped, left-aligned text at an edge of the canvas and
// returns what is left of the canvas.
func drawParagraph(c draw.Canvas, style text.Style, words string, at edge) draw.Canvas {
	lines := wrap(style, words, c.Max.X-c.Min.X)
	tall := lineHeight(style) * vg.Length(len(lines))
	y := c.Max.Y
	if at == bottom {
		y = c.Min.Y + tall
	}
	drawLines(&c, style, vg.Point{X: c.Min.X, Y: y}, lines)
	if at == bottom {
		return draw.Crop(c, 0, 0, tall, 0)
	}
	return draw.Crop(c, 0, 0, 0, -tall)
}

// drawLines draws lines downwards from the upper left corner.
func drawLines(c *draw.Canvas, style text.Style, corner vg.Point, lines []string) {
	style.XAlign, style.YAlign = draw.XLeft, draw.YTop
	for _, line := range lines {
		c.FillText(style, corner, line)
		corner.Y -= lineHeight(style)
	}
}

func lineHeight(style text.Style) vg.Length {
	return style.Font.Size * 1.25
}

// wrap breaks text at spaces so that each line fits the width; a longer word
// gets a line of its own.
func wrap(style text.Style, words string, width vg.Length) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(words) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && style.Width(longer) > width {
			lines = append(lines, line)
			longer = word
		}
		line = longer
	}
	return append(lines, line)
}
