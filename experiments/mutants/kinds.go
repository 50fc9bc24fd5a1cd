package mutants

// Kinds are the kinds of bugs that a failover has had, or could have. Each must have a mutant
// at least: a change that only ever gets its tests from one kind of fault is half tested.
func Kinds() []string {
	return []string{
		// The gate.
		"slot accounting",
		"eviction order",
		"deadline bases",
		"wake-ups",
		"missing rechecks",
		"drain workers",
		"cool-down bookkeeping",
		"event order and filtering",
		"term comparison",
		"consistency rule",
		"reconnect back-off",
		"removal without broadcast",
		"health message timing",
		"classification of errors",
		"retries of the gateway",
		"session and transaction rules",
		"gate start and shutdown",
		"topology watcher",
		// The tablet and its MySQL server.
		"admission predicate",
		"drain and grace periods",
		"state transitions",
		"retries",
		"tracker thresholds",
		"term clocks",
		"shard sync",
		"undo of a demotion",
		"repointing order",
		"errant GTIDs",
		"who acknowledges first",
		"pools and timeouts",
		"promotion before catch-up",
		"semi-sync acks",
		"super_read_only order",
		"applier and relay log",
		"GTID algebra",
		// The topology.
		"lock leases",
		"topo CAS",
		"watch semantics",
		"leader election",
		"srvtopo cache",
		// The network.
		"network faults",
	}
}
