package report

import (
	"fmt"
	"strings"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
)

// The Markdown forms are for tickets, reviews and lecture notes.

// table writes a Markdown table.
func (p *page) table(head []string, rows [][]string) {
	p.line("| %s |", strings.Join(head, " | "))
	p.line("|%s", strings.Repeat("---|", len(head)))
	for _, row := range rows {
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], "|", `\|`)
		}
		p.line("| %s |", strings.Join(row, " | "))
	}
}

// fence writes a block of code.
func (p *page) fence(text string) {
	p.line("```")
	p.block(text)
	p.line("```")
}

// RunMarkdown renders the report of one run as Markdown.
func RunMarkdown(r *runner.Result, title, replay string) string {
	p := &page{}
	p.line("# %s", heading(r, title))
	p.gap()
	p.line("%s", r.Verdict)
	p.gap()
	p.fence(replay)
	p.gap()
	s := r.Statements
	p.table([]string{"statements", "ok", "failed", "error rate", "clients", "gave up", "latency"}, [][]string{{
		fmt.Sprint(s.Total), fmt.Sprint(s.OK), fmt.Sprint(s.Errors), percent(s.ErrorRate()),
		fmt.Sprint(s.Clients), fmt.Sprint(s.ClientsEnded), latency(r.Latency),
	}})
	for i := range r.Operations {
		p.operationMarkdown(&r.Operations[i])
	}
	p.detailsMarkdown(r)
	p.violationsMarkdown(r)
	p.gap()
	p.line("bufsim %s, release %s, seed %d, hash `%s`", r.Version, r.Release, r.Seed, r.Hash)
	return p.String()
}

func (p *page) operationMarkdown(o *runner.Operation) {
	p.gap()
	p.line("## %s: %s", o.ID, course(o))
	p.gap()
	var rows [][]string
	for _, ph := range o.Phases {
		rows = append(rows, []string{strings.TrimSpace(ph.Name), at(ph.Begin), short(ph.End.Sub(ph.Begin))})
	}
	if len(rows) > 0 {
		p.table([]string{"phase", "from", "took"}, rows)
	}
	if text := strings.TrimRight(o.Output, "\n"); text != "" {
		p.gap()
		p.fence(text)
	}
}

func (p *page) detailsMarkdown(r *runner.Result) {
	if len(r.Errors) > 0 {
		p.gap()
		p.line("## Client-side errors")
		p.gap()
		var rows [][]string
		for _, e := range r.Errors {
			rows = append(rows, []string{fmt.Sprint(e.Count), fmt.Sprint(e.Num), e.State, strings.ReplaceAll(e.Text, "\n", `\n`)})
		}
		p.table([]string{"count", "number", "state", "text"}, rows)
	}
	for i := range r.Gates {
		p.gap()
		p.line("## Buffer metrics of %s", r.Gates[i].Name)
		p.gap()
		p.fence(samples(BufferMetrics(r.Gates[i].Metrics)))
	}
	if len(r.Thresholds) > 0 {
		p.gap()
		p.line("## Thresholds")
		p.gap()
		var rows [][]string
		for _, c := range r.Thresholds {
			rows = append(rows, []string{c.Name, c.Value, c.Limit, judgement(c.OK)})
		}
		p.table([]string{"threshold", "value", "limit", ""}, rows)
	}
}

// GuideMarkdown renders the guide's figures beside ours as Markdown; the arguments
// are those of [Guide].
func GuideMarkdown(s *scenario.Scenario, r *runner.Result, differences []string, replay string) string {
	p := &page{}
	p.line("# %s", heading(r, s.Title))
	p.gap()
	p.fence(replay)
	p.gap()
	lines := GuideLines(s, r)
	var rows [][]string
	for _, l := range lines {
		name := l.Series
		if strings.HasPrefix(name, "vtgate_") {
			name = "`" + name + "`"
		}
		rows = append(rows, []string{name, fmt.Sprint(l.Guide), fmt.Sprint(l.Ours), mark(l)})
	}
	p.table([]string{"figure", "guide", "ours", ""}, rows)
	p.gap()
	p.line("%s", summary(lines))
	p.gap()
	for _, l := range lines {
		if !l.Agrees {
			p.line("- %s", because(s, l, differences))
		}
	}
	for _, text := range releaseNotes(lines, differences) {
		p.line("- release %s: %s", r.Release, text)
	}
	if s.Expect != nil && s.Expect.Note != "" {
		p.line("- %s", oneLine(s.Expect.Note))
	}
	return strings.TrimRight(p.String(), "\n") + "\n"
}

// ScenariosMarkdown lists the built-in scenarios as a Markdown table.
func ScenariosMarkdown(list []scenario.Entry) string {
	p := &page{}
	var rows [][]string
	for _, e := range list {
		rows = append(rows, []string{"`" + e.Name + "`", e.Title})
	}
	p.table([]string{"scenario", "what it shows"}, rows)
	return p.String()
}

func (p *page) violationsMarkdown(r *runner.Result) {
	if r.Checked == 0 {
		return
	}
	p.gap()
	p.line("## Invariants")
	p.gap()
	if len(r.Violations) == 0 {
		p.line("All %d held.", r.Checked)
		return
	}
	var rows [][]string
	for _, v := range r.Violations {
		rows = append(rows, []string{v.Invariant, v.Object, at(v.At), strings.ReplaceAll(v.Detail, "\n", `\n`), v.Excused})
	}
	p.table([]string{"invariant", "object", "at", "seen", "excused"}, rows)
}
