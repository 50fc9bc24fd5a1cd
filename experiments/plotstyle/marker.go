package plotstyle

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// polygon is a filled marker; its corners are in units of the marker's radius.
type polygon []vg.Point

func diamond() polygon {
	return polygon{{X: -1.25}, {Y: 1.25}, {X: 1.25}, {Y: -1.25}}
}

func triangleDown() polygon {
	return polygon{{Y: -1.2}, {X: 1.1, Y: 0.8}, {X: -1.1, Y: 0.8}}
}

// DrawGlyph implements draw.GlyphDrawer.
func (corners polygon) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	var outline vg.Path
	for i, corner := range corners {
		p := at.Add(corner.Scale(style.Radius))
		if i == 0 {
			outline.Move(p)
			continue
		}
		outline.Line(p)
	}
	outline.Close()
	c.SetColor(style.Color)
	c.Fill(outline)
}

// hollow draws another marker with a white heart.
type hollow struct {
	shape draw.GlyphDrawer
}

// DrawGlyph implements draw.GlyphDrawer.
func (h hollow) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	style.Shape = h.shape
	c.DrawGlyphNoClip(style, at)
	style.Color = paper()
	style.Radius *= 0.6
	c.DrawGlyphNoClip(style, at)
}
