package hunt

import (
	"slices"
	"strings"
	"time"

	"bufsim/experiments/invariant"
	"bufsim/gate/buffer"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// The kinds of events of a small world's program.
const (
	kindAsk    trace.Kind = "world.ask"
	kindAnswer trace.Kind = "world.answer"
	kindSays   trace.Kind = "world.says"
)

// Invariants are those of package invariant and what only a hunt watches for: what the buffer
// owes to its users beyond the rules of its parts.
func Invariants() []invariant.Invariant {
	return append(invariant.All(), ownInvariants()...)
}

func ownInvariants() []invariant.Invariant {
	return []invariant.Invariant{promptEnd(), earlyEnd(), falseReshard(), answered(), slotsComeBack(), workConserving()}
}

// Lookup finds an invariant of a hunt by its id.
func Lookup(id string) (invariant.Invariant, bool) {
	all := Invariants()
	i := slices.IndexFunc(all, func(inv invariant.Invariant) bool { return inv.ID == id })
	if i < 0 {
		return invariant.Invariant{}, false
	}
	return all[i], true
}

// inSmallWorlds are the invariants that can be judged by what a gate below its sessions does:
// all but those of package invariant that are not about its buffer.
func inSmallWorlds(all []invariant.Invariant) []invariant.Invariant {
	return slices.DeleteFunc(slices.Clone(all), func(inv invariant.Invariant) bool {
		_, err := invariant.Lookup(inv.ID)
		return err == nil && !slices.Contains(inv.Kinds, "buffer")
	})
}

// inClusters are the invariants of runs of package runner, which has no programs.
func inClusters(all []invariant.Invariant) []invariant.Invariant {
	return slices.DeleteFunc(slices.Clone(all), func(inv invariant.Invariant) bool {
		return slices.ContainsFunc(inv.Kinds, func(k string) bool { return strings.HasPrefix(k, "world") })
	})
}

// oracle is an invariant of this package made of a function that makes its judge.
func oracle(inv invariant.Invariant, start func(invariant.Facts, *verdicts) (see func(*trace.Event), finish func(invariant.End))) invariant.Invariant {
	inv.New = func(f invariant.Facts) invariant.Checker {
		c := &checker{}
		c.see, c.finish = start(f, &c.verdicts)
		return c
	}
	inv.Fail = func(t invariant.Reporter, v invariant.Violation) { t.Helper(); t.Fatalf("%s", v) }
	return inv
}

// checker implements invariant.Checker.
type checker struct {
	verdicts
	see    func(*trace.Event)
	finish func(invariant.End)
}

func (c *checker) Record(e trace.Event)              { c.see(&e) }
func (c *checker) Finish(end invariant.End)          { c.finish(end) }
func (c *checker) Violations() []invariant.Violation { return c.list }

// verdicts collects violations, one for each object.
type verdicts struct{ list []invariant.Violation }

func (v *verdicts) add(object string, at sim.Time, detail, excused string, shown ...*trace.Event) {
	if slices.ContainsFunc(v.list, func(o invariant.Violation) bool { return o.Object == object && o.Excused == excused }) || len(v.list) >= 20 {
		return
	}
	one := invariant.Violation{Object: object, At: at, Count: 1, Detail: detail, Excused: excused}
	for _, e := range shown {
		if e != nil {
			one.Events = append(one.Events, trace.Line(e))
		}
	}
	v.list = append(v.list, one)
}

// keep copies an event, so that it can be shown later.
func keep(e *trace.Event) *trace.Event {
	c := *e
	c.Fields = slices.Clone(e.Fields)
	return &c
}

// earliest is the first of some events, nil if there are none.
func earliest[K comparable](events map[K]*trace.Event) (first *trace.Event) {
	for _, e := range events { // in any order: the earliest counts
		if first == nil || e.Step < first.Step {
			first = e
		}
	}
	return first
}

func shardOf(e *trace.Event) string { return e.Text("keyspace") + "/" + e.Text("shard") }

// falseReshard: nothing is resharded in the worlds of a hunt. spec: D-71, D-102
func falseReshard() invariant.Invariant {
	return oracle(invariant.Invariant{
		ID: "no-resharding-made-up", Meaning: "A client is told of a resharding only when there is one.",
		Rules: []string{"D-71", "D-102", "G-24"}, Kinds: []string{"gateway.end"},
	}, func(_ invariant.Facts, v *verdicts) (func(*trace.Event), func(invariant.End)) {
		return func(e *trace.Event) {
			if strings.Contains(e.Text("error"), vterr.TextBeingResharded) {
				v.add(e.Host, sim.Time(e.Time), "a request is told that its keyspace is being resharded: "+e.Text("error"), "", e)
			}
		}, func(invariant.End) {}
	})
}

// answered: a request of a small world, whose tablets answer at once, waits only while it is
// held, and its turn in a drain; when everything has been quiet for long, nobody waits.
// spec: P-13, P-25
func answered() invariant.Invariant {
	return oracle(invariant.Invariant{
		ID: "every-request-is-answered", Meaning: "Every request is answered in the end.",
		Rules: []string{"P-13", "P-25"}, Kinds: []string{string(kindAsk), string(kindAnswer)},
	}, func(_ invariant.Facts, v *verdicts) (func(*trace.Event), func(invariant.End)) {
		open := map[string]*trace.Event{}
		see := func(e *trace.Event) {
			if e.Kind == kindAsk {
				open[e.Text("request")] = keep(e)
			} else {
				delete(open, e.Text("request"))
			}
		}
		return see, func(end invariant.End) {
			if first := earliest(open); first != nil && end.Recovered {
				v.add(first.Text("shard"), sim.Time(first.Time), first.Text("request")+" has no answer when nothing has happened for long", "", first)
			}
		}
	})
}

// slotsComeBack: a slot belongs to a request that is held or is retried. spec: B-27, P-2
func slotsComeBack() invariant.Invariant {
	return oracle(invariant.Invariant{
		ID: "slots-come-back", Meaning: "When no request is held or retried, no slot of the buffer is taken.",
		Rules: []string{"B-27", "P-2"}, Kinds: []string{string(buffer.KindBuffered), string(buffer.KindReleased), string(buffer.KindEvicted), string(trace.KindHost)},
	}, func(_ invariant.Facts, v *verdicts) (func(*trace.Event), func(invariant.End)) {
		type slot struct {
			gate  string
			entry int64
		}
		left := map[slot]*trace.Event{} // those that left the queue by their client's doing
		see := func(e *trace.Event) {
			s := slot{e.Host, e.Number("entry")}
			switch {
			case e.Kind == buffer.KindEvicted && e.Text("reason") == "ContextDone":
				left[s] = keep(e)
			case e.Kind == buffer.KindReleased:
				delete(left, s)
			case e.Kind == trace.KindHost && e.Text("what") != "pause" && e.Text("what") != "resume":
				for s := range left {
					if s.gate == e.Host {
						delete(left, s)
					}
				}
			}
		}
		return see, func(end invariant.End) {
			if first := earliest(left); first != nil && end.Recovered {
				v.add(first.Host+" "+shardOf(first), sim.Time(first.Time), "the request has left, and its slot is taken for good", "", first)
			}
		}
	})
}

// workConserving: as long as requests wait for their turn in a drain, all of its workers work.
// spec: B-45, B-46
func workConserving() invariant.Invariant {
	return oracle(invariant.Invariant{
		ID: "drain-uses-its-workers", Meaning: "While held requests wait for their turn in a drain, as many are under way as the drain concurrency allows.",
		Rules: []string{"B-45", "B-46"}, Kinds: []string{"buffer.stop", "buffer.unblocked", "buffer.released", "buffer.drained", string(trace.KindHost)},
	}, func(f invariant.Facts, v *verdicts) (func(*trace.Event), func(invariant.End)) {
		drains := map[string]*drainView{}
		return func(e *trace.Event) {
			key := e.Host + " " + shardOf(e)
			if e.Kind == trace.KindHost {
				for name := range drains { // a gate that stopped or stood still is not judged
					if strings.HasPrefix(name, e.Host+" ") {
						delete(drains, name)
					}
				}
				return
			}
			if e.Kind == buffer.KindStop {
				drains[key] = &drainView{waiting: e.Number("queued"), since: e.Time, under: map[int64]bool{}, stop: keep(e)}
				return
			}
			if d := drains[key]; d != nil && d.judge(e, int64(f.Flags.VTGate.BufferDrainConcurrency), f.Slack(sim.Time(d.since), sim.Time(e.Time))) {
				v.add(key, sim.Time(d.since), "a worker of the drain has nothing to do while requests wait", "", d.stop, e)
			}
		}, func(invariant.End) {}
	})
}

// drainView is a drain under way.
type drainView struct {
	waiting int64 // not given free yet
	under   map[int64]bool
	since   int64 // when the number under way last changed
	stop    *trace.Event
}

// judge takes over an event, and says whether a worker was idle before it.
func (d *drainView) judge(e *trace.Event, workers int64, slack time.Duration) (idle bool) {
	busy := int64(len(d.under))
	idle = busy < min(workers, busy+d.waiting) && e.Time-d.since > int64(time.Millisecond+slack)
	switch id := e.Number("entry"); {
	case e.Kind == buffer.KindUnblocked:
		d.waiting--
		d.under[id] = true
		d.since = e.Time
	case e.Kind == buffer.KindReleased && d.under[id]:
		delete(d.under, id)
		d.since = e.Time
	case e.Kind == buffer.KindDrained:
		d.waiting = 0
	}
	return idle
}
