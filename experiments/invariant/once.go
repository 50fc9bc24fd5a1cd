package invariant

import (
	"slices"
	"strings"

	"bufsim/model/gtid"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
)

// committedWrites is GI-11.
func committedWrites() Invariant {
	return Invariant{
		ID:      "acknowledged-means-committed",
		Meaning: "A client is told that a write by itself is done only after a MySQL server has committed it.",
		Rules:   []string{"GI-11", "T-152"},
		Kinds:   writeKinds(),
		New:     func(Facts) Checker { return &committedChecker{writes: newWrites()} },
		Fail:    failCommittedWrites,
	}
}

func failCommittedWrites(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type committedChecker struct {
	findings
	writes *writes
}

// Record implements Checker. spec: GI-11, T-152
func (c *committedChecker) Record(e trace.Event) {
	if a, answered := c.writes.observe(&e); answered && a.ok && a.autocommit && isWrite(a.verb) && len(a.commits) == 0 {
		c.violate(e.Host, at(&e), shown(a.statement, e), "a %s of row %d of %s succeeded and was never committed", a.verb, a.row.key, a.row.table)
	}
}

// Finish implements Checker.
func (c *committedChecker) Finish(End) {}

// writesOnce is the other half of R-220: none doubled.
func writesOnce() Invariant {
	return Invariant{
		ID:      "written-once",
		Meaning: "A write is committed at most once for each time that a gate called a tablet with it, and not again after a client was told that it is done.",
		Rules:   []string{"R-220", "GI-11"},
		Kinds:   writeKinds(),
		New: func(Facts) Checker {
			return &onceChecker{writes: newWrites(), rows: map[rowWrite]*onceView{}, done: map[rowWrite]bool{}}
		},
		Fail: failWritesOnce,
	}
}

func failWritesOnce(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type onceChecker struct {
	findings
	writes *writes
	// rows are the writes of which more commits may come.
	rows map[rowWrite]*onceView
	// done are the latest writes that are over and must not come again; order is their age.
	done  map[rowWrite]bool
	order []rowWrite
}

// onceView counts what was asked and what was done.
type onceView struct {
	calls, commits int
	// loose: the write was a part of a transaction, whose commit names another write.
	loose bool
	first trace.Event
}

// doneMax bounds how many writes are remembered after their end.
const doneMax = 1 << 14

// Record implements Checker. spec: R-220, GI-11
func (c *onceChecker) Record(e trace.Event) {
	request := c.writes.requests[e.Text("request")]
	a, answered := c.writes.observe(&e)
	switch {
	case e.Kind == mysqld.KindCommit:
		c.commit(&e)
	case answered && isWrite(a.verb):
		c.answered(a)
	case request != nil && isWrite(request.verb) && e.Kind != trace.KindHost:
		if e.Text("tablet") != "" {
			c.view(request.row).calls++
		}
	}
}

func (c *onceChecker) view(row rowWrite) *onceView {
	v := c.rows[row]
	if v == nil {
		v = &onceView{}
		c.rows[row] = v
	}
	return v
}

func (c *onceChecker) commit(e *trace.Event) {
	row := rowWrite{e.Text("table"), e.Number("key"), e.Number("value")}
	v := c.rows[row]
	switch {
	case v == nil && c.done[row]:
		c.violate(row.table, at(e), shown(*e), "the write of %d to row %d is committed again after it was acknowledged", row.value, row.key)
	case v == nil: // none of a client's
	default:
		if v.commits++; v.commits > v.calls && !v.loose {
			c.violate(row.table, at(e), shown(v.first, *e), "the write of %d to row %d is committed %d times for %d calls", row.value, row.key, v.commits, v.calls)
		}
		v.first = keep(*e)
	}
}

// answered ends a write of which nothing more can come: every call has led to a commit.
func (c *onceChecker) answered(a answer) {
	v := c.view(a.row)
	v.loose = v.loose || !a.autocommit
	switch {
	case v.loose && a.ok:
		delete(c.rows, a.row)
	case v.calls == 0:
		delete(c.rows, a.row)
	case a.ok && v.commits >= v.calls:
		delete(c.rows, a.row)
		c.remember(a.row)
	}
}

func (c *onceChecker) remember(row rowWrite) {
	if len(c.order) == doneMax {
		for _, old := range c.order[:doneMax/2] {
			delete(c.done, old)
		}
		c.order = slices.Clone(c.order[doneMax/2:])
	}
	c.done[row] = true
	c.order = append(c.order, row)
}

// Finish implements Checker.
func (c *onceChecker) Finish(End) {}

// ackedByReplica is T-152.
func ackedByReplica() Invariant {
	return Invariant{
		ID:      "semi-sync-means-received",
		Meaning: "While semi-sync is on at the source, a commit goes through once a replica has acknowledged it, and that replica has it.",
		Rules:   []string{"T-152"},
		Kinds:   []string{string(mysqld.KindSemiSync), string(mysqld.KindSemiSyncStatus), string(mysqld.KindProcess), string(mysqld.KindReceive), string(mysqld.KindGTIDs), string(mysqld.KindRestore), string(mysqld.KindCommit)},
		New: func(f Facts) Checker {
			return &ackedChecker{cluster: newCluster(f), received: map[string]*gtid.Set{}, on: map[string]trace.Event{}}
		},
		Fail: failAckedByReplica,
	}
}

func failAckedByReplica(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type ackedChecker struct {
	findings
	cluster *cluster
	// received are what servers have ever had: one that restarts may lose its relay log while
	// its acknowledgement is on the way.
	received map[string]*gtid.Set
	// on are the sources whose commits wait.
	on map[string]trace.Event
}

// Record implements Checker. spec: T-152, T-114
func (c *ackedChecker) Record(e trace.Event) {
	switch e.Kind {
	case mysqld.KindSemiSync:
		if delete(c.on, e.Host); e.Number("source") != 0 {
			c.on[e.Host] = keep(e)
		}
		return
	case mysqld.KindSemiSyncStatus:
		if delete(c.on, e.Host); e.Number("on") != 0 {
			c.on[e.Host] = keep(e)
		}
		return
	case mysqld.KindProcess:
		delete(c.on, e.Host)
		return
	}
	set, err := gtid.ParseSet(e.Text("gtid") + e.Text("gtids"))
	if err != nil {
		panic(err) // the trace is ours
	}
	c.has(e.Host).AddSet(set)
	if e.Kind == mysqld.KindCommit {
		c.commit(&e, set)
	}
}

func (c *ackedChecker) has(host string) *gtid.Set {
	if c.received[host] == nil {
		c.received[host] = &gtid.Set{}
	}
	return c.received[host]
}

func (c *ackedChecker) commit(e *trace.Event, set gtid.Set) {
	how, names := e.Text("how"), strings.Fields(e.Text("acked_by"))
	switch {
	case how == "async" && c.on[e.Host].Kind != "":
		c.violate(e.Host, at(e), shown(c.on[e.Host], *e), "%s did not wait for an acknowledgement", e.Text("gtid"))
	case how == "acked" && len(names) == 0:
		c.violate(e.Host, at(e), shown(*e), "%s was let go and nobody has acknowledged it", e.Text("gtid"))
	case how != "acked":
		return
	}
	for _, name := range names {
		if t := c.cluster.tablets[name]; t != nil && !c.has(t.server).Contains(set) {
			c.violate(e.Host, at(e), shown(*e), "%s has acknowledged %s and does not have it", name, e.Text("gtid"))
		}
	}
}

// Finish implements Checker.
func (c *ackedChecker) Finish(End) {}

// executedOnce is T-153 as far as events tell it.
func executedOnce() Invariant {
	return Invariant{
		ID:      "transaction-executed-once",
		Meaning: "No MySQL server executes a transaction twice, unless its history was wiped in between.",
		Rules:   []string{"T-153"},
		Kinds:   gtidKinds(),
		New:     func(Facts) Checker { return &executedChecker{journals: newJournals()} },
		Fail:    failExecutedOnce,
	}
}

func failExecutedOnce(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type executedChecker struct {
	findings
	journals *journals
}

// Record implements Checker. spec: T-153
func (c *executedChecker) Record(e trace.Event) {
	if e.Kind == mysqld.KindCommit || e.Kind == mysqld.KindApply {
		text := e.Text("gtid") + e.Text("gtids")
		set, err := gtid.ParseSet(text)
		if again := set.Intersect(c.journals.of(e.Host).executed); err == nil && !again.IsEmpty() {
			c.violate(e.Host, at(&e), shown(e), "it executes %s again", again)
		}
	}
	c.journals.observe(&e)
}

// Finish implements Checker.
func (c *executedChecker) Finish(End) {}
