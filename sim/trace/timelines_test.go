package trace_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/sim/trace"
)

func glyphs() []trace.Glyph {
	kind := func(k trace.Kind) func(*trace.Event) bool { return func(e *trace.Event) bool { return e.Kind == k } }
	return []trace.Glyph{
		{Sign: "c", Meaning: "call", Fits: kind("net.call")},
		{Sign: "·", Meaning: "answer", Fits: kind("net.reply")},
		{Sign: "x", Meaning: "evicted", Fits: kind("buffer.evict")},
	}
}

func marks(e *trace.Event) []trace.Mark {
	key := fmt.Sprint(e.Number("call"))
	switch e.Kind {
	case "net.call":
		return []trace.Mark{{Kind: trace.Begin, Track: "call", Key: key, Name: e.Text("method")}}
	case "net.reply":
		return []trace.Mark{{Kind: trace.End, Track: "call", Key: key}}
	case "buffer.evict":
		return []trace.Mark{
			{Kind: trace.Whole, Track: "held", Key: "12", Name: "held 12", Value: 3_000},
			{Kind: trace.Counter, Name: "slots", Value: 4},
		}
	}
	return nil
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestPerfettoIsTheGoldenFile(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, trace.WritePerfetto(&b, story(), marks))
	golden(t, "story.perfetto.json", b.String())
}

// A grid of two hosts: neighbours are counted, what is too much for a column is counted by sign
// with the rare ones first, and an empty hour is one line.
func TestGridIsTheGoldenFile(t *testing.T) {
	var events []trace.Event
	add := func(at int64, host string, kind trace.Kind, n int) {
		for range n {
			events = append(events, trace.Event{Time: at, Host: host, Kind: kind})
		}
	}
	add(0, "gate-1", "net.call", 1)
	add(1_000_000_000, "gate-1", "net.call", 12)
	add(1_000_000_000, "a-host-with-a-long-name-100", "net.reply", 2)
	for range 20 {
		add(2_000_000_000, "gate-1", "net.call", 1)
		add(2_000_000_000, "gate-1", "net.reply", 1)
	}
	add(2_000_000_000, "gate-1", "buffer.evict", 1)
	add(2_000_000_000, "gate-1", "unknown", 1)
	add(60_000_000_000, "a-host-with-a-long-name-100", "net.reply", 1)
	var b bytes.Buffer
	require.NoError(t, trace.WriteGrid(&b, events, trace.GridOptions{Glyphs: glyphs(), Width: 40}))
	golden(t, "story.grid", b.String())
}

func TestGridOfNothing(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, trace.WriteGrid(&b, story(), trace.GridOptions{}))
	require.Equal(t, "no event has a place in the grid\n", b.String())
}

// drawn are events in order of time on a few hosts.
func drawn(t *rapid.T) []trace.Event {
	kinds := []trace.Kind{"net.call", "net.reply", "buffer.evict", "other"}
	at := int64(0)
	var events []trace.Event
	for range rapid.IntRange(0, 60).Draw(t, "events") {
		at += rapid.Int64Range(0, 5_000_000_000).Draw(t, "after")
		events = append(events, trace.Event{
			Time: at, Host: fmt.Sprintf("host-%d", rapid.IntRange(1, 20).Draw(t, "host")),
			Incarnation: uint32(rapid.IntRange(1, 2).Draw(t, "inc")), Proc: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "proc"),
			Kind:   rapid.SampledFrom(kinds).Draw(t, "kind"),
			Fields: []trace.Field{trace.Int("call", int64(rapid.IntRange(1, 4).Draw(t, "call"))), trace.Str("method", "m")},
		})
	}
	return events
}

// No line of a grid is wider than asked, and there are not many more rows than asked.
func TestGridFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width, rows := rapid.IntRange(40, 120).Draw(t, "width"), rapid.IntRange(5, 60).Draw(t, "rows")
		var b bytes.Buffer
		if err := trace.WriteGrid(&b, drawn(t), trace.GridOptions{Glyphs: glyphs(), Width: width, Rows: rows}); err != nil {
			t.Fatal(err)
		}
		blocks := strings.Count(b.String(), "each ")
		if n := strings.Count(b.String(), "\n"); n > max(1, blocks)*(2*rows+6) {
			t.Fatalf("%d lines in %d blocks", n, blocks)
		}
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width {
				t.Fatalf("%d wide: %q", n, line)
			}
		}
	})
}

// What ui.perfetto.dev relies on: it is JSON, each process and thread is named once and before
// its events, each span has one beginning and one end, not before it, and every event is there.
func TestPerfettoIsWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := drawn(t)
		var b bytes.Buffer
		if err := trace.WritePerfetto(&b, events, marks); err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(b.Bytes(), len(events)); err != nil {
			t.Fatal(err)
		}
	})
}

func wellFormed(text []byte, instants int) error {
	var file struct {
		TraceEvents []struct {
			Ph, Name string
			TS       *float64
			PID, TID int
			ID       int
			Args     map[string]any
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	named, begun, ended, seen := map[string]bool{}, map[int]float64{}, map[int]bool{}, 0
	for _, e := range file.TraceEvents {
		process, thread := fmt.Sprint(e.PID), fmt.Sprint(e.PID, "/", e.TID)
		switch {
		case e.Ph == "M" && e.Name == "process_sort_index":
		case e.Ph == "M":
			if e.Name == "thread_name" {
				process = thread
			}
			if named[process] {
				return fmt.Errorf("%s is named twice", process)
			}
			named[process] = true
		case e.TS == nil || !named[process]:
			return fmt.Errorf("an event %s of %s without a time or a named process", e.Ph, process)
		case e.Ph == "i":
			if seen++; !named[thread] {
				return fmt.Errorf("%s has no name", thread)
			}
		case e.Ph == "b":
			if _, twice := begun[e.ID]; twice {
				return fmt.Errorf("span %d begins twice", e.ID)
			}
			begun[e.ID] = *e.TS
		case e.Ph == "e":
			if at, known := begun[e.ID]; !known || ended[e.ID] || *e.TS < at {
				return fmt.Errorf("span %d ends wrongly", e.ID)
			}
			ended[e.ID] = true
		case e.Ph != "C" || e.Args["value"] == nil:
			return fmt.Errorf("an event of the unknown sort %q", e.Ph)
		}
	}
	if seen != instants || len(begun) != len(ended) {
		return fmt.Errorf("%d of %d events, %d spans begin and %d end", seen, instants, len(begun), len(ended))
	}
	return nil
}
