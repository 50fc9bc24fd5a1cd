package explore

import "bufsim/sim"

// Estimate says how long runs of a world are; see [Measure]. The zero Estimate means that
// nobody knows.
type Estimate struct {
	// Points is how many choices among tasks a run makes.
	Points int
	// Tasks is how many of them each task wins, by name.
	Tasks map[string]int
}

// defaultPoints stands for an unknown length.
const defaultPoints = 1000

func (e Estimate) length() int {
	if e.Points > 0 {
		return e.Points
	}
	return defaultPoints
}

// Measure plays the dull schedule once, in which run must give the chooser to one world,
// and estimates other runs by it.
func Measure(run func(sim.Chooser)) Estimate {
	m := &measure{Estimate{Tasks: map[string]int{}}}
	run(m)
	return m.estimate
}

// measure is First, and counts.
type measure struct{ estimate Estimate }

// Preempts implements sim.Preempter.
func (*measure) Preempts() bool { return true }

// Choose implements sim.Chooser.
func (m *measure) Choose(p *sim.Point, _ int) int {
	if amongTasks(p) {
		m.estimate.Points++
		m.estimate.Tasks[p.Task(0).Name]++
	}
	return 0
}
