package spec

import (
	"strings"
	"time"

	"bufsim/model/release"
	"bufsim/model/vterr"
)

// BufferConfig is the configuration of a buffer, as the flags give it. It is not checked.
// spec: buffer 2.1
type BufferConfig struct {
	Enabled, DryRun         bool
	Size                    int
	Window                  time.Duration
	MaxFailoverDuration     time.Duration
	MinTimeBetweenFailovers time.Duration
	DrainConcurrency        int
	// KeyspaceShards is a comma list of keyspace or keyspace/shard. spec: B-1
	KeyspaceShards string
}

// Schedule is everything that reaches a buffer from outside. All instants count from the start.
// What falls on one instant is concurrent; the order in the lists means nothing.
type Schedule struct {
	Requests []Request
	// Signals are handed over one at a time. spec: C-11
	Signals []Signal
	// Shutdowns are the instants of calls of Shutdown, Probes those of looks at the buffer.
	Shutdowns, Probes []time.Duration
	// End is when the story is over, whatever is still going on.
	End time.Duration
}

// Request asks the buffer once.
type Request struct {
	At    time.Duration
	Shard string // keyspace/shard
	Cause Cause
	// Timeout is how long after At the request's context reaches its deadline; 0 is never.
	Timeout time.Duration
	// Cancelled is when the context is cancelled, if Cancels is set. It may be before At.
	Cancelled time.Duration
	Cancels   bool
	// RetryTakes is how long the retry takes if the request is let go for one. It is not cut
	// short when the context ends.
	RetryTakes time.Duration
	// Mark is what the watcher that the call carries answers, after MarkTakes.
	Mark      Mark
	MarkTakes time.Duration
}

// Mark says what comes of telling the watcher that buffering starts.
// spec: B-17
type Mark uint8

// The answers.
const (
	// MarkNone: the call carries no watcher.
	MarkNone Mark = iota
	MarkAccepted
	MarkRefused
)

// Signal may end a failover: a keyspace event, or the legacy health record of a primary.
type Signal struct {
	At time.Duration
	// Switched: the MoveTables state of the event is "switched". spec: B-56
	Switched bool
	Records  []Record
	// Legacy makes it a health record of Term, about the first record. spec: L-1
	Legacy bool
	Term   int64
}

// Record is one shard in a signal.
type Record struct {
	Shard   string // keyspace/shard
	Primary string // tablet alias, empty for none
	Serving bool
}

// Cause is the error of a request's last try; the zero value is no error.
type Cause struct {
	Code vterr.Code
	Text string
}

// Class is what the buffer makes of a cause.
type Class struct {
	// Failover: it may start or join buffering. Reparent: the watcher shall wait for a new
	// primary. Reason is the known phrase in a failover's text.
	Failover, Reparent bool
	Reason             string
}

// Classify looks at an error.
// spec: B-5, B-6, B-7, buffer 8.1
func Classify(c Cause, b release.Behaviors) Class {
	denied := strings.Contains(c.Text, "disallowed due to rule")
	resharded := strings.Contains(c.Text, "current keyspace is being resharded")
	class := Class{
		Failover: c.Code == vterr.ClusterEvent || c.Code == vterr.FailedPrecondition && denied && b.ClassifyDeniedTables,
		Reparent: c.Code == vterr.ClusterEvent && !resharded,
	}
	switch {
	case !class.Failover:
	case resharded:
		class.Reason = "current keyspace is being resharded"
	case strings.Contains(c.Text, "primary is not serving, there may be a reparent operation in progress"):
		class.Reason = "primary is not serving, there may be a reparent operation in progress"
	case denied:
		class.Reason = "disallowed due to rule"
	}
	return class
}

// Mode is what the buffer does for a shard.
type Mode uint8

// The modes.
const (
	Disabled Mode = iota
	DryRun
	Enabled
)

// ModeOf gives the mode of a shard, named keyspace/shard.
// spec: B-1, B-2, B-3
func (c BufferConfig) ModeOf(shard string) Mode {
	keyspace, _, _ := strings.Cut(shard, "/")
	listed := c.Enabled && c.KeyspaceShards == ""
	if c.KeyspaceShards != "" {
		for item := range strings.SplitSeq(c.KeyspaceShards, ",") {
			listed = listed || item == keyspace || item == shard
		}
	}
	switch {
	case listed:
		return Enabled
	case c.DryRun:
		return DryRun
	default:
		return Disabled
	}
}
