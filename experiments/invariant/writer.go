package invariant

import (
	"slices"

	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/topo"
)

func writerInvariants() []Invariant {
	return []Invariant{oneWriter(), gracefulHandOver()}
}

// oneWriter is R-222.
func oneWriter() Invariant {
	return Invariant{
		ID:      "one-writable-primary",
		Meaning: "At any time at most one tablet of a shard serves as primary on a MySQL that takes writes.",
		Rules:   []string{"R-222"},
		Kinds:   slices.Concat(clusterKinds(), operationKinds(), claimKinds(), []string{string(tablet.KindStep)}),
		New: func(f Facts) Checker {
			return &oneWriterChecker{
				cluster: newCluster(f), operations: newOperations(),
				overlapping: map[string]bool{}, passedOver: map[*tabletView]string{}, promoters: promoters{}, claims: newClaims(), byHand: map[string]bool{}, holders: map[string]string{}, lostLock: map[string]bool{},
			}
		},
		Fail: failOneWriter,
	}
}

func failOneWriter(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type oneWriterChecker struct {
	findings
	cluster    *cluster
	operations *operations
	// overlapping are the shards that have two writers now.
	overlapping map[string]bool
	// passedOver are the primaries that an operation replaced without their help, until they
	// know: with the operation's name.
	passedOver map[*tabletView]string
	promoters  promoters
	claims     *claims
	// byHand are the tablets whose MySQL the operator made writable.
	byHand map[string]bool
	// holders are the procs that hold the shards' locks; lostLock are the shards whose lock
	// was taken while another operation believed to hold it.
	holders  map[string]string
	lostLock map[string]bool
}

// Record implements Checker. spec: R-222
func (c *oneWriterChecker) Record(e trace.Event) {
	c.operations.observe(&e)
	c.lock(&e)
	t := c.cluster.observe(&e)
	if t == nil {
		return
	}
	c.promoters.observe(&e, t, c.operations)
	c.claims.observe(&e, t)
	c.operator(&e, t)
	c.passOver(&e, t)
	writers := t.shard.writers()
	if len(writers) < 2 {
		c.overlapping[t.shard.name] = false
		return
	}
	if c.overlapping[t.shard.name] {
		return
	}
	c.overlapping[t.shard.name] = true
	a, b := writers[0], writers[1]
	c.excused(c.exception(t.shard, writers), t.shard.name, at(&e),
		shown(a.readOnlyEvent, a.stateEvent, b.readOnlyEvent, b.stateEvent),
		"%s and %s both take writes", a.host, b.host)
}

// passOver remembers who is still primary when an operation that does not need the old one has
// made a new one.
func (c *oneWriterChecker) passOver(e *trace.Event, t *tabletView) {
	if e.Kind != tablet.KindState {
		return
	}
	if t.kind != primaryType {
		delete(c.passedOver, t)
	}
	last := c.promoters[t]
	if !t.serving() || c.passedOver[t] != "" || last != emergencyReparent && last != externalReparent {
		return
	}
	for _, other := range t.shard.tablets {
		// One that is down may come back as what its record says.
		if other != t && (other.kind == "" || other.kind == primaryType && c.claims.later(t, other)) {
			c.passedOver[other] = last
		}
	}
}

// operator remembers whom the operator's SetReadWrite made writable.
func (c *oneWriterChecker) operator(e *trace.Event, t *tabletView) {
	switch {
	case e.Kind == tablet.KindStep && e.Text("call") == "SetReadWrite":
		c.byHand[t.host] = true
	case e.Kind == mysqld.KindReadOnly && t.readOnly:
		c.byHand[t.host] = false
	}
}

// lock notices operations that overlap on a shard because a lease has run out.
func (c *oneWriterChecker) lock(e *trace.Event) {
	if e.Kind != topo.KindLock {
		return
	}
	shard, who := e.Text("resource"), e.Host+"/"+e.Proc
	switch e.Text("what") {
	case "held":
		if other := c.holders[shard]; other != "" && other != who {
			c.lostLock[shard] = true
		}
		c.holders[shard] = who
	case "released":
		if c.holders[shard] == who {
			c.holders[shard] = ""
		}
	}
}

// exception names the exception of the rule that covers the overlap; "" if none does. The
// fourth, a replica that was left writable, does not arise: it does not serve as primary.
func (c *oneWriterChecker) exception(s *shardView, writers []*tabletView) string {
	for _, t := range writers {
		if by := c.passedOver[t]; by != "" {
			return "the old primary was not reached by " + by + " and has not heard of its successor yet (R-222 i)"
		}
	}
	switch {
	case slices.ContainsFunc(writers, func(t *tabletView) bool { return c.byHand[t.host] }):
		return "an operator made a MySQL writable (R-222 ii)"
	case c.lostLock[s.name]:
		return "two operations overlapped because a lock's lease ran out (R-222 iii)"
	}
	return ""
}

// Finish implements Checker.
func (c *oneWriterChecker) Finish(End) {}
