package conform

import "bufsim/model/topodata"

// DiscoveryVector is a schedule for the keyspace event watcher, alone or with health check,
// buffer and gateway around it, and what came of it in Vitess.
type DiscoveryVector struct {
	ID       string            `json:"id"`
	Group    string            `json:"group"`
	Upstream string            `json:"upstream"`
	Note     string            `json:"note"`
	Config   DiscoveryConfig   `json:"config"`
	Tablets  []ScriptedTablet  `json:"tablets"`
	Steps    []DiscoveryStep   `json:"steps"`
	End      Seconds           `json:"end"`
	Expect   *DiscoveryOutcome `json:"expect"`
}

// DiscoveryConfig is the configuration; a watcher alone has only the keyspaces.
type DiscoveryConfig struct {
	KeyspacesAtStart        []string `json:"keyspaces_at_start"`
	Size                    int      `json:"size"`
	Window                  Seconds  `json:"window"`
	MaxFailoverDuration     Seconds  `json:"max_failover_duration"`
	MinTimeBetweenFailovers Seconds  `json:"min_time_between_failovers"`
	DrainConcurrency        int      `json:"drain_concurrency"`
	RetryCount              int      `json:"retry_count"`
	HealthCheckTimeout      Seconds  `json:"health_check_timeout"`
	HealthCheckRetryDelay   Seconds  `json:"health_check_retry_delay"`
}

// ScriptedTablet is a tablet that is known at the start.
type ScriptedTablet struct {
	Alias string `json:"alias"`
	Ks    string `json:"ks"`
	Shard string `json:"shard"`
	Type  string `json:"type"`
}

// DiscoveryStep is one step of a schedule; which fields count depends on the op.
type DiscoveryStep struct {
	At    Seconds `json:"at"`
	Op    string  `json:"op"`
	Ks    string  `json:"ks"`
	Shard string  `json:"shard"`

	PrimaryShards        []string `json:"primary_shards"`
	ControlledShards     []string `json:"controlled_shards"`
	QueryServiceDisabled bool     `json:"query_service_disabled"`
	Error                string   `json:"error"`

	Tablet      string `json:"tablet"`
	Type        string `json:"type"`
	Serving     bool   `json:"serving"`
	Term        int64  `json:"term"`
	HealthError string `json:"health_error"`

	Reparent          bool                 `json:"reparent"`
	DeniedTables      []string             `json:"denied_tables"`
	RoutingRules      []ScriptedRule       `json:"routing_rules"`
	ShardRoutingRules []ScriptedShardRoute `json:"shard_routing_rules"`

	Mode  string  `json:"mode"`
	Takes Seconds `json:"takes"`

	Req           int      `json:"req"`
	CtxTimeout    *Seconds `json:"ctx_timeout"`
	InTransaction bool     `json:"in_transaction"`
}

// ScriptedRule is a routing rule of a vschema step.
type ScriptedRule struct {
	From string   `json:"from"`
	To   []string `json:"to"`
}

// ScriptedShardRoute is a shard routing rule of a vschema step.
type ScriptedShardRoute struct {
	FromKeyspace string `json:"from_keyspace"`
	ToKeyspace   string `json:"to_keyspace"`
	Shard        string `json:"shard"`
}

// DiscoveryOutcome is what came of a schedule.
type DiscoveryOutcome struct {
	Events   []EventOutcome   `json:"events"`
	Answers  []Answer         `json:"answers"`
	Requests []GatewayOutcome `json:"requests"`
}

// EventOutcome is a keyspace event that was sent.
type EventOutcome struct {
	At              Seconds      `json:"at"`
	Ks              string       `json:"ks"`
	Shards          []EventShard `json:"shards"`
	MoveTablesType  string       `json:"move_tables_type"`
	MoveTablesState string       `json:"move_tables_state"`
}

// Answer is what the watcher answered to a question or a mark.
type Answer struct {
	At                   Seconds  `json:"at"`
	Op                   string   `json:"op"`
	Marked               bool     `json:"marked"`
	BeingResharded       bool     `json:"being_resharded"`
	ShouldStartBuffering bool     `json:"should_start_buffering"`
	Primary              string   `json:"primary"`
	ServingKeyspaces     []string `json:"serving_keyspaces"`
	Healthy              []string `json:"healthy"`
}

// GatewayOutcome is what came of a request through the gateway.
type GatewayOutcome struct {
	Req       int       `json:"req"`
	At        Seconds   `json:"at"`
	Result    string    `json:"result"`
	ErrorCode string    `json:"error_code"`
	Error     string    `json:"error"`
	Attempts  []Attempt `json:"attempts"`
}

// Attempt is the begin of an execution on a tablet.
type Attempt struct {
	At     Seconds `json:"at"`
	Tablet string  `json:"tablet"`
}

// alias reads a tablet alias; vectors write correct ones.
func alias(text string) topodata.TabletAlias {
	a, err := topodata.ParseTabletAlias(text)
	if err != nil {
		panic(err)
	}
	return a
}

// aliasText writes an alias as vectors do: nothing for none.
func aliasText(a topodata.TabletAlias) string {
	if a.IsZero() {
		return ""
	}
	return a.String()
}

func tabletType(text string) topodata.TabletType {
	t, err := topodata.ParseTabletType(text)
	if err != nil {
		panic(err)
	}
	return t
}
