package sweep

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"bufsim/experiments/scenario"
)

// Plan says what a sweep plays.
type Plan struct {
	APIVersion string `yaml:"apiVersion"`
	Name       string `yaml:"name"`
	// Title is the figure's title: the finding or the question in a sentence.
	Title string `yaml:"title"`
	// Figure is the kind of the plan's figure, see package figure; empty is curve.
	Figure string `yaml:"figure"`
	// Measured are the files of measured runs, a pattern relative to the plan; for figures
	// of the kind measured.
	Measured string `yaml:"measured"`
	// Run says what one run is, for the figure's caption.
	Run string `yaml:"run"`
	// Scenario is a built-in name, a number, or a file relative to the plan.
	Scenario string `yaml:"scenario"`
	Release  string `yaml:"release"`
	// Faults are lines, see docs/faults.md: every run has them, besides the scenario's own.
	Faults []string `yaml:"faults"`
	// Marks are states worth reaching, by the ids of their events in docs/trace.md, that some
	// run of the sweep must reach.
	Marks []string `yaml:"marks"`
	// Vary are the axes in their order; the first is the x axis of tables and figures.
	Vary Axes `yaml:"vary"`
	// Random is the number of points to draw from the axes; 0 plays their whole grid.
	Random int `yaml:"random"`
	// Seeds is the range of seeds, e.g. 1-100; each point plays all of them.
	Seeds string `yaml:"seeds"`
	// UntilHalfwidth stops the seeds of a point once the interval of its error rate
	// is at most this far from its mean on either side, e.g. 0.2%.
	UntilHalfwidth scenario.Share `yaml:"until_halfwidth"`

	// Dir is the folder that scenario files are relative to.
	Dir string `yaml:"-"`
}

// Axes is the list of axes of a plan. In YAML it is a mapping from names to values:
// a list, a range such as 1s..10s, or a text of both.
type Axes []Axis

// UnmarshalYAML reads the mapping in its order.
func (a *Axes) UnmarshalYAML(unmarshal func(any) error) error {
	var m yaml.MapSlice
	if err := unmarshal(&m); err != nil {
		return err
	}
	for _, item := range m {
		axis, err := newAxis(fmt.Sprint(item.Key), item.Value)
		if err != nil {
			return err
		}
		*a = append(*a, axis)
	}
	return nil
}

// newAxis makes an axis of what a file says about it.
func newAxis(name string, value any) (Axis, error) {
	switch value.(type) {
	case nil, map[string]any, yaml.MapSlice:
		return Axis{}, fmt.Errorf("vary: %s: write a list such as [1s, 2s] or a range such as 1s..10s", name)
	}
	list, ok := value.([]any)
	if !ok {
		return ParseAxis(name, fmt.Sprint(value))
	}
	axis := Axis{Name: name}
	for _, v := range list {
		part, err := ParseAxis(name, fmt.Sprint(v))
		if err != nil {
			return axis, err
		}
		axis.Values = append(axis.Values, part.Values...)
	}
	return axis, nil
}

// ParseAxis makes an axis of a name and the text of its values, see [ParseValues].
func ParseAxis(name, text string) (Axis, error) {
	parse := ParseValues
	if name == axisFault {
		parse = faultValues
	}
	values, err := parse(text)
	if err != nil {
		return Axis{}, fmt.Errorf("vary: %s: %w", name, err)
	}
	axis := Axis{Name: name, Values: values}
	if name != axisFault && isRange(text) {
		axis.Range = text
	}
	return axis, nil
}

// Override puts axes before the plan's own; one of the same name takes its place.
func (a *Axes) Override(axes []Axis) {
	var first Axes
	for _, axis := range axes {
		i := slices.IndexFunc(*a, func(b Axis) bool { return sameAxis(axis.Name, b.Name) })
		if i < 0 {
			first = append(first, axis)
			continue
		}
		(*a)[i] = axis
	}
	*a = append(first, *a...)
}

// sameAxis compares names in any spelling.
func sameAxis(a, b string) bool {
	x, err := canonical(a)
	y, err2 := canonical(b)
	return err == nil && err2 == nil && x == y
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
	p := &Plan{Dir: filepath.Dir(path)}
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

// load reads a scenario by its built-in name or number, or as a file.
func (p *Plan) load(name string) (*scenario.Scenario, error) {
	if name == "" {
		name = scenario.DefaultName
	}
	_, err := scenario.Lookup(name)
	if err == nil {
		return scenario.Builtin(name, scenario.VitessOptions())
	}
	if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") && !strings.ContainsRune(name, '/') {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	return scenario.LoadFile(filepath.Join(p.Dir, name), scenario.VitessOptions())
}
