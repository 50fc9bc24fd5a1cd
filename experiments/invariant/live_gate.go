package invariant

import (
	"maps"
	"slices"
	"strings"

	"bufsim/gate"
	"bufsim/gate/discovery"
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// liveRouting is DI-11.
func liveRouting() Invariant {
	return Invariant{
		ID:      "live-gates-know-primary",
		Meaning: "Some time after faults have stopped, every gate knows the tablet that serves as primary of each shard, in its term, and no other of a later term.",
		Rules:   []string{"DI-11"},
		Kinds:   append(clusterKinds(), string(discovery.KindHealth)),
		New: func(f Facts) Checker {
			return &liveRoutingChecker{facts: f, cluster: newCluster(f), gates: map[string]map[string]trace.Event{}}
		},
		Fail: failLiveRouting,
	}
}

func failLiveRouting(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type liveRoutingChecker struct {
	findings
	facts   Facts
	cluster *cluster
	gates   map[string]map[string]trace.Event // the last news by gate and tablet
}

// Record implements Checker.
func (c *liveRoutingChecker) Record(e trace.Event) {
	c.cluster.observe(&e)
	if restarted(&e) {
		delete(c.gates, e.Host)
	}
	if e.Kind == discovery.KindHealth {
		if c.gates[e.Host] == nil {
			c.gates[e.Host] = map[string]trace.Event{}
		}
		c.gates[e.Host][e.Text("tablet")] = keep(e)
	}
}

// Finish implements Checker. spec: DI-11
func (c *liveRoutingChecker) Finish(end End) {
	if !end.Recovered {
		return
	}
	for _, g := range c.facts.Gates {
		for _, s := range c.cluster.shards {
			if w := s.writers(); len(w) == 1 {
				c.judge(g, s, w[0], end)
			}
		}
	}
}

func (c *liveRoutingChecker) judge(g string, s *shardView, primary *tabletView, end End) {
	known := c.gates[g]
	mine := known[shortTablet(primary.host)]
	if mine.Text("type") != "primary" || mine.Number("serving") == 0 {
		c.violate(g+" "+s.name, end.Time, shown(primary.stateEvent, mine), "it does not know that %s is the serving primary", primary.host)
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		h := known[name]
		if inShard(&h) == s.name && h.Text("type") == "primary" && h.Number("serving") != 0 && h.Number("term") > mine.Number("term") {
			c.violate(g+" "+s.name, end.Time, shown(primary.stateEvent, h), "it believes that %s is the serving primary", name)
		}
	}
}

// liveAnswers is the client's side of DI-11.
func liveAnswers() Invariant {
	return Invariant{
		ID:      "live-gates-answer",
		Meaning: "Some time after faults have stopped, reads and writes of each shard succeed through every gate.",
		Rules:   []string{"DI-11"},
		Kinds: []string{
			string(KindProbe), string(trace.KindHost), string(discovery.KindHealth), string(tablet.KindTransitionFailed), string(tablet.KindState),
		},
		New: func(Facts) Checker {
			return &liveAnswersChecker{gates: map[string]*gateTermView{}, closed: map[string]bool{}}
		},
		Fail: failLiveAnswers,
	}
}

func failLiveAnswers(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type liveAnswersChecker struct {
	findings
	gates map[string]*gateTermView
	// closed are the tablets that began to drain, failed to end that, and have come to no state
	// since: told to serve again, they believe that they do.
	closed map[string]bool
}

// closedEngine excuses tablets whose drain has closed the transaction engine and whose
// demotion then failed, since MySQL did not answer: the state that they had never changed, so
// that the wish to serve again starts nothing.
const closedEngine = "a demotion failed behind its drain, and the tablet serves with its transactions closed (T-20, T-23)"

// Record implements Checker. spec: DI-11
func (c *liveAnswersChecker) Record(e trace.Event) {
	g := c.gates[e.Host]
	if g == nil || restarted(&e) {
		g = newGateTermView()
		c.gates[e.Host] = g
	}
	switch {
	case restarted(&e), e.Kind == tablet.KindState:
		delete(c.closed, e.Host)
	case e.Kind == tablet.KindTransitionFailed:
		c.closed[e.Host] = e.Text("state") == "Not Serving"
	case e.Kind == discovery.KindHealth:
		g.news(&e)
	case e.Kind == KindProbe && e.Number("errno") != 0:
		c.excused(c.excuse(&e), e.Text("gate"), at(&e), shown(e), "a %s fails: %d, %s", e.Text("verb"), e.Number("errno"), e.Text("error"))
	}
}

func (c *liveAnswersChecker) excuse(e *trace.Event) string {
	if g := c.gates[e.Text("gate")]; g != nil && g.stale() {
		return staleEntry
	}
	for _, closed := range c.closed { // in any order: any of them will do
		if closed && strings.Contains(e.Text("error"), "connection pool is closed") {
			return closedEngine
		}
	}
	return ""
}

// Finish implements Checker.
func (c *liveAnswersChecker) Finish(End) {}

// liveStatements is P-21, for all statements.
func liveStatements() Invariant {
	return Invariant{
		ID:      "live-statements-end",
		Meaning: "Some time after faults have stopped, every statement that reached a gate has been answered.",
		Rules:   []string{"P-21"},
		Kinds:   []string{string(trace.KindHost), string(gate.KindStatement), string(gate.KindAnswer)},
		New:     func(Facts) Checker { return &liveStatementsChecker{open: map[string]trace.Event{}} },
		Fail:    failLiveStatements,
	}
}

func failLiveStatements(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type liveStatementsChecker struct {
	findings
	open map[string]trace.Event // by request
}

// Record implements Checker.
func (c *liveStatementsChecker) Record(e trace.Event) {
	switch e.Kind {
	case gate.KindStatement:
		c.open[e.Text("request")] = keep(e)
	case gate.KindAnswer:
		delete(c.open, e.Text("request"))
	default:
		if restarted(&e) {
			maps.DeleteFunc(c.open, func(_ string, s trace.Event) bool { return s.Host == e.Host })
		}
	}
}

// Finish implements Checker. spec: P-21
func (c *liveStatementsChecker) Finish(end End) {
	if !end.Recovered {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(c.open)) {
		e := c.open[id]
		c.violate(e.Host, end.Time, shown(e), "%s has no answer after %v", id, end.Time.Sub(at(&e)))
	}
}

// liveBuffers is P-24.
func liveBuffers() Invariant {
	inv := bufferInvariant(Invariant{
		ID:      "live-buffers-empty",
		Meaning: "Some time after faults have stopped, no gate buffers any more: nothing is held and every slot is free.",
		Rules:   []string{"P-24", "P-2"},
		Fail:    failLiveBuffers,
	}, func(*bufferChecker, *bufferEvent) {})
	follow := inv.New
	inv.New = func(f Facts) Checker { return &liveBuffersChecker{follow(f).(*bufferChecker)} }
	return inv
}

func failLiveBuffers(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type liveBuffersChecker struct{ *bufferChecker }

// Finish implements Checker. spec: P-24, P-2
func (c *liveBuffersChecker) Finish(end End) {
	if !end.Recovered {
		return
	}
	for _, g := range slices.Sorted(maps.Keys(c.buffers)) {
		b := c.buffers[g]
		for _, name := range slices.Sorted(maps.Keys(b.shards)) {
			if s := b.shards[name]; s.state != bufferIdle {
				c.violate(g+" "+name, end.Time, shown(s.started, s.stopped), "it is %s", s.state)
			}
		}
		if b.taken != 0 {
			c.violate(g, end.Time, nil, "%d slots are taken", b.taken)
		}
	}
}
