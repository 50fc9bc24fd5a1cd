package report

import (
	"fmt"
	"strings"
	"time"

	"bufsim/experiments/tune"
)

// TunePage is everything that the report of a tuning is made from.
type TunePage struct {
	*tune.Advice
	// Replay is the command that gives the advice again.
	Replay string `json:"replay"`
}

// Text renders the advice: the flags, how sure they are, the trade-off, what smaller
// values miss, what it costs and what it assumes.
func (t *TunePage) Text() string {
	p := &page{}
	p.wrapped("", t.heading())
	p.command("Replay: ", t.Replay)
	p.gap()
	for _, l := range t.answer() {
		p.wrapped("", l)
	}
	if len(t.Flags) > 0 {
		p.gap()
		for _, f := range t.Flags {
			p.line("  %s", f)
		}
	}
	if len(t.Curve) > 0 {
		p.gap()
		p.line("%10s %9s  %-19s %12s %10s %10s", "window", "errors", "95 % interval", "runs hit", "p99 pause", "longest")
		for _, c := range t.Curve {
			p.line("%10s %8.2f%%  %-19s %12s %10s %10s  %s", c.Window, 100*c.ErrorRate.Mean, bounds(c),
				fmt.Sprintf("%.0f of %d", c.Hit.Mean*float64(c.Runs), c.Runs), round(c.PauseP99), round(c.PauseMax), met(c.Met))
		}
	}
	for _, list := range t.paragraphs() {
		p.gap()
		p.line("%s", list[0])
		for _, l := range list[1:] {
			p.wrapped("- ", l)
		}
	}
	return p.String()
}

// Markdown renders the same for tickets and reviews.
func (t *TunePage) Markdown() string {
	p := &page{}
	p.line("# %s", t.heading())
	p.gap()
	for _, l := range t.answer() {
		p.line("%s", l)
	}
	p.gap()
	if len(t.Flags) > 0 {
		p.fence(strings.Join(t.Flags, "\n"))
		p.gap()
	}
	p.fence(t.Replay)
	if len(t.Curve) > 0 {
		p.gap()
		var rows [][]string
		for _, c := range t.Curve {
			rows = append(rows, []string{
				c.Window.String(), percent(c.ErrorRate.Mean), bounds(c), fmt.Sprintf("%.0f of %d", c.Hit.Mean*float64(c.Runs), c.Runs),
				round(c.PauseP99), round(c.PauseMax), met(c.Met),
			})
		}
		p.table([]string{"window", "errors", "95 % interval", "runs hit", "p99 pause", "longest pause", "target"}, rows)
	}
	for _, list := range t.paragraphs() {
		p.gap()
		p.line("## %s", strings.TrimSuffix(list[0], ":"))
		p.gap()
		for _, l := range list[1:] {
			p.line("- %s", l)
		}
	}
	return p.String()
}

func (t *TunePage) heading() string {
	return fmt.Sprintf("%s, release %s: the smallest buffer with which %s", t.Scenario, t.Release, t.Target)
}

// answer says what was found in a few sentences.
func (t *TunePage) answer() []string {
	switch {
	case t.Interrupted && t.Setting != nil:
		return []string{"Interrupted: these flags met the target in the search and were not verified with fresh seeds."}
	case t.Interrupted:
		return []string{"Interrupted before anything was found. What was played:"}
	case t.Verdict == tune.Recommended:
		return []string{"These flags met the target with fresh seeds. " + heldText(t.Held)}
	case t.Verdict == tune.Unavoidable:
		lines := []string{
			"No candidate meets the target. With these flags nothing failed, with fresh seeds, but what no flag of the buffer decides or what " +
				"fails with larger candidates, too. " + heldText(t.Held),
		}
		if b := t.Best; b != nil {
			lines = append(lines, fmt.Sprintf("The best of all candidates played %d of the seeds with a failed statement, too, and had one with %d.", b.Runs, b.Hit))
		}
		return lines
	case t.Verdict == tune.Impossible:
		return []string{"No candidate meets the target. The one that came closest was " + t.Below[0].Value + ": " + t.Below[0].Missed + "."}
	}
	return []string{"Inconclusive: nothing is recommended."}
}

func heldText(h *tune.Held) string {
	return fmt.Sprintf("In %d runs with %d reparents, %d had a failed statement: at most %.1f %% of such runs have one (%.4g %% Clopper-Pearson). "+
		"The longest pause was %s, the 99th percentile %s.", h.Runs, h.Reparents, h.Hit, 100*h.HitMost, 100*h.Level, round(h.PauseMax), round(h.PauseP99))
}

// paragraphs are the lists of the report, each with its heading.
func (t *TunePage) paragraphs() (list [][]string) {
	add := func(head string, lines []string) {
		if len(lines) > 0 {
			list = append(list, append([]string{head}, lines...))
		}
	}
	var below []string
	for _, s := range t.Below {
		below = append(below, shortfall(s))
	}
	head := "Why not less:"
	if t.Setting == nil {
		head = "What was missed:"
	}
	add(head, below)
	add("What still fails:", causeLines(t.Remaining))
	add("Memory of a gate:", t.memory())
	add("Played:", t.played())
	add("Assumed:", t.Assumptions)
	add("Notes:", t.Notes)
	return list
}

func shortfall(s tune.Shortfall) string {
	name := "--" + s.Flag + "=" + s.Value
	if s.Flag == "setting" {
		name = s.Value
	}
	text := name + ": " + s.Missed
	if lines := causeLines(s.Causes); len(lines) > 0 {
		text += "; " + strings.Join(lines, "; ")
	}
	return text
}

func causeLines(causes []tune.Cause) (lines []string) {
	for _, c := range causes {
		lines = append(lines, fmt.Sprintf("%d: %s (%s)", c.Count, c.Why, cutOff(oneLine(c.Text))))
	}
	return lines
}

// errorTextMax is how much of an error's text is shown.
const errorTextMax = 120

func cutOff(text string) string {
	if len(text) <= errorTextMax {
		return text
	}
	return Fold(text, errorTextMax)[0] + " ..."
}

func (t *TunePage) memory() []string {
	if t.Setting == nil {
		return nil
	}
	m := t.Memory
	return []string{fmt.Sprintf("%d requests were held at most: %s; with all %d places taken: %s.", m.HighWater, bytes(m.Used), t.Setting.Size, bytes(m.Full))}
}

func (t *TunePage) played() []string {
	d := t.Played
	lines := []string{fmt.Sprintf("%d runs, with %s to %s without a serving primary. Nothing is said about longer ones.", d.Runs, round(d.OutageMin), round(d.OutageMax))}
	if d.Failed > 0 {
		lines = append(lines, fmt.Sprintf("%d reparents failed, the last one with: %s", d.Failed, cutOff(oneLine(d.FailedText))))
	}
	return lines
}

func bounds(c tune.CurvePoint) string {
	if !c.ErrorRate.Bounded() {
		return "(one run)"
	}
	return fmt.Sprintf("%.2f%% to %.2f%%", 100*c.ErrorRate.Low, 100*c.ErrorRate.High)
}

func met(ok bool) string {
	if ok {
		return "met"
	}
	return "missed"
}

func round(d time.Duration) string { return d.Round(time.Millisecond).String() }

// bytes says a size in the unit that a reader takes in.
func bytes(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
