package groundtruth

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"bufsim/experiments/runner"
	"bufsim/sim/trace"
)

// figures are what is compared, by name: numbers, or texts for sequences.
type figures map[string]value

// value is a number or, if text is not empty, a sequence of things that happened.
type value struct {
	number float64
	text   string
}

func (f figures) add(name string, n float64) { f[name] = value{number: f[name].number + n} }

// names lists the figures of all maps, sorted.
func names(all ...figures) []string {
	seen := map[string]bool{}
	for _, f := range all {
		for name := range f {
			seen[name] = true
		}
	}
	var list []string
	for name := range seen {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}

// The prefixes of the names tell what a figure is about, and give the order of a table.
const (
	aboutErrors   = "errors"
	aboutKind     = "statements "
	aboutText     = "error: "
	aboutCounter  = "counter "
	aboutOp       = "operation "
	aboutHealth   = "health: "
	aboutLog      = "log: "
	aboutSlowest  = "longest wait, s"
	aboutDrain    = "buffer's drain, s"
	aboutNoServer = "health: s without a serving primary"
)

// figures are those of the record.
func (m *Measured) figures() figures {
	f := figures{}
	f.add(aboutErrors, float64(m.Errors))
	for kind, n := range m.ByKind {
		f.add(aboutKind+kind+" ok", float64(n.OK))
		f.add(aboutKind+kind+" failed", float64(n.Errors))
	}
	if m.ByKind == nil {
		f.add(aboutKind+"ok", float64(m.OK))
	}
	for _, e := range m.errorTexts() {
		name := aboutText + oneLine(fromClient(e.Text))
		if m.errorsCut() { // then only which texts there are
			f[name] = value{number: 1}
			continue
		}
		f.add(name, float64(e.Count))
	}
	for name, v := range m.Metrics {
		if counted(name) {
			f.add(aboutCounter+shortSeries(name), v)
		}
	}
	for i, op := range m.Ops {
		if op.RC == nil || !isCommand(op.Op) {
			continue
		}
		f.add(fmt.Sprintf("%s%d takes, s", aboutOp, i+1), op.End-op.Start)
		f[fmt.Sprintf("%s%d says", aboutOp, i+1)] = value{text: orNothing(oneLine(commandError(op.Err)))}
	}
	f.add(aboutSlowest, m.slowest())
	m.logFigures(f, m.logLines())
	if m.Health != nil {
		healthFigures(f, m.healthEvents(), m.Seconds)
	}
	return f
}

// slowest is the longest successful statement: those over slowLimit are recorded, the first 400.
func (m *Measured) slowest() float64 {
	longest := 0.0
	for _, r := range m.SlowRequests {
		if d, ok := r[len(r)-1].(float64); ok {
			longest = max(longest, d)
		}
	}
	return longest
}

// slowLimit is what a statement took at least to be recorded as slow, in seconds.
const slowLimit = 0.1

// counted says which series are compared: the size is a flag.
func counted(name string) bool {
	return strings.HasPrefix(name, "vtgate_buffer_") && name != "vtgate_buffer_size"
}

// isCommand tells Vitess's commands from what scripts did.
func isCommand(op string) bool {
	for _, name := range []string{"PlannedReparentShard", "EmergencyReparentShard", "TabletExternallyReparented", "SetWritable"} {
		if strings.HasPrefix(op, name) {
			return true
		}
	}
	return false
}

func orNothing(s string) string {
	if s == "" {
		return "success"
	}
	return s
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// simulated are the figures of a simulated run.
func (m *Measured) simulated(r *runner.Result, events []trace.Event) figures {
	f := figures{}
	f.add(aboutErrors, float64(r.Statements.Errors))
	for _, k := range r.Journal.Tally().ByKind {
		if m.ByKind != nil {
			f.add(aboutKind+k.Kind+" ok", float64(k.OK))
			f.add(aboutKind+k.Kind+" failed", float64(k.Errors))
		}
	}
	if m.ByKind == nil {
		f.add(aboutKind+"ok", float64(r.Statements.OK))
	}
	for _, e := range r.Errors {
		name := aboutText + oneLine(fmt.Sprintf("%d %s", e.Num, mask(e.Text)))
		if m.errorsCut() {
			f[name] = value{number: 1}
			continue
		}
		f.add(name, float64(e.Count))
	}
	for _, s := range r.Gates[0].Buffer {
		if counted(s.Name) {
			f.add(aboutCounter+shortSeries(s.Name), float64(s.Value))
		}
	}
	for i, op := range m.Ops {
		at := slices.IndexFunc(r.Operations, func(o runner.Operation) bool { return o.ID == opID(i) })
		if op.RC == nil || !isCommand(op.Op) || at < 0 {
			continue
		}
		o := r.Operations[at]
		f.add(fmt.Sprintf("%s%d takes, s", aboutOp, i+1), (o.End.Sub(o.Start) + clientLaunch + clientFinish).Seconds())
		f[fmt.Sprintf("%s%d says", aboutOp, i+1)] = value{text: orNothing(oneLine(commandError(o.Error)))}
	}
	longest := r.Latency.Max.Seconds()
	if longest < slowLimit {
		longest = 0
	}
	f.add(aboutSlowest, longest)
	m.logFigures(f, simulatedLog(r))
	if m.Health != nil {
		healthFigures(f, simulatedHealth(events), m.lead().Seconds()+m.Seconds)
	}
	return f
}
