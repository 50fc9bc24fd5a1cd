package plotstyle

import (
	"bytes"
	"fmt"
	"html"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// pngDPI gives two pixels per CSS pixel, sharp on dense screens: 2000 wide.
const pngDPI = 192

// PNG renders the figure as a PNG of twice the display size.
func (f Figure) PNG() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(pngDPI))
	f.drawIn(draw.New(canvas))
	var out bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(&out); err != nil {
		return nil, fmt.Errorf("render PNG: %w", err)
	}
	return out.Bytes(), nil
}

// SVG renders the figure as SVG. The text stays text; where the house font is not
// installed, fonts of the same widths stand in.
func (f Figure) SVG() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	canvas := vgsvg.New(width, height)
	f.drawIn(draw.New(canvas))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("render SVG: %w", err)
	}
	return f.finishSVG(out.Bytes()), nil
}

// finishSVG adds what the SVG writer cannot: fallback fonts, and the title for
// screen readers.
func (f Figure) finishSVG(svg []byte) []byte {
	svg = bytes.ReplaceAll(svg,
		[]byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	const open = `xmlns:xlink="http://www.w3.org/1999/xlink">`
	title := open + "\n<title>" + html.EscapeString(f.Title) + "</title>"
	return bytes.Replace(svg, []byte(open), []byte(title), 1)
}
