package tune

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// problem is a question whose runs come from a function: it gives the errors of a setting.
func problem(t require.TestingT, releaseName string, errors func(Setting, uint64) (int, Cause)) *Problem {
	s, err := scenario.Builtin("default", scenario.VitessOptions())
	require.NoError(t, err)
	p, err := release.Lookup(releaseName)
	require.NoError(t, err)
	return &Problem{
		Scenario: s, Profile: p, Base: flags.Defaults(p), Seeds: 6, Verify: 12,
		stub: func(set Setting, _ int, seed uint64) *Run {
			n, c := errors(set, seed)
			r := &Run{Seed: seed, Statements: 100, Errors: n, Steps: 1000, HighWater: 30, Outage: time.Second}
			if n > 0 {
				c.Count = n
				r.Causes = []Cause{c}
			}
			return r
		},
	}
}

func solved(t require.TestingT, p *Problem) *Advice {
	a, err := Solve(context.Background(), p)
	require.NoError(t, err)
	return a
}

// Whatever window and size a failover needs, the search finds exactly these, and names the
// next smaller ones with what they miss.
func TestSmallestIsFound(t *testing.T) {
	windows, sizes := usualWindows(), []int{1, 2, 5, 10, 20, 50}
	rapid.Check(t, func(t *rapid.T) {
		w, n := rapid.SampledFrom(windows).Draw(t, "window"), rapid.SampledFrom(sizes).Draw(t, "size")
		name := rapid.SampledFrom([]string{"v13", "v19", "v24"}).Draw(t, "release")
		a := solved(t, problem(t, name, func(s Setting, _ uint64) (int, Cause) {
			if s.Window < w || s.Size < n {
				return 3, Cause{Why: "too small"}
			}
			return 0, Cause{}
		}))
		require.Equal(t, Recommended, a.Verdict)
		require.Equal(t, w, a.Setting.Window)
		require.Equal(t, w, a.Setting.Max)
		require.Equal(t, n, a.Setting.Size)
		require.Equal(t, 1, a.Setting.Drain)
		require.GreaterOrEqual(t, a.Setting.Gap, time.Minute)
		require.Equal(t, 12, a.Held.Runs)
		require.InDelta(t, 0.2646, a.Held.HitMost, 1e-4) // 1 - 0.025^(1/12)
		below := 0
		for _, s := range a.Below {
			below++
			require.Contains(t, s.Missed, "had failed statements, up to 3")
		}
		want := 0
		if w > windows[0] {
			want++
		}
		if n > 1 {
			want++
		}
		require.Equal(t, want, below)
	})
}

// The order of the candidates is never taken for granted: where larger windows are worse,
// too, as with two reparents close to one another, the one that does is found.
func TestOrderIsChecked(t *testing.T) {
	windows := usualWindows()
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(windows)-1).Draw(t, "first")
		j := rapid.IntRange(i, len(windows)-1).Draw(t, "last")
		a := solved(t, problem(t, "v24", func(s Setting, _ uint64) (int, Cause) {
			if s.Window < windows[i] || s.Window > windows[j] {
				return 1, Cause{Why: "out of range"}
			}
			return 0, Cause{}
		}))
		require.Equal(t, Recommended, a.Verdict)
		require.Equal(t, windows[i], a.Setting.Window)
	})
}

// What fails at the best setting with the same seed as well makes nothing grow and is no
// reason to refuse everything; it is told, and the verdict is another one.
func TestUnavoidable(t *testing.T) {
	race := func(s Setting, seed uint64) (int, Cause) {
		if s.Window < 3*time.Second {
			return 5, Cause{Why: "window"}
		}
		if seed%5 == 0 {
			return 1, Cause{Why: "a race that nobody knows"}
		}
		return 0, Cause{}
	}
	a := solved(t, problem(t, "v24", race))
	require.Equal(t, Unavoidable, a.Verdict)
	require.Equal(t, 3*time.Second, a.Setting.Window)
	require.Equal(t, a.Held.Hit, a.Best.Hit)
	require.Equal(t, "a race that nobody knows", a.Remaining[0].Why)

	// A cause about which no flag decides is left out at once, however frequent.
	a = solved(t, problem(t, "v24", func(s Setting, _ uint64) (int, Cause) {
		if s.Window < 2*time.Second {
			return 2, Cause{Why: "window"}
		}
		return 1, Cause{Why: "clients give up", Elsewhere: true}
	}))
	require.Equal(t, Unavoidable, a.Verdict)
	require.Equal(t, 2*time.Second, a.Setting.Window)
}

// Fresh seeds show what the search's seeds did not: the setting grows until it holds.
func TestGrowsWithFreshSeeds(t *testing.T) {
	a := solved(t, problem(t, "v24", func(s Setting, seed uint64) (int, Cause) {
		if s.Window < 2*time.Second || seed > freshSeeds && s.Window < 4*time.Second {
			return 2, Cause{Why: "window"}
		}
		return 0, Cause{}
	}))
	require.Equal(t, Recommended, a.Verdict)
	require.Equal(t, 4*time.Second, a.Setting.Window)
	require.Equal(t, 4*time.Second, a.Setting.Max)
	require.Contains(t, a.Below[len(a.Below)-1].Missed, "with fresh seeds")
	require.InDelta(t, 1-math.Pow(0.025/3, 1.0/12), a.Held.HitMost, 1e-9, "none of 12, at one third of what the later tries may err")

	a = solved(t, problem(t, "v24", func(_ Setting, seed uint64) (int, Cause) {
		return int(min(1, seed/freshSeeds)), Cause{Why: "window"}
	}))
	require.Equal(t, Unavoidable, a.Verdict, "the largest candidates have it, too")
}

