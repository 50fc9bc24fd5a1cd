package sweep

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bufsim/experiments/plotstyle"
	"bufsim/experiments/stats"
	"bufsim/model/flags"
)

// Figure draws error rate against the plan's first axis: one curve a variant, with the
// bootstrap interval over runs as its band, and the flag's default marked.
func Figure(r *Resolved, points []Summary) (plotstyle.Figure, error) {
	y := plotstyle.Axis{Title: "statements that failed", Percent: true}
	return r.Curves(points, y, func(i int) stats.Estimate { return points[i].ErrorRate })
}

// Curves draws the estimates of any value of the points against the plan's first axis.
func (r *Resolved) Curves(points []Summary, y plotstyle.Axis, of func(point int) stats.Estimate) (plotstyle.Figure, error) {
	if r.Plan.Random > 0 {
		return plotstyle.Figure{}, errors.New("random points make no curves; draw the grid, or take the records")
	}
	unit := ""
	series := map[string]*plotstyle.Series{}
	var order []string
	for i, p := range points {
		x, u, err := number(p.Value)
		if err != nil {
			return plotstyle.Figure{}, err
		}
		unit = u
		s := series[p.Variant]
		if s == nil {
			s = &plotstyle.Series{Name: p.Variant}
			series[p.Variant] = s
			order = append(order, p.Variant)
		}
		e := of(i)
		s.X, s.Y = append(s.X, x), append(s.Y, e.Mean)
		if e.Bounded() {
			s.Low, s.High = append(s.Low, e.Low), append(s.High, e.High)
		}
	}
	curves := plotstyle.Curves{X: plotstyle.Axis{Title: axisTitle(r.Axes[0].Name), Unit: unit}, Y: y, References: r.references(unit)}
	for _, name := range order {
		curves.Series = append(curves.Series, *series[name])
	}
	return plotstyle.Figure{Title: r.Plan.Title, Caption: r.Caption(), Body: curves}, nil
}

// Caption says what a figure of the plan rests on.
func (r *Resolved) Caption() plotstyle.Caption {
	unit := r.Plan.Run
	if unit == "" {
		unit = "traffic around one planned reparent"
	}
	return plotstyle.Caption{
		Runs: r.runs(), Seeds: fmt.Sprintf("%d-%d, the same at every point", r.Seeds.First, r.Seeds.Last),
		Release: r.Releases(), Unit: unit, Interval: "95 % BCa bootstrap over runs",
	}
}

// AxisTitle is what figures call the plan's axis with a number from 0 on.
func (r *Resolved) AxisTitle(axis int) string { return axisTitle(r.Axes[axis].Name) }

// Releases names the releases that the points play.
func (r *Resolved) Releases() string {
	return r.each(func(s Setting) string { return s.Profile.Name })
}

// Scenarios names the scenarios that the points play.
func (r *Resolved) Scenarios() string {
	return r.each(func(s Setting) string { return s.Scenario.Name })
}

// each joins what the points' settings are called, each name once.
func (r *Resolved) each(name func(Setting) string) string {
	var names []string
	for _, p := range r.Points {
		if n := name(p.Setting); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}

// references marks the flag's default if the x axis is a flag and its default lies
// in the plotted range.
func (r *Resolved) references(unit string) []plotstyle.Reference {
	axis := r.Axes[0]
	for _, d := range flags.Descriptions() {
		if d.Name != axis.Name {
			continue
		}
		value := d.Default(r.Points[0].Setting.Profile)
		at, u, err := number(value)
		low, _, err2 := number(axis.Values[0])
		high, _, err3 := number(axis.Values[len(axis.Values)-1])
		if err != nil || err2 != nil || err3 != nil || u != unit || at < low || at > high {
			return nil
		}
		return []plotstyle.Reference{{X: at, Label: "default " + value}}
	}
	return nil
}

// number reads a flag's value as a coordinate: durations in seconds.
func number(value string) (x float64, unit string, err error) {
	if d, err := time.ParseDuration(value); err == nil && value != "0" {
		return d.Seconds(), "s", nil
	}
	x, err = strconv.ParseFloat(value, 64)
	if err != nil {
		return 0, "", fmt.Errorf("%q is neither a duration nor a number, so it has no place on an axis", value)
	}
	return x, "", nil
}
