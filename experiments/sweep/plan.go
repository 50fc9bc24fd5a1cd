package sweep

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"

	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// Plan says what a sweep plays.
type Plan struct {
	APIVersion string `yaml:"apiVersion"`
	Name       string `yaml:"name"`
	// Title is the figure's title: the finding or the question in a sentence.
	Title string `yaml:"title"`
	// Scenario is a built-in name, a number, or a file relative to the plan.
	Scenario string `yaml:"scenario"`
	Release  string `yaml:"release"`
	// Flag is the Vitess flag on the x axis, Values what it takes.
	Flag   string   `yaml:"flag"`
	Values []string `yaml:"values"`
	// PRS are the lengths of the write outage that the reparent shall make.
	PRS []string `yaml:"prs"`
	// Lag are the replication delays of the replicas.
	Lag []string `yaml:"lag"`
	// Seeds is the range of seeds, e.g. 1-100; each point plays all of them.
	Seeds string `yaml:"seeds"`

	dir string
}

// LoadPlan reads a plan file. Errors name file, line and column.
func LoadPlan(path string) (*Plan, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parsePlan(path, src)
}

// parsePlan reads a plan; path is the file's name in errors and for relative names.
func parsePlan(path string, src []byte) (*Plan, error) {
	p := &Plan{dir: filepath.Dir(path)}
	if err := p.decode(src); err != nil {
		return nil, fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, true))
	}
	if p.APIVersion != scenario.APIVersion {
		return nil, fmt.Errorf("%s: apiVersion is %q, this version reads %q", path, p.APIVersion, scenario.APIVersion)
	}
	return p, nil
}

// decode fills the plan from YAML. The decoder panics on some texts, such as a tag
// in place of a list; that is a mistake of the text, too.
func (p *Plan) decode(src []byte) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("this YAML cannot be read as a plan; it may use tags or anchors, which plans do not need (%v)", v)
		}
	}()
	return yaml.UnmarshalWithOptions(src, p, yaml.Strict(), yaml.DisallowUnknownField())
}

// Point is one cell of the grid: a value of the flag and a variant of the cluster.
type Point struct {
	Value   string
	Variant Variant
}

// Variant is one kind of reparent.
type Variant struct {
	PRS time.Duration // wanted write outage; 0 leaves the scenario as it is
	Lag time.Duration // replication delay; 0 leaves the scenario as it is
}

// Label names the variant in tables and legends.
func (v Variant) Label() string {
	switch {
	case v.PRS > 0 && v.Lag > 0:
		return fmt.Sprintf("outage %s, lag %s", v.PRS, v.Lag)
	case v.PRS > 0:
		return fmt.Sprintf("outage %s", v.PRS)
	case v.Lag > 0:
		return fmt.Sprintf("lag %s", v.Lag)
	}
	return "as in the scenario"
}

// Resolved is a plan with everything looked up and checked.
type Resolved struct {
	Plan     *Plan
	Scenario *scenario.Scenario
	Profile  release.Profile
	Base     flags.Set
	Points   []Point
	Seeds    scenario.Seeds
}

// Resolve loads the plan's scenario and checks all of its values, so that no run
// can fail for a reason that could be known before. base may be nil: then the
// flags are the scenario's.
func (p *Plan) Resolve(base *flags.Set) (*Resolved, error) {
	r := &Resolved{Plan: p}
	var err error
	if r.Scenario, err = p.load(); err != nil {
		return nil, err
	}
	name := p.Release
	if name == "" {
		name = r.Scenario.Release
	}
	if r.Profile, err = release.Lookup(name); err != nil {
		return nil, err
	}
	if base != nil {
		r.Base = *base
	} else if r.Base, err = r.Scenario.FlagSet(r.Profile); err != nil {
		return nil, err
	}
	if r.Seeds, err = parseSeeds(p.Seeds, r.Scenario.Seeds); err != nil {
		return nil, err
	}
	if err := r.points(); err != nil {
		return nil, err
	}
	if r.Seeds.Count() > runsMax/uint64(len(r.Points)) {
		return nil, fmt.Errorf("%d points with %d seeds each are more than %d runs", len(r.Points), r.Seeds.Count(), runsMax)
	}
	return r, nil
}

// runsMax bounds a sweep: its records are kept in memory.
const runsMax = 1_000_000

// runs is the number of runs at each point.
func (r *Resolved) runs() int { return int(r.Seeds.Count()) }

func (p *Plan) load() (*scenario.Scenario, error) {
	name := p.Scenario
	if name == "" {
		name = scenario.DefaultName
	}
	if _, err := scenario.Lookup(name); err == nil {
		return scenario.Builtin(name, scenario.VitessOptions())
	}
	return scenario.LoadFile(filepath.Join(p.dir, name), scenario.VitessOptions())
}

// points makes the grid: for each variant all values of the flag.
func (r *Resolved) points() error {
	prs, err := durations("prs", r.Plan.PRS)
	if err != nil {
		return err
	}
	lags, err := durations("lag", r.Plan.Lag)
	if err != nil {
		return err
	}
	if len(r.Plan.Values) == 0 {
		return fmt.Errorf("the plan has no values for --%s", r.Plan.Flag)
	}
	for _, p := range prs {
		for _, l := range lags {
			for _, v := range r.Plan.Values {
				point := Point{Value: v, Variant: Variant{PRS: p, Lag: l}}
				if _, err := r.FlagsAt(point); err != nil {
					return err
				}
				r.Points = append(r.Points, point)
			}
		}
	}
	return nil
}

// FlagsAt gives the flags of a point. Where the maximum failover duration would be
// below the window, it is raised to the window: a gate would not start otherwise.
func (r *Resolved) FlagsAt(p Point) (flags.Set, error) {
	set := r.Base
	if err := set.Set(r.Plan.Flag, p.Value, r.Profile); err != nil {
		return set, err
	}
	if set.VTGate.BufferMaxFailoverDuration < set.VTGate.BufferWindow {
		set.VTGate.BufferMaxFailoverDuration = set.VTGate.BufferWindow
	}
	return set, flags.Validate(set, r.Profile)
}

// ScenarioAt gives the scenario of a point.
func (r *Resolved) ScenarioAt(p Point) *scenario.Scenario {
	s := *r.Scenario
	if p.Variant.PRS > 0 {
		s.Cluster.Steps.PromoteDelay = scenario.Constant(max(0, p.Variant.PRS-outageBase(&s)))
	}
	if p.Variant.Lag > 0 {
		s.Cluster.MySQL.ReplicationDelay = scenario.Duration(p.Variant.Lag)
	}
	return &s
}

// outageBase is the usual write outage of a healthy reparent without lag: most of
// it is the second that MySQL takes to switch semi-sync off. spec: R-91
func outageBase(s *scenario.Scenario) time.Duration {
	for _, k := range s.Cluster.Keyspaces {
		if k.Durability != scenario.DurabilityNone {
			return 1060 * time.Millisecond
		}
	}
	return 100 * time.Millisecond
}
