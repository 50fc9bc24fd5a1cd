package runner_test

import (
	"testing"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim"
)

// BenchmarkRunDefault plays the default scenario.
func BenchmarkRunDefault(b *testing.B) { benchmarkRun(b, "default", "v24") }

// BenchmarkScenarioAll plays each scenario of the guide.
func BenchmarkScenarioAll(b *testing.B) {
	for _, name := range scenario.Names() {
		b.Run(name, func(b *testing.B) { benchmarkRun(b, name, guideRelease) })
	}
}

func benchmarkRun(b *testing.B, name, rel string) {
	s, opts := load(b, name, rel)
	benchmarkScenario(b, s, opts)
}

func benchmarkScenario(b *testing.B, s *scenario.Scenario, opts runner.Options) {
	pool := sim.NewPool()
	defer pool.Close()
	opts.Pool = pool
	steps := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		opts.Seed++
		r, err := runner.Run(s, opts)
		if err != nil {
			b.Fatal(err)
		}
		steps += r.Steps
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
}

// BenchmarkRunWindow plays one run of the window study: twenty busy clients, one reparent.
func BenchmarkRunWindow(b *testing.B) {
	s, err := scenario.LoadFile("../window/scenario.yaml", scenario.VitessOptions())
	if err != nil {
		b.Fatal(err)
	}
	benchmarkScenario(b, s, runner.Options{})
}
