package report

import (
	"fmt"
	"strings"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
)

// GuideLine compares one published figure with ours.
type GuideLine struct {
	Series string `json:"series"`
	Guide  int    `json:"guide"`
	Ours   int    `json:"ours"`
	Match  string `json:"match"`
	// Agrees: our figure equals the published one. Allowed: it is what the rules
	// allow in a single run.
	Agrees  bool   `json:"agrees"`
	Allowed bool   `json:"allowed"`
	Note    string `json:"note,omitempty"`
}

// GuideLines compares all published figures of a scenario with a result, for the
// gate's counters and for the clients that gave up.
func GuideLines(s *scenario.Scenario, r *runner.Result) []GuideLine {
	e := s.Expect
	if e == nil {
		return nil
	}
	var lines []GuideLine
	for _, c := range e.Counters {
		ours := 0
		for i := range r.Gates {
			ours += int(r.Gates[i].Value(e.Series(c)))
		}
		lines = append(lines, guideLine(e.Series(c), c.Number(), ours))
	}
	if n := e.ClientsEnded; n != nil {
		lines = append(lines, guideLine("clients that gave up", *n, r.Statements.ClientsEnded))
	}
	return lines
}

func guideLine(series string, n scenario.ExpectedNumber, ours int) GuideLine {
	return GuideLine{
		Series: series, Guide: n.Guide, Ours: ours, Match: string(n.Match),
		Agrees: ours == n.Guide, Allowed: n.Holds(ours), Note: n.Note,
	}
}

// Guide renders the guide's block beside ours and explains each difference.
// differences are the rules in which the run's release differs from the guide's,
// replay is the command that plays the run again.
func Guide(s *scenario.Scenario, r *runner.Result, differences []string, replay string) string {
	p := &page{}
	p.line("%s", heading(r, s.Title))
	p.command("Replay: ", replay)
	p.gap()
	lines := GuideLines(s, r)
	if e := s.Expect; e != nil {
		p.line("  guide   ours    counters of keyspace=%q, shard_name=%q", e.Keyspace, string(e.Shard))
	}
	for _, l := range lines {
		p.line("%7d %6d  %s %s", l.Guide, l.Ours, mark(l), brief(s.Expect, l.Series))
	}
	p.gap()
	p.wrapped("", summary(lines))
	for _, l := range lines {
		if !l.Agrees {
			p.wrapped("  - ", because(s, l, differences))
		}
	}
	for i, text := range releaseNotes(lines, differences) {
		if i == 0 {
			p.line("Release %s differs from the guide's:", r.Release)
		}
		p.wrapped("  - ", text)
	}
	if s.Expect != nil && s.Expect.Note != "" {
		p.wrapped("Note: ", oneLine(s.Expect.Note))
	}
	for i := range r.Operations {
		if o := &r.Operations[i]; o.Error != "" {
			p.wrapped(o.ID+": ", course(o))
			p.wrapped("     ", o.Error)
		}
	}
	p.wrapped("Verdict: ", r.Verdict)
	return p.String()
}

// brief leaves out of a series' name what is the same for all of a block.
func brief(e *scenario.Expect, series string) string {
	series = strings.Replace(series, fmt.Sprintf("keyspace=%q,", e.Keyspace), "", 1)
	series = strings.Replace(series, fmt.Sprintf("shard_name=%q", string(e.Shard)), "", 1)
	return strings.NewReplacer("{}", "", ",}", "}").Replace(series)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func mark(l GuideLine) string {
	switch {
	case l.Agrees:
		return "="
	case l.Allowed:
		return "~"
	}
	return "!"
}

func summary(lines []GuideLine) string {
	agree, allowed := 0, 0
	for _, l := range lines {
		if l.Agrees {
			agree++
		} else if l.Allowed {
			allowed++
		}
	}
	text := fmt.Sprintf("%d of %d figures agree (=)", agree, len(lines))
	if allowed > 0 {
		text += fmt.Sprintf(", %d differ as the rules allow (~)", allowed)
	}
	if rest := len(lines) - agree - allowed; rest > 0 {
		text += fmt.Sprintf(", %d differ (!)", rest)
	}
	return text + "."
}

// because says why one figure is not the guide's.
func because(s *scenario.Scenario, l GuideLine, differences []string) string {
	text := fmt.Sprintf("%s: %d, not %d. ", brief(s.Expect, l.Series), l.Ours, l.Guide)
	if l.Allowed && l.Note != "" {
		return text + oneLine(l.Note)
	}
	if len(differences) > 0 {
		return text + "This release is not the guide's, see below."
	}
	if l.Note != "" {
		return text + oneLine(l.Note)
	}
	return text + "The run's timing differs from the guide's."
}

// releaseNotes are the differences of the releases if they are needed to explain a
// figure: once for all figures.
func releaseNotes(lines []GuideLine, differences []string) []string {
	for _, l := range lines {
		if !l.Agrees && !(l.Allowed && l.Note != "") {
			return differences
		}
	}
	return nil
}
