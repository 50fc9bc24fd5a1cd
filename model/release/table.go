package release

import "time"

// defaultsOf gives the defaults of one release.
func defaultsOf(at order) Defaults {
	d := Defaults{
		BufferImplementation:          "keyspace_events",
		BufferSize:                    1000,
		ShutdownGracePeriod:           3 * time.Second,
		RemoteOperationTimeout:        15 * time.Second,
		LockTimeout:                   45 * time.Second,
		WaitReplicasTimeout:           15 * time.Second,
		LegacyReplicationLagAlgorithm: at < v24,
		UseSuperReadOnly:              at == v13 || at >= v17,
		ReplicaNetTimeout:             8 * time.Second,
	}
	switch {
	case at < v15:
		d.RecoveryPeriodBlock = time.Hour
	case at < v20:
		d.RecoveryPeriodBlock = 30 * time.Second
	}
	if at < v13 {
		d.BufferImplementation = "healthcheck"
		d.BufferSize = 10
	}
	if at < v16 {
		d.RemoteOperationTimeout = 30 * time.Second
		d.LockTimeout = 30 * time.Second
		d.WaitReplicasTimeout = 30 * time.Second
	}
	if at < v20 {
		d.ShutdownGracePeriod = 0
		d.ReplicaNetTimeout = 60 * time.Second
	}
	return d
}

// behaviorsOf gives the switches of one release. It reads as a table: each line says from
// which release on, or up to which, something holds.
func behaviorsOf(at order) Behaviors {
	b := Behaviors{
		FlagSpelling: pick(at < v15, SpellingSingleDash, pick(at < v2300, SpellingUnderscores, SpellingDashes)),
		MinTimeCheck: pick(at < v18, MinTimeTwiceMax, pick(at < v20, MinTimeUnchecked, MinTimeOneSecond)),

		LegacyBuffer:                 at < v18,
		BufferObjectWhenDisabled:     at < v18,
		ClassifyDeniedTables:         at >= v18,
		MarkShardNotServing:          at >= v19,
		StoppedRecheck:               at >= v2304,
		StoppedFlagFirst:             at >= v2304,
		TimeoutNoticeRemembered:      at >= mainBranch,
		DrainConcurrencyHonoured:     at >= v19,
		StartLineSanitised:           at >= v14,
		KeyspaceEventChannelCapacity: pick(at < v20, 2, 10),
		KeyspaceEventSendBlocks:      at >= v20,

		ReparentText:                 pick(at < v13, "", pick(at < v17, reparentTextV13, reparentTextV17)),
		InconsistentStateBranch:      at >= v17,
		WatcherAskedForAllTypes:      at < v19,
		WaitForKeyspaceConsistency:   at >= v19,
		TransactionErrorWrapping:     at >= v22,
		NamedErrorCodes:              at >= v16,
		AliasWrapperPrefix:           at >= v15,
		MoveTablesReplan:             at >= v18,
		MoveTablesReplanWaitsHalfMax: at >= v20,
		HandshakeAutocommit:          at >= v24,

		HealthCheckChannelCapacity:  pick(at < v19, 2, 2048),
		HealthCheckDropCounted:      at >= v22,
		MoveTablesState:             at >= v18,
		MoveTablesStateGated:        at >= mainBranch,
		ReshardOverlapOnly:          at >= v18,
		LoadTriggerOnLostPrimary:    at >= v17,
		LoadTriggerBlocks:           at == v17,
		LoadTriggerPerShard:         at >= v22,
		PrimaryRemovalUsesLagFilter: at < v18,
		BulkTabletRead:              at >= v19,
		PartialTabletsKept:          at >= v20,
		StaleLoopFenced:             at >= mainBranch,
		WatchErrorsOnlyWithoutValue: at >= v21,
	}
	addTabletBehaviors(&b, at)
	addReparentBehaviors(&b, at)
	return b
}

func addTabletBehaviors(b *Behaviors, at order) {
	b.DrainWaitsForGrace = at >= v20
	b.RequestWaitersRefuseAll = at >= v19
	b.KillTextShort = at >= v20
	b.KillNamesConnection = at >= v22
	b.SecondNotServingMessage = at >= v22
	b.DemotionStalledFlag = at >= v22
	b.SemiSyncMonitor = at >= v22
	b.DiskStallHealth = at >= v22
	b.TxEngineRestartOnPromotion = at >= v22
	b.DeniedTablesAllowReads = at >= v24
	b.StartsSuperReadOnly = at >= v17
	b.ReplicationManager = at < v16
	b.ErrantGTIDRefusal = at >= v22
	b.WaitForExecutedGTIDSet = at >= v19
	b.ErrorTextTwice = at < v2300
}

func addReparentBehaviors(b *Behaviors, at order) {
	b.KeyspaceDurability = at >= v14
	b.PRSInitialisesShard = at >= v13
	b.ERSUsesDurability = at >= v14
	b.ReachabilityProbe = at >= v18
	b.PromoteInParallel = at >= v18
	b.TolerableLag = at >= v19
	b.RejectedCandidatesListed = at >= v19
	b.ExpectedPrimary = at >= v21
	b.CrossCellPromotion = at >= v21
	b.BufferPoolTieBreak = at >= v21
	b.LockCheckAfterPreflight = at >= v21
	b.CandidateHealthChecked = at >= v22
	b.ERSJournalErrants = at >= v22
	b.ExecutedSetTieBreak = at >= v2300
	b.DemotePrimaryForce = at >= v24
	b.ERSErrorOnlyFromPrimary = at >= v24
	b.RecoveryBlock = at < v20
	b.RepairSetsHeartbeat = at >= v20
	b.SemiSyncBlockedRecovery = at >= v22
	b.DiskStalledRecovery = at >= v22
	b.IncapacitatedRecovery = at >= v24
	b.UnreachableRestarts = at >= v24
	b.StaleTopoPrimaryRecovery = at >= v24
	b.TabletHealthQuorum = at >= mainBranch
	b.LostLockSemicolon = at < v18
}

func pick[T any](cond bool, yes, no T) T {
	if cond {
		return yes
	}
	return no
}
