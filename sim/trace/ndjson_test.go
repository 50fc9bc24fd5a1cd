package trace_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/sim/trace"
)

const header = `{"format":"bufsim-trace","version":1}` + "\n"

func drawEvent(t *rapid.T) trace.Event {
	e := trace.Event{
		Time: rapid.Int64().Draw(t, "time"), Step: rapid.Uint64().Draw(t, "step"), Cause: rapid.Uint64().Draw(t, "cause"),
		Host: rapid.String().Draw(t, "host"), Incarnation: rapid.Uint32().Draw(t, "inc"), Proc: rapid.String().Draw(t, "proc"),
		Kind: trace.Kind(rapid.StringN(1, 20, -1).Draw(t, "kind")),
	}
	for range rapid.IntRange(0, 4).Draw(t, "fields") {
		key := rapid.String().Draw(t, "key") // the same key may come twice
		if rapid.Bool().Draw(t, "isNum") {
			e.Fields = append(e.Fields, trace.Int(key, rapid.Int64().Draw(t, "num")))
		} else {
			e.Fields = append(e.Fields, trace.Str(key, rapid.String().Draw(t, "str")))
		}
	}
	return e
}

func TestNDJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOf(rapid.Custom(drawEvent)).Draw(t, "events")
		var b bytes.Buffer
		require.NoError(t, trace.WriteNDJSON(&b, events))
		require.Equal(t, len(events)+1, bytes.Count(b.Bytes(), []byte("\n")), "one event per line")
		for line := range bytes.Lines(b.Bytes()) {
			require.True(t, json.Valid(line), "%s", line)
		}
		got, err := trace.ReadNDJSON(&b)
		require.NoError(t, err)
		require.Len(t, got, len(events))
		for i := range events {
			require.Equal(t, events[i], got[i])
		}
	})
}

func TestTextLinesHaveNoLineEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvent(t)
		require.NotContains(t, trace.Line(&e), "\n")
	})
}

func TestReadNDJSONSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, in, err string }{
		{"empty", "", "trace line 1: no header of a trace: EOF"},
		{"other version", `{"format":"bufsim-trace","version":2}`, `trace line 1: format "bufsim-trace" version 2, want "bufsim-trace" version 1`},
		{"other format", `{"format":"x","version":1}`, `trace line 1: format "x" version 1, want "bufsim-trace" version 1`},
		{"no header", `{"t":1,"kind":"k"}`, `trace line 1: no header of a trace: json: unknown field "t"`},
		{"unknown key", header + `{"kind":"k","x":1}`, `trace line 2: json: unknown field "x"`},
		{"two values", header + `{"kind":"k"}{"kind":"k"}`, "trace line 2: more than one value"},
		{"empty line", header + "{\"kind\":\"k\"}\n\n{\"kind\":\"k\"}\n", "trace line 3: EOF"},
		{"no kind", header + `{"t":1}`, "trace line 2: an event without a kind"},
		{"fraction", header + `{"kind":"k","fields":{"a":1.5}}`, `trace line 2: field "a": strconv.ParseInt: parsing "1.5": invalid syntax`},
		{"nested", header + `{"kind":"k","fields":{"a":[1]}}`, `trace line 2: field "a" is neither a string nor an integer`},
		{"fields is a list", header + `{"kind":"k","fields":[]}`, "trace line 2: fields is not an object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := trace.ReadNDJSON(strings.NewReader(c.in))
			require.EqualError(t, err, c.err)
			var re *trace.ReadError
			require.ErrorAs(t, err, &re)
			require.NotNil(t, re.Unwrap())
		})
	}
}

func TestReadNDJSONReturnsWhatCameBeforeTheError(t *testing.T) {
	events, err := trace.ReadNDJSON(strings.NewReader(header + `{"t":5,"kind":"k"}` + "\n" + `{"t":6,`))
	require.Error(t, err)
	require.Equal(t, []trace.Event{{Time: 5, Kind: "k"}}, events)
}

func TestNDJSONReplacesWhatIsNotUTF8(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, trace.WriteNDJSON(&b, []trace.Event{{Kind: "k", Proc: "a\xffb"}}))
	events, err := trace.ReadNDJSON(&b)
	require.NoError(t, err)
	require.Equal(t, "a\uFFFDb", events[0].Proc)
}

// FuzzReadNDJSON: the reader never panics, and what it accepts it reads the same
// again after it was written.
func FuzzReadNDJSON(f *testing.F) {
	var b bytes.Buffer
	require.NoError(f, trace.WriteNDJSON(&b, story()))
	f.Add(b.Bytes())
	f.Add([]byte(header))
	f.Add([]byte(header + `{"kind":"k","fields":{"a":1,"a":"\ud800"},"T":-0}`))
	f.Add([]byte(header + `{"kind":"k","fields":null}` + "\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := trace.ReadNDJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		var b bytes.Buffer
		require.NoError(t, trace.WriteNDJSON(&b, events))
		again, err := trace.ReadNDJSON(&b)
		require.NoError(t, err)
		require.Equal(t, events, again)
	})
}
