package findings

import (
	"fmt"
	"strings"
	"time"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/sim/fault"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
	"bufsim/tablet/vtorc"
)

// longest is the number of lines after which a timeline is cut: a page is read, not searched.
const longest = 32

// teller is a sink that writes down what decides over a shard's failover, in words.
type teller struct {
	told []line
	skip map[string]bool // reasons of refusals that were told already
	rows map[string]bool // rows that clients have written
}

// line is a line of a timeline, and how many more like it followed at once.
type line struct {
	at   time.Duration
	text string
	more int
}

func newTeller() *teller { return &teller{skip: map[string]bool{}, rows: map[string]bool{}} }

// tell adds a line; equal ones in a row are one, told when the first of them happened.
func (t *teller) tell(e *trace.Event, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if n := len(t.told); n > 0 && t.told[n-1].text == text {
		t.told[n-1].more++
		return
	}
	t.told = append(t.told, line{at: time.Duration(e.Time).Round(time.Millisecond), text: text})
}

// lines gives the timeline as text.
func (t *teller) lines() []string {
	var all []string
	for i, l := range t.told {
		if i == longest {
			return append(all, fmt.Sprintf("... and %d lines more", len(t.told)-longest))
		}
		text := fmt.Sprintf("%-8s %s", l.at, l.text)
		if l.more > 0 {
			text += fmt.Sprintf(" (%d times)", l.more+1)
		}
		all = append(all, text)
	}
	return all
}

// Record implements trace.Sink.
func (t *teller) Record(e trace.Event) {
	switch e.Kind {
	case fault.KindInject:
		t.tell(&e, "fault: %s", e.Text("line"))
	case fault.KindUndo:
		t.tell(&e, "the fault is over: %s", e.Text("line"))
	case mysqld.KindProcess:
		if e.Time > int64(time.Second) {
			t.tell(&e, "%s: process %s", e.Host, e.Text("what"))
		}
	case mysqld.KindReadOnly:
		if e.Time > int64(time.Second) {
			t.tell(&e, "%s: read_only=%d", e.Host, e.Number("read_only"))
		}
	case mysqld.KindBinlog:
		t.written(&e)
	case reparent.KindPhase:
		t.tell(&e, "%s: %s of %s", e.Text("what"), e.Text("phase"), e.Text("shard"))
	case vtorc.KindRecover:
		t.tell(&e, "VTOrc: %s %s", e.Text("recovery"), e.Text("what"))
	default:
		t.gate(&e)
	}
}

// written tells of a row that is written again: the clients of the cases insert, each row once.
//
// spec: W-47
func (t *teller) written(e *trace.Event) {
	row := fmt.Sprintf("%s/%d", e.Text("table"), e.Number("key"))
	if t.rows[row] {
		t.tell(e, "%s: a row is written for a second time", e.Host)
	}
	t.rows[row] = true
}

// gate tells what a gate does.
func (t *teller) gate(e *trace.Event) {
	shard := e.Text("keyspace") + "/" + e.Text("shard")
	switch e.Kind {
	case discovery.KindHealth:
		if e.Time > int64(time.Second) && strings.EqualFold(e.Text("type"), "PRIMARY") {
			t.tell(e, "%s hears: %s is primary of %s, serving=%d, term %d",
				e.Host, e.Text("tablet"), shard, e.Number("serving"), e.Number("term"))
		}
	case discovery.KindKeyspaceEvent:
		if e.Time > int64(time.Second) {
			t.tell(e, "%s: keyspace %s is whole again; the buffer is told", e.Host, e.Text("keyspace"))
		}
	case buffer.KindStart:
		t.tell(e, "%s: buffering of %s starts: %s", e.Host, shard, brief(e.Text("error")))
	case buffer.KindStop:
		t.tell(e, "%s: buffering of %s stops after %s: %s; held: %d", e.Host, shard,
			time.Duration(e.Number("took")).Round(time.Millisecond), e.Text("reason"), e.Number("queued"))
	case buffer.KindEvicted:
		t.tell(e, "%s: a request to %s leaves the queue: %s", e.Host, shard, e.Text("reason"))
	case buffer.KindSkipped:
		if key := e.Host + shard + e.Text("reason"); !t.skip[key] {
			t.skip[key] = true
			t.tell(e, "%s: a request to %s is not held, the first of many: %s", e.Host, shard, e.Text("reason"))
		}
	case buffer.KindDrained:
		t.tell(e, "%s: the drain of %s is over, %d requests", e.Host, shard, e.Number("requests"))
	}
}

// brief is the part of an error text that says what happened, without the statement.
func brief(text string) string {
	text, _, _ = strings.Cut(text, " (CallerID")
	if i := strings.LastIndex(text, "desc = "); i >= 0 {
		text = text[i+len("desc = "):]
	}
	return text
}
