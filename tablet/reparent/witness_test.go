package reparent_test

import (
	"fmt"
	"strings"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

// witness watches the trace of a shard and notes what must never happen. It is a sink.
type witness struct {
	// graceful says that no two MySQL servers may be writable at a time, whoever feeds them.
	graceful bool
	// excused is a server that may be fed beside another, as the old primary of an emergency.
	excused string

	serving, writable map[string]bool
	executed          map[string]*gtid.Set
	// terms is the latest term that a tablet's process announced.
	terms  map[string]int64
	broken []string
}

func newWitness() *witness {
	return &witness{serving: map[string]bool{}, writable: map[string]bool{}, executed: map[string]*gtid.Set{}, terms: map[string]int64{}}
}

// Record implements trace.Sink.
func (w *witness) Record(e trace.Event) {
	server, isServer := strings.CutPrefix(e.Host, "mysqld-")
	switch e.Kind {
	case trace.KindHost:
		if isServer {
			w.writable[server] = false
		} else {
			w.serving[e.Host] = false
		}
	case mysqld.KindReadOnly:
		w.opened(server, e.Number("read_only") == 0)
	case mysqld.KindCommit:
		w.executes(server, e.Text("gtid"))
	case mysqld.KindApply, mysqld.KindGTIDs:
		w.executes(server, e.Text("gtids"))
	case mysqld.KindReset:
		w.executed[server] = &gtid.Set{}
	case tablet.KindState:
		w.serving[e.Host] = e.Text("type") == topodata.Primary.String() && e.Text("state") == tablet.Serving.String()
		w.oneWriter()
	case tablet.KindRecord:
		w.announces(e.Host, e.Number("pts"))
	}
}

// opened takes notice of read_only. spec
func (w *witness) opened(server string, writable bool) {
	was := w.writable[server]
	w.writable[server] = writable
	w.oneWriter()
	if !writable || was || !w.graceful {
		return
	}
	for _, uid := range uids() {
		other := alias(uid).String()
		if has, lacks := w.set(server), w.set(other); !has.Contains(lacks) {
			w.breaks("R-227", "%s becomes writable without %v of %s", server, lacks.Difference(has), other)
		}
	}
}

// oneWriter checks who takes writes. spec: R-222
func (w *witness) oneWriter() {
	var open, fed []string
	for _, uid := range uids() {
		a := alias(uid).String()
		if w.writable[a] {
			open = append(open, a)
		}
		if w.writable[a] && w.serving[a] && a != w.excused {
			fed = append(fed, a)
		}
	}
	if w.graceful && len(open) > 1 {
		w.breaks("R-222", "writable at a time: %v", open)
	}
	if len(fed) > 1 {
		w.breaks("R-222", "serving and writable at a time: %v", fed)
	}
}

// announces takes notice of a tablet's record; terms of one tablet never go back.
// spec: R-223
func (w *witness) announces(host string, term int64) {
	if term == 0 {
		return
	}
	if term < w.terms[host] {
		w.breaks("R-223", "%s goes back to term %d from %d", host, term, w.terms[host])
	}
	w.terms[host] = term
}

func (w *witness) executes(server, gtids string) {
	set, err := gtid.ParseSet(gtids)
	if err != nil {
		w.breaks("trace", "%q is no set: %v", gtids, err)
		return
	}
	if w.executed[server] == nil {
		w.executed[server] = &gtid.Set{}
	}
	w.executed[server].AddSet(set)
}

func (w *witness) set(server string) gtid.Set {
	if s := w.executed[server]; s != nil {
		return *s
	}
	return gtid.Set{}
}

func (w *witness) breaks(rule, format string, args ...any) {
	w.broken = append(w.broken, rule+": "+fmt.Sprintf(format, args...))
}
