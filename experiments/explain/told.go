package explain

import (
	"fmt"
	"strings"
	"time"

	"bufsim/experiments/invariant"
	"bufsim/experiments/runner"
	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
	"bufsim/tablet/vtorc"
	"bufsim/topo/toposerver"
)

// Tell puts an event in plain words, with the rules and the flags that it comes from; ok is
// false for events that say nothing to somebody who asks why: calls, and what repeats all the
// time.
func Tell(e *trace.Event) (l Link, ok bool) {
	for _, tell := range []func(*trace.Event) Link{tellBuffer, tellHeld, tellWatcher, tellTablet, tellWorld} {
		if l = tell(e); l.Text != "" {
			l.At = sim.Time(e.Time)
			return l, true
		}
	}
	return Link{}, false
}

func said(format string, args ...any) *Link { return &Link{Text: fmt.Sprintf(format, args...)} }

// tellBuffer tells the states of a shard's buffer.
func tellBuffer(e *trace.Event) (none Link) {
	gate, shard := e.Host, e.Text("keyspace")+"/"+e.Text("shard")
	switch e.Kind {
	case buffer.KindStart:
		return *said("%s starts buffering %s, having seen: %s", gate, shard, brief(e.Text("error"))).by("B-18")
	case buffer.KindRefused:
		return *said("%s does not buffer %s: its watcher does not know the shard", gate, shard).by("B-17")
	case buffer.KindStop:
		l := said("%s stops buffering %s after %s with %d held: %s", gate, shard, took(e, "took"), e.Number("queued"), stopWords(e.Text("reason"))).by("B-43")
		if e.Text("reason") == "MaxDurationExceeded" {
			l.by("B-38").flags("buffer-max-failover-duration")
		}
		return *l
	case buffer.KindDrained:
		return *said("%s has drained %s: %d requests in %s", gate, shard, e.Number("requests"), took(e, "took")).by("B-46").flags("buffer-drain-concurrency")
	case buffer.KindShutdown:
		return *said("%s shuts its buffer down: %s", gate, e.Text("what")).by("B-64")
	}
	return none
}

// tellHeld tells what happens to a held request, or to one that is not held.
func tellHeld(e *trace.Event) (none Link) {
	shard := e.Text("keyspace") + "/" + e.Text("shard")
	switch e.Kind {
	case buffer.KindBuffered:
		return *said("held request #%d enters the queue of %s as number %d, %d slots taken, until %s at the latest",
			e.Number("entry"), shard, e.Number("queued"), e.Number("slots"), clock(sim.Time(e.Number("deadline")))).by("B-24").flags("buffer-window", "buffer-size")
	case buffer.KindEvicted:
		l := said("held request #%d leaves the queue after %s: %s", e.Number("entry"), took(e, "held"), evictedWords(e.Text("reason")))
		switch e.Text("reason") {
		case "BufferFull":
			l.by("B-22").flags("buffer-size")
		case "WindowExceeded":
			l.by("B-36").flags("buffer-window")
		case "ContextDone":
			l.by("B-27")
		}
		return *l
	case buffer.KindUnblocked:
		return *said("the drain of %s sets held request #%d free after %s%s", shard, e.Number("entry"), took(e, "held"), withError(e.Text("error"))).by("B-46")
	case buffer.KindSkipped:
		return tellSkipped(shard, e.Text("reason"))
	}
	return none
}

// tellSkipped tells why a request is not held.
func tellSkipped(shard, reason string) Link {
	l := said("a request for %s is not held: %s", shard, reason)
	switch reason {
	case "Disabled":
		l = said("a request for %s is not held: buffering is off", shard).by("B-11").flags("enable-buffer")
	case "Shutdown":
		l = said("a request for %s is not held: the gate is shutting down", shard).by("B-9")
	case "BufferFull":
		l = said("a request for %s is not held: no slot is free", shard).by("B-25").flags("buffer-size")
	case "LastFailoverTooRecent":
		l = said("a request for %s is not held: the last failover ended too recently", shard).by("B-15").flags("buffer-min-time-between-failovers")
	case "LastReparentTooRecent":
		l = said("a request for %s is not held: the primary changed too recently", shard).by("B-16").flags("buffer-min-time-between-failovers")
	}
	return *l
}

func evictedWords(reason string) string {
	switch reason {
	case "BufferFull":
		return "a newer one needs its slot"
	case "WindowExceeded":
		return "its window is over"
	case "ContextDone":
		return "its client has given up"
	}
	return reason
}

