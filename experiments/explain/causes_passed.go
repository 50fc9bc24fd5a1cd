package explain

// neverHeldCauses are those of requests of a sort that the buffer is never asked about.
func neverHeldCauses() []*Cause {
	return []*Cause{
		{
			ID: "transaction", Title: "in the middle of a transaction",
			Meaning: "A transaction lives on one primary and ends with it. Its statements are neither held nor sent elsewhere; only the first statement of a transaction can be. The client has to begin the transaction again.",
			Rules:   []string{"G-12", "G-14", "G-60"},
			holds:   (*evidence).inTransaction,
			try:     []string{"shutdown-grace-period", "without-fault", "without-operation"},
		},
		{
			ID: "replica", Title: "a read from replicas, which is never held",
			Meaning: "Only requests for the primary are held. Reads from replicas are tried on a few other tablets, and all of those failed as well, or there were none.",
			Rules:   []string{"G-12", "G-71"}, Flags: []string{"retry-count"},
			holds: func(e *evidence) bool { return e.pass != nil && !e.pass.toPrimary() },
			try:   []string{"retry-count", "without-fault", "without-operation"},
		},
	}
}

// endedCauses are those of requests that a tablet ended in words of their own.
func endedCauses() []*Cause {
	return []*Cause{
		{
			ID: "killed", Title: "ended by the drain of the old primary",
			Meaning: "The statement was running when the primary was demoted, and was still running at the end of the grace period. The tablet ended it. That counts as the statement's own failure: it is not held.",
			Rules:   []string{"G-68", "T-31"}, Flags: []string{"shutdown-grace-period"},
			holds: func(e *evidence) bool { return e.said("QueryList.TerminateAll()") },
			try:   []string{"shutdown-grace-period", "without-operation"},
		},
		{
			ID: "denied", Title: "the table's traffic was being switched",
			Meaning: "MoveTables denied the table on this shard. Such a request is held and planned anew a few times; the new routing came too late for it.",
			Rules:   []string{"G-74", "G-75"}, Flags: []string{"buffer-max-failover-duration"},
			holds: func(e *evidence) bool { return e.said("disallowed due to rule") },
			try:   []string{"enable-buffer", "buffer-max-failover-duration", "buffer-window", "without-operation"},
		},
	}
}

// missedCauses are those of requests that came into a moment in which the gate does not hold.
func missedCauses() []*Cause {
	return []*Cause{
		{
			ID: "inconsistent", Title: "two parts of the gate disagreed for a moment",
			Meaning: "The gate's health check knew that the primary had gone, its keyspace event watcher did not yet. All tries fell into that moment, without a pause between them.",
			Rules:   []string{"G-24", "G-29", "G-44"},
			holds:   func(e *evidence) bool { return e.said("inconsistent state detected") },
			try:     []string{"watcher", "without-fault", "without-operation"},
		},
		{
			ID: "draining", Title: "came while the buffer was being emptied",
			Meaning: "The buffer had just ended a failover and was giving its requests free. In that time it lets everything pass; the primary did not serve this request all the same.",
			Rules:   []string{"B-12", "B-53"}, Flags: []string{"buffer-drain-concurrency"},
			holds: (*evidence).whileDraining,
			try:   []string{"buffer-drain-concurrency", "without-fault", "without-operation"},
		},
		{
			ID: "last-attempt", Title: "the last attempt showed the failover",
			Meaning: "The buffer is asked before an attempt, never after the last. The first sign of the failover came in the last attempt, so that the request could not be held.",
			Rules:   []string{"G-32a", "G-33"}, Flags: []string{"retry-count"},
			holds: func(e *evidence) bool { return e.pass != nil && e.failover() && !e.noBuffer() },
			try:   []string{"retry-count", "without-fault", "without-operation"},
		},
	}
}

// otherCauses are those of requests without a sign of a failover, and at last of all others.
func otherCauses() []*Cause {
	return []*Cause{
		{
			ID: "no-tablet", Title: "the gate knew no tablet for the shard",
			Meaning: "The gate's list of healthy tablets was empty, and nothing told the gate that a failover was going on. So it did not wait.",
			Rules:   []string{"G-24"},
			holds: func(e *evidence) bool {
				return e.said("no healthy tablet available") || e.said("no available connection")
			},
			try: []string{"enable-buffer", "without-fault", "without-operation"},
		},
		{
			ID: "unavailable", Title: "the tablet could not be reached",
			Meaning: "The call broke or was refused: the process or the way to it was down. This does not count as the sign of a failover, so it was not held; requests that come after the gate has noticed are.",
			Rules:   []string{"B-5", "G-34", "G-69"},
			holds:   func(e *evidence) bool { return e.code() == "UNAVAILABLE" },
			try:     []string{"without-fault", "without-operation"},
		},
		{
			ID: "not-failover", Title: "an error that has nothing to do with a failover",
			Meaning: "The tablet answered with an error that is not the sign of a failover. Buffering does not hold such requests.",
			Rules:   []string{"B-4", "B-5", "G-13"},
			holds:   func(e *evidence) bool { return e.pass != nil && e.pass.lastCall() != nil },
			try:     []string{"queryserver-config-query-timeout", "without-fault", "without-operation"},
		},
		{
			ID: "unexplained", Title: "not explained",
			Meaning: "None of the known causes fits. The chain of events is all that is known.",
			Rules:   []string{"B-4"},
			holds:   func(*evidence) bool { return true },
			try:     []string{"enable-buffer", "buffer-window", "buffer-size", "without-fault", "without-operation"},
		},
	}
}

// inTransaction says that the request belonged to an open transaction on its shard: it had no
// retry loop, or one that the buffer is kept out of. spec: G-12, G-60
func (e *evidence) inTransaction() bool {
	return e.request != nil && e.request.InTransaction && (e.pass == nil || len(e.request.Direct) > 0)
}

// noBuffer says that the gate has no buffer at all. spec: G-2
func (e *evidence) noBuffer() bool { return !e.account.Flags.VTGate.EnableBuffer }

// failover says that the request ended with what shows a failover, or what a gate without a
// buffer says in its place. spec: B-5, G-24
func (e *evidence) failover() bool {
	return e.code() == "CLUSTER_EVENT" || e.said("disallowed due to rule") || e.noBuffer() && e.said("no healthy tablet available")
}

func (e *evidence) code() string {
	if e.request == nil {
		return ""
	}
	return e.request.Code
}

// afterMaxDuration says that the failover before was given up by the buffer, and that no
// operation has begun since: it is the same failover still.
func (e *evidence) afterMaxDuration() bool {
	c := e.account.cycleBefore(e.request.Gate, e.pass.shard(), e.request.From)
	if c == nil || c.reason != "MaxDurationExceeded" {
		return false
	}
	op := e.account.operationBefore(e.request.From)
	return op == nil || op.Start <= c.stop
}

// whileDraining says that the request was in its loop while the shard was in DRAINING.
func (e *evidence) whileDraining() bool {
	if e.pass == nil || !e.failover() {
		return false
	}
	c := e.account.cycleBefore(e.request.Gate, e.pass.shard(), e.request.To)
	return c != nil && c.stopped && c.stop <= e.request.To && (!c.idle || c.drained >= e.request.From)
}
