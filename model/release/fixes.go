package release

// Fix is a position of a switch that takes a bug away that releases had, or that upstream has
// described.
type Fix struct {
	// Switch is the name of a field of [Behaviors], Value its position with the fix.
	Switch, Value string
	// Meaning says what the fix does, in a few words.
	Meaning string
	// Rules are where the specification says so.
	Rules []string
}

// Fixes lists the fixes of what gates do while they buffer, and of what tells them to stop.
func Fixes() []Fix {
	return []Fix{
		{"MarkShardNotServing", "true", "the watcher is told when buffering of a shard starts", []string{"B-17", "D-65", "D-92"}},
		{"StoppedRecheck", "true", "a request looks again under the lock whether the buffer was shut down", []string{"B-14"}},
		{"StoppedFlagFirst", "true", "a shutdown is announced before the shards are stopped", []string{"B-64"}},
		{"TimeoutNoticeRemembered", "true", "a notice to the timeout thread is remembered", []string{"B-39"}},
		{"MarkWindow", "true", "the watcher is told outside of the shard's lock", []string{"C-9", "M-1"}},
		{"CancelLeaksSlot", "false", "a request that is cancelled gives its slot back", []string{"B-27"}},
		{"DrainConcurrencyHonoured", "true", "a drain has as many workers as --buffer-drain-concurrency says", []string{"B-45"}},
		{"KeyspaceEventChannelCapacity", "10", "ten keyspace events can wait for the buffer", []string{"D-67"}},
		{"KeyspaceEventSendBlocks", "true", "a keyspace event waits for room instead of being dropped", []string{"D-67"}},
		{"HealthCheckChannelCapacity", "2048", "2048 health updates can wait for the watcher", []string{"D-48"}},
		{"ReshardOverlapOnly", "true", "only shards that overlap are taken for a resharding", []string{"D-71", "D-102"}},
		{"PrimaryRemovalUsesLagFilter", "false", "two primaries are never listed at once", []string{"D-37", "D-97"}},
		{"StaleLoopFenced", "true", "the last word of a replaced tablet is not heard", []string{"D-96"}},
		{"InconsistentStateBranch", "true", "a request waits while the gate's parts disagree", []string{"G-24"}},
		{"WaitPositionTimeoutIgnored", "false", "a replica that lags is not promoted", []string{"T-111"}},
		{"DemotePrimaryForce", "true", "a demotion by force lets hanging commits go", []string{"R-31"}},
		{"SemiSyncMonitor", "true", "commits that wait for an acknowledgement in vain are let go", []string{"T-118"}},
	}
}

// In reports whether a release has the fix.
func (f Fix) In(b Behaviors) bool {
	return position(b, f.Switch) == f.Value
}

// FirstRelease says in which release it came: " (since v19)", or that none has it.
func (f Fix) FirstRelease() string {
	all := All()
	since := len(all)
	for since > 0 && f.In(all[since-1].Behaviors) {
		since--
	}
	switch since {
	case len(all):
		return " (in no release)"
	case 0:
		return ""
	}
	return " (since " + all[since].Name + ")"
}
