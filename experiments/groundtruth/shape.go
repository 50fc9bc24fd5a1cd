package groundtruth

import (
	"fmt"
	"math"
	"time"

	"bufsim/experiments/scenario"
)

// Release is the profile that the measured cluster ran.
const Release = "v24"

// Shape is the scenario that a measured run was: the default cluster with the run's tablets,
// load, delay and operations, and the machine of all runs (see machine.go).
func (m *Measured) Shape() (*scenario.Scenario, error) {
	s, err := scenario.Builtin(scenario.DefaultName, scenario.VitessOptions())
	if err != nil {
		return nil, err
	}
	g, err := newStaging(m)
	if err != nil {
		return nil, err
	}
	s.Name, s.Title, s.Release, s.Thresholds = m.Name, m.Note, Release, scenario.Thresholds{}
	k := &s.Cluster.Keyspaces[0]
	k.Durability = scenario.Durability(m.Durability)
	k.Shards[0].Tablets = nil
	for _, alias := range g.tablets {
		t := scenario.Tablet{Alias: alias, Cell: "zone1", Type: scenario.TypeReplica}
		if alias == g.primary {
			t.Type = scenario.TypePrimary
		}
		k.Shards[0].Tablets = append(k.Shards[0].Tablets, t)
	}
	setMachine(&s.Cluster)
	s.Cluster.MySQL.ReplicationDelay = scenario.Duration(seconds(m.ReplicationDelay))
	s.Duration = scenario.Duration(m.lead() + seconds(m.Seconds))
	s.Workload = nil
	for i, l := range m.Load {
		s.Workload = append(s.Workload, scenario.ClientGroup{Name: fmt.Sprintf("load%d", i+1), Start: scenario.Duration(m.lead() + clientConnect), Closed: m.closed(l)})
	}
	if err = m.story(g, s); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	// What the builder of the shape got wrong is a fault of this program.
	return scenario.Load(m.Name+".yaml", s.Marshal(), scenario.VitessOptions())
}

// leastLead is how long the simulated cluster needs to start.
const leastLead = time.Second

// lead is the time before second 0 of the record. The measured cluster had run for long, so the
// health ticks of its tablets were anywhere when the load began: runs begin at different parts
// of the interval.
func (m *Measured) lead() time.Duration { return leastLead + m.sinceTick }

// startedAfter gives the record as one whose load begins at another part of the interval between
// health ticks: seeds spread evenly, by the golden section.
func (m *Measured) startedAfter(seed uint64) (*Measured, error) {
	interval, err := m.healthCheckInterval()
	if err != nil {
		return nil, err
	}
	const golden = 0.6180339887498949
	_, part := math.Modf(float64(seed) * golden)
	shifted := *m
	shifted.sinceTick = time.Duration(part * float64(interval)).Round(time.Millisecond)
	return &shifted, nil
}

// errorPolicy is what a worker does after an error; ok is false for an unknown mode.
func errorPolicy(mode string) (p scenario.OnError, ok bool) {
	switch mode {
	case "exit":
		return scenario.OnErrorExit, true
	case "keep":
		return scenario.OnErrorKeep, true
	case "", "fast", "retry": // the failing statement itself is not repeated
		return scenario.OnErrorFast, true
	}
	return "", false
}

// closed is a group of workers as a scenario's clients.
func (m *Measured) closed(l Load) *scenario.Closed {
	c := &scenario.Closed{
		Clients: l.Clients, Think: scenario.Uniform(milliseconds(l.Min), milliseconds(l.Max)),
		Statements: scenario.Statements{Insert: 50, Select: 50}, TabletType: scenario.TypePrimary,
		AtOnce: true, Kind: l.Name, OnConnect: l.First, Database: l.Database,
		RetryWait: scenario.Duration(50 * time.Millisecond), ReadTimeout: scenario.Duration(seconds(m.ReadTimeout)),
	}
	c.OnError, _ = errorPolicy(l.Mode)
	if l.Mode == "retry" {
		c.RetryWait = scenario.Duration(5 * time.Second)
	}
	switch l.Kind {
	case kindSQL:
		c.SQL = l.SQL
	case kindTx:
		c.Transaction = &scenario.Transaction{Inserts: l.Statements, Think: scenario.Uniform(milliseconds(l.Think[0]), milliseconds(l.Think[1]))}
	}
	return c
}

// story is what the operator did and what broke. A command has an id that says which recorded
// operation it is.
func (m *Measured) story(g *staging, s *scenario.Scenario) error {
	s.Timeline, s.Faults = nil, nil
	steps, err := g.prelude(m)
	if err != nil {
		return err
	}
	for i, op := range m.Ops {
		if op.Start >= m.Seconds {
			return fmt.Errorf("operation %q begins at %v s, after the run's end", op.Op, op.Start)
		}
		list, err := g.interpret(op)
		if err != nil {
			return err
		}
		for _, l := range list {
			if l.command != nil {
				l.command.ID = opID(i)
			}
		}
		steps = append(steps, list...)
	}
	for _, l := range steps {
		if l.command != nil {
			s.Timeline = append(s.Timeline, *l.command)
		} else {
			s.Faults = append(s.Faults, scenario.FaultLine{Fault: *l.fault})
		}
	}
	return nil
}

// opID names the i-th recorded operation in the timeline.
func opID(i int) string { return fmt.Sprintf("op%d", i+1) }
