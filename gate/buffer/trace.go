package buffer

import (
	"time"

	"bufsim/sim/trace"
)

// The kinds of events that a buffer emits. Times are in nanoseconds. An entry is one held
// request; its number is unique for a gate. The proc of a "buffered" event is the request's.
const (
	KindStart     trace.Kind = "buffer.start"
	KindRefused   trace.Kind = "buffer.refused"
	KindStop      trace.Kind = "buffer.stop"
	KindDrained   trace.Kind = "buffer.drained"
	KindBuffered  trace.Kind = "buffer.buffered"
	KindEvicted   trace.Kind = "buffer.evicted"
	KindUnblocked trace.Kind = "buffer.unblocked"
	KindReleased  trace.Kind = "buffer.released"
	KindSkipped   trace.Kind = "buffer.skipped"
	KindPrimary   trace.Kind = "buffer.primary"
	KindShutdown  trace.Kind = "buffer.shutdown"
)

// TraceKinds documents the kinds.
func TraceKinds() []trace.KindDoc {
	return []trace.KindDoc{
		{Kind: KindStart, Fields: "keyspace shard dry_run error", Meaning: "The buffering of a shard starts."},
		{Kind: KindRefused, Fields: "keyspace shard", Meaning: "The watcher does not know the shard, so nothing is buffered."},
		{Kind: KindStop, Fields: "keyspace shard dry_run reason took queued", Meaning: "The buffering of a shard ends; the drain of its queue begins."},
		{Kind: KindDrained, Fields: "keyspace shard took requests", Meaning: "The drain of a shard is over."},
		{Kind: KindBuffered, Fields: "keyspace shard entry queued slots deadline", Meaning: "A request is held; slots counts those in use by all shards."},
		{Kind: KindEvicted, Fields: "keyspace shard entry reason held", Meaning: "A held request leaves the queue before the end of the failover."},
		{Kind: KindUnblocked, Fields: "keyspace shard entry held error", Meaning: "A drain gives a held request free."},
		{Kind: KindReleased, Fields: "keyspace shard entry slots", Meaning: "The slot of a request that is over is free again."},
		{Kind: KindSkipped, Fields: "keyspace shard reason", Meaning: "A request is not held, and counted."},
		{Kind: KindPrimary, Fields: "keyspace shard alias", Meaning: "The buffer hears of another primary of the shard."},
		{Kind: KindShutdown, Fields: "what", Meaning: "The shutdown of the buffer begins or ends."},
	}
}

// emit records an event of the shard. Ask Tracing before, so that no fields are built in vain.
func (sb *shardBuffer) emit(kind trace.Kind, fields ...trace.Field) {
	sb.env.Emit(kind, append([]trace.Field{trace.Str("keyspace", sb.keyspace), trace.Str("shard", sb.shard)}, fields...)...)
}

func (sb *shardBuffer) traceStart(cause error) {
	sb.emit(KindStart, trace.Bool("dry_run", sb.dryRun()), trace.Str("error", cause.Error()))
}

func (sb *shardBuffer) traceRefused() {
	if sb.env.Tracing() {
		sb.emit(KindRefused)
	}
}

func (sb *shardBuffer) traceStop(reason string, took time.Duration, queued int) {
	sb.emit(KindStop, trace.Bool("dry_run", sb.dryRun()), trace.Str("reason", reason),
		trace.Int("took", int64(took)), trace.Int("queued", int64(queued)))
}

func (sb *shardBuffer) traceDrained(took time.Duration, requests int) {
	sb.emit(KindDrained, trace.Int("took", int64(took)), trace.Int("requests", int64(requests)))
}

func (sb *shardBuffer) traceBuffered(e *entry) {
	sb.emit(KindBuffered, trace.Int("entry", e.id), trace.Int("queued", int64(sb.queue.len)),
		trace.Int("slots", int64(sb.buffer.slots.inUse())), trace.Int("deadline", int64(e.deadline)))
}

func (sb *shardBuffer) traceEvicted(e *entry, reason string) {
	sb.emit(KindEvicted, trace.Int("entry", e.id), trace.Str("reason", reason), sb.held(e))
}

func (sb *shardBuffer) traceUnblocked(e *entry) {
	text := ""
	if e.err != nil {
		text = e.err.Error()
	}
	sb.emit(KindUnblocked, trace.Int("entry", e.id), sb.held(e), trace.Str("error", text))
}

func (sb *shardBuffer) traceReleased(e *entry) {
	sb.emit(KindReleased, trace.Int("entry", e.id), trace.Int("slots", int64(sb.buffer.slots.inUse())))
}

func (sb *shardBuffer) held(e *entry) trace.Field {
	return trace.Int("held", int64(sb.env.Now().Sub(e.admitted)))
}

func (sb *shardBuffer) tracePrimary() {
	sb.emit(KindPrimary, trace.Str("alias", sb.currentPrimary.String()))
}

func (b *Buffer) traceSkipped(keyspace, shard, reason string) {
	if b.env.Tracing() {
		b.env.Emit(KindSkipped, trace.Str("keyspace", keyspace), trace.Str("shard", shard), trace.Str("reason", reason))
	}
}

func (b *Buffer) traceShutdown(what string) {
	if b.env.Tracing() {
		b.env.Emit(KindShutdown, trace.Str("what", what))
	}
}
