package invariant

import (
	"slices"
	"strings"

	"bufsim/model/gtid"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

func writeInvariants() []Invariant {
	return []Invariant{durableWrites(), committedWrites(), writesOnce(), ackedByReplica(), executedOnce()}
}

// durableWrites is.
func durableWrites() Invariant {
	return Invariant{
		ID:      "acknowledged-writes-survive",
		Meaning: "A write that a client was told is done is in the new primary's data after a PlannedReparentShard; after an EmergencyReparentShard it is if the keyspace has semi-sync and a replica that acknowledged it was reached.",
		Rules:   []string{"R-220", "R-221"},
		Kinds: slices.Concat(clusterKinds(), operationKinds(), writeKinds(), gtidKinds(), claimKinds(),
			[]string{string(tablet.KindStep), string(mysqld.KindReplication), string(mysqld.KindSource)}),
		New: func(f Facts) Checker {
			return &durableChecker{
				facts: f, cluster: newCluster(f), operations: newOperations(), writes: newWrites(), journals: newJournals(), promoters: promoters{},
				claims: newClaims(), receivers: map[*tabletView]string{}, sources: map[*tabletView]string{}, shards: map[string]*durableView{},
			}
		},
		Fail: failDurableWrites,
	}
}

func failDurableWrites(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type durableChecker struct {
	findings
	facts      Facts
	cluster    *cluster
	operations *operations
	writes     *writes
	journals   *journals
	promoters  promoters
	claims     *claims
	// receivers are the states of the receivers, sources the hosts that they receive from.
	receivers, sources map[*tabletView]string
	shards             map[string]*durableView
}

// durableView is what of a shard's data must not be lost.
type durableView struct {
	// primary served last; promoted is the event of that.
	primary  *tabletView
	promoted trace.Event
	// replacedBy says which operation took a tablet's place as primary: it had to take over
	// the writes that were made there.
	replacedBy map[*tabletView]string
	// told are the transactions that clients were told of; unbacked those of them that no
	// replica had acknowledged.
	told, unbacked gtid.Set
	// made are the transactions by the last primary that had them: the one whose MySQL
	// committed them, or one that took them over.
	made map[*tabletView]*gtid.Set
	// backed holds by replica what it acknowledged.
	backed map[*tabletView]*gtid.Set
	// reached are the tablets that the last emergency has stopped, unstopped those that it
	// reached while their receivers were reconnecting: it leaves those running.
	reached, unstopped map[*tabletView]bool
	// chased: the last emergency began while calls of the one before could still be under way;
	// resumed are the sources that tablets received from again after it had stopped them.
	chased  bool
	resumed map[*tabletView]string
	lost    gtid.Set // told already
}

func (c *durableChecker) shard(name string) *durableView {
	s := c.shards[name]
	if s == nil {
		s = &durableView{
			replacedBy: map[*tabletView]string{}, made: map[*tabletView]*gtid.Set{}, backed: map[*tabletView]*gtid.Set{}, reached: map[*tabletView]bool{}, unstopped: map[*tabletView]bool{}, resumed: map[*tabletView]string{},
		}
		c.shards[name] = s
	}
	return s
}

// Record implements Checker. spec
func (c *durableChecker) Record(e trace.Event) {
	before := c.operations.emergencies(&e)
	if op := c.operations.observe(&e); op != nil && e.Kind == reparent.KindPhase && len(op.phases) == 1 && !op.phases[0].over {
		c.begun(c.shard(op.shard), op, before)
	}
	set := c.journals.observe(&e)
	t := c.cluster.observe(&e)
	if a, answered := c.writes.observe(&e); answered && a.ok {
		for i := range a.commits {
			c.told(&a.commits[i], &e)
		}
	}
	if t == nil {
		return
	}
	c.promoters.observe(&e, t, c.operations)
	c.claims.observe(&e, t)
	s := c.shard(t.shard.name)
	switch e.Kind {
	case mysqld.KindCommit:
		add(s.made, t, set)
		c.backed(s, &e, set)
	case mysqld.KindReset: // an initialisation wipes the history
		s.told, s.unbacked = gtid.Set{}, gtid.Set{}
	case tablet.KindStep:
		if e.Text("call") == "StopReplicationAndGetStatus" && e.Text("step") == "end" && e.Text("error") == "" {
			s.reached[t], s.unstopped[t] = true, c.receivers[t] == "connecting" || c.receivers[t] == "running"
		}
	case mysqld.KindSource:
		c.sources[t] = e.Text("source")
	case mysqld.KindReplication:
		if e.Text("thread") == "io" {
			c.receivers[t] = e.Text("state")
			if s.reached[t] && s.chased && c.receivers[t] != "stopped" {
				s.resumed[t] = c.sources[t]
			}
		}
	case tablet.KindState:
		// One that became primary before the last one does not know yet that it is not any more.
		if t.serving() && s.primary != t && c.claims.later(t, s.primary) {
			c.promoted(t.shard, s, t)
			c.judge(t.shard, s, &e)
		}
	}
}

// begun forgets what the last reparent of a shard did. last is when an emergency of the shard last
// told of its progress, if one has.
func (c *durableChecker) begun(s *durableView, op *operationView, last *sim.Time) {
	clear(s.reached)
	clear(s.unstopped)
	clear(s.resumed)
	wrt := max(c.facts.WaitReplicasTimeout, c.facts.Flags.VTCtld.WaitReplicasTimeout)
	s.chased = op.name == emergencyReparent && last != nil && op.began.Sub(*last) <= wrt+phaseSlack
}

// promoted notes the shard's new primary, and by whose doing it took the place of others.
func (c *durableChecker) promoted(shard *shardView, s *durableView, t *tabletView) {
	for _, other := range shard.tablets {
		if other != t && s.replacedBy[other] == "" && (other == s.primary || other.kind == primaryType) {
			s.replacedBy[other] = c.promoters[t]
		}
	}
	delete(s.replacedBy, t)
	s.primary, s.promoted = t, t.stateEvent
	// What it has taken over is from now on for those to keep who replace it.
	taken := s.told.Intersect(c.journals.of(t.server).executed)
	for _, made := range s.made { // in any order: each by itself
		*made = made.Difference(taken)
	}
	add(s.made, t, taken)
}

func add(sets map[*tabletView]*gtid.Set, t *tabletView, set gtid.Set) {
	if sets[t] == nil {
		sets[t] = &gtid.Set{}
	}
	sets[t].AddSet(set)
}

// backed notes which replicas have acknowledged a commit.
func (c *durableChecker) backed(s *durableView, e *trace.Event, set gtid.Set) {
	names := strings.Fields(e.Text("acked_by"))
	for _, name := range names {
		if r := c.cluster.tablets[name]; r != nil {
			add(s.backed, r, set)
		}
	}
	if len(names) == 0 {
		s.unbacked.AddSet(set)
	}
}

// told notes a commit that a client was told of.
func (c *durableChecker) told(commit, e *trace.Event) {
	t := c.cluster.tablets[commit.Host]
	set, err := gtid.ParseSet(commit.Text("gtid"))
	if t == nil || err != nil {
		return
	}
	s := c.shard(t.shard.name)
	s.told.AddSet(set)
	if s.primary != nil && s.primary != t {
		c.judge(t.shard, s, e)
	}
}

// judge holds that the shard's new primary has all that clients were told.
func (c *durableChecker) judge(shard *shardView, s *durableView, e *trace.Event) {
	missing := s.told.Difference(c.journals.of(s.primary.server).executed).Difference(s.lost)
	if missing.IsEmpty() {
		return
	}
	s.lost.AddSet(missing)
	for _, from := range shard.tablets {
		if s.made[from] == nil {
			continue
		}
		if lost := missing.Intersect(*s.made[from]); !lost.IsEmpty() {
			c.excused(c.excuse(shard, s, from, lost), shard.name, at(e), shown(s.promoted),
				"%s serves without acknowledged writes of %s: %s", s.primary.host, from.host, lost)
		}
	}
}

// excuse names the condition of that the run has not kept for writes of a
// former primary; "" if it has kept all.
func (c *durableChecker) excuse(shard *shardView, s *durableView, from *tabletView, missing gtid.Set) string {
	switch s.replacedBy[from] {
	case externalReparent:
		return "another tool chose the primary (R-120)"
	case emergencyReparent:
		if shard.durability == "none" || shard.durability == "" {
			return "durability none: an emergency may lose what was not replicated (R-221)"
		}
		switch {
		case c.ackedResumed(s, from, missing):
			return "a call of the emergency before repointed a replica after this one had stopped it, and it acknowledged writes of the old primary later (R-110, R-226)"
		case c.ackedLate(s, missing):
			return "a replica's receiver was reconnecting when the emergency reached it, was not stopped, and acknowledged writes of the old primary later (R-41)"
		case !c.kept(s, missing):
			return "no replica that acknowledged it was reached with it, or nobody had (R-221, T-117)"
		}
	}
	return ""
}

// ackedLate reports whether a replica that the emergency reached and did not stop has
// acknowledged any of the missing transactions.
func (c *durableChecker) ackedLate(s *durableView, missing gtid.Set) bool {
	for t, acked := range s.backed { // in any order: any of them will do
		if s.unstopped[t] && !missing.Intersect(*acked).IsEmpty() {
			return true
		}
	}
	return false
}

// ackedResumed reports whether a replica that the emergency had stopped, and that then received
// from the tablet again, has acknowledged any of the missing transactions.
func (c *durableChecker) ackedResumed(s *durableView, from *tabletView, missing gtid.Set) bool {
	for t, acked := range s.backed { // in any order: any of them will do
		if s.resumed[t] == from.host && !missing.Intersect(*acked).IsEmpty() {
			return true
		}
	}
	return false
}

// kept reports whether, for any of the missing transactions, a replica that acknowledged it
// was reached by the emergency and has it.
func (c *durableChecker) kept(s *durableView, missing gtid.Set) bool {
	for t, acked := range s.backed { // in any order: any of them will do
		have := c.journals.of(t.server)
		if s.reached[t] && !missing.Intersect(*acked).Intersect(have.executed.Union(have.relay)).IsEmpty() {
			return true
		}
	}
	return false
}

// Finish implements Checker.
func (c *durableChecker) Finish(End) {}
