package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// story is what the procs of a small world say, each line with its virtual second.
type story struct {
	env   *sim.Env
	lines []string
}

func (s *story) say(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf("%gs ", s.env.Now().Duration().Seconds())+fmt.Sprintf(format, args...))
}

// at starts a proc that acts at the given second.
func (s *story) at(second float64, name string, act func()) {
	s.env.Go(name, func() {
		s.env.Sleep(time.Duration(second * 1e9))
		act()
	})
}

// tell plays a story in a world that must finish, and returns what was said.
func tell(t *testing.T, prog func(e *sim.Env, s *story)) []string {
	t.Helper()
	s, out := play(sim.Config{}, prog)
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	return s.lines
}

func play(cfg sim.Config, prog func(e *sim.Env, s *story)) (*story, sim.Outcome) {
	s := &story{}
	out := world(cfg, func(e *sim.Env) {
		s.env = e
		prog(e, s)
	})
	return s, out
}

// random is a world explored at random with switches at every operation.
func random(seed uint64) sim.Config {
	return sim.Config{Seed: seed, Chooser: explore.NewRandom(seed, true)}
}

// panicOf returns what the program's only panic says.
func panicOf(t *testing.T, prog func(e *sim.Env)) string {
	t.Helper()
	out := world(sim.Config{}, prog)
	require.Equal(t, sim.Panicked, out.Kind)
	return out.Detail
}
