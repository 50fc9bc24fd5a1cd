package analytic

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const ms = time.Millisecond

// Clients without pauses fail at each end of a window within the outage.
func TestClosedWithoutPauses(t *testing.T) {
	c := Closed{Clients: 7}
	for _, tc := range []struct{ window, outage, times int }{
		{1000, 900, 0}, {1000, 1000, 1}, {1000, 1999, 1}, {1000, 5500, 5}, {2000, 5500, 2}, {6000, 5500, 0},
	} {
		got, err := c.Failures(time.Duration(tc.window)*ms, time.Duration(tc.outage)*ms)
		require.NoError(t, err)
		require.InDelta(t, 7*tc.times, got, 1e-9, "%v", tc)
	}
}

// A residual pause is a distribution with the mean that renewal theory gives, E(Z²)/2E(Z).
func TestResidualPause(t *testing.T) {
	p := Closed{ThinkMin: 50 * ms, ThinkMax: 150 * ms}.residual(200)
	mean := 0.0
	for i, v := range p {
		mean += float64(i) * v
	}
	require.InDelta(t, 1, total(p), 0.01)
	second := 100*100 + 100.0*100/12
	require.InDelta(t, second/(2*100), mean, 1)
}

// The formula agrees with clients that are played by dice.
func TestClosedAgreesWithDice(t *testing.T) {
	c := Closed{Clients: 1, ThinkMin: 200 * ms, ThinkMax: 600 * ms, Reconnect: 50 * ms}
	rng := rand.New(rand.NewPCG(1, 2))
	pause := func() float64 { return 0.2 + 0.4*rng.Float64() }
	for _, window := range []float64{0.5, 1, 2.2, 2.8} {
		const outage, runs = 3.0, 40000
		failed := 0
		for range runs {
			start := 100 * rng.Float64() // a random instant of a long life
			at := 0.0
			for at < start {
				at += pause()
			}
			at -= start
			for at+window <= outage {
				failed++
				at += window + 0.05 + pause()
			}
		}
		got, err := c.Failures(time.Duration(window*1e9), 3*time.Second)
		require.NoError(t, err)
		require.InDelta(t, float64(failed)/runs, got, 0.02, "window %v s", window)
	}
}

// More window never fails more, more outage never fails less.
func TestClosedIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(1, 100).Draw(t, "think")
		c := Closed{
			Clients: 3, ThinkMin: time.Duration(least) * ms,
			ThinkMax: time.Duration(least+rapid.IntRange(0, 200).Draw(t, "spread")) * ms,
		}
		window, outage := rapid.IntRange(200, 2000).Draw(t, "window"), rapid.IntRange(0, 2000).Draw(t, "outage")
		more := time.Duration(rapid.IntRange(0, 500).Draw(t, "more")) * ms
		w, o := time.Duration(window)*ms, time.Duration(outage)*ms
		got, err := c.Failures(w, o)
		require.NoError(t, err)
		wider, err := c.Failures(w+more, o)
		require.NoError(t, err)
		longer, err := c.Failures(w, o+more)
		require.NoError(t, err)
		require.LessOrEqual(t, wider, got+1e-9)
		require.GreaterOrEqual(t, longer, got-1e-9)
	})
}

func TestPoisson(t *testing.T) {
	p := Poisson{Rate: 100}
	require.InDelta(t, 300, p.Failures(2*time.Second, 5*time.Second), 1e-9)
	require.Zero(t, p.Failures(5*time.Second, 2*time.Second))
}

func TestModelRefusesNonsense(t *testing.T) {
	for _, c := range []Closed{{ThinkMin: -1}, {ThinkMin: 2, ThinkMax: 1}, {Clients: -1}, {Reconnect: -1}} {
		_, err := c.Failures(time.Second, time.Second)
		require.Error(t, err)
	}
	_, err := Closed{}.Failures(0, time.Second)
	require.Error(t, err)
}
