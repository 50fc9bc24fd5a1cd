package vtorc

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// errNoPrimary is the error of a repair whose shard has lost its primary meanwhile.
var errNoPrimary = errors.New("the shard has no primary any more, or the tablet no record")

// SkipReason says why a recovery was not run.
type SkipReason string

// The reasons.
// spec: R-142..R-144
const (
	SkipGloballyDisabled  SkipReason = "GloballyDisabled"
	SkipEmergencyDisabled SkipReason = "ERSDisabled"
	SkipPrimaryRecovery   SkipReason = "PrimaryRecovery"
	SkipRecentRecovery    SkipReason = "RecentRecovery"
	SkipShardLocked       SkipReason = "ShardLocked"
	SkipStaleAnalysis     SkipReason = "StaleAnalysis"
)

// RecoveryCount is how often a kind of recovery ran on a shard, and how it ended.
type RecoveryCount struct {
	Recovery Recovery
	// Shard is keyspace and shard, with a slash.
	Shard string
	// Total is Vitess's RecoveriesCount, the others SuccessfulRecoveries and FailedRecoveries.
	Total, Successful, Failed int64
}

// SkipCount is one of Vitess's SkippedRecoveries.
type SkipCount struct {
	Recovery Recovery
	Shard    string
	Reason   SkipReason
	Number   int64
}

// LockTimings is Vitess's ShardLockTimings: how often the shard lock was taken and given up,
// and how long that took in all.
type LockTimings struct {
	Locks, Unlocks       int64
	LockTime, UnlockTime time.Duration
}

// Counters is what a VTOrc process counts. The lists are sorted.
// spec: R-171
type Counters struct {
	Recoveries []RecoveryCount
	Skipped    []SkipCount
	// Detected is Vitess's DetectedProblems: what the latest analysis found.
	Detected []Problem
	Locks    LockTimings
}

// counters are the counters of one process.
type counters struct {
	env *sim.Env
	mu  *sim.Mutex
	all Counters
}

func newCounters(env *sim.Env) *counters { return &counters{env: env, mu: env.NewMutex("counters")} }

// Counters gives a copy of the counters.
// spec: R-171
func (v *VTOrc) Counters() Counters {
	c := v.counters
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.all
	out.Recoveries, out.Skipped, out.Detected = slices.Clone(out.Recoveries), slices.Clone(out.Skipped), slices.Clone(out.Detected)
	slices.SortFunc(out.Recoveries, func(a, b RecoveryCount) int {
		return cmp.Or(cmp.Compare(a.Recovery, b.Recovery), cmp.Compare(a.Shard, b.Shard))
	})
	slices.SortFunc(out.Skipped, func(a, b SkipCount) int {
		return cmp.Or(cmp.Compare(a.Recovery, b.Recovery), cmp.Compare(a.Shard, b.Shard), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}

// detected replaces the problems found, and traces those that are new and those that are gone.
func (c *counters) detected(problems []Problem) {
	c.mu.Lock()
	before := c.all.Detected
	c.all.Detected = problems
	c.mu.Unlock()
	for _, p := range before {
		if !slices.Contains(problems, p) {
			c.traceDetect("gone", p)
		}
	}
	for _, p := range problems {
		if !slices.Contains(before, p) {
			c.traceDetect("found", p)
		}
	}
}

func (c *counters) traceDetect(what string, p Problem) {
	if c.env.Tracing() {
		c.env.Emit(KindDetect, trace.Str("what", what), trace.Str("analysis", string(p.Analysis)),
			trace.Str("tablet", p.Tablet.String()), trace.Str("shard", p.Keyspace+"/"+p.Shard))
	}
}

func (c *counters) recovered(kind Recovery, shard shardKey, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.all.Recoveries, func(x RecoveryCount) bool { return x.Recovery == kind && x.Shard == shard.String() })
	if i < 0 {
		i = len(c.all.Recoveries)
		c.all.Recoveries = append(c.all.Recoveries, RecoveryCount{Recovery: kind, Shard: shard.String()})
	}
	count := &c.all.Recoveries[i]
	count.Total++
	if err == nil {
		count.Successful++
	} else {
		count.Failed++
	}
}

func (c *counters) skipped(kind Recovery, shard shardKey, reason SkipReason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.all.Skipped, func(x SkipCount) bool {
		return x.Recovery == kind && x.Shard == shard.String() && x.Reason == reason
	})
	if i < 0 {
		i = len(c.all.Skipped)
		c.all.Skipped = append(c.all.Skipped, SkipCount{Recovery: kind, Shard: shard.String(), Reason: reason})
	}
	c.all.Skipped[i].Number++
}

func (c *counters) locked(took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Locks.Locks++
	c.all.Locks.LockTime += took
}

func (c *counters) unlocked(took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Locks.Unlocks++
	c.all.Locks.UnlockTime += took
}

// skip ends an attempt that does nothing.
func (r *recovery) skip(reason SkipReason) {
	r.counters.skipped(r.kind, r.key, reason)
	r.trace("skipped", string(reason))
}

// trace tells how far the recovery has come.
func (r *recovery) trace(what, detail string) {
	if r.env.Tracing() {
		r.env.Emit(KindRecover, trace.Str("what", what), trace.Str("recovery", string(r.kind)), trace.Str("analysis", string(r.Analysis)),
			trace.Str("tablet", r.Tablet.String()), trace.Str("shard", r.key.String()), trace.Str("detail", detail))
	}
}
