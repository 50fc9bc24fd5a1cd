package runner_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
	"bufsim/sim/trace"
)

func run(t testing.TB, s *scenario.Scenario, opts runner.Options) *runner.Result {
	t.Helper()
	r, err := runner.Run(s, opts)
	require.NoError(t, err)
	return r
}

func text(t testing.TB, r *runner.Result) string {
	t.Helper()
	b, err := json.Marshal(r)
	require.NoError(t, err)
	return string(b)
}

// difference names the first step in which two runs differ.
func difference(t testing.TB, s *scenario.Scenario, a, b runner.Options) string {
	play := func(opts runner.Options) func(func(sim.StepRecord)) {
		return func(onStep func(sim.StepRecord)) {
			opts.OnStep = onStep
			run(t, s, opts)
		}
	}
	return simtest.Difference(play(a), play(b))
}

// TestGoldenHashes compares the step hash of each built-in scenario with a
// committed one, on releases with different code paths. It holds on every build:
// one processor or four, race detector, the other back end of the kernel, 32 bits,
// WebAssembly. The last line is a hash over the results themselves.
func TestGoldenHashes(t *testing.T) {
	hashes, results := map[string]uint64{}, uint64(0)
	for _, name := range scenario.Names() {
		for _, rel := range []string{"v13", "v24", "main"} {
			s, opts := load(t, name, rel)
			for opts.Seed = 1; opts.Seed <= 2; opts.Seed++ {
				r := run(t, s, opts)
				hashes[fmt.Sprintf("%s/%s/%d", name, rel, opts.Seed)] = r.Outcome.Hash
				results = sim.HashString(results, text(t, r))
			}
		}
	}
	hashes["results"] = results
	simtest.Hashes(t, "testdata/hashes.txt", hashes)
}

// seedsToTry is how many seeds TestSameSeedSameBytes plays: BUFSIM_SEEDS in the
// environment (the nightly run sets 2000), else 150, with -short 15.
func seedsToTry(t testing.TB) int {
	t.Helper()
	if text := os.Getenv("BUFSIM_SEEDS"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err, "BUFSIM_SEEDS")
		return n
	}
	if testing.Short() {
		return 15
	}
	return 150
}

// TestSameSeedSameBytes plays many seeds twice, each pair in different company: the
// JSON of the results is equal to the byte. Other seeds give other hashes.
func TestSameSeedSameBytes(t *testing.T) {
	n := seedsToTry(t)
	for _, name := range []string{"default", "1", "3", "4", "5"} {
		s, opts := load(t, name, "v24")
		first := manySeeds(t, s, opts, n/5+1, nil)
		second := manySeeds(t, s, opts, n/5+1, func(o *runner.Options) { o.Pool = nil })
		seen := map[string]uint64{}
		for i, r := range first {
			if text(t, r) != text(t, second[i]) {
				opts.Seed = r.Seed
				t.Fatalf("scenario %s, seed %d: two runs differ\n%s", name, r.Seed, difference(t, s, opts, opts))
			}
			require.Zero(t, seen[r.Hash], "scenario %s: seeds %d and %d have one hash", name, seen[r.Hash], r.Seed)
			seen[r.Hash] = r.Seed
		}
	}
}

// TestObserversKeepTheHash: watching a run does not change it.
func TestObserversKeepTheHash(t *testing.T) {
	pool := sim.NewPool()
	defer pool.Close()
	for _, name := range []string{"default", "5"} {
		s, plain := load(t, name, "v24")
		plain.Seed = 7
		want := run(t, s, plain)
		var steps uint64
		for what, edit := range map[string]func(*runner.Options){
			"details":    func(o *runner.Options) { o.Details = true },
			"sink":       func(o *runner.Options) { o.Sink = trace.NewRecorder(trace.Filter{}) },
			"transcript": func(o *runner.Options) { o.Transcript = true },
			"steps":      func(o *runner.Options) { o.OnStep = func(sim.StepRecord) { steps++ } },
			"pool":       func(o *runner.Options) { o.Pool = pool },
			"used pool":  func(o *runner.Options) { o.Pool = pool },
		} {
			watched := plain
			edit(&watched)
			got := run(t, s, watched)
			if got.Hash != want.Hash {
				t.Errorf("%s: %s changes the run\n%s", name, what, difference(t, s, plain, watched))
			}
			require.Equal(t, want.Statements, got.Statements, what)
		}
		require.Equal(t, want.Steps, steps)
	}
}

// TestReplayKeepsTheHash: a run under a random schedule, played again from its
// decision log, is the same run.
func TestReplayKeepsTheHash(t *testing.T) {
	s, opts := load(t, "5", "v24")
	hashes := map[string]bool{}
	for seed := uint64(1); seed <= 5; seed++ {
		opts.Seed, opts.Chooser = 1, explore.NewRandom(seed, true)
		first := run(t, s, opts)
		require.NotEmpty(t, first.Decisions)
		chooser := explore.NewReplay(first.Decisions, true)
		opts.Chooser = chooser
		again := run(t, s, opts)
		require.Nil(t, chooser.Misfit())
		require.Equal(t, len(first.Decisions), chooser.Consumed())
		require.Equal(t, text(t, first), text(t, again))
		hashes[first.Hash] = true
	}
	require.Len(t, hashes, 5, "five schedules are five runs")
}

// TestCanary builds the runner with an actor that goes through a map and reads the
// machine's clock, and demands that TestSameSeedSameBytes sees it.
func TestCanary(t *testing.T) {
	if runtime.GOOS == "js" || testing.Short() {
		t.Skip("compiles the runner with the go command, which -short leaves out and WebAssembly cannot start")
	}
	c := exec.Command("go", "test", "-count=1", "-tags", "bufsim_canary", "-run", "^TestSameSeedSameBytes$", ".")
	c.Env = append(os.Environ(), "BUFSIM_SEEDS=10")
	out, err := c.CombinedOutput()
	require.Error(t, err, "the canary went unnoticed")
	require.Contains(t, string(out), "two runs differ")
	require.Contains(t, string(out), "canary", "the first differing step is named")
}

// endings lets goroutines end: those of the handoff back end, and of the search for an order
// of rows in tests before, do so a moment later.
func endings() {
	for range 1000 {
		runtime.Gosched()
	}
}

// TestRunLeavesNothingBehind: neither a run that ends in mid-statement nor one that
// fails leaves a coroutine.
func TestRunLeavesNothingBehind(t *testing.T) {
	s, opts := load(t, "4", guideRelease)
	endings()
	before := runtime.NumGoroutine()
	pool := sim.NewPool()
	for opts.Seed = 1; opts.Seed <= 5; opts.Seed++ {
		run(t, s, opts)
		shared := opts
		shared.Pool = pool
		run(t, s, shared)
	}
	pool.Close()
	endings()
	require.Equal(t, before, runtime.NumGoroutine())
}
