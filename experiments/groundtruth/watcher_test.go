package groundtruth

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/scenario"
	"bufsim/sim"
)

// The default delay of the keyspace event watcher has the mean of what lies between two lines of
// a gate's log: the health check's about a promotion, the buffer's about its end. The stamps are
// whole milliseconds; their differences are right in the mean.
// spec: G-44
func TestWatcherDelayFollowsFromLogs(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(recordFolder, "*.json"))
	require.NoError(t, err)
	var waits []float64
	for _, path := range paths {
		if !IsRun(path) {
			continue
		}
		m, err := Read(path)
		require.NoError(t, err)
		waits = append(waits, handOvers(t, m.Log)...)
	}
	require.Len(t, waits, 30)
	mean, spread := meanAndDeviation(waits)
	standardError := spread / math.Sqrt(float64(len(waits)))

	usual, err := scenario.Builtin(scenario.DefaultName, scenario.VitessOptions())
	require.NoError(t, err)
	delay, r, total := usual.Cluster.CPU.WatcherDelay.Sim(), sim.NewRand(1, "watcher"), time.Duration(0)
	const draws = 100_000
	for range draws {
		total += delay.Draw(r)
	}
	require.InDelta(t, mean, (total / draws).Seconds(), standardError/2)
}

// handOvers are the seconds between the two lines of each failover.
func handOvers(t *testing.T, log []string) (waits []float64) {
	var promoted time.Time
	for _, line := range log {
		stamp, isStop := stampOf(t, line), strings.Contains(line, "Stopping buffering") && strings.Contains(line, "a primary promotion has been detected")
		switch {
		case strings.Contains(line, "PrimaryPromoted counter"):
			promoted = stamp
		case isStop && !promoted.IsZero():
			waits, promoted = append(waits, stamp.Sub(promoted).Seconds()), time.Time{}
		}
	}
	return waits
}

// stampOf reads the wall clock in front of a line.
func stampOf(t *testing.T, line string) time.Time {
	const layout = "2006-01-02 15:04:05.000"
	require.Greater(t, len(line), len(layout))
	stamp, err := time.Parse(layout, line[:len(layout)])
	require.NoError(t, err)
	return stamp
}

func meanAndDeviation(xs []float64) (mean, deviation float64) {
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	for _, x := range xs {
		deviation += (x - mean) * (x - mean) / float64(len(xs)-1)
	}
	return mean, math.Sqrt(deviation)
}
