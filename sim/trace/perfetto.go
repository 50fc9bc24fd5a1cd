package trace

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// Mark is what an event is on a timeline, besides being an instant.
type Mark struct {
	Kind MarkKind
	// Track groups spans, such as "held"; Key tells those of one track apart, and joins the
	// beginning of a span with its end.
	Track, Key string
	// Name is what a span is called, or a counter's name.
	Name string
	// Value is a counter's new value, or of a Whole how many nanoseconds ago it began.
	Value int64
}

// MarkKind is the sort of a mark.
type MarkKind int

// The sorts.
const (
	Begin   MarkKind = iota // a span begins
	End                     // a span ends
	Whole                   // a span is over, and how long it took is known only now
	Counter                 // a number has a new value
)

// WritePerfetto writes the events in the JSON form that ui.perfetto.dev opens (the trace event
// format): hosts are processes, procs are threads with their events as instants; marks says
// which events are the ends of spans and values of counters as well. A later incarnation of a
// host is a process of its own. Spans that are open at the end end with the last event; ends
// without a beginning, as filters leave them, are left out.
func WritePerfetto(w io.Writer, events []Event, marks func(*Event) []Mark) error {
	p := &perfetto{out: bufio.NewWriter(w), pids: map[string]int{}, tids: map[string]int{}, open: map[string]*span{}}
	p.out.WriteString(`{"displayTimeUnit":"ms","traceEvents":[`)
	for i := range events {
		e := &events[i]
		pid := p.pid(e)
		p.instant(e, pid, p.tid(e, pid))
		if marks == nil {
			continue
		}
		for _, m := range marks(e) {
			p.mark(e, pid, m)
		}
	}
	if n := len(events); n > 0 {
		p.close(events[n-1].Time)
	}
	p.out.WriteString("\n]}\n")
	return p.out.Flush()
}

type perfetto struct {
	out        *bufio.Writer
	pids, tids map[string]int
	open       map[string]*span
	order      []string // of the open spans
	spans      int
	written    bool
}

type span struct {
	pid, id     int
	track, name string
}

// pid is the number of the event's host; a new one is introduced.
func (p *perfetto) pid(e *Event) int {
	name := Who(&Event{Host: e.Host, Incarnation: e.Incarnation})
	n, known := p.pids[name]
	if !known {
		n = len(p.pids) + 1
		p.pids[name] = n
		p.object(fmt.Sprintf(`"ph":"M","pid":%d,"name":"process_name","args":{"name":%s}`, n, quote(name)))
		p.object(fmt.Sprintf(`"ph":"M","pid":%d,"name":"process_sort_index","args":{"sort_index":%d}`, n, n))
	}
	return n
}

// tid is the number of the event's proc; procs of one name share it.
func (p *perfetto) tid(e *Event, pid int) int {
	key := strconv.Itoa(pid) + "/" + e.Proc
	n, known := p.tids[key]
	if !known {
		n = len(p.tids) + 1
		p.tids[key] = n
		name := e.Proc
		if name == "" {
			name = "host"
		}
		p.object(fmt.Sprintf(`"ph":"M","pid":%d,"tid":%d,"name":"thread_name","args":{"name":%s}`, pid, n, quote(name)))
	}
	return n
}

func (p *perfetto) instant(e *Event, pid, tid int) {
	args := fmt.Sprintf(`"step":%d`, e.Step)
	if e.Cause != 0 {
		args += fmt.Sprintf(`,"cause":%d`, e.Cause)
	}
	for _, f := range e.Fields {
		value := quote(f.Str)
		if f.IsNum {
			value = strconv.FormatInt(f.Num, 10)
		}
		args += "," + quote(f.Key) + ":" + value
	}
	p.object(fmt.Sprintf(`"ph":"i","s":"t","ts":%s,"pid":%d,"tid":%d,"name":%s,"args":{%s}`, micros(e.Time), pid, tid, quote(string(e.Kind)), args))
}

func (p *perfetto) mark(e *Event, pid int, m Mark) {
	key := strconv.Itoa(pid) + "\x00" + m.Track + "\x00" + m.Key
	switch m.Kind {
	case Counter:
		p.object(fmt.Sprintf(`"ph":"C","ts":%s,"pid":%d,"name":%s,"args":{"value":%d}`, micros(e.Time), pid, quote(m.Name), m.Value))
	case Whole:
		p.spans++
		s := &span{pid, p.spans, m.Track, m.Name}
		p.edge("b", e.Time-m.Value, s)
		p.edge("e", e.Time, s)
	case Begin:
		if p.open[key] != nil {
			return // the same span twice: the first counts
		}
		p.spans++
		p.open[key] = &span{pid, p.spans, m.Track, m.Name}
		p.order = append(p.order, key)
		p.edge("b", e.Time, p.open[key])
	case End:
		if s := p.open[key]; s != nil {
			p.edge("e", e.Time, s)
			delete(p.open, key)
			p.order = slices.DeleteFunc(p.order, func(k string) bool { return k == key })
		}
	}
}

// close ends the spans that are open, in the order of their beginnings.
func (p *perfetto) close(at int64) {
	for _, key := range p.order {
		p.edge("e", at, p.open[key])
	}
}

// edge writes the beginning or the end of a span that is no part of a thread.
func (p *perfetto) edge(phase string, at int64, s *span) {
	p.object(fmt.Sprintf(`"ph":"%s","ts":%s,"pid":%d,"tid":0,"cat":%s,"id":%d,"name":%s`, phase, micros(at), s.pid, quote(s.track), s.id, quote(s.name)))
}

func (p *perfetto) object(body string) {
	if p.written {
		p.out.WriteByte(',')
	}
	p.written = true
	p.out.WriteString("\n{" + body + "}")
}

// micros writes nanoseconds as microseconds without loss.
func micros(ns int64) string {
	sign := ""
	if ns < 0 {
		sign, ns = "-", -ns
	}
	return fmt.Sprintf("%s%d.%03d", sign, ns/1000, ns%1000)
}

// quote writes a JSON string; bytes that are not UTF-8 are replaced.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string always has a JSON form
	return string(b)
}
