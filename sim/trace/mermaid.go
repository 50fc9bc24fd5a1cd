package trace

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Arrow is a line between two hosts of a sequence diagram.
type Arrow struct {
	From, To string
	Dashed   bool // an answer
}

// WriteMermaid writes the events as a Mermaid sequence diagram, one line each, with
// the hosts in order of their appearance. arrow says which events are arrows
// between hosts; the others, and with a nil arrow all, are notes over their host.
func WriteMermaid(w io.Writer, events []Event, arrow func(*Event) (Arrow, bool)) error {
	d := diagram{}
	var body strings.Builder
	for i := range events {
		e := &events[i]
		label := escape(describe(e))
		if a, ok := arrowOf(e, arrow); ok {
			line := "->>"
			if a.Dashed {
				line = "-->>"
			}
			fmt.Fprintf(&body, "    %s%s%s: %s\n", d.participant(a.From), line, d.participant(a.To), label)
			continue
		}
		fmt.Fprintf(&body, "    Note over %s: %s\n", d.participant(e.Host), label)
	}
	out := bufio.NewWriter(w)
	out.WriteString("sequenceDiagram\n")
	for i, host := range d.hosts {
		fmt.Fprintf(out, "    participant p%d as %s\n", i+1, escape(text(host)))
	}
	out.WriteString(body.String())
	return out.Flush()
}

func arrowOf(e *Event, arrow func(*Event) (Arrow, bool)) (Arrow, bool) {
	if arrow == nil {
		return Arrow{}, false
	}
	return arrow(e)
}

type diagram struct{ hosts []string }

// participant returns the host's short name in the diagram: host names may hold
// what Mermaid takes for syntax.
func (d *diagram) participant(host string) string {
	i := slices.Index(d.hosts, host)
	if i < 0 {
		i = len(d.hosts)
		d.hosts = append(d.hosts, host)
	}
	return fmt.Sprintf("p%d", i+1)
}

// describe is time, kind and fields in one line.
func describe(e *Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", Seconds(e.Time), text(string(e.Kind)))
	for _, f := range e.Fields {
		b.WriteByte(' ')
		b.WriteString(f.String())
	}
	return b.String()
}

// escape writes what Mermaid takes for syntax as entities.
func escape(s string) string {
	return strings.NewReplacer("#", "#35;", ";", "#59;", "<", "#60;", ">", "#62;", "%%", "#37;#37;").Replace(s)
}
