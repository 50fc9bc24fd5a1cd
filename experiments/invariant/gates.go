package invariant

import (
	"strings"

	"bufsim/gate"
	"bufsim/gate/discovery"
	"bufsim/gate/gateway"
	"bufsim/sim/trace"
)

func gateInvariants() []Invariant {
	return []Invariant{gateCalls(), gateHolds(), gateErrors(), gateTime(), gateEvents()}
}

// gateInvariant makes an invariant of a function that judges the events of gates' retry loops.
func gateInvariant(inv Invariant, judge func(*gateChecker, *loopView, *trace.Event)) Invariant {
	inv.Kinds = []string{string(trace.KindHost), string(gate.KindStatement), string(gate.KindAnswer), string(gateway.KindBegin), string(gateway.KindAttempt), string(gateway.KindEnd)}
	inv.New = func(f Facts) Checker {
		return &gateChecker{facts: f, cluster: newCluster(f), statements: map[string]trace.Event{}, loops: map[string]*loopView{}, judge: judge}
	}
	return inv
}

// gateChecker follows the retry loops of all gates. A statement has one at a time for each
// shard that it goes to.
type gateChecker struct {
	findings
	facts      Facts
	cluster    *cluster
	statements map[string]trace.Event // by request
	loops      map[string]*loopView   // by request and shard
	judge      func(*gateChecker, *loopView, *trace.Event)
}

// loopView is one request in a gate's retry loop.
type loopView struct {
	statement, begin trace.Event
	shard            string
	// attempts are the calls so far.
	attempts []trace.Event
}

// Record implements Checker.
func (c *gateChecker) Record(e trace.Event) {
	request := e.Text("request")
	switch e.Kind {
	case trace.KindHost:
		c.forget(&e)
	case gate.KindStatement:
		c.statements[request] = keep(e)
	case gate.KindAnswer:
		delete(c.statements, request)
	case gateway.KindBegin:
		shard := targetShard(e.Text("target"))
		c.loops[request+" "+shard] = &loopView{statement: c.statements[request], begin: keep(e), shard: shard}
	case gateway.KindAttempt:
		if t := c.cluster.tablets[e.Text("tablet")]; t != nil {
			if l := c.loops[request+" "+t.shard.name]; l != nil {
				c.judge(c, l, &e)
				l.attempts = append(l.attempts, keep(e))
			}
		}
	case gateway.KindEnd:
		c.ended(&e)
	}
}

// ended judges the end of a loop. Its event does not say which shard it is about, so that the
// loops of a statement to several shards are not judged at their ends.
func (c *gateChecker) ended(e *trace.Event) {
	var mine []string
	for _, s := range c.cluster.shards {
		if key := e.Text("request") + " " + s.name; c.loops[key] != nil {
			mine = append(mine, key)
		}
	}
	if len(mine) == 1 {
		c.judge(c, c.loops[mine[0]], e)
	}
	for _, key := range mine {
		delete(c.loops, key)
	}
}

// forget drops what a crashed gate was about.
func (c *gateChecker) forget(e *trace.Event) {
	if !restarted(e) {
		return
	}
	for request := range c.statements { // in any order: each by itself
		if strings.HasPrefix(request, e.Host+"/") {
			delete(c.statements, request)
		}
	}
	for key := range c.loops { // in any order
		if strings.HasPrefix(key, e.Host+"/") {
			delete(c.loops, key)
		}
	}
}

// Finish implements Checker.
func (c *gateChecker) Finish(End) {}

// targetShard gives the shard of a target such as "commerce.0.replica".
func targetShard(target string) string {
	keyspace, rest, _ := strings.Cut(target, ".")
	shard, _, _ := strings.Cut(rest, ".")
	return keyspace + "/" + shard
}

// gateCalls is GI-1.
func gateCalls() Invariant {
	return gateInvariant(Invariant{
		ID:      "gate-calls-bounded",
		Meaning: "A pass through a gate's retry loop calls at most one tablet more often than the retry count says, and no tablet twice.",
		Rules:   []string{"GI-1"},
		Fail:    failGateCalls,
	}, judgeCalls)
}

