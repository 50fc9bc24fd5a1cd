package figure

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"bufsim/experiments/groundtruth"
	"bufsim/experiments/plotstyle"
	"bufsim/experiments/sweep"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// againstMeasured is failed statements a run, simulated with the band in which one more run
// would lie, and those of runs that were measured on a real cluster.
type againstMeasured struct {
	fromRecords
	failed   [][]float64
	measured map[float64]float64 // by window in seconds
}

func newMeasured(r *sweep.Resolved) (Work, error) {
	if len(r.Axes) != 1 || r.Axes[0].Name != "buffer-window" {
		return nil, errors.New("a figure of measured runs needs buffer-window as the only axis")
	}
	m := &againstMeasured{fromRecords{r}, make([][]float64, len(r.Points)), map[float64]float64{}}
	return m, m.read()
}

// read takes windows and errors from the measured runs.
func (m *againstMeasured) read() error {
	paths, err := filepath.Glob(filepath.Join(m.plan.Plan.Dir, m.plan.Plan.Measured))
	if err != nil || len(paths) == 0 || m.plan.Plan.Measured == "" {
		return fmt.Errorf("measured: %q names no files of measured runs", m.plan.Plan.Measured)
	}
	profile, err := release.Lookup(groundtruth.Release)
	if err != nil {
		return err
	}
	for _, path := range paths {
		run, err := groundtruth.Read(path)
		if err != nil {
			return err
		}
		parsed, err := flags.Parse(run.Flags, profile)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		window := parsed.Flags.VTGate.BufferWindow.Seconds()
		if _, twice := m.measured[window]; twice {
			return fmt.Errorf("%s: another run was measured with the same window", path)
		}
		m.measured[window] = float64(run.Errors)
	}
	return nil
}

// Sample implements Work.
func (m *againstMeasured) Sample(rec sweep.Record, _ any) {
	m.failed[rec.Point] = append(m.failed[rec.Point], float64(rec.Errors))
}

// predicted is the interval in which one more run lies with at least 95 %, whatever the
// distribution: from the r-th least to the r-th greatest of n runs the chance is
// (n+1-2r)/(n+1) (Wilks: Determination of sample sizes for setting tolerance limits, 1941).
func predicted(runs []float64) (low, high float64, err error) {
	const tail = 0.025
	sorted := slices.Sorted(slices.Values(runs))
	r := int(tail*float64(len(sorted)+1) + 1e-9)
	if r < 1 {
		return 0, 0, fmt.Errorf("%d seeds give no prediction band of 95 %%; 39 are the fewest", len(runs))
	}
	return sorted[r-1], sorted[len(sorted)-r], nil
}

// Figure implements Work.
func (m *againstMeasured) Figure([]sweep.Summary) (plotstyle.Figure, error) {
	simulated := plotstyle.Series{Name: "simulated: mean and prediction band"}
	real := plotstyle.Series{Name: "measured on a real cluster: one run each"}
	var outside []string
	for i, runs := range m.failed {
		x := m.plan.Points[i].Setting.Flags.VTGate.BufferWindow.Seconds()
		e, err := mean(runs)
		if err != nil {
			return plotstyle.Figure{}, err
		}
		low, high, err := predicted(runs)
		if err != nil {
			return plotstyle.Figure{}, err
		}
		simulated.X, simulated.Y = append(simulated.X, x), append(simulated.Y, e.Mean)
		simulated.Low, simulated.High = append(simulated.Low, low), append(simulated.High, high)
		n, ok := m.measured[x]
		if !ok {
			continue
		}
		real.X, real.Y = append(real.X, x), append(real.Y, n)
		if n < low || n > high {
			outside = append(outside, fmt.Sprintf("%v s", x))
		}
	}
	caption := m.plan.Caption()
	caption.Interval = "95 % prediction interval of one more run, by order statistics"
	caption.Note = fmt.Sprintf("%d of %d measured runs lie within the band.", len(real.X)-len(outside), len(real.X))
	if len(outside) > 0 {
		caption.Note += " Outside: window of " + strings.Join(outside, ", ") + "."
	}
	body := plotstyle.Curves{
		X: plotstyle.Axis{Title: "buffer-window", Unit: "s"}, Y: plotstyle.Axis{Title: "failed statements a run"},
		Series: []plotstyle.Series{simulated, real},
	}
	return plotstyle.Figure{Title: m.plan.Plan.Title, Caption: caption, Body: body}, nil
}
