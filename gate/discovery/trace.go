package discovery

import (
	"fmt"
	"strings"

	"bufsim/sim/trace"
)

// The kinds of events that this package records.
const (
	// KindHealth is an update of the health check, as it is told to subscribers.
	KindHealth trace.Kind = "discovery.health"
	// KindKeyspaceEvent is a keyspace that has become whole again.
	KindKeyspaceEvent trace.Kind = "discovery.keyspace-event"
	// KindMark is a shard that the buffer marked as not serving.
	KindMark trace.Kind = "discovery.mark"
)

// TraceKinds documents the events of this package.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindHealth, Fields: "tablet keyspace shard type serving term error", Meaning: "The health check took over a change of a tablet and told its subscribers."},
		{Kind: KindKeyspaceEvent, Fields: "keyspace shards move_tables", Meaning: "All shards of a keyspace serve again; the event was sent to the buffer."},
		{Kind: KindMark, Fields: "keyspace shard reparent known", Meaning: "Buffering of a shard began and the keyspace event watcher was told."},
	}
}

func (hc *HealthCheck) traceUpdate(h *TabletHealth) {
	if !hc.env.Tracing() {
		return
	}
	text := ""
	if h.LastError != nil {
		text = h.LastError.Error()
	}
	hc.env.Emit(KindHealth,
		trace.Str("tablet", shortName(h.Alias())), trace.Str("keyspace", h.Target.Keyspace), trace.Str("shard", h.Target.Shard),
		trace.Str("type", h.Target.TabletType.Lower()), trace.Bool("serving", h.Serving), trace.Int("term", h.PrimaryTermStartTime),
		trace.Str("error", text))
}

func (kew *KeyspaceEventWatcher) traceEvent(ev *KeyspaceEvent) {
	if !kew.env.Tracing() {
		return
	}
	var shards []string
	for _, s := range ev.Shards {
		shards = append(shards, fmt.Sprintf("%s:%s:%t", s.Target.Shard, shortName(s.Primary), s.Serving))
	}
	kew.env.Emit(KindKeyspaceEvent, trace.Str("keyspace", ev.Keyspace), trace.Str("shards", strings.Join(shards, " ")),
		trace.Int("move_tables", int64(ev.MoveTables.State)))
}

func (kew *KeyspaceEventWatcher) traceMark(keyspace, shard string, isReparent, known bool) {
	if kew.env.Tracing() {
		kew.env.Emit(KindMark, trace.Str("keyspace", keyspace), trace.Str("shard", shard), trace.Bool("reparent", isReparent), trace.Bool("known", known))
	}
}
