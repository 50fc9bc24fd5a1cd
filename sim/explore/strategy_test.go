package explore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

func TestParseStrategy(t *testing.T) {
	for text, want := range map[string]string{
		"random":                     "random",
		"pct":                        "pct:3",
		"pct:5":                      "pct:5",
		"pos+stall":                  "pos+stall:10",
		"preempt:2+stall:3+untimed":  "preempt:2+stall:3+untimed",
		"portfolio+untimed:gate-*":   "portfolio+untimed:gate-*",
		"delay+untimed:gate-1/retry": "delay:2+untimed:gate-1/retry",

		"":              `strategy "": unknown strategy "": want first, random, uniform, urw, priorities, pct, pos, preempt, delay, portfolio`,
		"prempt:2":      `strategy "prempt:2": unknown strategy "prempt": did you mean preempt?`,
		"pos:3":         `strategy "pos:3": pos takes no number`,
		"pct:0":         `strategy "pct:0": pct needs a number from 1 to 1000, not "0"`,
		"pct:x":         `strategy "pct:x": pct needs a number from 1 to 1000, not "x"`,
		"pos+stalls":    `strategy "pos+stalls": unknown addition "stalls": did you mean stall?`,
		"pos+stall:":    `strategy "pos+stall:": stall needs a number from 1 to 100, not ""`,
		"pos+untimed:[": `strategy "pos+untimed:[": "[" is no pattern of hosts: syntax error in pattern`,
	} {
		s, err := explore.Parse(text)
		if err != nil {
			require.EqualError(t, err, want)
			continue
		}
		require.Equal(t, want, s.String(), text)
		again, err := explore.Parse(s.String())
		require.NoError(t, err)
		require.Equal(t, s.String(), again.String())
	}
}

// every lists a strategy of each kind.
func every(t *testing.T) []explore.Strategy {
	var all []explore.Strategy
	for _, d := range explore.Strategies() {
		text := strings.ReplaceAll(strings.ReplaceAll(d.Name, "...", "random"), "HOST", "h")
		s, err := explore.Parse(strings.NewReplacer(":N", ":3", ":P", ":20").Replace(text))
		require.NoError(t, err)
		all = append(all, s)
	}
	return all
}

// busy is a world with something to decide of every kind.
func busy(c sim.Chooser) *sim.World {
	w := sim.New(sim.Config{Chooser: c, MaxTime: sim.Time(time.Hour)})
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		mu, ch, n := e.NewMutex("mu"), sim.NewChan[int](e, "ch", 1), sim.NewAtomic(e, "n", 0)
		for i := range 4 {
			e.Go(fmt.Sprint("p", i), func() {
				for range 4 {
					mu.Lock()
					n.Store(n.Load() + 1)
					mu.Unlock()
					e.Select(sim.OnSend(ch, i), e.After(time.Millisecond))
					e.Sleep(time.Duration(i) * time.Microsecond)
				}
			})
		}
		for range 8 {
			ch.Recv()
		}
	})
	return w
}

// A strategy's schedule is a function of the seed, differs between seeds (except the dull
// one), and replays from its log.
func TestStrategiesAreFunctionsOfTheSeed(t *testing.T) {
	estimate := explore.Measure(func(c sim.Chooser) { busy(c).Run() })
	require.Greater(t, estimate.Points, 20)
	require.Contains(t, estimate.Tasks, "h/p1")
	for _, s := range every(t) {
		hashes := map[uint64]bool{}
		for seed := range uint64(20) {
			w := busy(s.Chooser(seed, estimate))
			hash := w.Run().Hash
			require.Equal(t, hash, busy(s.Chooser(seed, estimate)).Run().Hash, "%s, seed %d", s, seed)
			hashes[hash] = true
		}
		if s.String() == "first" {
			require.Len(t, hashes, 1)
		} else {
			require.Greater(t, len(hashes), 15, s.String())
		}
	}
}

