package simtest_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
)

func TestWorldsKeepTheContract(t *testing.T) {
	for name, cfg := range map[string]func() sim.Config{
		"first":  func() sim.Config { return sim.Config{} },
		"logged": func() sim.Config { return sim.Config{Chooser: explore.First{}} },
		"random": func() sim.Config { return sim.Config{Chooser: explore.NewRandom(1, true)} },
	} {
		t.Run(name, func(t *testing.T) {
			simtest.Contract(t, func(t *testing.T, prog func(*sim.Env)) {
				w := sim.New(cfg())
				w.AddHost("h", sim.HostOptions{}, prog)
				out := w.Run()
				require.Equal(t, sim.Finished, out.Kind, out.Detail)
			})
		})
	}
}

// crowd is a world of procs that fight for a lock.
func crowd(extra func(i int) time.Duration) simtest.Build {
	return func(cfg sim.Config) *sim.World {
		w := sim.New(cfg)
		w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
			mu, r := e.NewMutex("mu"), e.Rand("pause")
			for i := range 5 {
				e.Go("p", func() {
					for range 10 {
						mu.Lock()
						e.Sleep(time.Duration(r.Intn(3))*time.Millisecond + extra(i))
						mu.Unlock()
					}
				})
			}
		})
		return w
	}
}

func TestDoubleRunAndReplayAcceptADeterministicWorld(t *testing.T) {
	build := crowd(func(int) time.Duration { return 0 })
	hashes := map[uint64]bool{}
	for _, seed := range simtest.Seeds(t, 10) {
		cfg := func() sim.Config { return sim.Config{Seed: seed, Chooser: explore.NewRandom(seed, true)} }
		a := simtest.DoubleRun(t, cfg, build)
		b := simtest.Replay(t, seed, build)
		require.Equal(t, a.Hash, b.Hash)
		require.Empty(t, simtest.FirstDifference(cfg, build))
		hashes[a.Hash] = true
	}
	require.Greater(t, len(hashes), len(simtest.Seeds(t, 10))/2)
}

// recorder stands in for a test that is expected to fail.
type recorder struct {
	testing.TB
	failed []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) { r.failed = append(r.failed, format) }

func TestDoubleRunNamesTheFirstDifference(t *testing.T) {
	runs := 0
	leaky := func(cfg sim.Config) *sim.World { // state outside of the world: the worlds differ
		runs++
		slow := runs%2 == 0
		return crowd(func(i int) time.Duration {
			if slow && i == 3 {
				return time.Microsecond
			}
			return 0
		})(cfg)
	}
	cfg := func() sim.Config { return sim.Config{Seed: 1} }
	r := &recorder{}
	simtest.DoubleRun(r, cfg, leaky)
	require.Len(t, r.failed, 1)
	diff := simtest.FirstDifference(cfg, leaky)
	require.Regexp(t, `the runs agree up to step \d+ at \S+: task \d+ h/p .*\nthen the first has .* task \d+ h/p.*\nand the second has .* task \d+ h/p`, diff)
}

func TestFirstDifferenceOfRunsOfDifferentLength(t *testing.T) {
	for _, longer := range []int{1, 2} {
		runs := 0
		diff := simtest.FirstDifference(func() sim.Config { return sim.Config{} }, func(cfg sim.Config) *sim.World {
			runs++
			w := sim.New(cfg)
			w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
				e.Sleep(1)
				if runs == longer {
					e.Yield()
				}
			})
			return w
		})
		require.Contains(t, diff, "run ends after step 2 at 1ns")
		require.Contains(t, diff, "goes on with step 3")
	}
}

func TestReplayNoticesAMisfit(t *testing.T) {
	runs := 0
	r := &recorder{TB: t}
	simtest.Replay(r, 1, func(cfg sim.Config) *sim.World {
		runs++
		return crowd(func(int) time.Duration { return time.Duration(runs) })(cfg)
	})
	require.NotEmpty(t, r.failed)
}

func TestHashesCompareWithTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hashes.txt")
	require.NoError(t, os.WriteFile(file, []byte("a 0000000000000001\nb 0000000000000002\n"), 0o600))
	r := &recorder{TB: t}
	simtest.Hashes(r, file, map[string]uint64{"a": 1, "b": 2})
	require.Empty(t, r.failed)
	simtest.Hashes(r, file, map[string]uint64{"a": 1, "b": 3})
	simtest.Hashes(r, file, map[string]uint64{"a": 1})
	require.Len(t, r.failed, 2)
}

func TestSeedsDependOnTheName(t *testing.T) {
	a := simtest.Seeds(t, 20)
	require.Equal(t, a, simtest.Seeds(t, 20))
	t.Run("other", func(t *testing.T) { require.NotEqual(t, a, simtest.Seeds(t, 20)) })
}
