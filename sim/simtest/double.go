package simtest

import (
	"fmt"
	"testing"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// Seeds returns n seeds that depend on the test's name alone; with -short a tenth
// of them, but at least one.
func Seeds(t testing.TB, n int) []uint64 {
	if testing.Short() {
		n = max(1, n/10)
	}
	r := sim.NewRand(0, t.Name())
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = r.Uint64()
	}
	return seeds
}

// Build makes a world from a configuration; it may have run it to its end.
type Build func(cfg sim.Config) *sim.World

// DoubleRun plays the world of build twice, with a fresh configuration each time
// (choosers have a state), and fails the test if the two runs differ: then it
// plays both again to name the first step that does. It returns the outcome.
func DoubleRun(t testing.TB, cfg func() sim.Config, build Build) sim.Outcome {
	t.Helper()
	first, second := build(cfg()).Run(), build(cfg()).Run()
	if first.Hash != second.Hash || first.Kind != second.Kind {
		t.Errorf("two runs of one world differ:\n  %s\n  %s\n%s", first.String(), second.String(), FirstDifference(cfg, build))
	}
	return first
}

// FirstDifference plays the world twice and describes the first step that differs,
// with the step before; it is empty if none does.
func FirstDifference(cfg func() sim.Config, build Build) string {
	play := func(onStep func(sim.StepRecord)) {
		c := cfg()
		c.OnStep = onStep
		build(c).Run()
	}
	return Difference(play, play)
}

// Difference plays two runs, which must tell each step to onStep, and describes the
// first step that differs, with the step before; it is empty if none does.
func Difference(first, second func(onStep func(sim.StepRecord))) string {
	var steps []sim.StepRecord
	first(func(r sim.StepRecord) { steps = append(steps, r) })

	n, report := 0, ""
	second(func(r sim.StepRecord) {
		if report == "" && n == len(steps) {
			report = "the first run ends after " + stepBefore(steps, n) + "\nthe second goes on with " + describe(r)
		} else if report == "" && r != steps[n] {
			report = "the runs agree up to " + stepBefore(steps, n) +
				"\nthen the first has    " + describe(steps[n]) + "\nand the second has     " + describe(r)
		}
		n++
	})
	if report == "" && n < len(steps) {
		report = "the second run ends after " + stepBefore(steps, n) + "\nthe first goes on with " + describe(steps[n])
	}
	return report
}

func stepBefore(steps []sim.StepRecord, n int) string {
	if n == 0 {
		return "the start"
	}
	return describe(steps[n-1])
}

func describe(r sim.StepRecord) string {
	s := fmt.Sprintf("step %d at %s: task %d %s", r.Step, r.Time, r.Task.ID, r.Task.Name)
	if r.Task.Op != sim.OpNone {
		s += fmt.Sprintf(" (%s %s)", r.Task.Op, r.Task.Object)
	}
	return s + fmt.Sprintf(", hash %016x", r.Hash)
}

// Replay plays the world under a random schedule and again from its decision log,
// and fails the test if the second run differs or the log does not fit.
func Replay(t testing.TB, seed uint64, build Build) sim.Outcome {
	t.Helper()
	w := build(sim.Config{Seed: seed, Chooser: explore.NewRandom(seed, true)})
	first := w.Run()
	log := w.Decisions()
	chooser := explore.NewReplay(log, true)
	second := build(sim.Config{Seed: seed, Chooser: chooser}).Run()
	if m := chooser.Misfit(); m != nil {
		t.Errorf("seed %d: %v", seed, m)
	} else if chooser.Consumed() != len(log) {
		t.Errorf("seed %d: the replay used %d of %d decisions", seed, chooser.Consumed(), len(log))
	}
	if first.Hash != second.Hash || first.Kind != second.Kind {
		t.Errorf("seed %d: the replay differs:\n  %s\n  %s", seed, first.String(), second.String())
	}
	return first
}
