package release

// FlagSpelling is how a release writes its flag names, on the command line and in its texts.
// spec: buffer 2.1, 2.2 note (e)
type FlagSpelling uint8

// The spellings.
const (
	// SpellingSingleDash is `-buffer_window` (up to v14; Go's flag package takes one dash or two).
	SpellingSingleDash FlagSpelling = iota
	// SpellingUnderscores is `--buffer_window` (v15 to v22).
	SpellingUnderscores
	// SpellingDashes is `--buffer-window` (from v23).
	SpellingDashes
)

// String names the spelling by an example.
func (s FlagSpelling) String() string {
	switch s {
	case SpellingSingleDash:
		return "-like_this"
	case SpellingUnderscores:
		return "--like_this"
	default:
		return "--like-this"
	}
}

// MinTimeCheck is the start-up check of `--buffer-min-time-between-failovers`.
// spec: buffer 2.2, 8.1
type MinTimeCheck uint8

// The checks.
const (
	// MinTimeTwiceMax wants at least twice the maximum failover duration (v12 to v17).
	MinTimeTwiceMax MinTimeCheck = iota
	// MinTimeUnchecked accepts anything (v18, v19).
	MinTimeUnchecked
	// MinTimeOneSecond wants at least one second (from v20).
	MinTimeOneSecond
)

// String names the check.
func (c MinTimeCheck) String() string {
	switch c {
	case MinTimeTwiceMax:
		return "at least twice the maximum failover duration"
	case MinTimeUnchecked:
		return "unchecked"
	default:
		return "at least 1s"
	}
}

