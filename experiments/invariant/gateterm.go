package invariant

import (
	"strings"

	"bufsim/gate/discovery"
	"bufsim/gate/gateway"
	"bufsim/sim/trace"
)

// gateTerm is the client's side of DI-2: whom a gate chooses, instead of its lists, which are
// in no trace.
func gateTerm() Invariant {
	return Invariant{
		ID:      "gate-follows-latest-term",
		Meaning: "A gate sends no statement for the primary to a tablet while it knows another serving primary of a later term.",
		Rules:   []string{"DI-1", "DI-2"},
		Kinds:   []string{string(trace.KindHost), string(discovery.KindHealth), string(gateway.KindBegin), string(gateway.KindAttempt), string(gateway.KindEnd)},
		New:     func(Facts) Checker { return &gateTermChecker{gates: map[string]*gateTermView{}} },
		Fail:    failGateTerm,
	}
}

func failGateTerm(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type gateTermChecker struct {
	findings
	gates map[string]*gateTermView
}

// gateTermView is what one gate knows.
type gateTermView struct {
	// health is the last news of each tablet, by its full name.
	health map[string]trace.Event
	order  []string
	// listed are the terms with which tablets that do not say otherwise were primary: the
	// health check keeps such a one when it becomes a replica without a word. spec: D-36
	listed map[string]int64
	// targets are those of the requests under way that want the primary.
	targets map[string]string
}

// Record implements Checker. spec: DI-1, DI-2
func (c *gateTermChecker) Record(e trace.Event) {
	g := c.gates[e.Host]
	if g == nil || restarted(&e) {
		g = newGateTermView()
		c.gates[e.Host] = g
	}
	switch e.Kind {
	case discovery.KindHealth:
		g.news(&e)
	case gateway.KindBegin:
		if shard, ok := primaryTarget(e.Text("target")); ok {
			g.targets[e.Text("request")] = shard
		}
	case gateway.KindEnd:
		delete(g.targets, e.Text("request"))
	case gateway.KindAttempt:
		if shard, ok := g.targets[e.Text("request")]; ok {
			c.attempt(g, &e, shard)
		}
	}
}

func newGateTermView() *gateTermView {
	return &gateTermView{health: map[string]trace.Event{}, listed: map[string]int64{}, targets: map[string]string{}}
}

// stale reports whether the gate keeps a tablet as primary that is none any more, and that
// nobody of a later term has taken the place of.
func (g *gateTermView) stale() bool {
	for _, name := range g.order {
		old := g.health[name]
		term, listed := g.listed[name]
		if !listed || old.Text("type") == "primary" {
			continue
		}
		for _, other := range g.order {
			h := g.health[other]
			if inShard(&h) == inShard(&old) && h.Text("type") == "primary" && h.Number("serving") != 0 && h.Number("term") <= term {
				return true
			}
		}
	}
	return false
}

func (g *gateTermView) news(e *trace.Event) {
	name := e.Text("tablet")
	if _, known := g.health[name]; !known {
		g.order = append(g.order, name)
	}
	g.health[name] = keep(*e)
	if e.Text("type") == "primary" {
		if e.Number("serving") == 0 {
			delete(g.listed, name)
		} else if term, listed := g.listed[name]; !listed || e.Number("term") > term {
			g.listed[name] = e.Number("term") // an earlier one is ignored (D-33)
		}
	}
}

// attempt judges a choice by what the gate knew before this instant: news of the same instant
// may come between the look at the list and the call.
func (c *gateTermChecker) attempt(g *gateTermView, e *trace.Event, shard string) {
	short := shortTablet(e.Text("tablet"))
	chosen := g.health[short]
	excuse := func(later int64) string {
		if term, stale := g.listed[short]; stale && chosen.Text("type") != "primary" && term >= later {
			return staleEntry
		}
		return ""
	}
	for _, name := range g.order {
		h := g.health[name]
		if h.Time < e.Time && inShard(&h) == shard && h.Text("type") == "primary" && h.Number("serving") != 0 && h.Number("term") > chosen.Number("term") {
			c.excused(excuse(h.Number("term")), e.Host+" "+shard, at(e), shown(h, chosen, *e),
				"it chose %s of term %d and knows %s of term %d", e.Text("tablet"), chosen.Number("term"), name, h.Number("term"))
		}
	}
}

// staleEntry excuses gates that keep an old primary for good: it became a replica without a
// message that it does not serve, and its successor's term is not later in whole seconds.
const staleEntry = "the old primary became a replica without a word and terms of one second are equal (D-33, D-36, D-93)"

// Finish implements Checker.
func (c *gateTermChecker) Finish(End) {}

// primaryTarget gives the shard of a target such as "commerce.0.primary"; ok is false for
// other types.
func primaryTarget(target string) (shard string, ok bool) {
	rest, ok := strings.CutSuffix(target, ".primary")
	if !ok {
		return "", false
	}
	keyspace, name, ok := strings.Cut(rest, ".")
	return keyspace + "/" + name, ok
}

// shortTablet is the name of a tablet in the health check's events: zone1-100 for
// zone1-0000000100.
func shortTablet(full string) string {
	i := strings.LastIndexByte(full, '-')
	if i < 0 {
		return full
	}
	number := strings.TrimLeft(full[i+1:], "0")
	if number == "" {
		number = "0"
	}
	return full[:i+1] + number
}
