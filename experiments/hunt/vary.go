package hunt

import (
	"time"

	"bufsim/sim"
)

// vary gives an input like another one: with another schedule, and perhaps one instant moved
// to, or close to, another one, or one thing left out.
func vary(from *Input, r *sim.Rand) *Input {
	in := from.clone()
	in.Choices = nil
	in.Schedule = r.Uint64() >> 32 // of the same policy: a user may have fixed it
	switch {
	case len(in.Steps) > 1 && r.Chance(1, 2):
		i, j := r.Intn(len(in.Steps)), r.Intn(len(in.Steps))
		in.Steps[i].At = max(in.Steps[j].At+[]time.Duration{0, 0, -1, 1, time.Millisecond, -time.Millisecond}[r.Intn(6)], 0)
		sortSteps(in)
	case len(in.Steps) > 1 && r.Chance(1, 3):
		i := r.Intn(len(in.Steps))
		in.Steps = append(in.Steps[:i], in.Steps[i+1:]...)
	case in.Scenario != nil && r.Chance(1, 2):
		in.Seed = 1 + r.Uint64()>>1
	}
	return in
}
