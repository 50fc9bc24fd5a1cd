package trace

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Format and Version are in the first line of NDJSON traces. The version grows
// when a reader of the one before would misunderstand a line.
const (
	Format  = "bufsim-trace"
	Version = 1
)

// WriteNDJSON writes a header line and then one JSON object per event and line:
//
//	{"format":"bufsim-trace","version":1}
//	{"t":6203000000,"step":417,"cause":399,"host":"gate-1","inc":1,"proc":"buf","kind":"buffer.evict","fields":{"req":12}}
//
// The order of keys is fixed and fields keep theirs. cause 0, an empty proc and
// empty fields are left out. Bytes that are not UTF-8 become U+FFFD.
func WriteNDJSON(w io.Writer, events []Event) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "{\"format\":%q,\"version\":%d}\n", Format, Version)
	var line []byte
	for i := range events {
		line = append(appendJSON(line[:0], &events[i]), '\n')
		out.Write(line)
	}
	return out.Flush()
}

func appendJSON(b []byte, e *Event) []byte {
	b = strconv.AppendInt(append(b, `{"t":`...), e.Time, 10)
	b = strconv.AppendUint(append(b, `,"step":`...), e.Step, 10)
	if e.Cause != 0 {
		b = strconv.AppendUint(append(b, `,"cause":`...), e.Cause, 10)
	}
	b = appendString(append(b, `,"host":`...), e.Host)
	b = strconv.AppendUint(append(b, `,"inc":`...), uint64(e.Incarnation), 10)
	if e.Proc != "" {
		b = appendString(append(b, `,"proc":`...), e.Proc)
	}
	b = appendString(append(b, `,"kind":`...), string(e.Kind))
	if len(e.Fields) > 0 {
		b = append(b, `,"fields":`...)
		for i, f := range e.Fields {
			b = append(b, separator(i))
			b = append(appendString(b, f.Key), ':')
			if f.IsNum {
				b = strconv.AppendInt(b, f.Num, 10)
			} else {
				b = appendString(b, f.Str)
			}
		}
		b = append(b, '}')
	}
	return append(b, '}')
}

func separator(i int) byte {
	if i == 0 {
		return '{'
	}
	return ','
}

// appendString writes s as a JSON string.
func appendString(b []byte, s string) []byte {
	s = strings.ToValidUTF8(s, "\uFFFD")
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c < 0x20:
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
