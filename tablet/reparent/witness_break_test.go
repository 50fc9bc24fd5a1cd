package reparent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

// The witness sees what it is there for: each rule is broken once, by a trace made by hand.
// spec
func TestWitnessSees(t *testing.T) {
	const c, e = "zone1-0000000100", "zone1-0000000101"
	opens := func(host string) trace.Event {
		return trace.Event{Host: "mysqld-" + host, Kind: mysqld.KindReadOnly, Fields: []trace.Field{trace.Bool("read_only", false)}}
	}
	serves := func(host string) trace.Event {
		return trace.Event{Host: host, Kind: tablet.KindState, Fields: []trace.Field{trace.Str("type", "PRIMARY"), trace.Str("state", "Serving")}}
	}
	record := func(term int64) trace.Event {
		return trace.Event{Host: c, Kind: tablet.KindRecord, Fields: []trace.Field{trace.Str("type", "PRIMARY"), trace.Int("pts", term)}}
	}
	commit := trace.Event{Host: "mysqld-" + c, Kind: mysqld.KindCommit, Fields: []trace.Field{trace.Str("gtid", gtid.ServerUUID(100).String()+":1")}}
	for _, x := range []struct {
		name     string
		graceful bool
		excused  string
		events   []trace.Event
		broken   string
	}{
		{"one writer", true, "", []trace.Event{opens(c), serves(c)}, ""},
		{"two writable servers in a planned switch", true, "", []trace.Event{opens(c), opens(e)}, "R-222"},
		{"two writable servers, one of them fed", false, "", []trace.Event{opens(c), serves(c), opens(e)}, ""},
		{"two writable servers, both fed", false, "", []trace.Event{opens(c), serves(c), opens(e), serves(e)}, "R-222"},
		{"the same past an old primary", false, c, []trace.Event{opens(c), serves(c), opens(e), serves(e)}, ""},
		{"a server that lacks a transaction is opened", true, "", []trace.Event{commit, opens(e)}, "R-227"},
		{"the term goes back", true, "", []trace.Event{record(2), record(1)}, "R-223"},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWitness()
			w.graceful, w.excused = x.graceful, x.excused
			for _, event := range x.events {
				w.Record(event)
			}
			if x.broken == "" {
				require.Empty(t, w.broken)
				return
			}
			require.Len(t, w.broken, 1)
			require.Contains(t, w.broken[0], x.broken+": ")
		})
	}
}
