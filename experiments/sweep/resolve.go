package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// Point is one combination of values, one for each axis in their order.
type Point struct {
	At      []string
	Setting Setting
}

// Resolved is a plan with everything looked up and checked.
type Resolved struct {
	Plan *Plan
	// Axes have their names as tables show them.
	Axes   []Axis
	Points []Point
	Seeds  scenario.Seeds
	// Hash identifies what the points play, whatever the seeds. Records of other
	// hashes do not belong to this plan.
	Hash string
	// Base are the flags of the first point before its own values.
	Base flags.Set

	base BaseFlags
	// together plays a few seeds of all points before the next ones.
	together bool
}

// BaseFlags gives the flags that all points of a scenario and a release share.
type BaseFlags func(*scenario.Scenario, release.Profile) (flags.Set, error)

// once asks for the flags of each scenario and release only once.
func once(base BaseFlags) BaseFlags {
	type answer struct {
		set flags.Set
		err error
	}
	known := map[[2]string]answer{}
	return func(s *scenario.Scenario, p release.Profile) (flags.Set, error) {
		key := [2]string{s.Name, p.Name}
		if _, ok := known[key]; !ok {
			set, err := base(s, p)
			known[key] = answer{set, err}
		}
		return known[key].set, known[key].err
	}
}

// runsMax keeps a slip of the finger from asking for a sweep of months.
const runsMax = 10_000_000

// Resolve loads the plan's scenario and checks all of its values, so that no run
// can fail for a reason that could be known before. base may be nil: then the flags
// are the scenario's.
func (p *Plan) Resolve(base BaseFlags) (*Resolved, error) {
	if base == nil {
		base = (*scenario.Scenario).FlagSet
	}
	r := &Resolved{Plan: p, base: once(base)}
	if err := r.axes(); err != nil {
		return nil, err
	}
	rows, err := r.design()
	if err != nil {
		return nil, err
	}
	if err := r.points(rows); err != nil {
		return nil, err
	}
	if r.Seeds, err = parseSeeds(p.Seeds, r.Points[0].Setting.Scenario.Seeds); err != nil {
		return nil, err
	}
	if r.Seeds.Count() > runsMax/uint64(len(r.Points)) {
		return nil, fmt.Errorf("%d points with %d seeds each are more than %d runs", len(r.Points), r.Seeds.Count(), runsMax)
	}
	r.Hash = r.hash()
	return r, nil
}

// axes checks names and gives them their canonical form.
func (r *Resolved) axes() error {
	if len(r.Plan.Vary) == 0 {
		return errors.New("vary: the plan varies nothing; write for example\n  vary: {buffer-window: 1s..10s}")
	}
	for _, a := range r.Plan.Vary {
		name, err := canonical(a.Name)
		if err != nil {
			return fmt.Errorf("vary: %w", err)
		}
		if slices.ContainsFunc(r.Axes, func(b Axis) bool { return b.Name == name }) {
			return fmt.Errorf("vary: %s appears twice", name)
		}
		if len(a.Values) == 0 {
			return fmt.Errorf("vary: %s has no values", name)
		}
		r.Axes = append(r.Axes, Axis{Name: name, Values: a.Values, Range: a.Range})
	}
	return nil
}

// points makes the settings of all rows of the design.
func (r *Resolved) points(rows [][]string) error {
	loaded := map[string]*scenario.Scenario{}
	for _, row := range rows {
		set, err := r.setting(row, loaded)
		if err != nil {
			return err
		}
		set.spelled = flags.Format(set.Flags, set.Profile)
		r.Points = append(r.Points, Point{At: row, Setting: set})
	}
	return nil
}

