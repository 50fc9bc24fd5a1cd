package hunt_test

// bugCase is a bug of a release, and what an exploration tells of it.
type bugCase struct {
	name, release string
	switches      []string
	world, shows  string
	// runs bounds the search of the short form.
	runs int
}

// bugs are those of docs/bugs. The first one is in no release, and so planted.
func bugs() []bugCase {
	return []bugCase{
		{"slot-leak", "v24", []string{"CancelLeaksSlot=true"}, "buffer", "slots-come-back GATE SHARD", 300},
		{"restart-after-shutdown", "v23.0.0", nil, "buffer", "buffer-states GATE SHARD", 500},
		{"lost-wakeup", "v22", nil, "buffer", "buffer-window GATE SHARD", 20000},
		{"sequential-drain", "v13", nil, "buffer", "drain-uses-its-workers GATE SHARD", 200},
		{"three-party-deadlock", "v22", nil, "gate", "every-request-is-answered SHARD", 1500},
		{"other-shard-ends-buffering", "v13", nil, "gate", "no-early-end GATE SHARD", 1000},
		{"restart-taken-for-reshard", "v13", nil, "gate", "no-resharding-made-up GATE", 100},
		{"health-updates-dropped", "v13", nil, "gate", "buffering-ends-with-the-failover GATE SHARD", 500},
		{"keyspace-events-dropped", "v19", nil, "gate", "buffering-ends-with-the-failover GATE SHARD", 800},
	}
}
