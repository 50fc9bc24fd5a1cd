package history

import (
	"fmt"
	"strings"
	"time"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// teller writes down what happens in a world, in words, and what shows the bug.
type teller struct {
	lines []line
	seen  string
	marks map[string]int
}

// line is a line of a timeline and how many more like it followed.
type line struct {
	at   time.Duration
	text string
	more int
}

// tell adds a line. Lines of one instant that differ in nothing but numbers are told once, where
// the first of them is.
func (t *teller) tell(at time.Duration, format string, args ...any) {
	now := line{at: at.Round(time.Millisecond), text: fmt.Sprintf(format, args...)}
	for i := len(t.lines) - 1; i >= 0 && t.lines[i].at == now.at; i-- {
		if withoutDigits(t.lines[i].text) == withoutDigits(now.text) {
			t.lines[i].more++
			return
		}
	}
	t.lines = append(t.lines, now)
}

func withoutDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, text)
}

// timeline gives the lines as text.
func (t *teller) timeline() []string {
	var all []string
	for _, l := range t.lines {
		text := fmt.Sprintf("%-7s %s", l.at, l.text)
		if l.more > 0 {
			text += fmt.Sprintf(" (and %d more like it)", l.more)
		}
		all = append(all, text)
	}
	return all
}

// found notes what shows the bug; the first counts.
func (t *teller) found(format string, args ...any) {
	if t.seen == "" {
		t.seen = fmt.Sprintf(format, args...)
	}
}

// run plays a world and expects that its story came to its end.
func (t *teller) run(w *sim.World) {
	out := w.Run()
	if out.Kind != sim.Stopped {
		t.found("the run did not come to its end: %s\n%s", out.String(), out.Detail)
	}
	for _, p := range out.Waiting {
		if p.Holder != "" {
			t.tell(time.Duration(out.Time), "%s still waits for %s, which %s holds", p.Proc, p.Object, p.Holder)
		}
	}
}

// Record implements trace.Sink: what the components say about themselves, in words.
func (t *teller) Record(e trace.Event) {
	at := time.Duration(e.Time)
	shard := e.Text("keyspace") + "/" + e.Text("shard")
	switch e.Kind {
	case trace.KindMark:
		if t.marks == nil {
			t.marks = map[string]int{}
		}
		t.marks[e.Text("id")]++
		if strings.HasSuffix(e.Text("id"), "-dropped") {
			t.tell(at, "there is no room: a message is dropped (%s)", e.Text("id"))
		}
	case buffer.KindStart:
		t.tell(at, "buffering of %s starts: %s", shard, e.Text("error"))
	case buffer.KindStop:
		t.tell(at, "buffering of %s stops after %s: %s; held: %d", shard, since(e, "took"), e.Text("reason"), e.Number("queued"))
	case buffer.KindDrained:
		t.tell(at, "drain of %s over after %s, %d requests", shard, since(e, "took"), e.Number("requests"))
	case buffer.KindBuffered:
		t.tell(at, "request #%d is held; slots in use: %d", e.Number("entry"), e.Number("slots"))
	case buffer.KindEvicted:
		t.tell(at, "request #%d leaves after %s: %s", e.Number("entry"), since(e, "held"), e.Text("reason"))
	case buffer.KindUnblocked:
		t.tell(at, "request #%d is drained after %s", e.Number("entry"), since(e, "held"))
	case buffer.KindSkipped:
		t.tell(at, "a request is not held: %s", e.Text("reason"))
	case buffer.KindShutdown:
		t.tell(at, "shutdown: %s", e.Text("what"))
	case discovery.KindKeyspaceEvent:
		t.tell(at, "keyspace %s is whole again; the buffer is told", e.Text("keyspace"))
	case discovery.KindMark:
		t.tell(at, "the watcher is told that %s does not serve", shard)
	}
}

func since(e trace.Event, field string) time.Duration {
	return time.Duration(e.Number(field)).Round(time.Millisecond)
}
