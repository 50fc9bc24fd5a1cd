package figure

import (
	"errors"
	"fmt"

	"bufsim/experiments/plotstyle"
	"bufsim/experiments/sweep"
)

// heat is a mean over the first two axes.
type heat struct {
	fromRecords
	z         plotstyle.Axis
	of        func(sweep.Summary) float64
	level     float64
	levelName string
}

// contour is the error rate that the contour follows.
const contour = 0.01

func newHeat(r *sweep.Resolved) (Work, error) {
	return heat{
		fromRecords: fromRecords{r}, z: plotstyle.Axis{Title: "of statements failed", Percent: true},
		of: func(s sweep.Summary) float64 { return s.ErrorRate.Mean }, level: contour, levelName: "1 % contour",
	}, twoAxes(r)
}

func newFailureHeat(r *sweep.Resolved) (Work, error) {
	return heat{
		fromRecords: fromRecords{r}, z: plotstyle.Axis{Title: "failed statements a run"},
		of: func(s sweep.Summary) float64 { return s.Errors }, level: 1, levelName: "one failed statement a run",
	}, twoAxes(r)
}

func twoAxes(r *sweep.Resolved) error {
	if r.Plan.Random > 0 {
		return errors.New("random points make no heat map; draw the grid")
	}
	if len(r.Axes) != 2 {
		return fmt.Errorf("a heat map needs a plan that varies two things, and this one varies %d", len(r.Axes))
	}
	return nil
}

// Figure implements Work. The points come with the first axis running fastest.
func (h heat) Figure(points []sweep.Summary) (plotstyle.Figure, error) {
	x, y := h.plan.Axes[0].Values, h.plan.Axes[1].Values
	if len(points) != len(x)*len(y) {
		return plotstyle.Figure{}, fmt.Errorf("%d of the %d points were played", len(points), len(x)*len(y))
	}
	body := plotstyle.Heat{
		X: plotstyle.Axis{Title: h.plan.AxisTitle(0)}, Y: plotstyle.Axis{Title: h.plan.AxisTitle(1)}, Z: h.z,
		Columns: h.labels(0), Rows: h.labels(1), Level: h.level, LevelName: h.levelName,
	}
	for j := range y {
		var row []float64
		for i := range x {
			row = append(row, h.of(points[j*len(x)+i]))
		}
		body.Values = append(body.Values, row)
	}
	caption := h.plan.Caption()
	caption.Interval = ""
	caption.Note = "Cells are means over runs."
	return plotstyle.Figure{Title: h.plan.Plan.Title, Caption: caption, Body: body}, nil
}

// labels are the values of an axis as they are read.
func (h heat) labels(axis int) []string {
	a := h.plan.Axes[axis]
	if a.Name != "scenario" {
		return a.Values
	}
	var list []string
	for _, v := range a.Values {
		list = append(list, shortValue(v))
	}
	return list
}
