package runner

import (
	"fmt"
	"strconv"
	"strings"

	"bufsim/gate"
	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/sim/fault"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
	"bufsim/tablet/vtorc"
	"bufsim/topo"
)

// Glyphs are the characters of a run's grid: few enough to learn, and capitals for what changes
// the cluster.
func Glyphs() []trace.Glyph {
	kind := func(k trace.Kind) func(*trace.Event) bool { return func(e *trace.Event) bool { return e.Kind == k } }
	with := func(k trace.Kind, pairs ...string) func(*trace.Event) bool {
		return func(e *trace.Event) bool { return e.Kind == k && hasFields(e, pairs) }
	}
	is := func(k trace.Kind, field string, number int64) func(*trace.Event) bool {
		return func(e *trace.Event) bool { return e.Kind == k && e.Number(field) == number }
	}
	return []trace.Glyph{
		{Sign: "s", Meaning: "statement sent", Fits: kind(gate.KindStatement)},
		{Sign: "·", Meaning: "answered", Fits: is(gate.KindAnswer, "errno", 0)},
		{Sign: "E", Meaning: "error to the client", Fits: kind(gate.KindAnswer)},
		{Sign: "(", Meaning: "buffering starts", Fits: kind(buffer.KindStart)},
		{Sign: ")", Meaning: "buffering stops", Fits: kind(buffer.KindStop)},
		{Sign: "b", Meaning: "request held", Fits: kind(buffer.KindBuffered)},
		{Sign: "x", Meaning: "evicted", Fits: kind(buffer.KindEvicted)},
		{Sign: "u", Meaning: "set free", Fits: kind(buffer.KindUnblocked)},
		{Sign: "-", Meaning: "not held (skipped)", Fits: kind(buffer.KindSkipped)},
		{Sign: "h", Meaning: "hears: primary serves", Fits: func(e *trace.Event) bool {
			return hasFields(e, []string{"type", "primary"}) && e.Kind == discovery.KindHealth && e.Number("serving") == 1
		}},
		{Sign: "H", Meaning: "hears: primary does not serve", Fits: with(discovery.KindHealth, "type", "primary")},
		{Sign: "q", Meaning: "query carried out", Fits: with(tablet.KindQuery, "code", "OK")},
		{Sign: "e", Meaning: "query refused or failed", Fits: kind(tablet.KindQuery)},
		{Sign: "D", Meaning: "drain begins", Fits: with(tablet.KindDrain, "phase", "begin")},
		{Sign: "P", Meaning: "primary, serving", Fits: with(tablet.KindState, "type", "PRIMARY", "state", "Serving")},
		{Sign: "N", Meaning: "primary, not serving", Fits: with(tablet.KindState, "type", "PRIMARY")},
		{Sign: "R", Meaning: "replica, serving", Fits: with(tablet.KindState, "state", "Serving")},
		{Sign: "n", Meaning: "replica, not serving", Fits: kind(tablet.KindState)},
		{Sign: "k", Meaning: "drain ends queries", Fits: func(e *trace.Event) bool { return e.Kind == tablet.KindKill && e.Number("n") > 0 }},
		{Sign: "O", Meaning: "MySQL read-only", Fits: is(mysqld.KindReadOnly, "super_read_only", 1)},
		{Sign: "W", Meaning: "MySQL writable", Fits: kind(mysqld.KindReadOnly)},
		{Sign: "r", Meaning: "reparent step", Fits: with(reparent.KindPhase, "what", "begin")},
		{Sign: "v", Meaning: "VTOrc finds or repairs", Fits: func(e *trace.Event) bool { return e.Kind.In("vtorc") }},
		{Sign: "L", Meaning: "lock held", Fits: with(topo.KindLock, "what", "held")},
		{Sign: "F", Meaning: "fault", Fits: kind(fault.KindInject)},
		{Sign: "f", Meaning: "fault taken back", Fits: kind(fault.KindUndo)},
		{Sign: "^", Meaning: "host boots again", Fits: func(e *trace.Event) bool {
			return e.Kind == trace.KindHost && e.Text("what") == "boot" && e.Incarnation > 1
		}},
		{Sign: "X", Meaning: "host crashes", Fits: with(trace.KindHost, "what", "crash")},
	}
}

