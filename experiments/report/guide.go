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
// differences are the rules in which the run's release differs from the guide's.
func Guide(s *scenario.Scenario, r *runner.Result, differences []string) string {
	p := &page{}
	p.line("%s: %s, release %s, seed %d", s.Name, s.Title, r.Release, r.Seed)
	p.gap()
	lines := GuideLines(s, r)
	p.line("  guide   ours")
	for _, l := range lines {
		p.line("%7d %6d  %s %s", l.Guide, l.Ours, mark(l), l.Series)
	}
	p.gap()
	p.wrapped("", summary(lines))
	for _, l := range lines {
		if !l.Agrees {
			p.wrapped("  - ", explain(s, l, differences))
		}
	}
	if s.Expect != nil && s.Expect.Note != "" {
		p.wrapped("Note: ", strings.Join(strings.Fields(s.Expect.Note), " "))
	}
	for i := range r.Operations {
		if o := &r.Operations[i]; o.Error != "" {
			p.wrapped(o.ID+": ", o.Error)
		}
	}
	return p.String()
}

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

// explain says why one figure is not the guide's.
func explain(s *scenario.Scenario, l GuideLine, differences []string) string {
	text := fmt.Sprintf("%s: %d, not %d. ", l.Series, l.Ours, l.Guide)
	if l.Allowed && l.Note != "" {
		return text + strings.Join(strings.Fields(l.Note), " ")
	}
	if len(differences) > 0 {
		return text + "This release differs from the guide's: " + strings.Join(differences, "; ") + "."
	}
	if l.Note != "" {
		return text + strings.Join(strings.Fields(l.Note), " ")
	}
	return text + "The run's timing differs from the guide's."
}
