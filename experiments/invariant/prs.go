package invariant

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
	"bufsim/tablet/reparent"
	"bufsim/topo"
)

func reparentInvariants() []Invariant {
	return []Invariant{prsBound(), prsPrimary(), lockGivenBack(), oneLockHolder(), lockCoversCalls()}
}

// prsBound is R-229, phase by phase.
func prsBound() Invariant {
	return Invariant{
		ID:      "prs-ends-in-time",
		Meaning: "Every phase of a PlannedReparentShard ends within the time-outs that bound it.",
		Rules:   []string{"R-229"},
		Kinds:   slices.Concat(operationKinds(), []string{string(simnet.KindFault), string(fault.KindInject)}),
		New: func(f Facts) Checker {
			return &prsBoundChecker{facts: f, operations: newOperations()}
		},
		Fail: failPRSBound,
	}
}

func failPRSBound(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type prsBoundChecker struct {
	findings
	facts      Facts
	operations *operations
	// disturbed is when a fault last hit the network or a process: while the topology cannot
	// be reached, checks of the lock wait without a bound.
	disturbed sim.Time
}

// phaseSlack is for what phases do besides the calls that have time-outs: reads of the
// topology and the way of messages.
const phaseSlack = time.Second

// Record implements Checker. spec: R-229
func (c *prsBoundChecker) Record(e trace.Event) {
	if e.Kind == simnet.KindFault || e.Kind == fault.KindInject || e.Kind == trace.KindHost && e.Text("what") != "boot" {
		c.disturbed = at(&e)
	}
	op := c.operations.observe(&e)
	if op == nil || op.name != plannedReparent || e.Kind != reparent.KindPhase || e.Text("what") != "end" {
		return
	}
	p := op.ending(reparent.PhaseName(e.Text("phase")))
	bound := c.bound(p.name) + phaseSlack + c.facts.Slack(p.begin, p.end)
	if took := p.end.Sub(p.begin); took > bound {
		c.excused(c.excuse(p), op.shard, p.end, shown(e), "the phase %s took %v, its bound is %v", p.name, took, bound)
	}
}

// excuse is for phases in which something broke.
func (c *prsBoundChecker) excuse(p phaseView) string {
	if c.disturbed > 0 && c.disturbed <= p.end {
		return "a fault hit the network or a process; lock checks and retried connections have no bound then (R-4)"
	}
	return ""
}

// bound is how long a phase may take.
func (c *prsBoundChecker) bound(name reparent.PhaseName) time.Duration {
	rot := c.facts.Flags.Common.RemoteOperationTimeout
	wrt := max(c.facts.WaitReplicasTimeout, c.facts.Flags.VTCtld.WaitReplicasTimeout)
	switch name {
	case reparent.PhasePreflight, reparent.PhaseUndo:
		return rot
	case reparent.PhaseCandidateCheck:
		return rot + wrt
	case reparent.PhaseDemotion:
		return rot
	case reparent.PhaseRepointing:
		if c.facts.Release.Behaviors.PromoteInParallel {
			return wrt
		}
		return 2 * wrt
	default:
		return wrt
	}
}

// Finish implements Checker.
func (c *prsBoundChecker) Finish(End) {}

// ending gives the phase of a name that ended last.
func (v *operationView) ending(name reparent.PhaseName) (last phaseView) {
	for _, p := range v.phases {
		if p.name == name && p.over {
			last = p
		}
	}
	return last
}

// prsPrimary is.
func prsPrimary() Invariant {
	return Invariant{
		ID:      "prs-leaves-a-primary",
		Meaning: "When a PlannedReparentShard has succeeded, or has failed and undone the demotion, exactly one tablet of the shard serves as primary and takes writes.",
		Rules:   []string{"R-224", "R-225"},
		Kinds:   slices.Concat(clusterKinds(), operationKinds(), []string{string(fault.KindInject)}),
		New: func(f Facts) Checker {
			return &prsPrimaryChecker{facts: f, cluster: newCluster(f), operations: newOperations(), clocks: clocks{}, byHand: byHand{}, before: map[string]*tabletView{}, term: map[string]int64{}, served: map[string]bool{}, lost: map[string]bool{}}
		},
		Fail: failPRSPrimary,
	}
}

func failPRSPrimary(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type prsPrimaryChecker struct {
	findings
	facts      Facts
	cluster    *cluster
	operations *operations
	clocks     clocks
	byHand     byHand
	// succeeded are reparents that succeeded without one writable primary. They are judged at the
	// end, since what was done by hand meanwhile tells only when it is over that it happened.
	succeeded []noPrimary
	// before and term are the primary and its term when an operation on a shard began.
	before map[string]*tabletView
	term   map[string]int64
	// served: that primary served.
	served map[string]bool
	// lost: a process of the shard ended since then.
	lost map[string]bool
}

// noPrimary is a reparent that succeeded without one writable primary.
type noPrimary struct {
	shard, excuse string
	began         sim.Time
	writers       int
	end           trace.Event
}

// Record implements Checker. spec
func (c *prsPrimaryChecker) Record(e trace.Event) {
	c.clocks.observe(&e, c.cluster)
	c.byHand.observe(&e, c.cluster)
	t := c.cluster.observe(&e)
	if t != nil && e.Kind == trace.KindHost && e.Text("what") != "boot" {
		c.lost[t.shard.name] = true
	}
	op := c.operations.observe(&e)
	if op == nil || op.name != plannedReparent || c.cluster.byName[op.shard] == nil {
		return
	}
	s := c.cluster.byName[op.shard]
	if e.Kind == topo.KindLock {
		c.lost[op.shard], c.before[op.shard], c.term[op.shard] = false, s.primary(), 0
		c.served[op.shard] = false
		if p := s.primary(); p != nil {
			c.term[op.shard], c.served[op.shard] = p.term, p.serving()
		}
		return
	}
	if op.ended && e.Kind == reparent.KindEvent {
		c.judge(op, s, &e)
	}
}

func (c *prsPrimaryChecker) judge(op *operationView, s *shardView, e *trace.Event) {
	_, undone := op.has(reparent.PhaseUndo)
	switch {
	case op.failure == "" && len(op.phases) > 2:
		if len(s.writers()) != 1 {
			c.succeeded = append(c.succeeded, noPrimary{s.name, cmp.Or(c.excuse(op, s, e), c.left(op, s)), op.began, len(s.writers()), op.end})
		}
	case undone && !strings.Contains(op.failure, "UndoDemotePrimary("):
		old := c.before[s.name]
		switch {
		case old == nil:
		case !old.writable():
			c.excused(c.excuse(op, s, e), s.name, at(e), shown(old.readOnlyEvent, old.stateEvent, op.end), "it failed and was undone, but %s does not take writes as primary", old.host)
		case old.term != c.term[s.name]:
			c.violate(s.name, at(e), shown(old.stateEvent, op.end), "it failed and was undone, but the term of %s is another one", old.host)
		case s.primary() != old:
			c.violate(s.name, at(e), shown(s.primary().stateEvent, op.end), "it failed and was undone, but %s is primary", s.primary().host)
		}
	}
}

// excuse is for shards of which a process ended meanwhile, and for those in which an emergency
// that is over still repoints replicas: the new primary may be one of them. Where clocks disagree,
// the new primary's term may be refused.
func (c *prsPrimaryChecker) excuse(op *operationView, s *shardView, e *trace.Event) string {
	wrt := max(c.facts.WaitReplicasTimeout, c.facts.Flags.VTCtld.WaitReplicasTimeout)
	last, emergency := c.operations.emergency[s.name]
	told, external := c.operations.external[s.name]
	switch {
	case c.lost[s.name]:
		return "a process of the shard ended or stood still during the operation"
	case c.clocks[s.name]:
		return clockWrong
	case external && told >= op.began:
		return "another tool's primary was made known during the operation, which takes no lock (R-1, R-120)"
	case emergency && at(e).Sub(last) <= wrt+phaseSlack:
		return "an emergency's calls to other tablets still ran in the background, and repoint the new primary too (R-110, R-226)"
	}
	return ""
}

// left excuses a reparent to the tablet that was primary already and did not serve: it is made
// writable, replicas are pointed to it, and stays as it is otherwise.
func (c *prsPrimaryChecker) left(op *operationView, s *shardView) string {
	if p := c.before[s.name]; !op.graceful() && p != nil && p == s.primary() && !c.served[s.name] {
		return "the tablet was primary before and did not serve; a reparent to the current primary leaves that (R-208)"
	}
	return ""
}

// Finish implements Checker.
func (c *prsPrimaryChecker) Finish(End) {
	for _, p := range c.succeeded {
		c.excused(cmp.Or(p.excuse, c.byHand.excuse(p.shard, p.began, at(&p.end))), p.shard, at(&p.end), shown(p.end),
			"it succeeded, and %d tablets serve as primary and take writes", p.writers)
	}
}
