package mysqld

import "bufsim/sim/trace"

// The kinds of events of a MySQL server; [TraceKinds] tells each. The host of an event is the server's.
const (
	KindProcess        trace.Kind = "mysqld.process"
	KindReadOnly       trace.Kind = "mysqld.read_only"
	KindSemiSync       trace.Kind = "mysqld.semi_sync"
	KindSemiSyncStatus trace.Kind = "mysqld.semi_sync_status"
	KindReplication    trace.Kind = "mysqld.replication"
	KindSource         trace.Kind = "mysqld.source"
	KindBinlog         trace.Kind = "mysqld.binlog"
	KindCommit         trace.Kind = "mysqld.commit"
	KindReceive        trace.Kind = "mysqld.receive"
	KindApply          trace.Kind = "mysqld.apply"
	KindRelayLost      trace.Kind = "mysqld.relay_lost"
	KindGTIDs          trace.Kind = "mysqld.gtids"
	KindReset          trace.Kind = "mysqld.reset"
	KindRestore        trace.Kind = "mysqld.restore"
)

// TraceKinds documents the kinds of events of this package.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindProcess, Fields: "what", Meaning: "The MySQL process started (start) or began to end in an orderly way (shutdown)."},
		{Kind: KindReadOnly, Fields: "read_only super_read_only", Meaning: "The server's read_only settings were set."},
		{Kind: KindSemiSync, Fields: "source replica released", Meaning: "The sides of semi-sync were set; released counts commits let go without an acknowledgement."},
		{Kind: KindSemiSyncStatus, Fields: "on", Meaning: "The source fell back to asynchronous replication after its timeout (0), or a replica has caught up and commits wait again (1)."},
		{Kind: KindReplication, Fields: "thread state error", Meaning: "A replication thread (io, sql) changed its state."},
		{Kind: KindSource, Fields: "source", Meaning: "CHANGE REPLICATION SOURCE (the source's alias) or RESET REPLICA ALL (empty)."},
		{Kind: KindBinlog, Fields: "gtid table key value changes", Meaning: "A client's transaction was written to the binary log; table, key and value are those of its first write, changes counts its writes."},
		{Kind: KindCommit, Fields: "gtid table key value waited_ns how acked_by", Meaning: "A client's transaction was committed in the engine, because of how (async, acked, switched_off, timeout, recovered, shutdown); acked_by lists the replicas that had acknowledged it, with spaces."},
		{Kind: KindReceive, Fields: "gtids source semi_sync", Meaning: "A replica wrote transactions to its relay log; semi_sync says whether it acknowledges them."},
		{Kind: KindApply, Fields: "gtids", Meaning: "A replica committed replicated transactions in the engine."},
		{Kind: KindRelayLost, Fields: "gtids", Meaning: "The relay log was dropped with transactions that were not applied."},
		{Kind: KindGTIDs, Fields: "gtids", Meaning: "A GTID set was made to count as executed without its rows (gtid_purged, empty transactions)."},
		{Kind: KindReset, Fields: "", Meaning: "RESET BINARY LOGS AND GTIDS wiped the server's history."},
		{Kind: KindRestore, Fields: "gtids", Meaning: "The server's data were replaced by a copy of another server's, which has executed gtids."},
	}
}