// hasFields compares string fields: pairs are names and values.
func hasFields(e *trace.Event, pairs []string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if e.Text(pairs[i]) != pairs[i+1] {
			return false
		}
	}
	return true
}

// ShortHostName is a tablet's name without the leading noughts of its number; others stay.
func ShortHostName(name string) string {
	cell, uid, ok := strings.Cut(name, "-")
	if n := strings.TrimLeft(uid, "0"); ok && len(uid) == 10 && n != "" {
		return cell + "-" + n
	}
	return name
}

// Marks says which events of a run are ends of spans or values of counters on a timeline:
// statements, stays in the buffer, failovers as the buffer sees them, phases of reparents,
// drains, queries of tablets and calls over the network; and how full the buffer is.
func Marks(e *trace.Event) []trace.Mark {
	switch {
	case e.Kind.In("buffer"):
		return bufferMarks(e)
	case e.Kind == gate.KindStatement:
		return []trace.Mark{{Kind: trace.Begin, Track: "statement", Key: e.Text("request"), Name: e.Text("verb") + " " + e.Text("request")}}
	case e.Kind == gate.KindAnswer:
		return []trace.Mark{{Kind: trace.End, Track: "statement", Key: e.Text("request")}}
	case e.Kind == reparent.KindPhase:
		phase := e.Text("operation") + " " + e.Text("phase")
		return []trace.Mark{{Kind: edge(e.Text("what")), Track: "reparent", Key: e.Text("shard") + " " + phase, Name: phase}}
	case e.Kind == tablet.KindDrain && e.Text("phase") != "requests":
		return []trace.Mark{{Kind: edge(e.Text("phase")), Track: "drain", Name: "drain"}}
	case e.Kind == tablet.KindQuery:
		return []trace.Mark{{Kind: trace.Whole, Track: "query", Name: e.Text("method") + " " + e.Text("code"), Value: e.Number("took_ns")}}
	case e.Kind == simnet.KindCall:
		return []trace.Mark{{Kind: trace.Begin, Track: "call", Key: call(e), Name: e.Text("method") + " to " + ShortHostName(e.Text("peer"))}}
	case e.Kind == simnet.KindReply:
		return []trace.Mark{{Kind: trace.End, Track: "call", Key: call(e)}}
	case e.Kind == vtorc.KindRecover:
		return []trace.Mark{{Kind: edge(e.Text("what")), Track: "recovery", Key: e.Text("recovery"), Name: e.Text("recovery")}}
	}
	return nil
}

func bufferMarks(e *trace.Event) []trace.Mark {
	shard, entry := e.Text("keyspace")+"/"+e.Text("shard"), strconv.FormatInt(e.Number("entry"), 10)
	slots := trace.Mark{Kind: trace.Counter, Name: "buffer slots in use", Value: e.Number("slots")}
	switch e.Kind {
	case buffer.KindStart:
		return []trace.Mark{{Kind: trace.Begin, Track: "buffering", Key: shard, Name: "buffering " + shard}}
	case buffer.KindStop:
		return []trace.Mark{{Kind: trace.End, Track: "buffering", Key: shard}}
	case buffer.KindBuffered:
		return []trace.Mark{{Kind: trace.Begin, Track: "held", Key: entry, Name: "held " + entry}, slots}
	case buffer.KindEvicted, buffer.KindUnblocked:
		return []trace.Mark{{Kind: trace.End, Track: "held", Key: entry}}
	case buffer.KindReleased:
		return []trace.Mark{slots}
	}
	return nil
}

// edge is the beginning for "begin", else an end.
func edge(what string) trace.MarkKind {
	if what == "begin" {
		return trace.Begin
	}
	return trace.End
}

func call(e *trace.Event) string { return fmt.Sprint(e.Number("call")) }
