package hunt

import (
	"fmt"
	"slices"

	"bufsim/experiments/explain"
	"bufsim/experiments/runner"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// savers looks for changes that would have saved a case: of flags and of times, a thing left
// out, a fix.
func (x *explaining) savers() ([]explain.Saver, error) {
	setting, err := x.from.Setting()
	if err != nil {
		return nil, err
	}
	search := explain.Search{Setting: setting, Before: &runner.Result{}, Play: x.tryChange, Most: 6}
	if x.base.Result != nil {
		search.Before = x.base.Result
	}
	goal := func(r *runner.Result) bool { return !r.Finding }
	found, err := search.Try(changes(x.from.Input.World), goal)
	if err != nil {
		return nil, err
	}
	for _, more := range []func() ([]explain.Saver, error){x.leaveOut, x.fixes} {
		list, err := more()
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return found, nil
}

// changes are the names of the changes that may help in a world, those of flags first.
func changes(world string) []string {
	if world == "cluster" { // its runs are long
		return []string{"buffer-window", "shorter-maximum", "prs", "later"}
	}
	return []string{
		"buffer-window", "buffer-size", "buffer-max-failover-duration", "buffer-drain-concurrency", "shorter-maximum", "sequential-drain",
	}
}

// tryChange plays the case with another setting. The result is a finding unless the change saves.
func (x *explaining) tryChange(s *explain.Setting) (*runner.Result, error) {
	in := x.from.Input.clone()
	in.Scenario = s.Scenario
	before, err := x.from.Setting()
	if err != nil {
		return nil, err
	}
	for _, d := range flags.Descriptions() {
		if v := d.Value(s.Flags); v != d.Value(before.Flags) {
			in.Flags = append(in.Flags, d.Name+"="+v)
		}
	}
	saved, err := x.saves(in)
	r := runner.Result{}
	if x.last != nil {
		r = *x.last
	}
	r.Finding, r.Statements = !saved, runner.Statements{}
	return &r, err
}

// saves reports whether an input that is changed a little is free of the finding, and of others
// that the case does not have. The recorded schedule may not fit such an input to its last
// departure: then schedules decide that begin with what fits, and others with as many departures.
// Those of them must show the finding without the change, and all be free of it with the change;
// what nobody can tell so does not save.
func (x *explaining) saves(in *Input) (bool, error) {
	p, err := x.play(in)
	if err != nil || !x.free(p) {
		return false, nil // what cannot be played does not save
	}
	x.last = p.Result
	if p.Misfit == nil || p.Misfit.Index > lastDeparture(x.from.Input.Choices) {
		return true, nil
	}
	for _, prefix := range []int{p.Misfit.Index, afresh} {
		seeds, err := x.telltale(prefix)
		if err != nil {
			return false, err
		}
		if len(seeds) > 0 {
			return x.freeUnder(in, prefix, seeds)
		}
	}
	return false, nil
}

// free says that a run shows nothing that the case's does not show besides its finding.
func (x *explaining) free(p *Played) bool {
	for _, f := range p.findings() {
		if f.Signature == x.from.Verdict.Signature || !x.base.shows(f.Signature) {
			return false
		}
	}
	return true
}

func lastDeparture(log []sim.Decision) int {
	for i := len(log) - 1; i >= 0; i-- {
		if log[i].C != 0 {
			return i
		}
	}
	return -1
}

// afresh stands for schedules that do not begin as the case's.
const afresh = -1

// telltale are schedules by which the finding can be told, since enough of them show it: all that
// begin with so many of the case's decisions. None, if few do.
func (x *explaining) telltale(prefix int) ([]uint64, error) {
	const enough = 4
	if seeds, known := x.seeds[prefix]; known {
		return seeds, nil
	}
	if x.seeds == nil {
		x.seeds = map[int][]uint64{}
	}
	x.seeds[prefix] = nil
	var tried []uint64
	shown := 0
	for seed := range uint64(attempts(x.from)) {
		p, err := x.play(x.under(x.from.Input, prefix, seed))
		if err != nil {
			return nil, err
		}
		tried = append(tried, seed)
		if p.shows(x.from.Verdict.Signature) {
			if shown++; shown == enough {
				x.seeds[prefix] = tried
				break
			}
		}
	}
	return x.seeds[prefix], nil
}

func (x *explaining) freeUnder(in *Input, prefix int, seeds []uint64) (bool, error) {
	for _, seed := range seeds {
		p, err := x.play(x.under(in, prefix, seed))
		if err != nil || !x.free(p) {
			return false, err
		}
	}
	return true, nil
}

// under is an input under one of the schedules that begin with so many of the case's decisions.
func (x *explaining) under(in *Input, prefix int, seed uint64) *Input {
	own := in.clone()
	_, departures := x.from.decisions()
	length := len(x.from.Input.Choices)
	own.via = func(r *explore.Replay) sim.Chooser {
		if prefix == afresh {
			return explore.NewDelaying(seed, departures, length)
		}
		var left sim.Time
		return &branch{Replay: r, length: prefix, left: &left, rest: explore.NewRandom(seed+1, true)}
	}
	return own
}

// once tries a change that has no degrees.
func (x *explaining) once(name, words string, rules []string, change func(*Input)) ([]explain.Saver, error) {
	in, before := x.from.Input.clone(), x.runs
	change(in)
	if saved, err := x.saves(in); err != nil || !saved {
		return nil, err
	}
	saved, err := x.robust(in)
	if err != nil || !saved {
		return nil, err
	}
	return []explain.Saver{{Knob: name, Text: words, Rules: rules, Runs: x.runs - before, Verified: true, Single: true, Tried: 2}}, nil
}

// robust plays an input again that saves. In a cluster any change moves what comes after it; so it
// must save as well if the schedule goes its own way after the last departure, as far as the
// finding shows then without the change.
func (x *explaining) robust(in *Input) (bool, error) {
	if in.Scenario != nil {
		end := lastDeparture(x.from.Input.Choices) + 1
		seeds, err := x.telltale(end)
		if err != nil {
			return false, err
		}
		if ok, err := x.freeUnder(in, end, seeds); err != nil || !ok {
			return false, err
		}
	}
	return x.saves(in)
}

// leaveOut leaves one thing out at a time: a step, an operation, a fault.
func (x *explaining) leaveOut() ([]explain.Saver, error) {
	var found []explain.Saver
	in := x.from.Input
	try := func(what string, change func(*Input)) error {
		list, err := x.once("without", fmt.Sprintf("leaving out %q", what), nil, change)
		found = append(found, list...)
		return err
	}
	for i, s := range in.Steps {
		if err := try(s.String(), func(in *Input) { in.Steps = slices.Delete(in.Steps, i, i+1) }); err != nil {
			return nil, err
		}
	}
	if in.Scenario == nil {
		return found, nil
	}
	for i, f := range in.Scenario.Faults {
		if err := try(f.String(), func(in *Input) { in.Scenario.Faults = slices.Delete(in.Scenario.Faults, i, i+1) }); err != nil {
			return nil, err
		}
	}
	for i, o := range in.Scenario.Timeline {
		if err := try(o.ID+" "+string(o.Do), func(in *Input) { in.Scenario.Timeline = slices.Delete(in.Scenario.Timeline, i, i+1) }); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// fixes plays the case with one fix of another release at a time.
func (x *explaining) fixes() ([]explain.Saver, error) {
	has, err := x.from.Input.profile()
	if err != nil {
		return nil, err
	}
	var found []explain.Saver
	for _, f := range release.Fixes() {
		if f.In(has.Behaviors) {
			continue
		}
		words := fmt.Sprintf("the fix %s%s: %s", f.Switch, f.FirstRelease(), f.Meaning)
		list, err := x.once("fix", words, f.Rules, func(in *Input) { in.Switches = append(in.Switches, f.Switch+"="+f.Value) })
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return found, nil
}
