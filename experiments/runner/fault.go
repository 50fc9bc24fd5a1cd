package runner

import (
	"fmt"
	"slices"
	"strings"

	"bufsim/experiments/scenario"
	"bufsim/model/spelling"
	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/sim/trace"
)

// startFaults begins to carry out the scenario's plan of faults.
func (p *play) startFaults() {
	p.injector.Start(fault.Site{World: p.world, Env: p.steady, Net: p.net, Domain: site{p}})
}

// fault carries out an operation of the timeline that is a fault.
func (p *play) fault(env *sim.Env, op *operation) {
	f, ok := op.Operation.Fault()
	if !ok {
		panic("runner: no way to perform " + string(op.Do)) // a mistake in this package
	}
	op.what = strings.TrimSpace(string(op.Do) + " " + string(op.Args.Target))
	if op.Do == scenario.DoSetWritable {
		op.what = fmt.Sprintf("SetWritable %s %t", op.Args.Target, *op.Args.Value)
	}
	op.err = p.injector.Do(env, f).Err
}

// checkPlan judges the scenario's faults where Load has not done so.
func checkPlan(s *scenario.Scenario) error {
	for _, f := range s.Plan() {
		if m := s.CheckFault(&f); m != nil {
			return fmt.Errorf("fault %q: %w", f.String(), m)
		}
		if err := CheckTrigger(&f.When); err != nil {
			return fmt.Errorf("fault %q: %w", f.String(), err)
		}
	}
	return nil
}

// CheckTrigger judges whether the event that a fault waits for exists, and has the
// fields that it names.
func CheckTrigger(w *fault.When) error {
	if w.Event == "" {
		return nil
	}
	kinds := TraceKinds()
	i := slices.IndexFunc(kinds, func(d trace.KindDoc) bool { return d.Kind == w.Event })
	if i < 0 {
		var names []string
		for _, d := range kinds {
			names = append(names, string(d.Kind))
		}
		return fmt.Errorf("there is no kind of event %q%s; docs/trace.md lists them", w.Event, meant(string(w.Event), names))
	}
	fields := append(strings.Fields(kinds[i].Fields), "host", "proc")
	for _, m := range w.Where {
		if !slices.Contains(fields, m.Key) {
			return fmt.Errorf("an event %s has no field %q%s; it has %s", w.Event, m.Key, meant(m.Key, fields), strings.Join(fields, ", "))
		}
	}
	return nil
}

func meant(name string, known []string) string {
	if near, ok := spelling.Nearest(name, known); ok {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}

// Fault is what became of a fault of the scenario's plan.
type Fault struct {
	Line string `json:"line"`
	// Fired is false if the fault did not happen.
	Fired bool     `json:"fired"`
	Start sim.Time `json:"start_ns"`
	End   sim.Time `json:"end_ns"`
	// Ended is false if the fault lasted to the end of the run.
	Ended bool     `json:"ended"`
	Hosts []string `json:"hosts,omitempty"`
	Peers []string `json:"peers,omitempty"`
	Error string   `json:"error,omitempty"`
}

// faultResults reports the plan.
func (p *play) faultResults() []Fault {
	var list []Fault
	for _, r := range p.injector.Records() {
		f := Fault{Line: r.Line, Fired: r.Fired, Start: r.Start, End: r.End, Ended: r.Ended, Hosts: r.Hosts, Peers: r.Peers}
		if r.Err != nil {
			f.Error = r.Err.Error()
		}
		list = append(list, f)
	}
	return list
}
