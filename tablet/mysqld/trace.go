package mysqld

import "bufsim/sim/trace"

// The kinds of events of a MySQL server; [TraceKinds] tells each. The host of an event is the server's.
const (
	KindProcess     trace.Kind = "mysqld.process"
	KindReadOnly    trace.Kind = "mysqld.read_only"
	KindSemiSync    trace.Kind = "mysqld.semi_sync"
	KindReplication trace.Kind = "mysqld.replication"
	KindSource      trace.Kind = "mysqld.source"
	KindCommit      trace.Kind = "mysqld.commit"
	KindReset       trace.Kind = "mysqld.reset"
)

// TraceKinds documents the kinds of events of this package.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindProcess, Fields: "what", Meaning: "The MySQL process started or crashed."},
		{Kind: KindReadOnly, Fields: "read_only super_read_only", Meaning: "The server's read_only settings were set."},
		{Kind: KindSemiSync, Fields: "source replica released", Meaning: "The sides of semi-sync were set; released counts commits let go without an acknowledgement."},
		{Kind: KindReplication, Fields: "thread state error", Meaning: "A replication thread (io, sql) changed its state."},
		{Kind: KindSource, Fields: "source", Meaning: "CHANGE REPLICATION SOURCE (the source's alias) or RESET REPLICA ALL (empty)."},
		{Kind: KindCommit, Fields: "gtid table key value waited_ns", Meaning: "A client's transaction was committed in the engine; table, key and value are those of its first write."},
		{Kind: KindReset, Fields: "", Meaning: "RESET BINARY LOGS AND GTIDS wiped the server's history."},
	}
}