// Behaviors are the switches of a release: Gate, Tablet and Reparent differences in one flat
// struct, so that code can say b.StoppedRecheck. The comments name what the switch does when
// it is on, the rule, and the change of Vitess that brought it.
type Behaviors struct {
	// FlagSpelling is how flags are spelled in messages and printed command lines.
	FlagSpelling FlagSpelling
	// MinTimeCheck is how the cool-down flag is validated.
	MinTimeCheck MinTimeCheck

	// ---- the buffer ----

	// LegacyBuffer lets `buffer_implementation` choose `healthcheck`, in which a newer primary
	// term ends buffering instead of a keyspace event (v12 to v17). spec: L-1..L-8, PR 13584
	LegacyBuffer bool
	// BufferObjectWhenDisabled keeps a buffer (and in keyspace_events mode the watcher) although
	// buffering is off, so Skipped{Disabled} counts and clients see the reparent text (v12 to v17).
	// spec: G-2, B-63, PR 13507
	BufferObjectWhenDisabled bool
	// ClassifyDeniedTables treats FAILED_PRECONDITION `disallowed due to rule` as a failover
	// error (v18). spec: B-5, PR 13507
	ClassifyDeniedTables bool
	// MarkShardNotServing tells the watcher when buffering of a shard starts (v19.0.8, v20.0.4,
	// v21.0.1, v22; in v18 only on the unreleased branch head). Off is BUG_NO_MARK: another
	// shard's event can end buffering too early. spec: B-17, D-65, PR 17013
	MarkShardNotServing bool
	// StoppedRecheck looks at the stopped flag again under the shard lock (v23.0.4, v24). Off is
	// BUG_NO_STOPPED_RECHECK. spec: B-14, PR 19954
	StoppedRecheck bool
	// StoppedFlagFirst makes Shutdown set the stopped flag before it stops the shards (v23.0.4,
	// v24). Off is BUG_STOP_BEFORE_FLAG. spec: B-64, PR 19954
	StoppedFlagFirst bool
	// TimeoutNoticeRemembered keeps a notice to the timeout thread that is not waiting yet
	// (main). Off is BUG_LOST_WAKEUP. spec: B-39
	TimeoutNoticeRemembered bool
	// MarkWindow calls the watcher outside the shard lock, which removes the deadlock C-9 (in no
	// release). spec: M-1..M-6, PR 20281
	MarkWindow bool
	// CancelLeaksSlot keeps the slot of a request whose context ended while it was held (in no
	// release since 2017). It is BUG_REMOVE_NO_RELEASE. spec: B-27, buffer 8.2
	CancelLeaksSlot bool
	// DrainConcurrencyHonoured drains with `--buffer-drain-concurrency` workers (v19); before, a
	// drain is always sequential. spec: B-45, PR 15042
	DrainConcurrencyHonoured bool
	// StartLineSanitised cuts queries and values out of the error in the start line (v14).
	// spec: B-77
	StartLineSanitised bool
	// KeyspaceEventChannelCapacity is how many keyspace events wait for the buffer: 2 up to v19,
	// then 10. spec: D-67, PR 15701
	KeyspaceEventChannelCapacity int
	// KeyspaceEventSendBlocks makes the watcher wait for room in that channel (v20); before, the
	// event is dropped (BUG_EVENT_DROP). spec: D-67, PR 15701
	KeyspaceEventSendBlocks bool

	// ---- the gateway ----

	// ReparentText is the error for a shard whose primary is known not to serve; empty in v12,
	// which fails fast with `no healthy tablet available` instead. spec: G-24b, PR 9112, PR 13022
	ReparentText string
	// InconsistentStateBranch retries, with its own error, when the watcher believes in a primary
	// that the health check lacks (v17). spec: G-24c, PR 13333
	InconsistentStateBranch bool
	// WatcherAskedForAllTypes asks the watcher also for targets that are not PRIMARY (up to v18).
	// spec: gateway 13, PR 16655
	WatcherAskedForAllTypes bool
	// WaitForKeyspaceConsistency makes the gate's start wait for consistent keyspaces (v19).
	// spec: G-80, PR 16655
	WaitForKeyspaceConsistency bool
	// TransactionErrorWrapping turns fatal errors in transactions into VT15001 and blocks the
	// session with VT09032 (v22). spec: G-62, G-63, PR 17669
	TransactionErrorWrapping bool
	// NamedErrorCodes puts VT14002 and VT14003 in front of the texts (v16). spec: G-25, G-26
	NamedErrorCodes bool
	// AliasWrapperPrefix adds `target: ` also to errors of calls that are bound to a tablet (v15).
	// spec: G-11
	AliasWrapperPrefix bool
	// MoveTablesReplan plans a statement again when it met denied tables (v18). spec: G-74, PR 13507
	MoveTablesReplan bool
	// MoveTablesReplanWaitsHalfMax bounds that wait by half the maximum failover duration and
	// drops cached plans at the end (v20); before, the bound is fixed. spec: G-74, PR 15701
	MoveTablesReplanWaitsHalfMax bool
	// HandshakeAutocommit announces autocommit in the MySQL handshake, so that clients switch it
	// off (v24). spec: W-30, PR 19628
	HandshakeAutocommit bool

	// ---- discovery ----

	// HealthCheckChannelCapacity is how many health updates wait for a subscriber: 2, then 2048
	// (v19.0.10, v20.0.6, v21.0.3, v22). More are dropped. spec: D-48, D-49, PR 17821
	HealthCheckChannelCapacity int
	// HealthCheckDropCounted counts and logs dropped health updates (v22). spec: D-48
	HealthCheckDropCounted bool
	// MoveTablesState makes the watcher follow MoveTables (v18). spec: D-62, PR 13507
	MoveTablesState bool
	// MoveTablesStateGated reads shard records for that only if rules name the keyspace (main).
	// spec: D-63, PR 20464
	MoveTablesStateGated bool
	// ReshardOverlapOnly suspects resharding only when another serving shard overlaps (v18);
	// before, any other serving shard is enough. spec: D-71, D-102, PR 13856
	ReshardOverlapOnly bool
	// LoadTriggerOnLostPrimary reloads tablets when a shard has lost its primary (v17).
	// spec: D-32, PR 12893
	LoadTriggerOnLostPrimary bool
	// LoadTriggerBlocks makes the health check wait for room in the trigger (v17; not in newest v18).
	// spec: discovery 12, PR 16994
	LoadTriggerBlocks bool
	// LoadTriggerPerShard reloads only the shard in question (v22). spec: D-75, PR 17872
	LoadTriggerPerShard bool
	// PrimaryRemovalUsesLagFilter recomputes the primary list by lag when a primary is removed, so
	// both of two primaries can be listed (up to v17). spec: D-37, D-97, PR 16371
	PrimaryRemovalUsesLagFilter bool
	// BulkTabletRead lists all tablets of a cell in one read (v19); before, a tablet whose read
	// fails looks deleted. spec: D-73, PR 14693
	BulkTabletRead bool
	// PartialTabletsKept keeps known tablets that a partial read did not return (v20).
	// spec: D-73, PR 15633
	PartialTabletsKept bool
	// StaleLoopFenced drops the last update of a replaced tablet's loop (main). spec: D-96, PR 20328
	StaleLoopFenced bool
	// WatchErrorsOnlyWithoutValue tells listeners of a topo watch about errors only when nothing
	// is cached (v21). spec: O-60, PR 18434
	WatchErrorsOnlyWithoutValue bool

	// ---- the tablet ----

	// DrainWaitsForGrace makes a demotion with a request outstanding take the full grace period
	// (v20). spec: T-33, PR 15339
	DrainWaitsForGrace bool
	// RequestWaitersRefuseAll refuses even commits while a demotion waits for requests (v19).
	// spec: T-41
	RequestWaitersRefuseAll bool
	// KillTextShort words killed statements without `(errno 2013) due to` (v20). spec: T-36
	KillTextShort bool
	// KillNamesConnection says `killing connection ID` (v22); before, `killing query ID`. spec: T-36
	KillNamesConnection bool
	// SecondNotServingMessage sends a health message at the end of every DemotePrimary (v22).
	// spec: D-2, T-65a
	SecondNotServingMessage bool
	// DemotionStalledFlag raises an alarm for demotions longer than ten remote operation timeouts
	// and stops serving (v22). spec: T-12, R-31.1
	DemotionStalledFlag bool
	// SemiSyncMonitor unblocks commits that wait for ACKs by writing rows (v22). spec: T-118
	SemiSyncMonitor bool
	// DiskStallHealth stops advertising serving when the disk stalls (v22). spec: T-12
	DiskStallHealth bool
	// TxEngineRestartOnPromotion restarts the transaction engine of a promoted tablet, which waits
	// for statements in read-only transactions (v22 defaults). spec: T-146
	TxEngineRestartOnPromotion bool
	// DeniedTablesAllowReads honours allow_reads of tablet controls (v24). spec: T-47
	DeniedTablesAllowReads bool
	// StartsSuperReadOnly starts mysqld with super_read_only on (v17). spec: T-121
	StartsSuperReadOnly bool
	// ReplicationManager repairs stopped replication every health interval inside the tablet (up
	// to v15). spec: tablet 12
	ReplicationManager bool
	// ErrantGTIDRefusal refuses a replication source that lacks transactions of the replica, and
	// makes a start fail when the source cannot be asked (v22). spec: R-37, T-87
	ErrantGTIDRefusal bool
	// WaitForExecutedGTIDSet waits with WAIT_FOR_EXECUTED_GTID_SET and its coded error text (v19);
	// before, WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS. spec: T-111, R-38
	WaitForExecutedGTIDSet bool
	// WaitPositionTimeoutIgnored takes a timed out wait for a position as reached, so that a lagging
	// replica is promoted (in no release; a port to v16..v18 that was never released).
	// spec: reparent 13, issue 14738
	WaitPositionTimeoutIgnored bool
	// ErrorTextTwice repeats a tablet manager's error text and loses its code (up to v22). spec: R-9
	ErrorTextTwice bool

	// ---- reparents ----

	// KeyspaceDurability reads the durability policy from the keyspace record (v14); before, tablets
	// had `-enable_semi_sync`. spec: tablet 12
	KeyspaceDurability bool
	// PRSInitialisesShard lets PRS make the first primary (v13). spec: R-53
	PRSInitialisesShard bool
	// ERSUsesDurability makes ERS use policies and an intermediate source (v14). spec: reparent 13
	ERSUsesDurability bool
	// ReachabilityProbe makes PRS ask every tablet of the shard first (v18). spec: R-51
	ReachabilityProbe bool
	// PromoteInParallel promotes and repoints at the same time (v18). spec: R-57
	PromoteInParallel bool
	// TolerableLag offers `--tolerable-replication-lag` (v19). spec: R-52
	TolerableLag bool
	// RejectedCandidatesListed names the rejected candidates when no tablet can be elected (v19).
	// spec: R-52
	RejectedCandidatesListed bool
	// ExpectedPrimary offers `--expected-primary` (v21). spec: R-51
	ExpectedPrimary bool
	// CrossCellPromotion offers `--allow-cross-cell-promotion` (v21); before, PRS never leaves the
	// primary's cell. spec: R-52
	CrossCellPromotion bool
	// BufferPoolTieBreak prefers the candidate with more pages in its buffer pool (v21). spec: R-52
	BufferPoolTieBreak bool
	// LockCheckAfterPreflight checks the shard lock before the election ends (v21). spec: R-4
	LockCheckAfterPreflight bool
	// CandidateHealthChecked skips candidates that take a backup or whose replication status is
	// unknown (v22). spec: R-52
	CandidateHealthChecked bool
	// ERSJournalErrants finds errant transactions in ERS by the reparent journal (v22). spec: R-106
	ERSJournalErrants bool
	// ExecutedSetTieBreak prefers the larger executed set among equals (v23). spec
	ExecutedSetTieBreak bool
	// DemotePrimaryForce lets ERS and the end of a term switch semi-sync off first (v24).
	// spec
	DemotePrimaryForce bool
	// ERSErrorOnlyFromPrimary tolerates one unreachable tablet only if it is the primary (v24).
	// spec: R-103
	ERSErrorOnlyFromPrimary bool
	// RecoveryBlock makes VTOrc wait between two recoveries of a shard (up to v19). spec: R-143
	RecoveryBlock bool
	// RepairSetsHeartbeat makes VTOrc's repair of a replica name a heartbeat interval, which
	// drops the replica's relay log (v20). spec: R-148, issue 21092
	RepairSetsHeartbeat bool
	// SemiSyncBlockedRecovery replaces a primary whose commits hang (v22). spec: R-141
	SemiSyncBlockedRecovery bool
	// DiskStalledRecovery offers to replace a primary whose disk stalls (v22). spec: R-141
	DiskStalledRecovery bool
	// IncapacitatedRecovery replaces a primary whose checks keep failing (v24). spec: R-141
	IncapacitatedRecovery bool
	// UnreachableRestarts restarts replicas of a primary that VTOrc cannot reach, so that they
	// notice its death early (v24). spec: R-141, PR 18626
	UnreachableRestarts bool
	// StaleTopoPrimaryRecovery demotes tablets that are PRIMARY of an older term (v24).
	// spec: R-141
	StaleTopoPrimaryRecovery bool
	// TabletHealthQuorum offers to replace a primary whose vttablet alone died (main).
	// spec: R-146, PR 20253
	TabletHealthQuorum bool
	// LostLockSemicolon writes `lost topology lock; aborting` (up to v17). spec: R-4
	LostLockSemicolon bool
}

// The wordings of ReparentText.
const (
	reparentTextV13 = "primary is not serving, there is a reparent operation in progress"
	reparentTextV17 = "primary is not serving, there may be a reparent operation in progress"
)