// The portfolio has all others in turn, and what is put on top of it is on each.
func TestPortfolioTakesTurns(t *testing.T) {
	p := explore.Portfolio()
	require.Equal(t, "portfolio", p.String())
	require.Equal(t, "first", p.For(0).String())
	turns, stalls := map[string]int{}, 0
	for seed := range uint64(100) {
		turn := p.For(seed + 1)
		name, _, _ := strings.Cut(turn.String(), "+")
		kind, _, _ := strings.Cut(name, ":")
		turns[kind]++
		if strings.Contains(turn.String(), "stall") {
			stalls++
		}
	}
	for _, kind := range []string{"random", "uniform", "urw", "priorities", "pct", "pos", "preempt", "delay"} {
		require.NotZero(t, turns[kind], kind)
	}
	require.Equal(t, 25, stalls)
	loose, err := explore.Parse("portfolio+stall:5+untimed:gate-1")
	require.NoError(t, err)
	require.False(t, loose.Timed())
	require.True(t, p.Timed())
	require.Equal(t, "pos+stall:5+untimed:gate-1", loose.For(3).String())
}

// lateThird has a bug of depth d: steps of two tasks must alternate d times in one order.
func lateThird(c sim.Chooser, depth int) error {
	turn := 0
	w := sim.New(sim.Config{Chooser: c})
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		n := sim.NewAtomic(e, "n", 0)
		for task := range 2 {
			e.Go(fmt.Sprint("p", task), func() {
				for range 10 {
					n.Load()
				}
				for i := task; i < depth; i += 2 {
					if n.Load() == i {
						n.Store(i + 1)
					}
				}
			})
		}
		e.Go("reader", func() {
			for range 10 {
				n.Load()
			}
		})
		e.Sleep(time.Second)
		turn = n.Load()
	})
	w.Run()
	if turn == depth {
		return errors.New("all turns were taken")
	}
	return nil
}

// The guarantee of PCT holds: at least 1/(tasks * length^(depth-1)) of the runs hit, and a
// bug that needs more changes than the depth allows is not hit.
func TestPCTKeepsItsPromise(t *testing.T) {
	length := explore.Measure(func(c sim.Chooser) { _ = lateThird(c, 3) }).Points
	hits := map[int]int{}
	const runs = 4000
	for seed := range uint64(runs) {
		for _, depth := range []int{1, 3} {
			if lateThird(explore.NewPCT(seed, depth, length), 3) != nil {
				hits[depth]++
			}
		}
	}
	require.Zero(t, hits[1], "without a change the tasks come one after the other")
	require.GreaterOrEqual(t, hits[3]*4*length*length, runs)
}

// At most so many departures are made, and none is made in the middle of nothing.
func TestBoundedDepartures(t *testing.T) {
	for seed := range uint64(50) {
		for name, c := range map[string]sim.Chooser{"preempt": explore.NewPreempting(seed, 2, 60), "delay": explore.NewDelaying(seed, 2, 60)} {
			w := busy(c)
			w.Run()
			departures := 0
			for _, d := range w.Decisions() {
				if d.C != 0 && (d.Kind == sim.KindSwitch || name == "delay") {
					departures++
				}
			}
			require.LessOrEqual(t, departures, 2, name)
		}
	}
}

// Stalls come as often as is asked, and no longer.
func TestWithStalls(t *testing.T) {
	asked, taken := 0, 0
	for seed := range uint64(30) {
		w := busy(explore.WithStalls(explore.First{}, seed, 20, time.Millisecond))
		w.Run()
		for _, d := range w.Decisions() {
			if d.Kind == sim.KindStall {
				asked++
				if d.C > 0 {
					taken++
					require.LessOrEqual(t, sim.StallLength(int(d.C)), time.Millisecond)
				}
			}
		}
	}
	require.InDelta(t, 0.2, float64(taken)/float64(asked), 0.03)
}
