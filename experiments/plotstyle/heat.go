package plotstyle

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Heat shows how a value depends on two things: a cell for each pair, darker for
// more, with its number in it, and a line around the cells that reach a level.
type Heat struct {
	X, Y, Z Axis
	// Columns and Rows are the values of X and Y as they shall be read, in their
	// order; rows go upwards.
	Columns, Rows []string
	// Values has one slice for each row; none is negative.
	Values [][]float64
	// Level is where the contour runs: between cells below it and cells that reach
	// it, without interpolation. 0 draws none. LevelName is its name in the legend.
	Level     float64
	LevelName string
}

func (h Heat) check() error {
	if err := errors.Join(h.X.check("x"), h.Y.check("y"), h.Z.check("z")); err != nil {
		return err
	}
	if len(h.Columns) < 2 || len(h.Rows) < 2 {
		return fmt.Errorf("heat map: %d columns and %d rows, needs two of each", len(h.Columns), len(h.Rows))
	}
	if len(h.Values) != len(h.Rows) {
		return fmt.Errorf("heat map: %d rows of values for %d rows", len(h.Values), len(h.Rows))
	}
	for i, row := range h.Values {
		if len(row) != len(h.Columns) {
			return fmt.Errorf("heat map: row %s has %d values for %d columns", h.Rows[i], len(row), len(h.Columns))
		}
		if slices.ContainsFunc(row, func(v float64) bool { return !isFinite(v) || v < 0 }) {
			return fmt.Errorf("heat map: row %s has a value that is negative or not finite", h.Rows[i])
		}
	}
	if !isFinite(h.Level) || h.Level < 0 || (h.Level > 0) != (h.LevelName != "") {
		return fmt.Errorf("heat map: level %v and its name %q do not go together", h.Level, h.LevelName)
	}
	return nil
}

func (h Heat) hasIntervals() bool { return false }

func (h Heat) records() [][]string {
	rows := [][]string{{"kind", h.Y.column(), h.X.column(), h.Z.column()}}
	for i, row := range h.Values {
		for j, v := range row {
			rows = append(rows, []string{"cell", h.Rows[i], h.Columns[j], number(v)})
		}
	}
	if h.Level > 0 {
		rows = append(rows, []string{"contour", "", "", number(h.Level)})
	}
	return rows
}

// entries are five steps of the scale, the largest first, and the contour.
func (h Heat) entries() []entry {
	const steps = 4
	top := largest(h.Values)
	var list []entry
	for i := steps; i >= 0; i-- {
		share := float64(i) / steps
		list = append(list, entry{name: h.text(share * top), swatch: func(c *draw.Canvas) {
			c.SetColor(shade(share))
			c.Fill(c.Rectangle.Path())
			outline(c, c.Rectangle, draw.LineStyle{Color: axisGrey(), Width: vg.Points(0.5)})
		}})
	}
	list[0].name += " " + h.unit()
	if h.Level > 0 {
		list = append(list, entry{name: h.LevelName, swatch: func(c *draw.Canvas) {
			c.StrokeLine2(contourLine(), c.Min.X, c.Center().Y, c.Max.X, c.Center().Y)
		}})
	}
	return list
}

func (h Heat) unit() string {
	if h.Z.Percent {
		return "% " + h.Z.Title
	}
	if h.Z.Unit != "" {
		return h.Z.Unit + " " + h.Z.Title
	}
	return h.Z.Title
}

// text is a value as it stands in its cell: two digits that count, hundredths
// at most.
func (h Heat) text(v float64) string {
	if h.Z.Percent {
		v *= 100
	}
	if v == 0 {
		return "0"
	}
	if v < 0.005 {
		return "<0.01"
	}
	digits := max(0, 1-int(math.Floor(math.Log10(v))))
	return strconv.FormatFloat(v, 'f', min(2, digits), 64)
}

func contourLine() draw.LineStyle {
	return draw.LineStyle{Color: looks()[1].colour, Width: vg.Points(2.5)}
}

func outline(c *draw.Canvas, r vg.Rectangle, style draw.LineStyle) {
	c.StrokeLines(style, []vg.Point{
		r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}, r.Min,
	})
}