// With all of its tries a search claims too much in at most 5 % of the cases.
func TestTriesShareTheError(t *testing.T) {
	err := 0.0
	for try := range tries {
		err += (1 - levelOf(try)) / 2 // only the upper end is claimed
	}
	require.InDelta(t, 0.05, err, 1e-12)
}

// A setting that misses the target with the longest outage costs two runs, not all.
func TestMissesAreCheap(t *testing.T) {
	played := map[Setting]int{}
	p := problem(t, "v24", func(s Setting, _ uint64) (int, Cause) {
		played[s]++
		if s.Window < 25*time.Second || s.Window > 60*time.Second {
			return 1, Cause{Why: "out of range"}
		}
		return 0, Cause{}
	})
	p.Seeds = 40
	require.Equal(t, 25*time.Second, solved(t, p).Setting.Window)
	cheap := 0
	for s, n := range played {
		if s.Window < 10*time.Second && s.Window > time.Second {
			require.Equal(t, firstLook, n, "%v", s)
			cheap++
		}
	}
	require.Equal(t, 7, cheap)
}

// Where nothing does, the advice says so and what came closest.
func TestImpossible(t *testing.T) {
	a := solved(t, problem(t, "v24", func(s Setting, _ uint64) (int, Cause) {
		return int(2*time.Minute/s.Window) + 1, Cause{Why: "hopeless"}
	}))
	require.Equal(t, Impossible, a.Verdict)
	require.Nil(t, a.Setting)
	require.Empty(t, a.Flags)
	require.Len(t, a.Below, 1)
	require.Contains(t, a.Below[0].Value, "window 2m0s")

	p := problem(t, "v13", func(Setting, uint64) (int, Cause) { return 0, Cause{} })
	p.Candidates.Windows, p.Candidates.Gaps = []time.Duration{10 * time.Second}, []time.Duration{15 * time.Second}
	_, err := Solve(context.Background(), p)
	require.ErrorContains(t, err, "no candidate of the other durations goes with it")
}

// An interrupt gives what is known.
func TestInterrupted(t *testing.T) {
	for _, after := range []int{1, 20, 60} {
		ctx, cancel := context.WithCancel(context.Background())
		p := problem(t, "v24", func(s Setting, _ uint64) (int, Cause) { return 0, Cause{} })
		p.Progress = func(done, _ int) {
			if done == after {
				cancel()
			}
		}
		a, err := Solve(ctx, p)
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, a.Interrupted)
		require.NotEqual(t, Recommended, a.Verdict)
		require.GreaterOrEqual(t, a.Played.Runs, after)
	}
}

// The gap is Vitess's default where the runs do not decide, and as short as the release
// accepts where they do. spec: buffer 2.2
func TestGap(t *testing.T) {
	for name, want := range map[string]time.Duration{"v13": 4 * time.Second, "v24": time.Second} {
		a := solved(t, problem(t, name, func(s Setting, _ uint64) (int, Cause) {
			if s.Window < 2*time.Second || s.Gap > 10*time.Second {
				return 6, Cause{Why: "too recent"}
			}
			return 0, Cause{}
		}))
		require.Equal(t, want, a.Setting.Gap, name)
		require.True(t, slices.ContainsFunc(a.Below, func(s Shortfall) bool { return s.Flag == "buffer-min-time-between-failovers" && s.Value == "1m0s" }))
	}
}

// Nothing is recommended for outages that no run had.
func TestRefusesWhatWasNotPlayed(t *testing.T) {
	p := problem(t, "v24", func(Setting, uint64) (int, Cause) { return 0, Cause{} })
	var err error
	p.PRS, err = ParseDurations("2s..8s") // the stub's outages last a second
	require.NoError(t, err)
	a := solved(t, p)
	require.Equal(t, Inconclusive, a.Verdict)
	require.Contains(t, a.Notes[len(a.Notes)-1], "No run had an outage of 8s")
}

// The flags are spelled as the release writes them. spec: buffer 2.1
func TestFlagsSpelled(t *testing.T) {
	set := Setting{Window: 2 * time.Second, Max: 3 * time.Second, Gap: time.Minute, Size: 5, Drain: 4}
	for name, want := range map[string][]string{
		"v13": {"-enable_buffer", "-buffer_window=2s", "-buffer_size=5", "-buffer_max_failover_duration=3s", "-buffer_min_time_between_failovers=1m0s"},
		"v24": {"--enable-buffer", "--buffer-window=2s", "--buffer-size=5", "--buffer-max-failover-duration=3s", "--buffer-min-time-between-failovers=1m0s", "--buffer-drain-concurrency=4"},
	} {
		p, err := release.Lookup(name)
		require.NoError(t, err)
		require.Equal(t, want, set.Flags(p))
	}
}
