package hunt

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bufsim/experiments/invariant"
	"bufsim/sim/trace"
)

// The files of a case's folder.
const (
	CaseFile     = "case.yaml"
	ReportFile   = "report.txt"
	TimelineFile = "timeline.txt"
	FaultsFile   = "faults.txt"
	TraceFile    = "trace.ndjson"
)

// WriteFolder plays a case and writes its folder: the case, a report, what happened in words,
// the faults or the program, and the whole trace.
func (c *Case) WriteFolder(dir string, invariants []invariant.Invariant) error {
	rec, err := record(c.Input, invariants)
	if err != nil {
		return err
	}
	text, err := c.Marshal()
	if err != nil {
		return err
	}
	var events, timeline bytes.Buffer
	if err := trace.WriteNDJSON(&events, rec.events); err != nil {
		return err
	}
	if err := trace.WriteText(&timeline, shownEvents(rec.events)); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range map[string][]byte{ // order-free: different files
		CaseFile: text, ReportFile: []byte(c.report(dir, rec.played)), TimelineFile: timeline.Bytes(),
		FaultsFile: []byte(c.program()), TraceFile: events.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// ReadCase reads a case from its file or its folder.
func ReadCase(path string) (*Case, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, CaseFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := ParseCase(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// report tells the finding and how to see it again.
func (c *Case) report(dir string, p *Played) string {
	var b strings.Builder
	v := &c.Verdict
	all, interesting := c.decisions()
	fmt.Fprintf(&b, "%s: %s\n\n", v.Invariant, v.Meaning)
	fmt.Fprintf(&b, "object     %s\nat         %s (virtual time)\nwhat       %s\nsignature  %s\n", v.Object, v.At, v.Detail, v.Signature)
	fmt.Fprintf(&b, "run        %s\nhash       %s, %d steps\nschedule   %d choices, %d of them not the first alternative\nversion    %s, %s\n",
		c.Input.Line(), c.Hash, c.Steps, all, interesting, c.Version, c.Go)
	for _, f := range p.findings() {
		if f.Signature != v.Signature {
			fmt.Fprintf(&b, "also       %s: %s\n", f.Signature, f.Detail)
			continue
		}
		b.WriteString("\n")
		for _, e := range f.Events {
			b.WriteString(e + "\n")
		}
	}
	fmt.Fprintf(&b, "\nreplay     bufsim replay %s\nshrink     bufsim shrink %s -o %s-small\n", dir, dir, strings.TrimSuffix(dir, "/"))
	return b.String()
}

// program is what was planned to happen: the faults of a cluster, or the lines of a program.
func (c *Case) program() string {
	var b strings.Builder
	for _, s := range c.Input.Steps {
		b.WriteString(s.String() + "\n")
	}
	if s := c.Input.Scenario; s != nil {
		for _, o := range s.Timeline {
			fmt.Fprintf(&b, "# at %v %s %s %s/%s\n", o.At, o.ID, o.Do, o.Args.Keyspace, o.Args.Shard)
		}
		b.WriteString(s.Plan().String())
	}
	return b.String()
}

// shownEvents are those of the timeline: without calls and what repeats all the time.
func shownEvents(events []trace.Event) (list []trace.Event) {
	for _, e := range events {
		switch family, _, _ := strings.Cut(string(e.Kind), "."); family {
		case "world", "buffer", "discovery", "host", "mark", "fault", "reparent", "run", "log":
			list = append(list, e)
		default:
			if e.Kind == "tablet.state" || e.Kind == "mysqld.read_only" {
				list = append(list, e)
			}
		}
	}
	return list
}