// setting makes what a point plays: the scenario, then the release, then what
// changes the scenario, then the flags.
func (r *Resolved) setting(row []string, loaded map[string]*scenario.Scenario) (s Setting, err error) {
	name := r.value(row, axisScenario, r.Plan.Scenario)
	if loaded[name] == nil {
		if loaded[name], err = r.Plan.load(name); err != nil {
			return s, err
		}
		if loaded[name], err = runner.WithFaults(loaded[name], r.Plan.Faults); err != nil {
			return s, fmt.Errorf("faults: %w", err)
		}
	}
	s.Scenario = loaded[name]
	fallback := r.Plan.Release
	if fallback == "" {
		fallback = s.Scenario.Release
	}
	if s.Profile, err = release.Lookup(r.value(row, axisRelease, fallback)); err != nil {
		return s, err
	}
	if s.Flags, err = r.base(s.Scenario, s.Profile); err != nil {
		return s, err
	}
	if len(r.Points) == 0 {
		r.Base = s.Flags
	}
	for i, a := range r.Axes {
		if err := s.apply(a.Name, row[i]); err != nil {
			return s, fmt.Errorf("%s: %w", a.Name, err)
		}
	}
	return s, r.complete(&s, row)
}

// value gives the row's value of an axis, or the fallback if there is no such axis.
func (r *Resolved) value(row []string, name, fallback string) string {
	for i, a := range r.Axes {
		if a.Name == name {
			return row[i]
		}
	}
	return fallback
}

// apply sets one value; the axes of the scenario and the release have been.
func (s *Setting) apply(name, value string) (err error) {
	switch {
	case name == axisScenario || name == axisRelease:
		return nil
	case IsFlag(name):
		return s.Flags.Set(name, value, s.Profile)
	}
	s.Scenario, err = Vary(s.Scenario, name, value)
	return err
}

// complete checks the flags of a point together. Where the window varies and the
// maximum failover duration does not, the latter is raised to the window: a gate
// would not start otherwise.
func (r *Resolved) complete(s *Setting, row []string) error {
	const limit = "buffer-max-failover-duration"
	gate := &s.Flags.VTGate
	if r.value(row, "buffer-window", "") != "" && r.value(row, limit, "") == "" && gate.BufferMaxFailoverDuration < gate.BufferWindow {
		gate.BufferMaxFailoverDuration = gate.BufferWindow
	}
	if err := flags.Validate(s.Flags, s.Profile); err != nil {
		return fmt.Errorf("%s: %w", r.Label(row), err)
	}
	return nil
}

// Label names a point in errors: all of its values, flags with their dashes.
func (r *Resolved) Label(row []string) string {
	var parts []string
	for i, a := range r.Axes {
		name := a.Name
		if IsFlag(name) {
			name = "--" + name
		}
		parts = append(parts, name+"="+row[i])
	}
	return strings.Join(parts, " ")
}

// Variant names what a point has besides its place on the x axis: a curve's name.
func (r *Resolved) Variant(row []string) string {
	var parts []string
	for i, a := range r.Axes[1:] {
		if a.Name == axisScenario {
			parts = append(parts, strings.TrimSuffix(filepath.Base(row[i+1]), ".yaml"))
			continue
		}
		parts = append(parts, axisTitle(a.Name)+" "+row[i+1])
	}
	if len(parts) == 0 {
		return "as in the scenario"
	}
	return strings.Join(parts, ", ")
}

// axisTitle is what tables and figures call an axis.
func axisTitle(name string) string {
	if name == "prs" {
		return "outage"
	}
	return name
}

// runs is the number of runs at each point.
func (r *Resolved) runs() int { return int(r.Seeds.Count()) }

// Runs is the number of runs that the plan has at most.
func (r *Resolved) Runs() int { return len(r.Points) * r.runs() }

// hash identifies the version of the simulation and the settings of all points.
func (r *Resolved) hash() string {
	h := sha256.New()
	fmt.Fprintln(h, runner.Version)
	if len(r.Plan.Marks) > 0 { // records say which of them did not happen
		fmt.Fprintln(h, r.Plan.Marks)
	}
	for _, p := range r.Points {
		fmt.Fprintln(h, r.Label(p.At), p.Setting.Scenario.Hash(), p.Setting.Profile.Name)
		for _, line := range flags.Format(p.Setting.Flags, p.Setting.Profile) {
			fmt.Fprintln(h, line)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
