package invariant

import (
	"slices"

	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

// gracefulHandOver is the strict part of R-222.
func gracefulHandOver() Invariant {
	return Invariant{
		ID:      "prs-hands-over-once",
		Meaning: "In a PlannedReparentShard the new primary's MySQL becomes writable only after the old one's was not any more and the new one had caught up.",
		Rules:   []string{"R-222", "R-227"},
		Kinds:   slices.Concat(clusterKinds(), operationKinds(), gtidKinds()),
		New: func(f Facts) Checker {
			return &handOverChecker{cluster: newCluster(f), operations: newOperations(), journals: newJournals(), old: map[string]*tabletView{}}
		},
		Fail: failHandOver,
	}
}

func failHandOver(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type handOverChecker struct {
	findings
	cluster    *cluster
	operations *operations
	journals   *journals
	// old are the primaries that graceful operations demote, by shard.
	old map[string]*tabletView
}

// Record implements Checker. spec
func (c *handOverChecker) Record(e trace.Event) {
	if op := c.operations.observe(&e); op != nil && e.Kind == reparent.KindPhase &&
		e.Text("phase") == string(reparent.PhaseDemotion) && e.Text("what") == "begin" {
		c.old[op.shard] = c.cluster.byName[op.shard].primary()
	}
	c.journals.observe(&e)
	t := c.cluster.observe(&e)
	if t == nil || e.Kind != mysqld.KindReadOnly || t.readOnly {
		return
	}
	op, old := c.demoting(t.shard.name), c.old[t.shard.name]
	if op == nil || old == nil || old == t {
		return
	}
	if old.mysqlUp && !old.readOnly {
		c.violate(t.shard.name, at(&e), shown(old.readOnlyEvent, e), "%s becomes writable while %s still is", t.host, old.host)
	}
	if missing := c.journals.of(old.server).executed.Difference(c.journals.of(t.server).executed); !missing.IsEmpty() {
		c.violate(t.shard.name, at(&e), shown(old.readOnlyEvent, e), "%s becomes writable without %s of %s", t.host, missing, old.host)
	}
	if p, begun := op.has(reparent.PhaseCatchUp); !begun || !p.over {
		c.violate(t.shard.name, at(&e), shown(old.readOnlyEvent, e), "%s becomes writable before it has caught up with %s", t.host, old.host)
	}
}

// demoting gives the operation that hands a shard over in good order, nil if none does.
func (c *handOverChecker) demoting(shard string) *operationView {
	for _, op := range c.operations.running {
		if op.shard == shard && op.graceful() {
			return op
		}
	}
	return nil
}

// Finish implements Checker.
func (c *handOverChecker) Finish(End) {}