func failGateCalls(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: GI-1
func judgeCalls(c *gateChecker, l *loopView, e *trace.Event) {
	if e.Kind != gateway.KindAttempt {
		return
	}
	if most := c.facts.Flags.VTGate.RetryCount + 1; len(l.attempts) >= most {
		c.violate(e.Host, at(e), shown(l.begin, *e), "%s calls %d tablets, %d are allowed", e.Text("request"), len(l.attempts)+1, most)
	}
	for i := range l.attempts {
		if l.attempts[i].Text("tablet") == e.Text("tablet") {
			c.violate(e.Host, at(e), shown(l.begin, l.attempts[i], *e), "%s calls %s twice", e.Text("request"), e.Text("tablet"))
		}
	}
}

// gateHolds is GI-3.
func gateHolds() Invariant {
	return gateInvariant(Invariant{
		ID:      "gate-holds-primary-only",
		Meaning: "A buffer holds only requests for the primary that are in no transaction.",
		Rules:   []string{"GI-3"},
		Fail:    failGateHolds,
	}, judgeHolds)
}

func failGateHolds(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: GI-3
func judgeHolds(c *gateChecker, l *loopView, e *trace.Event) {
	if e.Kind != gateway.KindEnd || e.Number("held") == 0 {
		return
	}
	// The first statement of a transaction is the one that opens it at the tablet.
	open := l.statement.Number("in_transaction") != 0 && !strings.HasSuffix(l.begin.Text("method"), "BeginExecute")
	if _, primary := primaryTarget(l.begin.Text("target")); !primary || open {
		c.violate(e.Host, at(e), shown(l.statement, l.begin, *e), "%s was held", e.Text("request"))
	}
}

// gateErrors is GI-5.
func gateErrors() Invariant {
	return gateInvariant(Invariant{
		ID:      "gate-error-names-target",
		Meaning: "An error that leaves a gate's retry loop names the request's target once, in front.",
		Rules:   []string{"GI-5"},
		Fail:    failGateErrors,
	}, judgeErrors)
}

func failGateErrors(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: GI-5
func judgeErrors(c *gateChecker, l *loopView, e *trace.Event) {
	text, prefix := e.Text("error"), "target: "+l.begin.Text("target")+": "
	if e.Kind != gateway.KindEnd || text == "" {
		return
	}
	if rest, ok := strings.CutPrefix(text, prefix); !ok || strings.HasPrefix(rest, prefix) {
		c.violate(e.Host, at(e), shown(l.begin, *e), "the error of %s does not begin with %q, once", e.Text("request"), prefix)
	}
}

// gateTime is GI-6 and GI-7, as far as events tell it.
func gateTime() Invariant {
	return gateInvariant(Invariant{
		ID:      "gate-loses-no-time",
		Meaning: "A request that is not held calls its first tablet in the instant in which it enters the retry loop.",
		Rules:   []string{"GI-6", "GI-7"},
		Fail:    failGateTime,
	}, judgeTime)
}

func failGateTime(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

// spec: GI-6, GI-7
func judgeTime(c *gateChecker, l *loopView, e *trace.Event) {
	if e.Kind != gateway.KindEnd || e.Number("held") != 0 || len(l.attempts) == 0 {
		return
	}
	first := l.attempts[0]
	if waited := at(&first).Sub(at(&l.begin)); waited > c.facts.Slack(at(&l.begin), at(&first)) {
		c.violate(e.Host, at(e), shown(l.begin, first, *e), "%s waited for %v before its first call and was not held", e.Text("request"), waited)
	}
}

// gateEvents is DI-12.
func gateEvents() Invariant {
	return Invariant{
		ID:      "keyspace-event-after-primary",
		Meaning: "A gate is told that a shard serves again only after its health check has known a serving primary of that shard.",
		Rules:   []string{"DI-12"},
		Kinds:   []string{string(trace.KindHost), string(discovery.KindHealth), string(discovery.KindKeyspaceEvent)},
		New:     func(Facts) Checker { return &gateEventsChecker{known: map[string]map[string]bool{}} },
		Fail:    failGateEvents,
	}
}

func failGateEvents(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type gateEventsChecker struct {
	findings
	known map[string]map[string]bool // shards that have had a serving primary, by gate
}

// Record implements Checker. spec: DI-12
func (c *gateEventsChecker) Record(e trace.Event) {
	if c.known[e.Host] == nil || restarted(&e) {
		c.known[e.Host] = map[string]bool{}
	}
	switch e.Kind {
	case discovery.KindHealth:
		if e.Text("type") == "primary" && e.Number("serving") != 0 {
			c.known[e.Host][inShard(&e)] = true
		}
	case discovery.KindKeyspaceEvent:
		for _, s := range strings.Fields(e.Text("shards")) {
			name, _, _ := strings.Cut(s, ":")
			if shard := e.Text("keyspace") + "/" + name; strings.HasSuffix(s, ":true") && !c.known[e.Host][shard] {
				c.violate(e.Host+" "+shard, at(&e), shown(e), "the shard serves again, and no primary was ever known")
			}
		}
	}
}

// Finish implements Checker.
func (c *gateEventsChecker) Finish(End) {}
