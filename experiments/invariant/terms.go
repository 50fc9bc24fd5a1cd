package invariant

import (
	"fmt"

	"bufsim/sim/fault"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/topo/toposerver"
)

func termInvariants() []Invariant {
	return []Invariant{shardRecordTerm(), tabletTerm(), servingAsWanted(), drainLeavesNothing(), drainsOneByOne(), gateTerm()}
}

// shardRecordTerm is R-223 and I-O4.
func shardRecordTerm() Invariant {
	return Invariant{
		ID:      "shard-record-term-grows",
		Meaning: "The term in a shard's record never goes back, and its primary changes only with a later term.",
		Rules:   []string{"R-223", "I-O4"},
		Kinds:   []string{string(toposerver.KindShard), string(fault.KindInject)},
		New:     func(Facts) Checker { return &shardRecordChecker{last: map[string]trace.Event{}} },
		Fail:    failShardRecordTerm,
	}
}

func failShardRecordTerm(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type shardRecordChecker struct {
	findings
	last map[string]trace.Event
}

// Record implements Checker. A record that is made anew, since the topology lost its data, begins
// without a term. spec: R-223, I-O4
func (c *shardRecordChecker) Record(e trace.Event) {
	if e.Kind == fault.KindInject {
		if wipes(&e) {
			clear(c.last)
		}
		return
	}
	shard := e.Text("shard")
	was, known := c.last[shard]
	c.last[shard] = keep(e)
	if !known {
		return
	}
	before, now := was.Number("pts"), e.Number("pts")
	switch {
	case now < before:
		c.violate(shard, at(&e), shown(was, e), "the term goes back from %d to %d", before, now)
	case now == before && was.Text("primary") != e.Text("primary") && was.Text("primary") != "" && before != 0:
		c.violate(shard, at(&e), shown(was, e), "the primary changes from %s to %s within one term", was.Text("primary"), e.Text("primary"))
	}
}

// Finish implements Checker.
func (c *shardRecordChecker) Finish(End) {}

// tabletTerm is T-157.
func tabletTerm() Invariant {
	return Invariant{
		ID:      "tablet-term-grows",
		Meaning: "A tablet process never advertises an earlier term than before, and none while it is not primary.",
		Rules:   []string{"T-157"},
		Kinds:   []string{string(tablet.KindHealth)},
		New:     func(Facts) Checker { return &tabletTermChecker{last: map[string]trace.Event{}} },
		Fail:    failTabletTerm,
	}
}

func failTabletTerm(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type tabletTermChecker struct {
	findings
	last map[string]trace.Event // the latest message as primary, by tablet
}

// zeroTerm is the term in the last message of a primary that stops: Go's zero time. spec: T-143
const zeroTerm = -62135596800

// Record implements Checker. spec: T-157, T-143
func (c *tabletTermChecker) Record(e trace.Event) {
	term := e.Number("pts_s")
	if e.Text("type") != primaryType {
		if term != 0 {
			c.violate(e.Host, at(&e), shown(e), "a %s advertises the term %d", e.Text("type"), term)
		}
		return
	}
	if term == zeroTerm {
		return
	}
	was, known := c.last[e.Host]
	if known && was.Incarnation == e.Incarnation && term < was.Number("pts_s") {
		c.violate(e.Host, at(&e), shown(was, e), "the advertised term goes back from %d to %d", was.Number("pts_s"), term)
	}
	c.last[e.Host] = keep(e)
}

// Finish implements Checker.
func (c *tabletTermChecker) Finish(End) {}

// servingAsWanted is T-150.
func servingAsWanted() Invariant {
	return Invariant{
		ID:      "serving-as-wanted",
		Meaning: "A tablet that advertises that it serves has reached the serving state and is meant to be in it.",
		Rules:   []string{"T-150"},
		Kinds:   []string{string(trace.KindHost), string(tablet.KindHealth), string(tablet.KindState), string(tablet.KindWant)},
		New:     func(Facts) Checker { return &servingChecker{tablets: map[string]*servingView{}} },
		Fail:    failServingAsWanted,
	}
}

func failServingAsWanted(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type servingChecker struct {
	findings
	tablets map[string]*servingView
}

type servingView struct {
	want, state trace.Event
	// dead is set from the crash to the next boot: what is unwound meanwhile reaches nobody.
	dead bool
}

// Record implements Checker. spec: T-150
func (c *servingChecker) Record(e trace.Event) {
	t := c.tablets[e.Host]
	if t == nil || restarted(&e) {
		t = &servingView{dead: e.Kind == trace.KindHost && e.Text("what") == "crash"}
		c.tablets[e.Host] = t
	}
	if t.dead {
		return
	}
	switch e.Kind {
	case tablet.KindWant:
		t.want = keep(e)
	case tablet.KindState:
		t.state = keep(e)
	case tablet.KindHealth:
		if e.Number("serving") == 0 {
			return
		}
		if want, state := t.want.Text("state"), t.state.Text("state"); want != servingState || state != servingState {
			c.violate(e.Host, at(&e), shown(t.want, t.state, e), "it advertises serving, is %q and is meant to be %q", state, want)
		}
	}
}

// Finish implements Checker.
func (c *servingChecker) Finish(End) {}

// inShard names a shard by two fields of an event.
func inShard(e *trace.Event) string { return fmt.Sprintf("%s/%s", e.Text("keyspace"), e.Text("shard")) }
