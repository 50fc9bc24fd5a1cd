package sweep

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/spelling"
)

// Axis is one thing that a plan varies, and the values that it takes.
type Axis struct {
	// Name is a Vitess flag or one of [AxisNames].
	Name   string   `json:"name"`
	Values []string `json:"values"`
	// Range is the axis as it was written, if it was a range; random designs draw
	// from all of it.
	Range string `json:"range,omitempty"`
}

// Setting is everything that a run depends on besides its seed.
type Setting struct {
	Scenario *scenario.Scenario
	Profile  release.Profile
	Flags    flags.Set
	// spelled are the flags as results show them.
	spelled []string
}

// axisKind is a thing besides Vitess's flags that an axis can vary.
type axisKind struct {
	name, about string
	set         func(s *scenario.Scenario, value string) error
}

// axisKinds lists what changes the scenario. Two more, the scenario itself and the
// release, come before these; flags come after.
func axisKinds() []axisKind {
	return []axisKind{
		{"prs", "length of the write outage that the reparents make", setOutage},
		{"lag", "replication delay of the replicas", setLag},
		{"clients", "clients of the scenario's closed group", setClients},
		{"think", "pause of the closed group's clients after each statement", setThink},
		{"qps", "arrivals per second of the scenario's open group", setRate},
		{"gates", "gates in each cell that has any", setGates},
		{"durability", "durability policy of all keyspaces", setDurability},
		{"pause", "pause before each operation that follows another", setPause},
		{axisFault, "line of docs/faults.md, or none; semicolons between several", setFault},
	}
}

const (
	axisScenario = "scenario"
	axisRelease  = "release"
)

// AxisNames lists what an axis can be besides a Vitess flag, each with a sentence.
func AxisNames() [][2]string {
	names := [][2]string{{axisScenario, "built-in name, number or file"}, {axisRelease, "Vitess release"}}
	for _, k := range axisKinds() {
		names = append(names, [2]string{k.name, k.about})
	}
	return names
}

// canonical gives the name under which an axis is known; flags may be written in
// any spelling.
func canonical(name string) (string, error) {
	var known []string
	for _, n := range AxisNames() {
		known = append(known, n[0])
	}
	if slices.Contains(known, name) {
		return name, nil
	}
	dashed := strings.ReplaceAll(strings.TrimLeft(name, "-"), "_", "-")
	for _, d := range flags.Descriptions() {
		if d.Name == dashed {
			return dashed, nil
		}
		known = append(known, d.Name)
	}
	hint := "; it is a Vitess flag or one of " + strings.Join(known[:len(AxisNames())], ", ")
	if near, ok := spelling.Nearest(name, known); ok {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return "", fmt.Errorf("there is no axis %q%s", name, hint)
}

// IsFlag reports whether an axis with a canonical name varies a Vitess flag.
func IsFlag(name string) bool {
	return !slices.ContainsFunc(AxisNames(), func(n [2]string) bool { return n[0] == name })
}

// Vary gives a copy of a scenario with one thing changed: name is one of [AxisNames]
// other than the scenario and the release.
func Vary(s *scenario.Scenario, name, value string) (*scenario.Scenario, error) {
	var known []string
	own := *s
	own.Workload = slices.Clone(s.Workload)
	for _, k := range axisKinds() {
		if k.name == name {
			return &own, k.set(&own, value)
		}
		known = append(known, k.name)
	}
	return nil, fmt.Errorf("%q is not one of %s", name, strings.Join(known, ", "))
}

func setOutage(s *scenario.Scenario, value string) error {
	d, err := nonNegative(value)
	if err == nil {
		s.Cluster.Steps.PromoteDelay = scenario.Constant(max(0, d-outageBase(s)))
	}
	return err
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

func setLag(s *scenario.Scenario, value string) error {
	d, err := nonNegative(value)
	s.Cluster.MySQL.ReplicationDelay = scenario.Duration(d)
	return err
}

func setClients(s *scenario.Scenario, value string) error {
	c, err := onlyClosed(s)
	if err != nil {
		return err
	}
	c.Clients, err = positive(value)
	return err
}

func setThink(s *scenario.Scenario, value string) error {
	c, err := onlyClosed(s)
	if err != nil {
		return err
	}
	d, err := nonNegative(value)
	c.Think = scenario.Constant(d)
	return err
}

func setRate(s *scenario.Scenario, value string) error {
	var open *scenario.Open
	for i, g := range s.Workload {
		if g.Open == nil {
			continue
		}
		if open != nil {
			return errors.New("the scenario has several open groups; the rate of which one is not said")
		}
		own := *g.Open
		open, s.Workload[i].Open = &own, &own
	}
	if open == nil {
		return errors.New("the scenario has no open group whose rate could vary")
	}
	n, err := positive(value)
	open.Rate = scenario.Rate(n)
	return err
}

func setGates(s *scenario.Scenario, value string) error {
	n, err := positive(value)
	s.Cluster.Gates = slices.Clone(s.Cluster.Gates)
	for i := range s.Cluster.Gates {
		s.Cluster.Gates[i].Count = n
	}
	return err
}

func setDurability(s *scenario.Scenario, value string) error {
	d := scenario.Durability(value)
	if !slices.Contains(d.Values(), value) {
		return fmt.Errorf("%q is not one of %s", value, strings.Join(d.Values(), ", "))
	}
	s.Cluster.Keyspaces = slices.Clone(s.Cluster.Keyspaces)
	for i := range s.Cluster.Keyspaces {
		s.Cluster.Keyspaces[i].Durability = d
	}
	return nil
}

// onlyClosed gives a copy of the scenario's one closed group, put in its place.
func onlyClosed(s *scenario.Scenario) (*scenario.Closed, error) {
	var closed *scenario.Closed
	for i, g := range s.Workload {
		if g.Closed == nil {
			continue
		}
		if closed != nil {
			return nil, errors.New("the scenario has several closed groups; which one shall vary is not said")
		}
		own := *g.Closed
		closed, s.Workload[i].Closed = &own, &own
	}
	if closed == nil {
		return nil, errors.New("the scenario has no closed group of clients")
	}
	return closed, nil
}

func nonNegative(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration such as 5s", value)
	}
	return d, nil
}

func positive(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a whole number from 1 on", value)
	}
	return n, nil
}
