package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/sim"
)

func TestChannelBlocksAtItsCapacity(t *testing.T) {
	for capacity, sent := range map[int][]sim.Time{
		0:             {10e9, 20e9, 30e9, 40e9},
		1:             {0, 10e9, 20e9, 30e9},
		3:             {0, 0, 0, 10e9},
		sim.Unbounded: {0, 0, 0, 0},
	} {
		t.Run(fmt.Sprint(capacity), func(t *testing.T) {
			var at []sim.Time
			out := world(sim.Config{}, func(e *sim.Env) {
				c := sim.NewChan[int](e, "c", capacity)
				require.Equal(t, capacity, c.Cap())
				e.Go("send", func() {
					for i := range 4 {
						c.Send(i)
						at = append(at, e.Now())
					}
				})
				for i := range 4 {
					e.Sleep(10 * time.Second)
					v, ok := c.Recv()
					require.Equal(t, i, v)
					require.True(t, ok)
				}
				e.Yield()
			})
			require.Equal(t, sim.Finished, out.Kind, out.Detail)
			require.Equal(t, sent, at)
		})
	}
}

func TestClosedChannelDrainsThenSaysSo(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		c := sim.NewChan[int](e, "c", 2)
		c.Send(1)
		c.Send(2)
		s.say("try send %t, len %d", c.TrySend(3), c.Len())
		c.Close()
		for range 3 {
			v, ok := c.Recv()
			s.say("%d %t", v, ok)
		}
		v, got := c.TryRecv()
		s.say("try %d %t, closed %t", v, got, c.Closed())
		d := sim.NewChan[int](e, "d", 0)
		e.Go("close", func() { e.Sleep(time.Second); d.Close() })
		_, ok := d.Recv()
		s.say("%t", ok)
	})
	// Like Go's comma-ok receive in a select with default, TryRecv takes from a closed channel.
	require.Equal(t, []string{"0s try send false, len 2", "0s 1 true", "0s 2 true", "0s 0 false", "0s try 0 false, closed true", "1s false"}, lines)
}

// A channel is a queue: whatever the capacity, the number of procs and the
// schedule, each value arrives once, and the values of one sender in order.
func TestChannelsAreQueuesUnderAnySchedule(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		capacity := rapid.IntRange(-1, 3).Draw(rt, "capacity")
		senders, receivers := rapid.IntRange(1, 3).Draw(rt, "senders"), rapid.IntRange(1, 3).Draw(rt, "receivers")
		each := rapid.IntRange(0, 5).Draw(rt, "each")
		how := rapid.SliceOfN(rapid.IntRange(0, 2), senders+receivers, senders+receivers).Draw(rt, "how")
		got := make([][]int, receivers)
		out := world(random(rapid.Uint64().Draw(rt, "seed")), func(e *sim.Env) {
			c, never := sim.NewChan[int](e, "c", capacity), e.NewEvent("never")
			g := e.NewWaitGroup("g")
			for s := range senders {
				g.Go("send", func() {
					for i := range each {
						sendBy(e, c, never, how[s], s*100+i)
					}
				})
			}
			for r := range receivers {
				e.Go("recv", func() {
					for {
						v, ok := recvBy(e, c, never, how[senders+r])
						if !ok {
							return
						}
						got[r] = append(got[r], v)
					}
				})
			}
			g.Wait()
			c.Close()
		})
		require.Equal(rt, sim.Finished, out.Kind, out.Detail)
		checkArrivals(rt, got, senders, each)
	})
}

func sendBy(e *sim.Env, c *sim.Chan[int], never *sim.Event, how, v int) {
	switch how {
	case 0:
		c.Send(v)
	case 1:
		e.Select(sim.OnEvent(never), sim.OnSend(c, v), e.After(time.Hour))
	default:
		for !c.TrySend(v) {
			e.Sleep(time.Millisecond)
		}
	}
}

func recvBy(e *sim.Env, c *sim.Chan[int], never *sim.Event, how int) (v int, ok bool) {
	if how == 0 {
		return c.Recv()
	}
	for {
		if e.Select(sim.OnRecv(c, &v, &ok), e.After(time.Duration(how)*time.Microsecond), sim.OnEvent(never)) == 0 {
			return v, ok
		}
	}
}

func checkArrivals(t require.TestingT, got [][]int, senders, each int) {
	seen := map[int]bool{}
	for _, list := range got {
		last := map[int]int{}
		for _, v := range list {
			require.False(t, seen[v], "value %d came twice", v)
			seen[v] = true
			if before, ok := last[v/100]; ok {
				require.Greater(t, v, before, "values of one sender out of order")
			}
			last[v/100] = v
		}
	}
	require.Len(t, seen, senders*each)
}

func TestSelectIsFairUnderARandomChooser(t *testing.T) {
	taken := map[int]int{}
	for seed := range uint64(600) {
		out := world(random(seed), func(e *sim.Env) {
			a, b, ev := sim.NewChan[int](e, "a", 1), sim.NewChan[int](e, "b", 1), e.NewEvent("ev")
			a.Send(1)
			ev.Set()
			var v int
			taken[e.Select(sim.OnRecv(a, &v, nil), sim.OnSend(b, 1), sim.OnEvent(ev))]++
		})
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
	}
	for i := range 3 {
		require.InDelta(t, 200, taken[i], 50)
	}
}

func TestSelectOfManyCasesAndNone(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		var cases []sim.Case
		var chans []*sim.Chan[int]
		var v int
		for range 5 {
			c := sim.NewChan[int](e, "c", 0)
			chans = append(chans, c)
			cases = append(cases, sim.OnRecv(c, &v, nil))
		}
		s.say("try %d", e.TrySelect(cases...))
		for i := range 3 {
			e.Go("send", func() { e.Sleep(time.Second); chans[4-i].Send(i) })
			s.say("case %d value %d", e.Select(cases...), v)
		}
		s.say("no time %d, never %d", e.Select(sim.OnRecv(chans[0], &v, nil), e.After(0)), e.Select(sim.At(sim.Never), e.After(0)))
	})
	require.Equal(t, []string{"0s try -1", "1s case 4 value 0", "2s case 3 value 1", "3s case 2 value 2", "3s no time 1, never 1"}, lines)
}

func TestSelectWithoutCasesWaitsForEver(t *testing.T) {
	out := world(sim.Config{}, func(e *sim.Env) { e.Select() })
	require.Equal(t, sim.Deadlock, out.Kind)
}

// A value that comes at the very instant of the deadline may win or lose.
func TestValueAtTheDeadlineRaces(t *testing.T) {
	wins := map[int]int{}
	for seed := range uint64(100) {
		out := world(random(seed), func(e *sim.Env) {
			c := sim.NewChan[int](e, "c", 1)
			e.Go("send", func() { e.Sleep(time.Second); c.Send(1) })
			wins[e.Select(sim.OnRecv(c, nil, nil), e.After(time.Second))]++
		})
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
	}
	require.Len(t, wins, 2)
}
