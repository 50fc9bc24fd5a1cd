package explain

// skippedCauses are those of requests that the buffer refused to hold.
func skippedCauses() []*Cause {
	return []*Cause{
		{
			ID: "full", Title: "no free slot in the buffer",
			Meaning: "All slots of the gate were taken, by other shards or by requests under way again, and this shard had none to give up for a newer one.",
			Rules:   []string{"B-25"}, Flags: []string{"buffer-size"},
			holds: func(e *evidence) bool { return e.skipped("BufferFull") },
			try:   []string{"buffer-size", "without-fault", "without-operation"},
		},
		{
			ID: "too-recent", Title: "too soon after the last failover",
			Meaning: "After each failover the buffer holds nothing of this shard for a while, so that a failover that never ends cannot stop all traffic again and again. This failover came within that time.",
			Rules:   []string{"B-15", "B-52"}, Flags: []string{"buffer-min-time-between-failovers"},
			holds: func(e *evidence) bool { return e.skipped("LastFailoverTooRecent") && !e.afterMaxDuration() },
			try:   []string{"buffer-min-time-between-failovers", "later", "without-fault", "without-operation"},
		},
		{
			ID: "after-max-duration", Title: "the buffer had given up on this failover",
			Meaning: "The failover had lasted longer than the buffer waits for one. Having given up, it holds nothing of this shard for a while, though the failover goes on.",
			Rules:   []string{"B-15", "B-38", "B-52"}, Flags: []string{"buffer-max-failover-duration", "buffer-min-time-between-failovers"},
			holds: func(e *evidence) bool { return e.skipped("LastFailoverTooRecent") },
			try:   []string{"buffer-max-failover-duration", "buffer-window", "buffer-min-time-between-failovers", "prs", "without-operation"},
		},
		{
			ID: "reparent-too-recent", Title: "too soon after the last change of the primary",
			Meaning: "The buffer heard of another primary a short while ago, without having held anything. It holds nothing of this shard for a while after that.",
			Rules:   []string{"B-16", "B-58"}, Flags: []string{"buffer-min-time-between-failovers"},
			holds: func(e *evidence) bool { return e.skipped("LastReparentTooRecent") },
			try:   []string{"buffer-min-time-between-failovers", "later", "without-fault", "without-operation"},
		},
		{
			ID: "watcher", Title: "the gate did not know the shard yet",
			Meaning: "The gate's keyspace event watcher did not know the shard, so that it could not have told the end of a failover. In that case nothing is held.",
			Rules:   []string{"B-17"},
			holds:   func(e *evidence) bool { return e.skipped("Refused") },
			try:     []string{"later", "without-operation"},
		},
		{
			ID: "disabled", Title: "buffering is off for this shard",
			Meaning: "The shard had no primary that serves, and the gate does not buffer for this shard. So the client got the error at once.",
			Rules:   []string{"B-2", "B-11", "G-2"}, Flags: []string{"enable-buffer", "buffer-keyspace-shards"},
			holds: func(e *evidence) bool {
				return e.skipped("Disabled") || e.pass != nil && e.pass.toPrimary() && !e.inTransaction() && e.noBuffer() && e.failover()
			},
			try: []string{"enable-buffer", "buffer-keyspace-shards", "without-operation"},
		},
	}
}
