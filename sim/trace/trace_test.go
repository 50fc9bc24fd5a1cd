package trace_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/sim/trace"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// story is a short failover with one of everything that encoders must cope with.
func story() []trace.Event {
	return []trace.Event{
		{Step: 1, Host: "gate-1", Incarnation: 1, Kind: trace.KindHost, Fields: []trace.Field{trace.Str("what", "boot")}},
		{Time: 1, Step: 3, Cause: 1, Host: "gate-1", Incarnation: 1, Proc: "main", Kind: "net.call", Fields: []trace.Field{
			trace.Str("method", "Execute"), trace.Str("peer", "zone1-101"), trace.Int("call", 7),
		}},
		{Time: 6_203_456_789, Step: 417, Cause: 399, Host: "gate-1", Incarnation: 1, Proc: "buf", Kind: "buffer.evict", Fields: []trace.Field{
			trace.Int("req", 12), trace.Str("reason", "WindowExceeded"),
		}},
		{Time: 6_203_456_789, Step: 418, Cause: 3, Host: "gate-1", Incarnation: 1, Proc: "main", Kind: "net.reply", Fields: []trace.Field{
			trace.Str("peer", "zone1-101"), trace.Int("took", -1), trace.Str("error", ""),
		}},
		{Time: 3_600_000_000_000, Step: 1_000_000, Host: "zone1-101", Incarnation: 2, Proc: "hc/zone1-100", Kind: trace.KindLog, Fields: []trace.Field{
			trace.Str("level", "error"), trace.Str("text", "two\nlines; <a> # \"quoted\" %% a=b"),
		}},
	}
}

func arrow(e *trace.Event) (trace.Arrow, bool) {
	switch e.Kind {
	case "net.call":
		return trace.Arrow{From: e.Host, To: e.Text("peer")}, true
	case "net.reply":
		return trace.Arrow{From: e.Text("peer"), To: e.Host, Dashed: true}, true
	}
	return trace.Arrow{}, false
}

func TestEncodersWriteTheGoldenFiles(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"story.txt":    func(b *bytes.Buffer) error { return trace.WriteText(b, story()) },
		"story.ndjson": func(b *bytes.Buffer) error { return trace.WriteNDJSON(b, story()) },
		"story.mmd":    func(b *bytes.Buffer) error { return trace.WriteMermaid(b, story(), arrow) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, write(&b))
			path := filepath.Join("testdata", name)
			if *update {
				require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), b.String())
		})
	}
}

func TestMermaidWithoutArrowsHasOnlyNotes(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, trace.WriteMermaid(&b, story(), nil))
	require.NotContains(t, b.String(), ">>")
	require.Equal(t, len(story()), strings.Count(b.String(), "Note over"))
}

func TestRecorderCopiesFieldsAndFilters(t *testing.T) {
	rec := trace.NewRecorder(trace.Filter{Kinds: []string{"net"}})
	fields := []trace.Field{trace.Str("method", "a")}
	rec.Record(trace.Event{Kind: "net.call", Fields: fields})
	rec.Record(trace.Event{Kind: "network"})
	fields[0] = trace.Str("method", "b")
	rec.Record(trace.Event{Kind: "net.reply", Fields: fields})
	require.Len(t, rec.Events(), 2)
	require.Equal(t, "a", rec.Events()[0].Text("method"))
	require.Equal(t, "b", rec.Events()[1].Text("method"))
	rec.Reset()
	require.Empty(t, rec.Events())
}

func TestRecorderKeepsManyFieldsApart(t *testing.T) {
	rec := trace.NewRecorder(trace.Filter{})
	for i := range 5000 {
		rec.Record(trace.Event{Kind: "k", Fields: []trace.Field{trace.Int("i", int64(i)), trace.Int("j", int64(-i)), trace.Int("k", 0)}})
	}
	for i, e := range rec.Events() {
		require.Len(t, e.Fields, 3)
		require.Equal(t, int64(i), e.Number("i"))
		require.Equal(t, int64(-i), e.Number("j"))
	}
}

func TestTeePassesOnInOrder(t *testing.T) {
	a, b := trace.NewRecorder(trace.Filter{}), trace.NewRecorder(trace.Filter{Hosts: []string{"x"}})
	tee := trace.Tee{a, b}
	tee.Record(trace.Event{Host: "x"})
	tee.Record(trace.Event{Host: "y"})
	require.Len(t, a.Events(), 2)
	require.Len(t, b.Events(), 1)
}

func TestFilter(t *testing.T) {
	for _, c := range []struct {
		name   string
		filter trace.Filter
		steps  []uint64
	}{
		{"zero takes all", trace.Filter{}, []uint64{1, 3, 417, 418, 1_000_000}},
		{"host", trace.Filter{Hosts: []string{"zone1-101", "nobody"}}, []uint64{1_000_000}},
		{"family", trace.Filter{Kinds: []string{"net"}}, []uint64{3, 418}},
		{"kind", trace.Filter{Kinds: []string{"net.reply"}}, []uint64{418}},
		{"part of a word is no family", trace.Filter{Kinds: []string{"ne", "buf", "net.rep"}}, nil},
		{"proc", trace.Filter{Procs: []string{"hc/", "buf"}}, []uint64{417, 1_000_000}},
		{"from is inclusive", trace.Filter{From: 6_203_456_789}, []uint64{417, 418, 1_000_000}},
		{"until is inclusive", trace.Filter{Until: 1}, []uint64{1, 3}},
		{"all must hold", trace.Filter{Kinds: []string{"net"}, Procs: []string{"main"}, From: 2}, []uint64{418}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var steps []uint64
			for _, e := range c.filter.Select(story()) {
				steps = append(steps, e.Step)
			}
			require.Equal(t, c.steps, steps)
		})
	}
}

func TestParseKinds(t *testing.T) {
	known := []trace.KindDoc{{Kind: "net.call"}, {Kind: "net.reply"}, {Kind: "buffer.evict.late"}, {Kind: "log"}}
	for _, c := range []struct {
		list, err string
		kinds     []string
	}{
		{list: ""},
		{list: "net,buffer", kinds: []string{"net", "buffer"}},
		{list: " log , net.reply,,log", kinds: []string{"log", "net.reply"}},
		{list: "buffer.evict", kinds: []string{"buffer.evict"}},
		{list: "net,nett", err: `unknown kind of event "nett"; known are buffer, buffer.evict, buffer.evict.late, log, net, net.call, net.reply`},
		{list: "net.", err: `unknown kind of event "net."; known are buffer, buffer.evict, buffer.evict.late, log, net, net.call, net.reply`},
	} {
		kinds, err := trace.ParseKinds(c.list, known)
		if c.err != "" {
			require.EqualError(t, err, c.err, c.list)
			continue
		}
		require.NoError(t, err, c.list)
		require.Equal(t, c.kinds, kinds, c.list)
	}
}
