package plotstyle

import (
	"image/color"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A figure is 1000 CSS pixels wide (750 pt), which a README shows at about 800;
// text sizes are chosen to be readable there.
const (
	width  = vg.Length(750)
	height = vg.Length(435)

	margin     = vg.Length(15)
	titleGap   = vg.Length(12)
	captionGap = vg.Length(12)
	legendGap  = vg.Length(18)

	titleSize   = vg.Length(15)
	axisSize    = vg.Length(11.5)
	tickSize    = vg.Length(11)
	legendSize  = vg.Length(11)
	captionSize = vg.Length(10)
)

// The greys of everything that is not data.
func paper() color.NRGBA    { return grey(255) }
func ink() color.NRGBA      { return grey(34) }
func softInk() color.NRGBA  { return grey(95) }
func axisGrey() color.NRGBA { return grey(130) }
func gridGrey() color.NRGBA { return grey(230) }

func grey(level uint8) color.NRGBA {
	return color.NRGBA{R: level, G: level, B: level, A: 255}
}

// look is how one series is told from the others: each of colour, marker and
// dashes is enough by itself.
type look struct {
	colour color.NRGBA
	marker draw.GlyphDrawer
	dashes []vg.Length
}

// looks returns the series styles in order of use. The colours are those of
// Okabe and Ito (Color Universal Design, 2008) without yellow, which is too
// light for a line on white.
func looks() []look {
	return []look{
		{color.NRGBA{R: 0, G: 114, B: 178, A: 255}, draw.CircleGlyph{}, nil},
		{color.NRGBA{R: 213, G: 94, B: 0, A: 255}, draw.BoxGlyph{}, []vg.Length{7, 3}},
		{color.NRGBA{R: 0, G: 158, B: 115, A: 255}, draw.PyramidGlyph{}, []vg.Length{2, 2}},
		{color.NRGBA{R: 204, G: 121, B: 167, A: 255}, diamond(), []vg.Length{9, 3, 2, 3}},
		{color.NRGBA{R: 230, G: 159, B: 0, A: 255}, triangleDown(), []vg.Length{4, 2}},
		{color.NRGBA{R: 86, G: 180, B: 233, A: 255}, hollow{draw.BoxGlyph{}}, []vg.Length{12, 3}},
		{color.NRGBA{R: 0, G: 0, B: 0, A: 255}, hollow{draw.CircleGlyph{}}, []vg.Length{2, 4}},
	}
}

// line is the line of a series.
func (l look) line() draw.LineStyle {
	return draw.LineStyle{Color: l.colour, Width: vg.Points(1.75), Dashes: l.dashes}
}

// band is the colour of the interval of a series: faint, so that bands that
// overlap stay readable.
func (l look) band() color.NRGBA {
	faint := l.colour
	faint.A = 46
	return faint
}

// drawMarker draws the marker with a thin white rim, so that it stands out from
// its line and from other bands.
func (l look) drawMarker(c *draw.Canvas, at vg.Point) {
	const radius = vg.Length(3.5)
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: paper(), Radius: radius + 1.25, Shape: draw.CircleGlyph{}}, at)
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: l.colour, Radius: radius, Shape: l.marker}, at)
}

// sans is the house font, Liberation Sans, which ships with gonum/plot and has
// the widths of Arial.
func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

func textStyle(face font.Font, colour color.Color) text.Style {
	return text.Style{Font: face, Color: colour, Handler: plot.DefaultTextHandler}
}

func titleStyle() text.Style {
	face := sans(titleSize)
	face.Weight = xfont.WeightBold
	return textStyle(face, ink())
}

func captionStyle() text.Style { return textStyle(sans(captionSize), softInk()) }
func legendStyle() text.Style  { return textStyle(sans(legendSize), ink()) }
