package figure

import (
	"fmt"
	"strings"

	"bufsim/experiments/plotstyle"
	"bufsim/experiments/runner"
	"bufsim/experiments/sweep"
	"bufsim/model/spelling"
)

// Kind is one kind of figure.
type Kind struct {
	Name string
	// About says what the figure shows.
	About string
	// make makes the work of a plan's figure, draw a figure of one run; one of the two
	// is set.
	make func(*sweep.Resolved) (Work, error)
	draw func(*Run) (plotstyle.Figure, error)
}

// OfRun says that the figure shows one run and not a plan.
func (k Kind) OfRun() bool { return k.draw != nil }

// Default is the kind of plans that name none.
const Default = "curve"

// Kinds lists the kinds.
func Kinds() []Kind {
	return []Kind{
		{Name: Default, About: "error rate against the first axis, a curve for each variant", make: newCurve},
		{Name: "heat", About: "error rate over the first two axes, with the 1 % contour", make: newHeat},
		{Name: "difference", About: "error rate minus that of the last axis's first value, seed by seed", make: newDifference},
		{Name: "latency", About: "time that held requests waited in the buffer, as a distribution", make: newLatency},
		{Name: "outcomes", About: "what became of the requests of an outage, by reason", make: newOutcomes},
		{Name: "size", About: "most requests held at once, against the first axis", make: measured(peakHeld())},
		{Name: "drain", About: "time that the drain took, against the first axis", make: measured(drainTime())},
		{Name: "herd", About: "most statements at the primary at once while the buffer drained", make: measured(herd())},
		{Name: "slowdown", About: "mean time of a statement at the primary while the buffer drained", make: measured(slowdown())},
		{Name: "errors", About: "failed statements a run, against the first axis", make: measured(failures())},
		{Name: "shards", About: "failed statements a run over the first two axes", make: newFailureHeat},
		{Name: "analytic", About: "failed statements a run beside a formula's, against the first axis", make: newAnalytic},
		{Name: "measured", About: "failed statements beside measured runs, with the prediction band", make: newMeasured},
		{Name: "occupancy", About: "requests in the buffer over the time of one run", draw: drawOccupancy},
		{Name: "lanes", About: "requests of each connection over the time of one run", draw: drawLanes},
	}
}

// Lookup finds a kind by its name; "" is the default.
func Lookup(name string) (Kind, error) {
	if name == "" {
		name = Default
	}
	var known []string
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
		known = append(known, k.Name)
	}
	hint := "; the kinds are " + strings.Join(known, ", ")
	if near, ok := spelling.Nearest(name, known); ok {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return Kind{}, fmt.Errorf("there is no kind of figure %q%s", name, hint)
}

// Work is the figure of a plan that is being played.
type Work interface {
	// Probe and Sample are for [sweep.Options].
	Probe(*runner.Options) func(*runner.Result) any
	Sample(sweep.Record, any)
	// Figure draws what was sampled; points are the summaries of all points.
	Figure(points []sweep.Summary) (plotstyle.Figure, error)
}

// New makes the work of a plan's figure.
func New(kind string, r *sweep.Resolved) (Work, error) {
	k, err := Lookup(kind)
	if err != nil {
		return nil, err
	}
	if k.OfRun() {
		return nil, fmt.Errorf("a figure of kind %s shows one run; it takes a scenario and not a plan", k.Name)
	}
	return k.make(r)
}

// OfRun draws a figure of one run.
func OfRun(kind string, r *Run) (plotstyle.Figure, error) {
	k, err := Lookup(kind)
	if err != nil {
		return plotstyle.Figure{}, err
	}
	if !k.OfRun() {
		return plotstyle.Figure{}, fmt.Errorf("a figure of kind %s needs many runs; it takes a plan and not a scenario", k.Name)
	}
	return k.draw(r)
}
