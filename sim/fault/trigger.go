package fault

import (
	"slices"
	"strconv"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// trigger is a fault that waits for its event.
type trigger struct {
	*When
	of   *underWay
	seen int
}

// Watch returns the sink to give to the world: it passes all events to next, which may
// be nil, and watches them for the plan's triggers. Without triggers it is next itself.
func (in *Injector) Watch(next trace.Sink) trace.Sink {
	if len(in.waiting) == 0 {
		return next
	}
	return &watch{in, next}
}

type watch struct {
	in   *Injector
	next trace.Sink
}

// Record implements trace.Sink.
func (w *watch) Record(e trace.Event) {
	if w.next != nil {
		w.next.Record(e)
	}
	if w.in.started && !w.in.closed {
		w.in.watch(&e)
	}
}

// watch has the faults happen whose event this is.
func (in *Injector) watch(e *trace.Event) {
	for _, t := range in.waiting {
		if e.Kind == t.Event && in.matches(t, e) {
			t.seen++
		}
	}
	in.waiting = slices.DeleteFunc(in.waiting, func(t *trigger) bool {
		if t.seen < t.Nth {
			return false
		}
		in.site.World.Intervene(sim.Time(e.Time).Add(t.Wait), func() { in.fire(t.of) })
		return true
	})
}

func (in *Injector) matches(t *trigger, e *trace.Event) bool {
	for _, m := range t.Where {
		switch m.Key {
		case "proc":
			if e.Proc != m.Value {
				return false
			}
		case "host":
			hosts := in.site.Domain.Hosts(m.Value, false)
			if !slices.ContainsFunc(hosts, func(h *sim.Host) bool { return h.Name() == e.Host }) {
				return false
			}
		default:
			f, ok := e.Get(m.Key)
			if !ok || value(f) != m.Value {
				return false
			}
		}
	}
	return true
}

// value is the text of a field as traces show it.
func value(f trace.Field) string {
	if f.IsNum {
		return strconv.FormatInt(f.Num, 10)
	}
	return f.Str
}
