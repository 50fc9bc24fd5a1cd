// Package figure makes the project's figures: of a plan that is played, or of one run.
// It has no counterpart in Vitess.
//
// [Kinds] lists what can be drawn. A figure of a plan is a [Work]: it takes what it
// needs from each run while the sweep plays it, keeps a few numbers a run and nothing
// else, and draws when all runs are there. A figure of a run is made by [OfRun] from
// one run's result and events.
//
//	w, err := figure.New("heat", resolved)
//	tally, err := sweep.Run(ctx, resolved, sweep.Options{Probe: w.Probe, Sample: w.Sample})
//	points, err := tally.Summarise()
//	f, err := w.Figure(points)
//	err = f.Save(dir, "name") // PNG, SVG, CSV
//
// The run is the unit of all statistics: what is pooled within a run is averaged over
// runs. Equal plans give equal bytes.
package figure
