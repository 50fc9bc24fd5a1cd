package tune

import (
	"bufsim/experiments/scenario"
	"bufsim/model/flags"
	"bufsim/model/release"
)

// Problem is a question to [Solve].
type Problem struct {
	Scenario *scenario.Scenario
	Profile  release.Profile
	// Base are the flags that are not tuned; those that are have no meaning in it.
	Base flags.Set
	// PRS are the lengths of the write outages that reparents make without lag, Lag the
	// replication delays. Zero ones leave the scenario's.
	PRS, Lag   Durations
	Target     Target
	Candidates Candidates
	// Seeds is the number of runs of each setting in the search, Verify that of fresh runs
	// of the result; 0 is as many as take about a minute on two cores.
	Seeds, Verify int
	// First is the first seed of the search; 0 is 1.
	First uint64
	// RequestBytes is the memory that one held request costs a gate; 0 is [RequestBytes].
	RequestBytes int
	// Assumptions are sentences about where the traffic came from, for the advice.
	Assumptions []string
	// Progress is told after each run how many are done, and how many there will be, as far
	// as is known.
	Progress func(done, total int)

	done, total int
	// stub takes the place of the simulation in tests of the search.
	stub func(s Setting, index int, seed uint64) *Run
}

// RequestBytes is what a held request is taken to cost a vtgate: two goroutines with grown
// stacks of 8 KiB (the connection's, and the timer's share of the buffer), and 4 KiB of
// statement, bind variables, plan and contexts. Vitess publishes no figure.
const RequestBytes = 20 << 10

func (p *Problem) tell() {
	p.done++
	if p.Progress != nil {
		p.Progress(p.done, max(p.done+batch, p.total)) // how long it takes shows at the end only
	}
}

// The size of a search is chosen by the steps of its first run: on two cores of a plain
// machine a minute has about a hundred million.
const (
	stepsInAll = 50_000_000
	// settings is about how many settings a search plays.
	settings = 22
)

// scale fills in how many runs there will be.
func (p *Problem) scale(stepsOfRun uint64) {
	runs := stepsInAll / int(max(1, stepsOfRun))
	if p.Seeds == 0 {
		p.Seeds = min(40, max(6, runs*55/100/settings))
	}
	if p.Verify == 0 {
		p.Verify = min(200, max(30, runs*45/100))
	}
	p.total = p.Seeds*settings + p.Verify
}
