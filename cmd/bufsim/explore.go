package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bufsim/experiments/hunt"
	"bufsim/model/release"
	"bufsim/sim/explore"
)

// exploreInput is what explore takes from its command line.
type exploreInput struct {
	opts     hunt.Options
	seed     *seedValue
	scenario string
	out      string
	known    string
	verbose  bool
}

func (a *app) exploreCommand() *cobra.Command {
	var (
		in   exploreInput
		form *formValue
	)
	c := &cobra.Command{
		Use:   "explore",
		Short: "Look for bugs: random worlds, faults and schedules under the invariants",
		Long: `Draws runs at random, plays them on all cores under every invariant, and keeps each
finding as a case that replays: worlds of three sizes (a buffer alone, a gate over
tablets that do what a program says, a whole cluster), flags, traffic, reparents,
faults, and schedules. What reached something new is varied further.

Bounded by --time or --first it is a search, which tells that something can happen; with
--runs it is a sweep, which also tells how often. Findings of one cause are told once,
with their shortest example. With --out each becomes a folder for replay and shrink.
What was never reached is told, too. The exit code is 1 after a finding, 3 if a run was
not the same when it was played again.`,
		Example: `  bufsim explore --release v19 --time 60s --out cases
  bufsim explore --runs 5000 --seed 7 --world buffer,gate
  bufsim explore --scenario 3 --release v24 --runs 200
  bufsim explore --faults crash,partition,lock-lost --release v24
  bufsim explore --chooser pct:3 --first`,
		Args: noArgument,
		RunE: func(c *cobra.Command, _ []string) error { return a.explore(&in, form.form) },
	}
	in.register(c)
	form = registerOutput(c, "text", "json", "ndjson", "md")
	return c
}

func (in *exploreInput) register(c *cobra.Command) {
	f, o := c.Flags(), &in.opts
	in.seed = &seedValue{n: 1}
	f.Var(in.seed, "seed", "seed of all draws")
	f.StringVar(&o.Release, "release", "", "Vitess `RELEASE` to behave like (default: drawn)")
	f.DurationVar(&o.Time, "time", 0, "look for that long, e.g. 60s (default 60s, unless --runs or --steps is given)")
	f.IntVar(&o.Runs, "runs", 0, "play that many runs")
	f.Uint64Var(&o.Steps, "steps", 0, "play runs of that many steps together")
	f.BoolVar(&o.First, "first", false, "end at the first finding")
	f.StringSliceVar(&o.Worlds, "world", nil, "worlds to play: buffer, gate, cluster (default: all)")
	f.StringSliceVar(&o.Faults, "faults", nil, "`KINDS` of faults to draw from, or patterns, e.g. crash,partition; none leaves them out (default: all, in most clusters)")
	f.StringVar(&in.scenario, "scenario", "", "play this scenario instead of drawn worlds")
	f.StringArrayVar(&o.Policies, "chooser", nil, "`STRATEGY` that schedules, e.g. pct:3 or random+stall; may be given again (default: all in turn)")
	f.StringArrayVar(&o.Switches, "switch", nil, "turn a switch of the release, `NAME=VALUE`, e.g. CancelLeaksSlot=true; may be given again")
	f.StringVar(&in.out, "out", "", "`FOLDER` that gets a folder for each finding")
	f.StringVar(&in.known, "known", "", "`FILE` with known findings, a line `open SIGNATURE` or `fixed SIGNATURE` for each; only others, and fixed ones, fail")
	f.IntVar(&o.Jobs, "jobs", 0, "runs at a time (default: one for each processor)")
	f.BoolVarP(&in.verbose, "verbose", "v", false, "say what each run is")
	complete(c, "release", releaseNames)
	complete(c, "world", func() []string { return []string{"buffer", "gate", "cluster"} })
}

