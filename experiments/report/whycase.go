package report

import (
	"fmt"
	"strings"

	"bufsim/experiments/explain"
	"bufsim/experiments/hunt"
)

// WhyCase renders the explanation of a case as text.
func WhyCase(e *hunt.Explanation) string {
	p := &page{}
	p.line("%s", caseHeading(e))
	p.command("Replay: ", e.Replay)
	p.gap()
	p.wrapped("", caseFinding(e))
	p.gap()
	p.line("What happened%s:", leftOut(e.Left))
	p.chain(e.Chain)
	p.gap()
	p.wrapped("", scheduleSummary(&e.Schedule))
	for _, d := range e.Schedule.Departures {
		p.wrapped(fmt.Sprintf("   %9s  ", at(d.At)), departureText(&d))
	}
	if e.Searched {
		p.gap()
		p.caseSavers(e)
	}
	if text := requestsSummary(e.Account); text != "" {
		p.gap()
		p.wrapped("", text)
	}
	return p.String()
}

func caseHeading(e *hunt.Explanation) string {
	release := strings.Join(append([]string{e.Release}, e.Switches...), " with ")
	return fmt.Sprintf("Why the case fails: %s (%s world, release %s, seed %d)", e.Signature, e.World, release, e.Seed)
}

func caseFinding(e *hunt.Explanation) string {
	text := fmt.Sprintf("%s That did not hold for %s at %s: %s.", e.Meaning, e.Object, at(e.At), strings.Join(strings.Fields(e.Detail), " "))
	if len(e.Rules) > 0 {
		text += " Rules " + strings.Join(e.Rules, ", ") + "."
	}
	return text
}

func leftOut(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (without the first %d things)", n)
}

// scheduleSummary says in how much the schedule departs from the dull one.
func scheduleSummary(s *hunt.Schedule) string {
	if s.Recorded == 0 {
		return "The schedule did nothing unusual: who was ready first went first."
	}
	n := len(s.Departures) + s.More
	text := fmt.Sprintf("What the schedule did: in %s who was ready first went first", counted(s.Decisions-n, "decision"))
	if n == 0 {
		text += fmt.Sprintf(". The %s of the case that were otherwise are not needed.", counted(s.Recorded, "decision"))
		return text
	}
	text += fmt.Sprintf(", in %d not", n)
	if s.Recorded > n {
		text += fmt.Sprintf(" (the case has %d of these, a simpler schedule shows the same)", s.Recorded)
	}
	switch {
	case s.Dull:
		text += ". It shows without them, too:"
	case s.More > 0:
		text += fmt.Sprintf(". Without them it does not show. The first %d:", len(s.Departures))
	default:
		text += ". Without them it does not show:"
	}
	return text
}

func departureText(d *hunt.Departure) string {
	text := fmt.Sprintf("%s (decision %d", d.Text, d.Number)
	if d.Needed {
		text += "; without this one alone it does not show"
	}
	return text + ")"
}

func (p *page) caseSavers(e *hunt.Explanation) {
	if len(e.Savers) == 0 {
		p.wrapped("", "Nothing that was tried would have saved it.")
		return
	}
	p.line("What would have saved it:")
	for i := range e.Savers {
		p.wrapped("   * ", saverText(&e.Savers[i]))
	}
}

// requestsSummary counts the requests that failed by cause.
func requestsSummary(a *explain.Account) string {
	if a == nil || len(a.Requests) == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of %s failed", len(a.Failures), counted(len(a.Requests), "request"))
	var causes []string
	for _, g := range a.Groups() {
		causes = append(causes, fmt.Sprintf("%d: %s", len(g.Failures), g.Cause.Title))
	}
	if len(causes) > 0 {
		text += " (" + strings.Join(causes, "; ") + ")"
	}
	return text + ". `--request NAME` tells the story of one."
}

// WhyCaseMarkdown renders the explanation of a case as Markdown.
func WhyCaseMarkdown(e *hunt.Explanation) string {
	p := &page{}
	p.line("# %s", caseHeading(e))
	p.gap()
	p.line("%s", caseFinding(e))
	p.gap()
	p.fence(e.Replay)
	p.gap()
	p.chainMarkdown(e.Chain)
	p.gap()
	p.line("%s", scheduleSummary(&e.Schedule))
	p.gap()
	for _, d := range e.Schedule.Departures {
		p.line("- %s: %s", at(d.At), departureText(&d))
	}
	for i := range e.Savers {
		p.line("- would have saved it: %s", saverText(&e.Savers[i]))
	}
	return p.String()
}