// tellWatcher tells what a gate learns.
func tellWatcher(e *trace.Event) (none Link) {
	shard := e.Text("keyspace") + "/" + e.Text("shard")
	switch e.Kind {
	case discovery.KindHealth:
		if !strings.EqualFold(e.Text("type"), "primary") {
			return none
		}
		return *said("%s hears that %s is a primary of %s, %s, term %d", e.Host, runner.ShortHostName(e.Text("tablet")), shard,
			servingWord(e.Number("serving") == 1), e.Number("term")).by("D-33")
	case discovery.KindKeyspaceEvent:
		return *said("%s finds keyspace %s whole and tells the buffer", e.Host, e.Text("keyspace")).by("D-66")
	case discovery.KindMark:
		return *said("%s's watcher is told that %s does not serve", e.Host, shard).by("B-17", "D-65")
	case trace.KindMark:
		switch e.Text("id") {
		case "health-update-dropped":
			return *said("%s drops a health update: the subscriber's channel is full", e.Host).by("D-48")
		case "keyspace-event-dropped":
			return *said("%s drops a keyspace event: the buffer's channel is full", e.Host).by("D-67")
		}
	}
	return none
}

// tellTablet tells what becomes of tablets and their MySQL servers.
func tellTablet(e *trace.Event) (none Link) {
	host := runner.ShortHostName(strings.TrimPrefix(e.Host, "mysqld-"))
	switch e.Kind {
	case tablet.KindState:
		return *said("%s is %s, %s", host, strings.ToLower(e.Text("type")), strings.ToLower(e.Text("state")))
	case tablet.KindDrain:
		if e.Text("phase") == "begin" {
			return *said("%s stops taking new requests: its drain begins", host).by("T-31").flags("shutdown-grace-period")
		}
	case tablet.KindLife:
		return *said("the vttablet of %s: %s%s", host, e.Text("what"), withError(e.Text("error")))
	case mysqld.KindReadOnly:
		return *said("MySQL of %s: read_only=%d, super_read_only=%d", host, e.Number("read_only"), e.Number("super_read_only"))
	case mysqld.KindProcess:
		return *said("MySQL of %s: process %s", host, e.Text("what"))
	case mysqld.KindSource:
		if e.Text("source") == "" {
			return *said("MySQL of %s replicates from nobody", host)
		}
		return *said("MySQL of %s replicates from %s", host, e.Text("source"))
	case trace.KindHost:
		if e.Text("what") != "boot" || e.Incarnation > 1 {
			return *said("%s: %s", host, hostWords(e.Text("what")))
		}
	}
	return none
}

func hostWords(what string) string {
	switch what {
	case "crash":
		return "the process dies"
	case "boot":
		return "the process starts again"
	case "pause":
		return "the process stands still"
	case "resume":
		return "the process goes on"
	}
	return what
}

// tellWorld tells what operators, VTOrc and faults do.
func tellWorld(e *trace.Event) (none Link) {
	switch e.Kind {
	case fault.KindInject:
		return *said("a fault: %s%s", e.Text("line"), withError(e.Text("error")))
	case fault.KindUndo:
		return *said("the fault is over: %s", e.Text("line"))
	case reparent.KindPhase:
		return *said("%s %s of %s: %s", e.Text("operation"), e.Text("shard"), strings.ReplaceAll(e.Text("phase"), "_", "-"), e.Text("what"))
	case vtorc.KindDetect:
		if e.Text("what") == "found" {
			return *said("VTOrc finds %s at %s", e.Text("analysis"), e.Text("tablet"))
		}
	case vtorc.KindRecover:
		return *said("VTOrc: %s for %s: %s %s", e.Text("recovery"), e.Text("analysis"), e.Text("what"), e.Text("detail"))
	case toposerver.KindShard:
		return *said("the topology's record of %s names the primary %s", e.Text("shard"), orNobody(e.Text("primary")))
	case invariant.KindRecovery:
		return *said("the recovery of the run: %s", e.Text("what"))
	}
	return none
}

func orNobody(name string) string {
	if name == "" {
		return "(nobody)"
	}
	return name
}

// brief is an error's text without the statement that it is about.
func brief(text string) string {
	text, _, _ = strings.Cut(text, " (CallerID")
	return oneLine(text)
}

func took(e *trace.Event, field string) string { return show(time.Duration(e.Number(field))) }
