package conform

import (
	"bufsim/gate/buffer"
	"bufsim/model/vterr"
)

// BufferVector is a schedule for a buffer, and what came of it in Vitess.
type BufferVector struct {
	ID          string          `json:"id"`
	Group       string          `json:"group"`
	Impl        string          `json:"impl"`
	Upstream    string          `json:"upstream"`
	Note        string          `json:"note"`
	Config      BufferConfig    `json:"config"`
	Steps       []BufferStep    `json:"steps"`
	End         Seconds         `json:"end"`
	Expect      *BufferOutcome  `json:"expect"`
	ExpectOneOf []BufferOutcome `json:"expect_one_of"`
}

// BufferConfig is the configuration of the buffer.
type BufferConfig struct {
	Enabled                 bool    `json:"enabled"`
	DryRun                  bool    `json:"dry_run"`
	Size                    int     `json:"size"`
	Window                  Seconds `json:"window"`
	MaxFailoverDuration     Seconds `json:"max_failover_duration"`
	MinTimeBetweenFailovers Seconds `json:"min_time_between_failovers"`
	DrainConcurrency        int     `json:"drain_concurrency"`
	KeyspaceShards          string  `json:"keyspace_shards"`
}

func (c BufferConfig) config() buffer.Config {
	return buffer.Config{
		Enabled: c.Enabled, DryRun: c.DryRun, Size: c.Size,
		Window:                  c.Window.duration(),
		MaxFailoverDuration:     c.MaxFailoverDuration.duration(),
		MinTimeBetweenFailovers: c.MinTimeBetweenFailovers.duration(),
		DrainConcurrency:        c.DrainConcurrency,
		KeyspaceShards:          c.KeyspaceShards,
	}
}

// BufferStep is one step of a schedule; which fields count depends on the op.
type BufferStep struct {
	At                Seconds      `json:"at"`
	Op                string       `json:"op"`
	Req               int          `json:"req"`
	Ks                string       `json:"ks"`
	Shard             string       `json:"shard"`
	Err               string       `json:"err"`
	CtxTimeout        *Seconds     `json:"ctx_timeout"`
	CtxCanceledBefore bool         `json:"ctx_canceled_before"`
	RetryTakes        Seconds      `json:"retry_takes"`
	Mark              string       `json:"mark"`
	Shards            []EventShard `json:"shards"`
	MoveTablesType    string       `json:"move_tables_type"`
	MoveTablesState   string       `json:"move_tables_state"`
}

// EventShard is one shard of a keyspace event.
type EventShard struct {
	Shard   string `json:"shard"`
	Serving bool   `json:"serving"`
	Primary string `json:"primary"`
}

// cause makes the error of a kind.
func cause(kind string) (error, bool) {
	const reparent = vterr.TextReparent
	switch kind {
	case "none", "":
		return nil, true
	case "reparent":
		return vterr.New(vterr.ClusterEvent, reparent), true
	case "reshard":
		return vterr.BeingResharded(), true
	case "not_serving":
		return vterr.New(vterr.ClusterEvent, vterr.TextNotServing), true
	case "shutting_down":
		return vterr.New(vterr.ClusterEvent, vterr.TextShuttingDown), true
	case "read_only":
		return vterr.New(vterr.ClusterEvent, "The MySQL server is running with the --super-read-only option so it cannot execute this statement (errno 1290) (sqlstate HY000)"), true
	case "move_tables":
		return vterr.New(vterr.FailedPrecondition, deniedTables), true
	case "wrapped_reparent":
		return vterr.Wrap(vterr.New(vterr.ClusterEvent, reparent), "target: ks1.0.primary"), true
	case "precondition":
		return vterr.New(vterr.FailedPrecondition, vterr.TextNotServing), true
	case "unavailable":
		return vterr.New(vterr.Unavailable, reparent), true
	case "aborted":
		return vterr.New(vterr.Aborted, deniedTables), true
	case "plain":
		return plainError(reparent), true
	default:
		return nil, false
	}
}

const deniedTables = vterr.TextDisallowedByRule + ": " + vterr.TextDeniedTables

// plainError is an error without a code.
type plainError string

// Error gives the text.
func (e plainError) Error() string { return string(e) }
