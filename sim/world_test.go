package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

func world(cfg sim.Config, main func(*sim.Env)) sim.Outcome {
	w := sim.New(cfg)
	w.AddHost("h", sim.HostOptions{}, main)
	return w.Run()
}

func TestSleepAdvancesVirtualTime(t *testing.T) {
	var at []sim.Time
	out := world(sim.Config{}, func(e *sim.Env) {
		e.Go("a", func() { e.Sleep(2 * time.Second); at = append(at, e.Now()) })
		e.Go("b", func() { e.Sleep(time.Second); at = append(at, e.Now()) })
	})
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, []sim.Time{1e9, 2e9}, at)
}

func TestChannelsHandOverInOrder(t *testing.T) {
	for _, capacity := range []int{0, 1, 3, sim.Unbounded} {
		var got []int
		out := world(sim.Config{}, func(e *sim.Env) {
			c := sim.NewChan[int](e, "c", capacity)
			e.Go("send", func() {
				for i := range 10 {
					c.Send(i)
				}
				c.Close()
			})
			for {
				v, ok := c.Recv()
				if !ok {
					break
				}
				got = append(got, v)
			}
		})
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, got)
	}
}

func TestSelectTakesDeadlineOrValue(t *testing.T) {
	out := world(sim.Config{}, func(e *sim.Env) {
		c := sim.NewChan[string](e, "c", 0)
		e.Go("late", func() { e.Sleep(2 * time.Second); c.Send("x") })
		var v string
		require.Equal(t, 1, e.Select(sim.OnRecv(c, &v, nil), e.After(time.Second)))
		require.Equal(t, 0, e.Select(sim.OnRecv(c, &v, nil), e.After(2*time.Second)))
		require.Equal(t, "x", v)
		require.Equal(t, sim.Time(2e9), e.Now())
	})
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
}

func TestContextEndsAtItsVirtualDeadline(t *testing.T) {
	out := world(sim.Config{}, func(e *sim.Env) {
		ctx, cancel := e.WithTimeout(e.Background(), time.Second)
		defer cancel()
		child, stop := e.WithCancel(ctx)
		defer stop()
		require.ErrorIs(t, e.SleepCtx(child, time.Minute), context.DeadlineExceeded)
		require.Equal(t, sim.Time(1e9), e.Now())
	})
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
}

func TestDeadlockNamesWhoWaitsForWhom(t *testing.T) {
	out := world(sim.Config{}, func(e *sim.Env) {
		a, b := e.NewMutex("a"), e.NewMutex("b")
		e.Go("p", func() { a.Lock(); e.Sleep(1); b.Lock() })
		e.Go("q", func() { b.Lock(); e.Sleep(1); a.Lock() })
		e.Sleep(time.Hour) // the rest of the world goes on
	})
	require.Equal(t, sim.Deadlock, out.Kind)
	require.Contains(t, out.Detail, "h/q waits since 1ns to lock h/a, held by h/p")
	require.Contains(t, out.Detail, "h/p waits since 1ns to lock h/b, held by h/q")
}

func TestCrashUnwindsAndRestartBootsAnew(t *testing.T) {
	var log []string
	w := sim.New(sim.Config{})
	h := w.AddHost("srv", sim.HostOptions{}, func(e *sim.Env) {
		log = append(log, "boot")
		defer func() { log = append(log, "unwound") }()
		e.Sleep(time.Hour)
	})
	w.AddHost("op", sim.HostOptions{}, func(e *sim.Env) {
		e.Sleep(time.Second)
		h.Crash()
		e.Sleep(time.Second)
		h.Restart()
		e.Sleep(time.Second)
		e.Stop("done")
	})
	out := w.Run()
	require.Equal(t, sim.Stopped, out.Kind, out.Detail)
	require.Equal(t, []string{"boot", "unwound", "boot", "unwound"}, log)
	require.Zero(t, w.Procs())
}

func TestReplayOfRandomRunIsTheSameRun(t *testing.T) {
	prog := func(e *sim.Env) {
		mu := e.NewMutex("mu")
		r := e.Rand("r")
		for i := range 5 {
			e.Go("p", func() {
				for range 20 {
					e.Sleep(time.Duration(r.Intn(3)+i) * time.Millisecond)
					mu.Lock()
					e.Yield()
					mu.Unlock()
				}
			})
		}
	}
	seen := map[uint64]bool{}
	for seed := range uint64(20) {
		w := sim.New(sim.Config{Chooser: explore.NewRandom(seed, true)})
		w.AddHost("h", sim.HostOptions{}, prog)
		out := w.Run()
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		seen[out.Hash] = true
		replay := explore.NewReplay(w.Decisions(), true)
		w2 := sim.New(sim.Config{Chooser: replay})
		w2.AddHost("h", sim.HostOptions{}, prog)
		out2 := w2.Run()
		require.Nil(t, replay.Misfit())
		require.Equal(t, out.Hash, out2.Hash)
	}
	require.Len(t, seen, 20)
}
