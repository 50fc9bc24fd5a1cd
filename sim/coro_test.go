package sim

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Goroutines that are left would show here, even while others still end.
func requireGoroutines(t *testing.T, want int) {
	for range 1000 {
		if runtime.NumGoroutine() <= want {
			return
		}
		runtime.Gosched()
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), want)
}

// Two worlds share a pool; coroutines of one end in mailboxes of the other.
func TestPoolClosesWhatIsIdle(t *testing.T) {
	before := runtime.NumGoroutine()
	pool := NewPool()
	mixed := func(w *World, procs int) *World {
		w.AddHost("h", HostOptions{}, func(e *Env) {
			for i := range procs {
				e.Go("p", func() {
					for r := range 50 {
						e.Sleep(time.Duration(1 + (i*7+r*13)%29))
					}
				})
			}
		})
		return w
	}
	short := mixed(New(Config{Pool: pool}), 40)
	require.Equal(t, Finished, short.Run().Kind)
	long := mixed(New(Config{Pool: pool}), 20) // with coroutines that waited in each other's mailboxes
	long.RunFor(100)
	require.GreaterOrEqual(t, len(pool.idle), 20)
	pool.Close()
	require.NotEmpty(t, pool.idle, "those in circles with the procs of the long world")
	alone := New(Config{})
	require.Equal(t, Finished, mixed(alone, 20).Run().Kind)
	require.Equal(t, Finished, long.Run().Kind)
	require.Equal(t, alone.Hash(), long.Hash())
	pool.Close()
	require.Empty(t, pool.idle)
	requireGoroutines(t, before)
	require.Equal(t, Finished, mixed(New(Config{Pool: pool}), 3).Run().Kind, "a closed pool can be used again")
	pool.Close()
	requireGoroutines(t, before)
}

// A proc that calls Goexit, as a failing test does, ends whoever runs the world.
func TestGoexitPassesToTheDriver(t *testing.T) {
	var order []string
	var g sync.WaitGroup
	g.Go(func() {
		w := New(Config{})
		defer w.Close()
		defer func() { order = append(order, "driver") }()
		w.AddHost("h", HostOptions{}, func(e *Env) {
			e.Go("other", func() {
				defer func() { order = append(order, "other") }()
				e.Sleep(time.Second)
			})
			e.Go("fails", func() {
				defer func() { order = append(order, "fails") }()
				e.Sleep(time.Millisecond)
				runtime.Goexit()
			})
		})
		w.Run()
		order = append(order, "not reached")
	})
	g.Wait()
	require.Equal(t, []string{"fails", "driver", "other"}, order)
}

// Procs that crash hosts whose procs crash hosts, while they unwind.
func TestUnwindingNests(t *testing.T) {
	w := New(Config{})
	var order []string
	hosts := make([]*Host, 5)
	for i := range hosts {
		hosts[i] = w.AddHost("h", HostOptions{}, func(e *Env) {
			defer func() {
				order = append(order, string(rune('a'+i)))
				if i+1 < len(hosts) {
					hosts[i+1].Crash()
				}
				order = append(order, string(rune('A'+i)))
			}()
			for {
				e.Sleep(time.Second)
			}
		})
	}
	w.AddHost("killer", HostOptions{}, func(e *Env) {
		e.Sleep(time.Minute)
		hosts[0].Crash()
		order = append(order, "killer")
		e.Sleep(time.Minute)
		order = append(order, "end")
	})
	out := w.Run()
	require.Equal(t, Finished, out.Kind, out.Detail)
	require.Equal(t, []string{"a", "b", "c", "d", "e", "E", "D", "C", "B", "A", "killer", "end"}, order)
}

func TestDecisionLogGivesBackWhatItWasGiven(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var l decisionLog
		var want []Decision
		repeat := rapid.IntRange(1, 3000).Draw(rt, "repetitions")
		some := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Decision {
			n := rapid.OneOf(rapid.Int32Range(2, 5), rapid.Int32Range(250, 260), rapid.Int32Range(2, 1<<31-1)).Draw(rt, "n")
			return Decision{ChoiceKind(rapid.Uint8().Draw(rt, "kind")), n, rapid.Int32Range(0, n-1).Draw(rt, "c")}
		}), 0, 30).Draw(rt, "decisions")
		for range repeat {
			for _, d := range some {
				l.add(d)
			}
			want = append(want, some...)
		}
		require.Equal(rt, len(want), len(l.all()))
		if len(want) > 0 {
			require.Equal(rt, want, l.all())
			require.Equal(rt, want, l.all(), "asking changes nothing")
		}
	})
}
