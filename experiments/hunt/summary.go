package hunt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bufsim/experiments/stats"
)

// Text tells a report: findings by cause, what was played, what was not reached.
func (r *Report) Text() string {
	var b strings.Builder
	b.WriteString(r.headline() + "\n")
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n%s%s\n  %s\n  %s, at %s: %s\n  in %s, first in run %d%s\n", mark(f), f.Signature, f.Meaning,
			f.Object, f.At, oneLine(f.Detail), runs(f.Runs), f.First, r.rate(f))
		if f.Nondeterminism != "" {
			fmt.Fprintf(&b, "  NOT DETERMINISTIC: played again it was another run\n  %s\n", f.Nondeterminism)
		}
		if f.Folder != "" {
			fmt.Fprintf(&b, "  bufsim replay %s\n", f.Folder)
		}
	}
	for _, signature := range r.Resolved {
		fmt.Fprintf(&b, "\n%s: %s did not show\n", StatusResolved, signature)
	}
	if len(r.Blind) > 0 {
		fmt.Fprintf(&b, "\ninvariants that nothing was shown to: %s\n", strings.Join(r.Blind, ", "))
	}
	if len(r.Gaps) > 0 {
		var names []string
		for _, g := range r.Gaps {
			names = append(names, g.Name)
		}
		fmt.Fprintf(&b, "\nnever reached: %s\n", strings.Join(names, ", "))
	}
	return b.String()
}

// headline is one sentence about all of it.
func (r *Report) headline() string {
	var worlds []string
	for _, w := range Worlds() {
		if n := r.Worlds[w.Name]; n > 0 {
			worlds = append(worlds, fmt.Sprintf("%d %s", n, w.Name))
		}
	}
	findings := fmt.Sprintf("%d findings", len(r.Findings))
	if len(r.Findings) == 1 {
		findings = "1 finding"
	}
	text := fmt.Sprintf("%s in %s (%s), %d steps; %d things reached", findings, runs(r.Runs), strings.Join(worlds, ", "), r.Steps, len(r.Reached))
	if !r.Sweep {
		text += "; a search, not a rate"
	}
	return text
}

// rate is the share of runs that show a finding, with its interval; only sweeps have one.
func (r *Report) rate(f *Finding) string {
	if !r.Sweep {
		return ""
	}
	e, err := stats.Wilson(f.Runs, r.Runs, 0.95)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("; rate %.2g (95%% interval %.2g to %.2g)", e.Mean, e.Low, e.High)
}

func runs(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}

func mark(f *Finding) string {
	if f.Status == "" {
		return ""
	}
	return f.Status + ": "
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Markdown is the report as a page.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Exploration\n\n%s\n\n| finding | what | runs | first run |\n|---|---|---|---|\n", r.headline())
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "| %s`%s` | %s: %s | %d | %d |\n", mark(f), f.Signature, f.Object, strings.ReplaceAll(oneLine(f.Detail), "|", "\\|"), f.Runs, f.First)
	}
	if len(r.Gaps) > 0 {
		b.WriteString("\n| never reached | what it is |\n|---|---|\n")
		for _, g := range r.Gaps {
			fmt.Fprintf(&b, "| `%s` | %s |\n", g.Name, g.Meaning)
		}
	}
	return b.String()
}

// Nondeterministic reports whether a failing run was another one when it was played again.
func (r *Report) Nondeterministic() bool {
	return slices.ContainsFunc(r.Findings, func(f *Finding) bool { return f.Nondeterminism != "" })
}

// Rates are runs and steps for each second.
func (p Progress) Rates() (runsPerSecond, stepsPerSecond float64) {
	s := max(p.Elapsed, time.Millisecond).Seconds()
	return float64(p.Runs) / s, float64(p.Steps) / s
}
