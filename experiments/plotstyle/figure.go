package plotstyle

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Figure is one publishable figure: a frame in the house style around a body.
type Figure struct {
	// Title is a sentence that states the finding or asks the question. It is
	// wrapped when it is long.
	Title string
	// Caption says what the figure rests on.
	Caption Caption
	// Body is the data and its kind of drawing.
	Body Body
}

// Body is one kind of figure. The kinds are a closed set: each is a type of this
// package in a file of its own.
type Body interface {
	// check reports data that cannot or must not be drawn.
	check() error
	// records returns the rows of the CSV, header first.
	records() [][]string
	// entries returns the legend from top to bottom, nil for none.
	entries() []entry
	// hasIntervals tells whether the drawing shows intervals, which the caption
	// must then name.
	hasIntervals() bool
	// drawIn draws axes and data, and nothing else, into the canvas.
	drawIn(c draw.Canvas)
}

// Save writes name.png, name.svg and name.csv into dir, which is created if it is
// missing; files that exist are replaced. Nothing is written when the figure is
// not valid. name is a bare file name without extension.
func (f Figure) Save(dir, name string) error {
	if name == "" || name != filepath.Base(name) || name == "." || name == ".." {
		return fmt.Errorf("save figure: %q is not a bare file name", name)
	}
	files := []struct {
		ext     string
		render  func() ([]byte, error)
		content []byte
	}{{ext: ".png", render: f.PNG}, {ext: ".svg", render: f.SVG}, {ext: ".csv", render: f.CSV}}
	for i := range files {
		var err error
		if files[i].content, err = files[i].render(); err != nil {
			return fmt.Errorf("figure %s: %w", name, err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("figure %s: %w", name, err)
	}
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(dir, name+file.ext), file.content, 0o644); err != nil {
			return fmt.Errorf("figure %s: %w", name, err)
		}
	}
	return nil
}

// CSV returns the numbers of the figure, one row each, header first.
func (f Figure) CSV() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(f.Body.records()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (f Figure) check() error {
	if f.Title == "" {
		return errors.New("title is missing")
	}
	if f.Body == nil {
		return errors.New("body is missing")
	}
	if err := f.Caption.check(f.Body.hasIntervals()); err != nil {
		return err
	}
	return f.Body.check()
}

// drawIn lays the figure out from the outside in: title on top, caption at the
// bottom, legend on the right, the body in what is left.
func (f Figure) drawIn(c draw.Canvas) {
	c.SetColor(paper())
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, margin, -margin, margin, -margin)

	c = drawParagraph(c, titleStyle(), f.Title, top)
	c = draw.Crop(c, 0, 0, 0, -titleGap)
	c = drawParagraph(c, captionStyle(), f.Caption.String(), bottom)
	c = draw.Crop(c, 0, 0, captionGap, 0)
	if entries := f.Body.entries(); len(entries) > 0 {
		c = drawLegend(c, entries)
	}
	f.Body.drawIn(c)
}

// newPlot returns a plot in the house style, for bodies with two axes.
func newPlot(x, y Axis) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil // the frame is painted already
	for _, side := range []struct {
		axis *plot.Axis
		of   Axis
	}{{&p.X, x}, {&p.Y, y}} {
		a := side.axis
		a.Label.Text = side.of.label()
		a.Label.TextStyle.Font = sans(axisSize)
		a.Label.TextStyle.Color = ink()
		a.Label.Padding = vg.Points(5)
		a.Tick.Label.Font = sans(tickSize)
		a.Tick.Label.Color = ink()
		a.Tick.Marker = ticks{of: side.of}
		a.Tick.Length = vg.Points(4)
		a.Tick.LineStyle.Color = axisGrey()
		a.LineStyle.Color = axisGrey()
		a.LineStyle.Width = vg.Points(0.75)
		a.Padding = 0
	}
	p.Y.LineStyle.Width = 0 // the grid lines carry the y axis
	p.Y.Tick.LineStyle.Width = 0
	return p
}
