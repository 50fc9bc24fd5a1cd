package trace

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteText writes one line per event, in columns: time, step, who, kind, fields,
// and the step that caused it. A host's later incarnations are marked, as in
// "gate-1#2/buf".
//
//	+6.203456s     417 gate-1/buf               buffer.evict       req=12 reason=WindowExceeded  <- 399
func WriteText(w io.Writer, events []Event) error {
	out := bufio.NewWriter(w)
	for i := range events {
		out.WriteString(Line(&events[i]))
		out.WriteByte('\n')
	}
	return out.Flush()
}

// Line returns the event as a line of [WriteText], without the line's end. It has
// no other line ends in it.
func Line(e *Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%12s %7d %-24s %-18s", "+"+Seconds(e.Time), e.Step, Who(e), text(string(e.Kind)))
	for _, f := range e.Fields {
		b.WriteByte(' ')
		b.WriteString(f.String())
	}
	if e.Cause != 0 {
		fmt.Fprintf(&b, "  <- %d", e.Cause)
	}
	return strings.TrimRight(b.String(), " ")
}

// Who names the host, its incarnation if it is not the first, and the proc.
func Who(e *Event) string {
	who := e.Host
	if e.Incarnation > 1 {
		who += "#" + strconv.FormatUint(uint64(e.Incarnation), 10)
	}
	if e.Proc != "" {
		who += "/" + e.Proc
	}
	return text(who)
}

// Seconds writes nanoseconds as seconds with six decimals, cut off below.
func Seconds(ns int64) string {
	sign := ""
	us := ns / 1000
	if ns < 0 {
		sign, us = "-", -us
	}
	return fmt.Sprintf("%s%d.%06ds", sign, us/1_000_000, us%1_000_000)
}

// String returns the field as key=value; strings are quoted if they need it.
func (f Field) String() string {
	if f.IsNum {
		return text(f.Key) + "=" + strconv.FormatInt(f.Num, 10)
	}
	return text(f.Key) + "=" + text(f.Str)
}

// text quotes s unless it is one plain word.
func text(s string) string {
	if s == "" || !utf8.ValidString(s) || strings.ContainsAny(s, " \"=`") || strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