// resolve checks what was given and fills in the rest.
func (in *exploreInput) resolve() error {
	o := &in.opts
	o.Seed = in.seed.n
	if o.Release != "" {
		if _, err := release.Lookup(o.Release); err != nil {
			return usage("--release: %v", err)
		}
	}
	if o.Runs < 0 || o.Time < 0 || o.Jobs < 0 {
		return usage("--runs, --time and --jobs are from 0 on")
	}
	if o.Runs == 0 && o.Steps == 0 && o.Time == 0 {
		o.Time = time.Minute
	}
	for _, text := range o.Policies {
		if _, err := explore.Parse(text); err != nil {
			return usage("--chooser: %v", err)
		}
	}
	if err := in.resolveFaults(); err != nil {
		return err
	}
	if in.scenario == "" {
		return nil
	}
	if len(o.Worlds) > 0 {
		return usage("--scenario and --world do not go together: a scenario is a cluster")
	}
	s, err := loadScenario(in.scenario)
	if err != nil {
		return err
	}
	o.Worlds, o.Draw = []string{"cluster"}, hunt.Fixed(s)
	if o.Release == "" {
		o.Release = s.Release
	}
	return nil
}

// resolveFaults checks the kinds of faults. Only clusters have faults: who names some wants
// clusters.
func (in *exploreInput) resolveFaults() error {
	o := &in.opts
	if len(o.Faults) == 0 {
		return nil
	}
	if err := hunt.CheckFaultKinds(o.Faults); err != nil {
		return usage("--faults: %v", err)
	}
	if in.scenario != "" {
		return usage("--scenario and --faults do not go together: a scenario has its own faults")
	}
	if len(o.Worlds) == 0 && o.Faults[0] != hunt.NoFaults {
		o.Worlds = []string{"cluster"}
	}
	return nil
}

func (a *app) explore(in *exploreInput, form string) error {
	if err := in.resolve(); err != nil {
		return err
	}
	known, err := in.readKnown()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	due := every(5 * time.Second)
	in.opts.Progress = func(p hunt.Progress) {
		if !due() {
			return
		}
		perRun, perStep := p.Rates()
		a.say("%d runs, %.0f/s, %.0f steps/s, %d findings, %d things reached", p.Runs, perRun, perStep, p.Findings, p.Reached)
	}
	if in.verbose {
		in.opts.Verbose = func(run int, line string) { fmt.Fprintf(a.err, "run %d: %s\n", run, line) }
	}
	in.opts.Found = func(f *hunt.Finding) { a.say("found in run %d: %s", f.First, f.Signature) }
	report, err := hunt.Explore(ctx, in.opts)
	if err != nil {
		return usage("%v", err)
	}
	if known != nil {
		known.Mark(report)
	}
	if err := a.saveCases(in, report); err != nil {
		return err
	}
	if err := a.printExploration(form, report); err != nil {
		return err
	}
	switch {
	case report.Nondeterministic():
		return &exitError{exitOurFault, "a failing run was not the same when it was played again"}
	case report.Fails():
		return errFinding()
	case report.Sweep && len(report.Blind) > 0:
		return &exitError{exitFinding, "nothing was shown to " + strings.Join(report.Blind, ", ") + ": that they held says nothing"}
	case report.Interrupted:
		return errInterrupted()
	}
	return nil
}

// readKnown reads the list of known findings, nil if there is none.
func (in *exploreInput) readKnown() (hunt.Known, error) {
	if in.known == "" {
		return nil, nil
	}
	text, err := os.ReadFile(in.known)
	if err != nil {
		return nil, cannot("read the known findings", in.known, err)
	}
	known, err := hunt.ParseKnown(string(text))
	if err != nil {
		return nil, usage("%s: %v", in.known, err)
	}
	return known, nil
}

// saveCases writes a folder for each finding.
func (a *app) saveCases(in *exploreInput, report *hunt.Report) error {
	if in.out == "" {
		return nil
	}
	for _, f := range report.Findings {
		f.Folder = filepath.Join(in.out, folderName(f.Signature))
		if err := f.Case.WriteFolder(f.Folder, in.opts.Invariants); err != nil {
			return cannot("write the case", f.Folder, err)
		}
	}
	return nil
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9-]+`)

// folderName makes a file name of a signature.
func folderName(signature string) string {
	return strings.Trim(notInNames.ReplaceAllString(signature, "-"), "-")
}

func (a *app) printExploration(form string, r *hunt.Report) error {
	switch form {
	case "json":
		return a.printJSON(r)
	case "md":
		return a.printText(r.Markdown())
	case "ndjson":
		enc := json.NewEncoder(a.out)
		for _, f := range r.Findings {
			if err := enc.Encode(f); err != nil {
				return err
			}
		}
		return nil
	}
	return a.printText(r.Text())
}
