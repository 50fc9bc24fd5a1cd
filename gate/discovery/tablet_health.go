package discovery

import (
	"strconv"

	"bufsim/model/query"
	"bufsim/model/topodata"
)

// TabletHealth is what the health check knew of a tablet at one instant. It is immutable and
// shared between all that asked.
type TabletHealth struct {
	// Tablet is the record from the topology; a health stream never refreshes it.
	Tablet topodata.Tablet
	// Conn may be closed already, or nil if there is none.
	Conn TabletConn
	// Target is what the tablet last said that it serves, at first what its record says.
	Target query.Target
	// PrimaryTermStartTime is in whole seconds since 1970, 0 if the tablet is no primary.
	PrimaryTermStartTime int64
	// Stats is nil until the first message.
	Stats *query.RealtimeStats
	// LastError is why the tablet is not usable, or nil.
	LastError error
	Serving   bool
}

// Alias names the tablet.
func (h *TabletHealth) Alias() topodata.TabletAlias { return h.Tablet.Alias }

// lag is the replication lag in seconds; the entry must have stats.
func (h *TabletHealth) lag() uint64 { return uint64(h.Stats.ReplicationLagSeconds) }

// targetKey names one bucket of the maps: the cell does not matter. spec: discovery 4
type targetKey struct {
	keyspace, shard string
	tabletType      topodata.TabletType
}

func keyOf(t query.Target) targetKey { return targetKey{t.Keyspace, t.Shard, t.TabletType} }

// targetOfRecord is what a tablet is taken to serve until it says so itself. spec: D-10
func targetOfRecord(t topodata.Tablet) query.Target {
	return query.Target{Keyspace: t.Keyspace, Shard: t.Shard, TabletType: t.Type}
}

// shortName is how log lines name a tablet: cell, dash, number without padding.
func shortName(a topodata.TabletAlias) string {
	return a.Cell + "-" + strconv.FormatUint(uint64(a.UID), 10)
}
