package invariant

import (
	"slices"
	"strings"
	"time"

	"bufsim/sim/simnet"
	"bufsim/sim/trace"
	"bufsim/tablet/tmclient"
	"bufsim/topo"
	"bufsim/topo/toposerver"
)

// lockGivenBack is the first half of R-226.
func lockGivenBack() Invariant {
	return Invariant{
		ID:      "lock-given-back",
		Meaning: "An operation that has told its outcome gives the shard's lock back.",
		Rules:   []string{"R-226"},
		Kinds:   operationKinds(),
		New: func(f Facts) Checker {
			return &lockGivenBackChecker{operations: newOperations(), limit: f.Flags.Common.RemoteOperationTimeout}
		},
		Fail: failLockGivenBack,
	}
}

func failLockGivenBack(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type lockGivenBackChecker struct {
	findings
	operations *operations
	// limit is how long giving a lock up may take while the topology does not answer (O-33).
	limit time.Duration
}

// Record implements Checker.
func (c *lockGivenBackChecker) Record(e trace.Event) { c.operations.observe(&e) }

// Finish implements Checker. spec: R-226
func (c *lockGivenBackChecker) Finish(end End) {
	for _, op := range c.operations.running {
		if op.ended && op.name != externalReparent && end.Time.Sub(at(&op.end)) > c.limit+phaseSlack {
			c.violate(op.shard, at(&op.end), shown(op.end), "%s has ended and still holds the lock", op.name)
		}
	}
}

// oneLockHolder is I-O3.
func oneLockHolder() Invariant {
	return Invariant{
		ID:      "one-lock-holder",
		Meaning: "A shard's lock has one holder at a time; a second one appears only after the first has given it up or its lease has run out.",
		Rules:   []string{"I-O3", "R-226"},
		Kinds:   []string{string(trace.KindHost), string(topo.KindLock), string(toposerver.KindLease), string(toposerver.KindWrite)},
		New:     func(Facts) Checker { return &lockHolderChecker{locks: map[string]*lockView{}} },
		Fail:    failOneLockHolder,
	}
}

func failOneLockHolder(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type lockHolderChecker struct {
	findings
	locks map[string]*lockView // by resource
	// expired is when a lease ran out last, as its event.
	expired trace.Event
}

// lockView is one lock.
type lockView struct {
	// holder believes that it has the lock; deleted says that a key of the lock has gone
	// since then.
	holder  trace.Event
	deleted bool
}

// Record implements Checker. spec: I-O3, O-38
func (c *lockHolderChecker) Record(e trace.Event) {
	switch e.Kind {
	case trace.KindHost:
		c.ended(&e)
	case toposerver.KindLease:
		if e.Text("what") == "expire" {
			c.expired = keep(e)
		}
	case toposerver.KindWrite:
		c.write(&e)
	case topo.KindLock:
		c.lock(&e)
	}
}

// ended forgets the locks of a process that is gone; they end with their leases.
func (c *lockHolderChecker) ended(e *trace.Event) {
	for _, l := range c.locks { // in any order: each lock is looked at by itself
		if l.holder.Host == e.Host && e.Text("what") == "crash" {
			l.holder = trace.Event{}
		}
	}
}

func (c *lockHolderChecker) write(e *trace.Event) {
	if e.Text("op") != "delete" {
		return
	}
	dir, _, ok := strings.Cut(e.Text("key"), "/locks/")
	if !ok {
		return
	}
	_, path, _ := strings.Cut(dir, "/keyspaces/")
	c.at(strings.Replace(path, "/shards/", "/", 1)).deleted = true
}

func (c *lockHolderChecker) at(resource string) *lockView {
	l := c.locks[resource]
	if l == nil {
		l = &lockView{}
		c.locks[resource] = l
	}
	return l
}

func (c *lockHolderChecker) lock(e *trace.Event) {
	l := c.at(e.Text("resource"))
	mine := l.holder.Host == e.Host && l.holder.Proc == e.Proc
	switch e.Text("what") {
	case "held":
		if l.holder.Kind != "" && !mine {
			c.second(l, e)
		}
		l.holder, l.deleted = keep(*e), false
	case "released":
		if mine {
			l.holder = trace.Event{}
		}
	}
}

// second judges a holder besides another one. One that is giving the lock up has deleted its
// key before it knows.
func (c *lockHolderChecker) second(l *lockView, e *trace.Event) {
	resource := e.Text("resource")
	switch {
	case c.expired.Kind != "" && c.expired.Time >= l.holder.Time:
		c.excused("a lease ran out, and its holder does not know (O-38)", resource, at(e), shown(l.holder, c.expired, *e),
			"%s got the lock that %s still believes to hold", trace.Who(e), trace.Who(&l.holder))
	case !l.deleted:
		c.violate(resource, at(e), shown(l.holder, *e), "%s got the lock that %s holds", trace.Who(e), trace.Who(&l.holder))
	}
}

// Finish implements Checker.
func (c *lockHolderChecker) Finish(End) {}

// lockCoversCalls is the second half of R-226.
func lockCoversCalls() Invariant {
	return Invariant{
		ID:      "lock-covers-calls",
		Meaning: "An operation changes tablets of a shard only while it holds the shard's lock, but for the replicas that an EmergencyReparentShard repoints in the background.",
		Rules:   []string{"R-226"},
		Kinds:   slices.Concat(operationKinds(), []string{string(simnet.KindCall)}),
		New: func(f Facts) Checker {
			return &lockCallsChecker{cluster: newCluster(f), operations: newOperations(), held: map[string]map[string]int{}, released: map[string]trace.Event{}, background: map[string]bool{}}
		},
		Fail: failLockCoversCalls,
	}
}

func failLockCoversCalls(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type lockCallsChecker struct {
	findings
	cluster    *cluster
	operations *operations
	// held counts the locks on a shard by the host that holds them.
	held map[string]map[string]int
	// released is the last release of a shard's lock.
	released map[string]trace.Event
	// background are the shards that an emergency may still repoint replicas of.
	background map[string]bool
}

// needsLock are the calls that only operations under the lock make.
func needsLock(method string) bool {
	switch method {
	case tmclient.MethodDemotePrimary, tmclient.MethodUndoDemotePrimary, tmclient.MethodPromoteReplica, tmclient.MethodInitPrimary,
		tmclient.MethodInitReplica, tmclient.MethodResetReplication, tmclient.MethodStopReplicationAndGetStatus, tmclient.MethodPopulateReparentJournal:
		return true
	}
	return false
}

// Record implements Checker. spec: R-226
func (c *lockCallsChecker) Record(e trace.Event) {
	if op := c.operations.observe(&e); op != nil && op.name == emergencyReparent {
		c.background[op.shard] = true
	}
	switch e.Kind {
	case trace.KindHost:
		if e.Text("what") == "crash" {
			for _, hosts := range c.held { // in any order
				delete(hosts, e.Host)
			}
		}
	case topo.KindLock:
		c.lock(&e)
	case simnet.KindCall:
		c.call(&e)
	}
}

func (c *lockCallsChecker) lock(e *trace.Event) {
	shard := e.Text("resource")
	if c.held[shard] == nil {
		c.held[shard] = map[string]int{}
	}
	switch e.Text("what") {
	case "held":
		c.held[shard][e.Host]++
	case "released":
		c.held[shard][e.Host]--
		c.released[shard] = keep(*e)
	}
}

func (c *lockCallsChecker) call(e *trace.Event) {
	t, method := c.cluster.tablets[e.Text("peer")], e.Text("method")
	if t == nil || c.cluster.tablets[e.Host] != nil || c.held[t.shard.name][e.Host] > 0 {
		return
	}
	repoints := method == tmclient.MethodSetReplicationSource && strings.HasPrefix(e.Proc, "reparent/repoint-") && !c.background[t.shard.name]
	if needsLock(method) || repoints {
		c.violate(t.shard.name, at(e), shown(c.released[t.shard.name], *e), "%s calls %s on %s without the shard's lock", e.Host, tmclient.Name(method), t.host)
	}
}

// Finish implements Checker.
func (c *lockCallsChecker) Finish(End) {}
