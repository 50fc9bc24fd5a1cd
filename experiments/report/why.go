package report

import (
	"fmt"
	"strings"

	"bufsim/experiments/explain"
)

// Why renders an explanation as text: one story for each cause, or one for each request.
func Why(w *explain.Why) string {
	p := &page{}
	p.line("%s", whyHeading(w))
	p.command("Replay: ", w.Replay)
	p.gap()
	p.wrapped("", whySummary(w))
	for i := range w.Stories {
		p.gap()
		p.story(i+1, &w.Stories[i])
	}
	if w.Plain != nil {
		p.gap()
		p.line("%s did not fail:", w.Plain.Request.ID)
		p.chain(w.Plain.Chain)
	}
	return p.String()
}

func whyHeading(w *explain.Why) string {
	s := fmt.Sprintf("%s, release %s, seed %d", w.Scenario, w.Release, w.Seed)
	if w.Title != "" {
		s = w.Title + " (" + s + ")"
	}
	return "Why statements failed: " + s
}

func whySummary(w *explain.Why) string {
	if w.Failed == 0 {
		return fmt.Sprintf("None of %d statements failed; the buffer held %s.", w.Statements, counted(w.Held, "request"))
	}
	s := fmt.Sprintf("%d of %d statements failed; the buffer held %s.", w.Failed, w.Statements, counted(w.Held, "request"))
	told := 0
	for i := range w.Stories {
		told += w.Stories[i].Count
	}
	if len(w.Stories) > 1 && told == w.Failed && w.Stories[0].Count > 1 {
		s += fmt.Sprintf(" There are %s.", counted(len(w.Stories), "cause"))
	}
	return s
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (p *page) story(number int, s *explain.Story) {
	p.wrapped(fmt.Sprintf("%d. ", number), fmt.Sprintf("%s: %s", counted(s.Count, "statement"), s.Cause.Title))
	p.wrapped("   ", s.Cause.Meaning)
	if len(s.Cause.Flags) > 0 {
		p.wrapped("   ", "Decided by "+dashed(s.Cause.Flags)+". Rules "+strings.Join(s.Cause.Rules, ", ")+".")
	} else {
		p.wrapped("   ", "No flag decides this. Rules "+strings.Join(s.Cause.Rules, ", ")+".")
	}
	p.gap()
	example := "   What happened"
	if s.Count > 1 {
		example = "   What happened to the first of them"
	}
	p.line("%s (%s):", example, s.Members[0])
	p.chain(s.Chain)
	if s.Searched {
		p.gap()
		p.savers(s)
	}
}

// chain writes one line for each link.
func (p *page) chain(links []explain.Link) {
	for _, l := range links {
		text := l.Text
		if len(l.Rules) > 0 {
			text += " [" + strings.Join(l.Rules, ", ") + "]"
		}
		p.wrapped(fmt.Sprintf("   %9s  ", at(l.At)), text)
	}
}

func (p *page) savers(s *explain.Story) {
	what := "it"
	if s.Count > 1 {
		what = fmt.Sprintf("all %d", s.Count)
	}
	if len(s.Savers) == 0 {
		p.wrapped("   ", "Nothing that was tried would have saved "+what+".")
		return
	}
	p.line("   What would have saved %s:", what)
	for i := range s.Savers {
		p.wrapped("     * ", saverText(&s.Savers[i]))
	}
}

// saverText says what the change is, how it was found, and how far it can be relied on.
func saverText(s *explain.Saver) string {
	text := s.Text
	if len(s.Flags) > 1 {
		text += ", that is " + strings.Join(s.Flags, " ")
	}
	if len(s.Rules) > 0 {
		text += " [" + strings.Join(s.Rules, ", ") + "]"
	}
	text += fmt.Sprintf(" (%s of this seed, the last with just this change", counted(s.Runs, "run"))
	switch {
	case s.Single:
	case s.Monotone:
		text += "; every value tried beyond it saves, every one before fails"
	default:
		text += "; not every value beyond it saves"
	}
	if s.Errors > 0 {
		text += fmt.Sprintf("; %s still fail", counted(s.Errors, "statement"))
	}
	return text + ")"
}

func dashed(flags []string) string {
	words := make([]string, len(flags))
	for i, f := range flags {
		words[i] = "--" + f
	}
	return strings.Join(words, ", ")
}

// WhyMarkdown renders an explanation as Markdown.
func WhyMarkdown(w *explain.Why) string {
	p := &page{}
	p.line("# %s", whyHeading(w))
	p.gap()
	p.line("%s", whySummary(w))
	p.gap()
	p.fence(w.Replay)
	for i := range w.Stories {
		s := &w.Stories[i]
		p.gap()
		p.line("## %s: %s", counted(s.Count, "statement"), s.Cause.Title)
		p.gap()
		p.line("%s Rules %s.", s.Cause.Meaning, strings.Join(s.Cause.Rules, ", "))
		p.gap()
		p.chainMarkdown(s.Chain)
		p.gap()
		for k := range s.Savers {
			p.line("- would have saved it: %s", saverText(&s.Savers[k]))
		}
	}
	if w.Plain != nil {
		p.gap()
		p.chainMarkdown(w.Plain.Chain)
	}
	return p.String()
}

func (p *page) chainMarkdown(links []explain.Link) {
	var rows [][]string
	for _, l := range links {
		rows = append(rows, []string{at(l.At), l.Text, strings.Join(l.Rules, ", ")})
	}
	p.table([]string{"time", "what happened", "rules"}, rows)
}
