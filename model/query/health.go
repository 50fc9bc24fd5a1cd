package query

import "bufsim/model/topodata"

// StreamHealthRequest opens a health stream; the answer is a stream of StreamHealthResponse.
type StreamHealthRequest struct{}

// StreamHealthResponse is one message of a tablet's health stream.
// spec: T-70, section 2 of the discovery rules
type StreamHealthResponse struct {
	Target  Target
	Serving bool
	// PrimaryTermStartTimestamp is in whole seconds since the epoch of the tablet's own
	// clock, and 0 for tablets that are not PRIMARY.
	PrimaryTermStartTimestamp int64
	TabletAlias               topodata.TabletAlias
	// RealtimeStats is never nil in a valid message (D-17).
	RealtimeStats *RealtimeStats
}

// RealtimeStats is the part of a health message that is not the state itself.
// spec: T-70
type RealtimeStats struct {
	// HealthError is empty for a tablet that knows of no fault.
	HealthError string
	// ReplicationLagSeconds is 0 on a PRIMARY and when lag is not measured.
	ReplicationLagSeconds uint32
	// QPS is informative only.
	QPS int64
	// TableSchemaChanged names tables whose schema changed since the last message.
	TableSchemaChanged []string
	// TxUnresolved signals unresolved distributed transactions.
	TxUnresolved bool
}
