package sim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
)

// The programs below have committed hashes. The same test under GOMAXPROCS 1 and
// 4, the race detector, the hand-off back end, 386 and WebAssembly shows that none
// of them matters; `make determinism` runs them all.
func TestGoldenHashes(t *testing.T) {
	got := map[string]uint64{}
	for name, prog := range goldenPrograms() {
		build := func(cfg sim.Config) *sim.World {
			w := sim.New(cfg)
			prog(w)
			return w
		}
		for _, seed := range []uint64{1, 2} {
			plain := func() sim.Config { return sim.Config{Seed: seed, MaxTime: sim.Time(time.Hour)} }
			got[fmt.Sprintf("%s/first/%d", name, seed)] = simtest.DoubleRun(t, plain, build).Hash
			explored := func() sim.Config {
				return sim.Config{Seed: seed, MaxTime: sim.Time(time.Hour), Chooser: explore.NewRandom(seed, true)}
			}
			out := simtest.DoubleRun(t, explored, build)
			require.False(t, out.Failed(), out.Detail)
			got[fmt.Sprintf("%s/random/%d", name, seed)] = out.Hash
		}
	}
	simtest.Hashes(t, "testdata/hashes.txt", got)
}

func goldenPrograms() map[string]func(*sim.World) {
	onHost := func(prog func(e *sim.Env)) func(*sim.World) {
		return func(w *sim.World) { w.AddHost("h", sim.HostOptions{}, prog) }
	}
	return map[string]func(*sim.World){
		"sleepers":  onHost(goldenSleepers),
		"locks":     onHost(goldenLocks),
		"pipeline":  onHost(goldenPipeline),
		"timeouts":  onHost(goldenTimeouts),
		"callbacks": onHost(goldenCallbacks),
		"crashes":   goldenCrashes,
	}
}

func goldenSleepers(e *sim.Env) {
	d := sim.LogNormal(time.Millisecond, 20*time.Millisecond, 0, 0)
	for i := range 50 {
		r := e.Rand(fmt.Sprint("p", i))
		e.Go("p", func() {
			for range 40 {
				e.Sleep(d.Draw(r))
			}
		})
	}
}

func goldenLocks(e *sim.Env) {
	mu, rw := e.NewMutex("mu"), e.NewRWMutex("rw")
	c := e.NewCond("c", mu)
	r := e.Rand("locks")
	turn := 0
	for i := range 8 {
		e.Go("p", func() {
			for range 10 {
				mu.Lock()
				for turn%8 != i {
					c.Wait()
				}
				turn++
				c.Broadcast()
				mu.Unlock()
				rw.RLock()
				e.Sleep(time.Duration(r.Intn(1000)))
				rw.RUnlock()
				rw.Lock()
				e.Yield()
				rw.Unlock()
			}
		})
	}
}

func goldenPipeline(e *sim.Env) {
	a, b := sim.NewChan[int](e, "a", 0), sim.NewChan[int](e, "b", 3)
	r := e.Rand("pipeline")
	e.Go("source", func() {
		for i := range 100 {
			a.Send(i)
			e.Sleep(time.Duration(r.Intn(5)) * time.Microsecond)
		}
		a.Close()
	})
	for range 3 {
		e.Go("stage", func() {
			for v, ok := a.Recv(); ok; v, ok = a.Recv() {
				e.Sleep(time.Duration(v%7) * time.Microsecond)
				b.Send(v)
			}
		})
	}
	for n := 0; n < 100; {
		if e.Select(sim.OnRecv(b, nil, nil), e.After(3*time.Microsecond)) == 0 {
			n++
		}
	}
}

func goldenTimeouts(e *sim.Env) {
	sem := e.NewSemaphore("sem", 3)
	r := e.Rand("timeouts")
	for range 20 {
		e.Go("p", func() {
			for range 10 {
				ctx, cancel := e.WithTimeout(e.Background(), time.Duration(1+r.Intn(50))*time.Millisecond)
				if sem.Acquire(ctx) == nil {
					_ = e.SleepCtx(ctx, time.Duration(r.Intn(20))*time.Millisecond)
					sem.Release()
				}
				cancel()
			}
		})
	}
}

func goldenCallbacks(e *sim.Env) {
	r := e.Rand("callbacks")
	for i := range 30 {
		n := 0
		var timer *sim.Timer
		timer = e.AfterFunc(time.Duration(i), "client", func() {
			if n++; n < 50 {
				timer.Reset(time.Duration(r.Intn(100_000)))
			}
		})
	}
	e.Sleep(time.Second)
}

func goldenCrashes(w *sim.World) {
	var srv *sim.Host
	w.AddHost("op", sim.HostOptions{}, func(e *sim.Env) {
		r := e.Rand("op")
		for range 20 {
			e.Sleep(time.Duration(r.Intn(20)) * time.Millisecond)
			switch r.Intn(3) {
			case 0:
				srv.Crash()
				e.Sleep(time.Duration(r.Intn(3)) * time.Millisecond)
				srv.Restart()
			case 1:
				srv.Pause()
				e.Sleep(time.Duration(r.Intn(30)) * time.Millisecond)
				srv.Resume()
			}
		}
		e.Stop("done")
	})
	srv = w.AddHost("srv", sim.HostOptions{Skew: 1, DriftPPB: 5}, func(e *sim.Env) {
		mu := e.NewMutex("mu")
		for range 4 {
			e.GoDaemon("p", func() {
				for {
					mu.Lock()
					e.Sleep(time.Millisecond)
					mu.Unlock()
					e.Select(e.After(time.Millisecond), sim.OnEvent(e.NewEvent("never")))
				}
			})
		}
	})
}

// TestConformanceGolden is a program whose trace other kernels (a Go simulator that
// rewrites the runtime, testing/synctest, godes and SimPy) produced as well.
func TestConformanceGolden(t *testing.T) {
	seed := uint64(7) // a variable: the product wraps around
	trace := uint64(14695981039346656037)
	record := func(at sim.Time, id uint64) {
		const prime = 1099511628211
		trace = (trace ^ uint64(at)) * prime
		trace = (trace ^ id) * prime
		trace ^= trace >> 32
	}
	out := world(sim.Config{}, func(e *sim.Env) {
		mu := e.NewMutex("mu")
		for id := range uint64(100) {
			x := (seed*0x9E3779B97F4A7C15 + id + 1) * 0xBF58476D1CE4E5B9
			x ^= x >> 31
			e.Go("p", func() {
				for range 20 {
					x ^= x << 13
					x ^= x >> 7
					x ^= x << 17
					e.Sleep(time.Duration((1000+x%2_000_000)*100 + id))
					mu.Lock()
					record(e.Now(), id)
					mu.Unlock()
				}
			})
		}
	})
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, "2d9c0542660b934e", fmt.Sprintf("%016x", trace))
}
