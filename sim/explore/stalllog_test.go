package explore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

// always puts each proc aside for as long as the next choice of a list says, and then nobody.
type always struct{ choices []int }

func (a *always) Stalls() bool { return true }

func (a *always) Choose(p *sim.Point, _ int) int {
	if p.Kind != sim.KindStall || len(a.choices) == 0 {
		return 0
	}
	c := a.choices[0]
	a.choices = a.choices[1:]
	return c
}

// The log changes no decision, and knows which stalls touch an interval.
func TestStallLog(t *testing.T) {
	play := func(c sim.Chooser) (*sim.World, sim.Outcome) {
		w := sim.New(sim.Config{Seed: 1, Chooser: c})
		w.AddHost("a", sim.HostOptions{}, func(env *sim.Env) {
			for range 3 {
				env.Sleep(time.Second)
			}
			env.Stop("done")
		})
		return w, w.Run()
	}
	long, short := sim.StallChoice(400*time.Millisecond), sim.StallChoice(time.Millisecond)
	bare, outcome := play(&always{[]int{long, 0, short}})
	log := NewStallLog(&always{[]int{long, 0, short}})
	logged, same := play(log)
	require.Equal(t, outcome, same)
	require.Equal(t, bare.Decisions(), logged.Decisions())
	all := sim.StallLength(long) + sim.StallLength(short)
	require.Equal(t, all, bare.Stalled())
	require.Equal(t, all, log.Within(0, sim.Time(time.Minute)))
	require.Equal(t, sim.StallLength(long), log.Within(sim.Time(100*time.Millisecond), sim.Time(500*time.Millisecond)), "it was under way then")
	require.Equal(t, sim.StallLength(short), log.Within(sim.Time(500*time.Millisecond), sim.Time(time.Minute)))
	row := &StallLog{stalls: []stall{{0, 10}, {10, 10}, {20, 5}, {26, 4}}}
	require.EqualValues(t, 25, row.Within(25, 25), "one after the other")
	require.EqualValues(t, 4, row.Within(26, 28))
	require.Zero(t, log.Within(sim.Time(500*time.Millisecond), sim.Time(600*time.Millisecond)))
}
