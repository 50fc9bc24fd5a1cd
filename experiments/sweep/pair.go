package sweep

import "bufsim/experiments/scenario"

// Pair makes a sweep of two settings on the same seeds: points 0 and 1. Both advance
// together, so that an interrupt leaves pairs.
func Pair(first, second Setting, seeds scenario.Seeds) *Resolved {
	r := &Resolved{
		Plan: &Plan{}, together: true, Axes: []Axis{{Name: "side", Values: []string{"first", "second"}}}, Seeds: seeds,
		Points: []Point{{At: []string{"first"}, Setting: first}, {At: []string{"second"}, Setting: second}},
	}
	r.Hash = r.hash()
	return r
}
