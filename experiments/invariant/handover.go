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
			return &handOverChecker{cluster: newCluster(f), operations: newOperations(), journals: newJournals(), old: map[*operationView]*tabletView{}}
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
	// old are the primaries that graceful operations demote.
	old map[*operationView]*tabletView
}

// Record implements Checker. spec
func (c *handOverChecker) Record(e trace.Event) {
	if op := c.operations.observe(&e); op != nil && e.Kind == reparent.KindPhase &&
		e.Text("phase") == string(reparent.PhaseDemotion) && e.Text("what") == "begin" {
		c.demotes(op)
	}
	c.journals.observe(&e)
	t := c.cluster.observe(&e)
	if t == nil || e.Kind != mysqld.KindReadOnly || t.readOnly {
		return
	}
	op := c.promoting(t)
	if op == nil || c.old[op] == nil || c.old[op] == t {
		return
	}
	old, excuse, tool := c.old[op], "", ""
	if op.overlapped {
		excuse = "two operations overlapped because a lock's lease ran out (R-147, R-222 iii)"
	}
	if e.Proc == externalTool {
		excuse, tool = byTool, byTool
	}
	if old.mysqlUp && !old.readOnly {
		c.excused(excuse, t.shard.name, at(&e), shown(old.readOnlyEvent, e), "%s becomes writable while %s still is", t.host, old.host)
	}
	if missing := c.journals.of(old.server).executed.Difference(c.journals.of(t.server).executed); !missing.IsEmpty() {
		c.excused(excuse, t.shard.name, at(&e), shown(old.readOnlyEvent, e), "%s becomes writable without %s of %s", t.host, missing, old.host)
	}
	if p, begun := op.has(reparent.PhaseCatchUp); !begun || !p.over { // its own doing, whoever else is there
		c.excused(tool, t.shard.name, at(&e), shown(old.readOnlyEvent, e), "%s becomes writable before it has caught up with %s", t.host, old.host)
	}
}

// externalTool is the proc of a tool that is not Vitess's and makes MySQL servers primary; byTool
// excuses what it does, whatever Vitess is about.
const (
	externalTool = "fault/switch-mysql"
	byTool       = "another tool made it writable (R-120)"
)

// demotes notes whom an operation demotes, and forgets what operations did that are over.
func (c *handOverChecker) demotes(op *operationView) {
	for other := range c.old { // in any order: each by itself
		if !slices.Contains(c.operations.running, other) {
			delete(c.old, other)
		}
	}
	c.old[op] = c.cluster.byName[op.shard].primary()
}

// promoting gives the operation that hands a shard over in good order to a tablet, nil if
// none does. If there are two at once it is the one that was asked to promote this tablet,
// before one that was asked for none; of these the one that has come to its promotion, and
// then the one that began last.
func (c *handOverChecker) promoting(t *tabletView) (found *operationView) {
	best := -1
	for _, op := range c.operations.running {
		if op.shard != t.shard.name || op.ended || !op.graceful() {
			continue
		}
		rank := 0
		switch op.wanted {
		case t.host:
			rank = 4
		case "":
			rank = 2
		}
		if p, begun := op.has(reparent.PhasePromotion); begun && !p.over {
			rank++
		}
		if rank >= best {
			found, best = op, rank
		}
	}
	return found
}

// Finish implements Checker.
func (c *handOverChecker) Finish(End) {}
