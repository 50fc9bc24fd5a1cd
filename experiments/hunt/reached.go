package hunt

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"bufsim/experiments/scenario"
	"bufsim/sim/fault"
	"bufsim/sim/trace"
)

// Reached counts what runs came to: kinds of events, with the reason or state that they tell,
// and marks, each in how many runs.
type Reached map[string]int

// Add counts what another run, or set of runs, came to; fresh is what was not there before.
func (r Reached) Add(other Reached) (fresh []string) {
	for name, n := range other { // order-free: sums; fresh is sorted
		if r[name] == 0 {
			fresh = append(fresh, name)
		}
		r[name] += n
	}
	slices.Sort(fresh)
	return fresh
}

// Names lists what was reached.
func (r Reached) Names() []string { return slices.Sorted(maps.Keys(r)) }

// has reports whether a kind or a family of kinds was seen.
func (r Reached) has(family string) bool {
	for name := range r { // order-free: whether there is one
		kind, _, _ := strings.Cut(name, " ")
		if trace.Kind(kind).In(family) {
			return true
		}
	}
	return false
}

// reacher is a sink that notes what a run comes to.
type reacher struct{ reached Reached }

// toldBy are the fields whose values tell different things that happen, not different objects.
func toldBy(kind trace.Kind) []string {
	switch kind {
	case trace.KindMark:
		return []string{"id"}
	case "buffer.stop", "buffer.evicted", "buffer.skipped":
		return []string{"reason"}
	case "buffer.shutdown", "host", "run.recovery":
		return []string{"what"}
	case "tablet.state":
		return []string{"type", "state"}
	case "tablet.step":
		return []string{"call", "step"}
	case "reparent.phase":
		return []string{"phase", "what"}
	}
	return nil
}

// Record implements trace.Sink.
func (r *reacher) Record(e trace.Event) {
	name := string(e.Kind)
	for _, field := range toldBy(e.Kind) {
		name += " " + e.Text(field)
	}
	if e.Kind == fault.KindInject {
		name += " " + faultKind(e.Text("line"))
	}
	r.reached[name] = 1
}

// faultKind is the kind of the fault of a line.
func faultKind(line string) string {
	f, err := fault.Parse(line, scenario.FaultKinds())
	if err != nil {
		return "" // the line is a fault's own text
	}
	return f.Do
}

// marks are the states worth reaching that gates mark. spec: D-48, D-67, D-60, D-36, G-24, G-63
func marks() []Gap {
	return []Gap{
		{"health-update-dropped", "A subscriber of the health check was too slow (up to v18)."},
		{"inconsistent-state", "A request ended between two views of a shard."},
		{"keyspace-event-dropped", "The gateway was too slow for a keyspace event (up to v19)."},
		{"older-primary-refused", "A serving primary of an earlier term was not believed by the health check."},
		{"serving-primary-with-old-term-not-believed", "The keyspace event watcher did not take a primary that serves again for news."},
		{"transaction-must-be-rolled-back", "A statement failed in such a way that its transaction is lost."},
	}
}

// Gap is something that no run came to.
type Gap struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
}

// gaps lists the documented kinds that no run came to, the ends of buffering, marks, and faults
// of those kinds that could be drawn.
func (r Reached) gaps(docs []trace.KindDoc, families, faults []string) (list []Gap) {
	for _, d := range docs {
		if !slices.ContainsFunc(families, d.Kind.In) {
			continue
		}
		if !r.has(string(d.Kind)) {
			list = append(list, Gap{string(d.Kind), d.Meaning})
		}
	}
	for _, name := range bufferPaths() {
		if r[name] == 0 {
			list = append(list, Gap{name, "A way through the buffer."})
		}
	}
	if slices.ContainsFunc(families, trace.KindMark.In) {
		for _, m := range marks() {
			if r[string(trace.KindMark)+" "+m.Name] == 0 {
				list = append(list, Gap{string(trace.KindMark) + " " + m.Name, m.Meaning})
			}
		}
	}
	for _, k := range scenario.FaultKinds() {
		if slices.Contains(faults, k.Name) && r[string(fault.KindInject)+" "+k.Name] == 0 {
			list = append(list, Gap{string(fault.KindInject) + " " + k.Name, k.Meaning})
		}
	}
	slices.SortFunc(list, func(a, b Gap) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// bufferPaths are the ways through a buffer. spec: B-44, buffer 9
func bufferPaths() (list []string) {
	for kind, reasons := range map[string][]string{ // order-free: gaps are sorted
		"buffer.stop":    {"NewPrimarySeen", "MaxDurationExceeded", "Shutdown"},
		"buffer.evicted": {"BufferFull", "ContextDone", "WindowExceeded"},
		"buffer.skipped": {"BufferFull", "LastFailoverTooRecent", "LastReparentTooRecent", "Shutdown"},
	} {
		for _, reason := range reasons {
			list = append(list, kind+" "+reason)
		}
	}
	return list
}
