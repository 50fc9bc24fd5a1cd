package reparent

import (
	"cmp"
	"slices"
	"time"

	"bufsim/sim"
)

// Count is how often an operation ended in one way, and the time that it took. Its number is
// Vitess's PlannedReparentCounts or EmergencyReparentCounts with the labels Keyspace, Shard
// and Result; the times are those of ReparentShardOperationTimings. spec: R-171
type Count struct {
	Operation string
	// Shard is keyspace and shard, with a slash.
	Shard string
	// Success is the label Result: success or failure.
	Success bool
	Number  int64
	Took    time.Duration
}

// counts are the counters of one process.
type counts struct {
	mu   *sim.Mutex
	list []Count
}

func newCounts(env *sim.Env) *counts { return &counts{mu: env.NewMutex("counts")} }

func (c *counts) add(p *progress, err error, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	is := func(x Count) bool {
		return x.Operation == p.operation && x.Shard == p.shard && x.Success == (err == nil)
	}
	i := slices.IndexFunc(c.list, is)
	if i < 0 {
		i = len(c.list)
		c.list = append(c.list, Count{Operation: p.operation, Shard: p.shard, Success: err == nil})
	}
	c.list[i].Number++
	c.list[i].Took += took
}

// Counts gives the counters of the operations that this process has run, sorted by operation,
// shard and result. spec: R-171
func (r *Reparenter) Counts() []Count {
	r.counts.mu.Lock()
	defer r.counts.mu.Unlock()
	list := slices.Clone(r.counts.list)
	slices.SortFunc(list, func(x, y Count) int {
		return cmp.Or(cmp.Compare(x.Operation, y.Operation), cmp.Compare(x.Shard, y.Shard), boolOrder(x.Success)-boolOrder(y.Success))
	})
	return list
}

func boolOrder(b bool) int {
	if b {
		return 0
	}
	return 1
}
