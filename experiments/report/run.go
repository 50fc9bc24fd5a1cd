package report

import (
	"fmt"
	"strings"
	"time"

	"bufsim/experiments/runner"
	"bufsim/sim"
)

// Run renders the report of one run: how to play it again, the outcome counts, the
// operations with their phases, the buffer's counters as a gate prints them, the
// errors that clients saw, the latency, the thresholds, the invariants, and the verdict. replay is
// the command that plays the run again.
func Run(r *runner.Result, title, replay string) string {
	p := &page{}
	p.line("%s", heading(r, title))
	p.line("bufsim %s, %s after %d steps and %s of virtual time, hash %s", r.Version, r.Ended, r.Steps, short(r.Time), r.Hash)
	p.command("Replay: ", replay)
	if len(r.Flags) > 0 {
		p.wrapped("Flags:  ", strings.Join(r.Flags, " "))
	}
	p.gap()
	p.statements(r)
	for i := range r.Operations {
		p.gap()
		p.operation(&r.Operations[i])
	}
	if len(r.Faults) > 0 {
		p.gap()
		p.faults(r.Faults)
	}
	for i := range r.Gates {
		p.gap()
		p.line("Buffer metrics of %s", r.Gates[i].Name)
		p.block(samples(BufferMetrics(r.Gates[i].Metrics)))
	}
	p.gap()
	p.errors(r.Errors)
	p.gap()
	p.line("Latency: %s", latency(r.Latency))
	if len(r.Thresholds) > 0 {
		p.gap()
		p.thresholds(r.Thresholds)
	}
	if r.Checked > 0 {
		p.gap()
		p.violations(r)
	}
	p.gap()
	p.wrapped("Verdict: ", r.Verdict)
	return p.String()
}

func heading(r *runner.Result, title string) string {
	s := fmt.Sprintf("%s, release %s, seed %d", r.Scenario, r.Release, r.Seed)
	if title != "" {
		s = title + " (" + s + ")"
	}
	return s
}

func (p *page) statements(r *runner.Result) {
	s := r.Statements
	p.line("Statements: %d ok, %d failed of %d (%s); %d clients, %d gave up",
		s.OK, s.Errors, s.Total, percent(s.ErrorRate()), s.Clients, s.ClientsEnded)
	p.line("Executions: %d at the gates, %d failed", s.Executions, s.FailedExecs)
}

func latency(l runner.Latency) string {
	return fmt.Sprintf("p50 %s, p90 %s, p99 %s, max %s", short(l.P50), short(l.P90), short(l.P99), short(l.Max))
}

func (p *page) operation(o *runner.Operation) {
	p.wrapped(o.ID+": ", course(o))
	if len(o.Phases) > 0 {
		p.line("  %-24s %10s  %s", "phase", "from", "took")
	}
	for _, ph := range o.Phases {
		p.line("  %-24s %10s  %s", ph.Name, at(ph.Begin), short(ph.End.Sub(ph.Begin)))
	}
	switch {
	case o.Output != "":
		p.block(FoldLines(o.Output))
	case o.Error != "":
		p.wrapped("  error: ", o.Error)
	}
}

// course says in words what became of an operation.
func course(o *runner.Operation) string {
	switch {
	case !o.Ended && o.Start == 0:
		return o.What + ", never started" + wish(o)
	case !o.Ended:
		return fmt.Sprintf("%s, from %s, not over at the end of the run%s", o.What, at(o.Start), wish(o))
	}
	return fmt.Sprintf("%s, %s to %s (%s), %s", o.What, at(o.Start), at(o.End), short(o.End.Sub(o.Start)), outcome(o))
}

func outcome(o *runner.Operation) string {
	s := "ok"
	if o.Error != "" {
		s = "failed"
	}
	return s + wish(o)
}

// wish says what an end that the scenario did not want means.
func wish(o *runner.Operation) string {
	switch {
	case o.AsExpected:
		return ""
	case o.NotJudged != "":
		return ", not as the scenario wants (not judged: " + o.NotJudged + ")"
	}
	return ", not as the scenario wants"
}

// errors lists what clients saw. Each text has a line of its own, so that it can be
// searched for.
func (p *page) errors(list []runner.ErrorCount) {
	if len(list) == 0 {
		p.line("Client-side errors: none")
		return
	}
	p.line("Client-side errors")
	rest := list[min(len(list), errorsShown):]
	for _, e := range list[:len(list)-len(rest)] {
		p.line("%7d x %d (%s)", e.Count, e.Num, e.State)
		p.wrapped("    ", e.Text)
	}
	if len(rest) > 0 {
		p.line("and %d other texts, which -o json lists", len(rest))
	}
}

// errorsShown bounds the list of errors: some texts name the row, so that no two are equal.
const errorsShown = 12

func (p *page) thresholds(list []runner.ThresholdCheck) {
	p.line("Thresholds")
	for _, c := range list {
		p.line("  %-20s %10s, limit %s: %s", c.Name, c.Value, c.Limit, judgement(c.OK))
	}
}

func judgement(ok bool) string {
	if ok {
		return "ok"
	}
	return "EXCEEDED"
}

// BufferMetrics keeps the lines of an exposition text that an operator sees with
// `curl .../metrics | grep vtgate_buffer`.
func BufferMetrics(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, "vtgate_buffer") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// samples leaves the comment lines out.
func samples(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// at prints an instant with milliseconds, e.g. "6.203s".
func at(t sim.Time) string { return fmt.Sprintf("%.3fs", t.Duration().Seconds()) }

// short prints a duration with three significant digits or so.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// percent prints a share, e.g. "0.42 %".
func percent(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }
