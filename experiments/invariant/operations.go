package invariant

import (
	"strings"

	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/reparent"
	"bufsim/topo"
)

// operationKinds are the events that operations follow.
func operationKinds() []string {
	return []string{string(trace.KindHost), string(topo.KindLock), string(reparent.KindEvent), string(reparent.KindPhase)}
}

// The names of operations in the trace.
const (
	plannedReparent    = "PlannedReparentShard"
	emergencyReparent  = "EmergencyReparentShard"
	externalReparent   = "TabletExternallyReparented"
	initialisingAShard = "InitShardPrimary"
)

// operations follows the reparent operations by the trace. An operation runs in one proc,
// which also takes and gives up its lock.
type operations struct {
	running []*operationView // in the order of their beginnings
	// last is the name of the operation that worked on a shard last.
	last map[string]string
	// emergency is when an EmergencyReparentShard last told of its progress on a shard; calls
	// of its own may go on behind it.
	emergency map[string]sim.Time
	// external is when another tool's primary was last made known on a shard.
	external map[string]sim.Time
}

// operationView is one operation under way.
type operationView struct {
	host, proc string
	name       string
	shard      string
	// wanted is the tablet that it was asked to promote, "" if it chooses.
	wanted string
	// overlapped: another process got the lock while this one went on.
	overlapped bool
	// began is when it had its lock; for operations without one, its first event.
	began sim.Time
	// phases are those that have begun; the last one of a name counts.
	phases []phaseView
	// ended: it has told its outcome; failure is its error, "" for success.
	ended   bool
	failure string
	end     trace.Event
}

type phaseView struct {
	name       reparent.PhaseName
	begin, end sim.Time
	over       bool
}

func newOperations() *operations {
	return &operations{last: map[string]string{}, emergency: map[string]sim.Time{}, external: map[string]sim.Time{}}
}

// observe takes over what an event says, and gives the operation that it is about, nil if it
// is about none. An operation is forgotten with the event after its end.
func (o *operations) observe(e *trace.Event) *operationView {
	switch e.Kind {
	case trace.KindHost:
		if e.Text("what") == "crash" {
			o.drop(func(v *operationView) bool { return v.host == e.Host })
		}
	case topo.KindLock:
		if e.Text("what") == "held" {
			return o.locked(e)
		}
		if e.Text("what") == "released" {
			o.drop(func(v *operationView) bool {
				return v.host == e.Host && v.proc == e.Proc && v.shard == e.Text("resource")
			})
		}
	case reparent.KindEvent, reparent.KindPhase:
		return o.progress(e)
	}
	return nil
}

// emergencies gives when an emergency of the event's shard last told of its progress before it,
// nil if none has.
func (o *operations) emergencies(e *trace.Event) *sim.Time {
	if last, ok := o.emergency[e.Text("shard")]; ok {
		return &last
	}
	return nil
}

func (o *operations) drop(gone func(*operationView) bool) {
	kept := o.running[:0]
	for _, v := range o.running {
		if !gone(v) {
			kept = append(kept, v)
		}
	}
	o.running = kept
}

// locked begins an operation that has its lock. One that still believes to have it has lost
// it, and each of the two may be in the other's way.
func (o *operations) locked(e *trace.Event) *operationView {
	lost := false
	for _, v := range o.running {
		if v.shard == e.Text("resource") && v.name != externalReparent && !v.ended && (v.host != e.Host || v.proc != e.Proc) {
			v.overlapped, lost = true, true
		}
	}
	name, arguments, _ := strings.Cut(e.Text("action"), "(")
	switch name {
	case plannedReparent, emergencyReparent, initialisingAShard:
		v := o.add(e, name, e.Text("resource"))
		v.wanted, v.overlapped = wantedPrimary(arguments), lost
		return v
	}
	return nil
}

// wantedPrimary reads the new primary from the rest of a lock's action, as in
// "zone1-0000000101, AvoidPrimary = <nil>)". spec: R-5
func wantedPrimary(arguments string) string {
	end := strings.IndexAny(arguments, ",)")
	if end < 0 || arguments[:end] == "<nil>" {
		return ""
	}
	return arguments[:end]
}

func (o *operations) add(e *trace.Event, name, shard string) *operationView {
	v := &operationView{host: e.Host, proc: e.Proc, name: name, shard: shard, began: at(e)}
	o.running = append(o.running, v)
	o.last[shard] = name
	return v
}

// progress takes over what an operation tells of itself.
func (o *operations) progress(e *trace.Event) *operationView {
	name, shard := e.Text("operation"), e.Text("shard")
	v := o.find(e, name, shard)
	if v == nil {
		v = o.add(e, name, shard)
	}
	o.last[shard] = name
	switch name {
	case emergencyReparent:
		o.emergency[shard] = at(e)
	case externalReparent:
		o.external[shard] = at(e)
	}
	if e.Kind == reparent.KindPhase {
		v.phase(e)
		return v
	}
	text := e.Text("text")
	switch {
	case text == "finished "+name, text == "finished":
		v.ended = true
	case strings.HasPrefix(text, "failed"):
		v.ended = true
		_, v.failure, _ = strings.Cut(text, ": ")
	}
	if v.ended {
		v.end = keep(*e)
		if name == externalReparent { // it has no lock to give up
			o.drop(func(other *operationView) bool { return other == v })
		}
	}
	return v
}

// find gives the operation that an event is of: the one of its name on the shard that began
// last in the event's proc, else in any. There may be two of a name if the first has lost its
// lock.
func (o *operations) find(e *trace.Event, name, shard string) (found *operationView) {
	for _, v := range o.running {
		here := v.host == e.Host && v.name == name && v.shard == shard
		if here && (v.proc == e.Proc || found == nil || found.proc != e.Proc) {
			found = v
		}
	}
	return found
}

func (v *operationView) phase(e *trace.Event) {
	name := reparent.PhaseName(e.Text("phase"))
	if e.Text("what") == "begin" {
		v.phases = append(v.phases, phaseView{name: name, begin: at(e)})
		return
	}
	for i := len(v.phases) - 1; i >= 0; i-- {
		if p := &v.phases[i]; p.name == name && !p.over {
			p.end, p.over = at(e), true
			return
		}
	}
}

// has reports whether a phase of a name has begun, and whether it is over.
func (v *operationView) has(name reparent.PhaseName) (p phaseView, begun bool) {
	for _, p := range v.phases {
		if p.name == name {
			return p, true
		}
	}
	return phaseView{}, false
}

// graceful reports whether the operation is a PlannedReparentShard that moves a healthy
// primary: only that one lets the candidate catch up before it demotes anybody.
func (v *operationView) graceful() bool {
	_, checking := v.has(reparent.PhaseCandidateCheck)
	return v.name == plannedReparent && checking
}

// promoters are the names of the operations that made tablets primary.
type promoters map[*tabletView]string

// observe takes over what a tablet's step says. A promotion counts for the operation that
// asked for it, also if it takes effect only when that one is long over.
func (p promoters) observe(e *trace.Event, t *tabletView, o *operations) {
	if e.Kind != tablet.KindStep || t == nil || e.Text("step") != "begin" {
		return
	}
	switch e.Text("call") {
	case "PromoteReplica", "InitPrimary":
		p[t] = o.last[t.shard.name]
	case "ChangeType": // no other operation makes a tablet primary so, whatever runs beside it
		p[t] = externalReparent
	}
}
