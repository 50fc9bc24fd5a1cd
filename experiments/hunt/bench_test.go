package hunt_test

import (
	"testing"

	"bufsim/experiments/hunt"
)

// BenchmarkExplore plays runs of each world, drawing and judging included.
func BenchmarkExplore(b *testing.B) {
	for _, w := range hunt.Worlds() {
		b.Run(w.Name, func(b *testing.B) {
			r := explore(b, hunt.Options{Release: "main", Switches: []string{"MarkWindow=true"}, Seed: 1, Runs: b.N, Worlds: []string{w.Name}})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64(r.Steps)/b.Elapsed().Seconds(), "steps/s")
		})
	}
}
