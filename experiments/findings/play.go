package findings

import (
	"fmt"
	"strings"

	"bufsim/experiments/invariant"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// Run is one played case.
type Run struct {
	Result *runner.Result
	// Timeline tells what happened, a line each, in order.
	Timeline []string
}

// Shows reports whether the run shows the finding: `bufsim run` exits with 1 then.
func (r Run) Shows() bool { return r.Result.Finding }

// Seen is what the run has found, in the words of the command; empty if it shows nothing.
func (r Run) Seen() string {
	_, seen, _ := strings.Cut(r.Result.Verdict, "Finding: ")
	return seen
}

// Play plays the finding's case in a release with a seed; 0 is the case's first. Changes are
// written as for `bufsim run`: --flag=value is a Vitess flag, name=value what --vary takes.
func (f Finding) Play(releaseName string, seed uint64, changes ...string) (Run, error) {
	run, err := f.play(releaseName, seed, changes)
	if err != nil {
		return Run{}, fmt.Errorf("%s in %s: %w", f.Slug, releaseName, err)
	}
	return run, nil
}

func (f Finding) play(releaseName string, seed uint64, changes []string) (Run, error) {
	profile, err := release.Lookup(releaseName)
	if err != nil {
		return Run{}, err
	}
	s, set, err := f.load(profile, changes)
	if err != nil {
		return Run{}, err
	}
	invariants, err := invariant.Parse("all")
	if err != nil {
		return Run{}, err
	}
	tell := newTeller()
	result, err := runner.Run(s, runner.Options{
		Seed: seed, Release: profile, Flags: set, Invariants: invariants, Sink: tell,
	})
	if err != nil {
		return Run{}, err
	}
	return Run{Result: result, Timeline: tell.lines()}, nil
}

// load reads the finding's case and makes the changes.
func (f Finding) load(p release.Profile, changes []string) (*scenario.Scenario, flags.Set, error) {
	opts := scenario.VitessOptions()
	opts.CheckTrigger = runner.CheckTrigger
	s, err := scenario.LoadFile(f.Case(), opts)
	if err != nil {
		return nil, flags.Set{}, err
	}
	// The outcomes of operations are judged in the scenario's own release only.
	s.Release = p.Name
	set, err := s.FlagSet(p)
	for _, change := range changes {
		if err != nil {
			break
		}
		name, value, _ := strings.Cut(change, "=")
		if flag, ok := strings.CutPrefix(name, "--"); ok {
			err = set.Set(flag, value, p)
		} else {
			s, err = sweep.Vary(s, name, value)
		}
	}
	return s, set, err
}
