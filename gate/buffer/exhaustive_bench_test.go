package buffer

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkExhaustive tells how fast searches come through the states of the three-request world:
// reduced, to its end, and plainly, for as many runs. With -cpu 2 two cores search at a time.
func BenchmarkExhaustive(b *testing.B) {
	m := modelWorld{requests: 3, behaviors: newest()}
	whole, err := m.searchStates(1_000_000, false)
	require.NoError(b, err)
	for _, plain := range []bool{false, true} {
		b.Run(map[bool]string{false: "reduced", true: "plain"}[plain], func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := m.searchStates(whole.Runs, plain); err != nil {
						b.Error(err)
					}
				}
			})
			stats, err := m.searchStates(whole.Runs, plain)
			require.NoError(b, err)
			rate := func(n int) float64 { return float64(b.N*n) / b.Elapsed().Seconds() }
			b.ReportMetric(rate(stats.Runs), "runs/s")
			b.ReportMetric(rate(stats.States), "states/s")
			b.ReportMetric(rate(stats.Steps), "steps/s")
			b.ReportMetric(float64(stats.States), "states")
		})
	}
}
