package invariant

import (
	"slices"
	"strings"

	"bufsim/sim/fault"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
	"bufsim/topo/toposerver"
)

func livenessInvariants() []Invariant {
	list := []Invariant{livePrimary(), liveRecord(), liveReplicas(), liveTablets(), liveRouting(), liveAnswers(), liveStatements(), liveBuffers()}
	for i := range list {
		list[i] = needsTopology(list[i])
	}
	return list
}

// livePrimary is the end of R-222: not only at most one, but one.
func livePrimary() Invariant {
	return Invariant{
		ID:      "live-one-primary",
		Meaning: "Some time after faults have stopped, exactly one tablet of each shard says that it is primary, and it serves and takes writes.",
		Rules:   []string{"R-222", "R-66"},
		Kinds:   clusterKinds(),
		New:     func(f Facts) Checker { return &livePrimaryChecker{cluster: newCluster(f)} },
		Fail:    failLivePrimary,
	}
}

func failLivePrimary(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type livePrimaryChecker struct {
	findings
	cluster *cluster
}

// Record implements Checker.
func (c *livePrimaryChecker) Record(e trace.Event) { c.cluster.observe(&e) }

// Finish implements Checker. spec
func (c *livePrimaryChecker) Finish(end End) {
	if !end.Recovered {
		return
	}
	for _, s := range c.cluster.shards {
		writers := len(s.writers())
		var primaries []trace.Event
		for _, t := range s.tablets {
			if t.kind == primaryType {
				primaries = append(primaries, t.stateEvent, t.readOnlyEvent)
			}
		}
		if writers != 1 || len(primaries) != 2 {
			c.violate(s.name, end.Time, primaries, "%d tablets say that they are primary, %d take writes", len(primaries)/2, writers)
		}
	}
}

// liveRecord is the second half of R-223.
func liveRecord() Invariant {
	return Invariant{
		ID:      "live-record-agrees",
		Meaning: "Some time after faults have stopped, the shard's record names the tablet that serves as primary.",
		Rules:   []string{"R-223"},
		Kinds:   append(clusterKinds(), string(toposerver.KindShard)),
		New: func(f Facts) Checker {
			return &liveRecordChecker{cluster: newCluster(f), records: map[string]trace.Event{}}
		},
		Fail: failLiveRecord,
	}
}

func failLiveRecord(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type liveRecordChecker struct {
	findings
	cluster *cluster
	records map[string]trace.Event
}

// Record implements Checker.
func (c *liveRecordChecker) Record(e trace.Event) {
	if e.Kind == toposerver.KindShard {
		c.records[e.Text("shard")] = keep(e)
		return
	}
	c.cluster.observe(&e)
}

// Finish implements Checker. spec: R-223
func (c *liveRecordChecker) Finish(end End) {
	if !end.Recovered {
		return
	}
	for _, s := range c.cluster.shards {
		record := c.records[s.name]
		if w := s.writers(); len(w) == 1 && w[0].host != record.Text("primary") {
			c.violate(s.name, end.Time, shown(record, w[0].stateEvent), "%s serves, and the record names %q", w[0].host, record.Text("primary"))
		}
	}
}

// liveReplicas is R-224 for every shard that is well.
func liveReplicas() Invariant {
	return Invariant{
		ID:      "live-replicas-follow",
		Meaning: "Some time after faults have stopped, every other tablet of a shard replicates from its primary.",
		Rules:   []string{"R-224"},
		Kinds:   slices.Concat(clusterKinds(), gtidKinds(), []string{string(mysqld.KindSource), string(mysqld.KindReplication), string(fault.KindInject)}),
		New: func(f Facts) Checker {
			return &liveReplicasChecker{cluster: newCluster(f), journals: newJournals(), servers: map[string]*replicaView{}, broken: map[string]bool{}}
		},
		Fail: failLiveReplicas,
	}
}

func failLiveReplicas(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type liveReplicasChecker struct {
	findings
	cluster  *cluster
	journals *journals
	servers  map[string]*replicaView
	// broken are the tablets whose data do not fit to the source's any more.
	broken map[string]bool
}

// replicaView is the replication of one server.
type replicaView struct{ source, io, sql trace.Event }

// Record implements Checker.
func (c *liveReplicasChecker) Record(e trace.Event) {
	c.journals.observe(&e)
	c.cluster.observe(&e)
	s := c.servers[e.Host]
	if s == nil {
		s = &replicaView{}
		c.servers[e.Host] = s
	}
	switch {
	case e.Kind == fault.KindInject && strings.Contains(e.Text("line"), "break-applier "):
		for host := range strings.SplitSeq(e.Text("hosts"), ",") {
			c.broken[host] = true
		}
	case e.Kind == mysqld.KindSource:
		s.source = keep(e)
	case e.Kind == mysqld.KindReplication && e.Text("thread") == "io":
		s.io = keep(e)
	case e.Kind == mysqld.KindReplication:
		s.sql = keep(e)
	case restarted(&e):
		s.io, s.sql = trace.Event{}, trace.Event{}
	}
}

// Finish implements Checker. spec: R-224
func (c *liveReplicasChecker) Finish(end End) {
	if !end.Recovered {
		return
	}
	for _, s := range c.cluster.shards {
		w := s.writers()
		if len(w) != 1 {
			continue // told by another
		}
		for _, t := range s.tablets {
			if t != w[0] {
				c.replica(t, w[0], end)
			}
		}
	}
}

func (c *liveReplicasChecker) replica(t, primary *tabletView, end End) {
	r := c.servers[t.server]
	if r == nil {
		r = &replicaView{}
	}
	if r.source.Text("source") == primary.host && r.io.Text("state") == "running" && r.sql.Text("state") == "running" {
		return
	}
	excuse := ""
	if c.broken[t.host] {
		excuse = "its data were made not to fit to the source's; it must be rebuilt"
	}
	if errant := c.journals.of(t.server).executed.Difference(c.journals.of(primary.server).executed); !errant.IsEmpty() {
		excuse = "it has transactions that the primary lacks; it must be rebuilt (R-102a)"
	}
	c.excused(excuse, t.host, end.Time, shown(r.source, r.io, r.sql), "its source is %q instead of %s, its receiver is %q and its applier %q",
		r.source.Text("source"), primary.host, r.io.Text("state"), r.sql.Text("state"))
}
