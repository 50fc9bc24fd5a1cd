package sim_test

// Every benchmark here does the same work twice in one process: on our kernel and
// on testing/synctest, and reports both costs and the ratio. Run it with
//
//	make bench

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// work is one measured job: ours and the peer's do n operations each.
type work struct {
	name string
	size int
	ours func(n int)
	peer func(n int)
}

func BenchmarkAgainstSynctest(b *testing.B) {
	for _, k := range works() {
		b.Run(fmt.Sprintf("%s/%d", k.name, k.size), func(b *testing.B) {
			ours := stopwatch(b.N, k.ours)
			peer := stopwatch(b.N, k.peer)
			b.ReportMetric(ours/float64(b.N), "sim-ns/op")
			b.ReportMetric(peer/float64(b.N), "synctest-ns/op")
			b.ReportMetric(peer/ours, "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func stopwatch(n int, job func(int)) float64 {
	start := time.Now()
	job(n)
	return float64(time.Since(start))
}

func works() []work {
	var list []work
	for _, size := range []int{10, 100, 1000, 10_000} {
		list = append(list, work{"sleep", size, sleepOurs(size, nil), sleepPeer(size)})
	}
	list = append(list, work{"callback", 1000, callbackOurs(1000), sleepPeer(1000)})
	list = append(list, work{"callback", 100_000, callbackOurs(100_000), sleepPeer(100_000)})
	for _, size := range []int{1, 100} {
		list = append(list,
			work{"ping-pong", size, pingPongOurs(size, nil), pingPongPeer(size)},
			work{"ping-pong-choice", size, pingPongOurs(size, func() sim.Chooser { return stay{} }), pingPongPeer(size)},
			work{"lock-yield", size, lockYieldOurs(size, nil), lockYieldPeer(size)},
		)
	}
	list = append(list,
		work{"spawn", 100, spawnOurs(100), spawnPeer(100)},
		work{"short-world", 20, shortWorldOurs, shortWorldPeer},
	)
	return list
}

// stay is asked at every operation and never switches: the price of the choice.
type stay struct{ explore.First }

func (stay) Preempts() bool { return true }

func delay(i, round int) time.Duration {
	return time.Duration(1000+(i*7919+round*104729)%1_000_000) * time.Nanosecond
}

func run(cfg sim.Config, prog func(*sim.Env)) {
	cfg.MaxStepsPerInstant = 1 << 62
	w := sim.New(cfg)
	w.AddHost("h", sim.HostOptions{}, prog)
	if out := w.Run(); out.Failed() {
		panic(out.Detail)
	}
}

func bubble(prog func()) {
	testing.RunTests(func(string, string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "peer", F: func(t *testing.T) { synctest.Test(t, func(*testing.T) { prog() }) }}})
}

func sleepOurs(size int, c sim.Chooser) func(int) {
	return func(n int) {
		run(sim.Config{Chooser: c}, func(e *sim.Env) {
			for i := range size {
				e.Go("p", func() {
					for r := range n/size + 1 {
						e.Sleep(delay(i, r))
					}
				})
			}
		})
	}
}

func sleepPeer(size int) func(int) {
	return func(n int) {
		bubble(func() {
			var wg sync.WaitGroup
			for i := range size {
				wg.Go(func() {
					for r := range n/size + 1 {
						time.Sleep(delay(i, r))
					}
				})
			}
			wg.Wait()
		})
	}
}

func callbackOurs(size int) func(int) {
	return func(n int) {
		run(sim.Config{}, func(e *sim.Env) {
			for i := range size {
				r := 0
				var t *sim.Timer
				t = e.NewTimer("c", func() {
					if r++; r <= n/size {
						t.Reset(delay(i, r))
					}
				})
				t.Reset(delay(i, 0))
			}
			e.Sleep(time.Hour)
		})
	}
}

func pingPongOurs(pairs int, chooser func() sim.Chooser) func(int) {
	return func(n int) {
		cfg := sim.Config{}
		if chooser != nil {
			cfg.Chooser = chooser()
		}
		run(cfg, func(e *sim.Env) {
			for range pairs {
				a, b := sim.NewChan[int](e, "a", 0), sim.NewChan[int](e, "b", 0)
				e.Go("ping", func() {
					for i := range n/(2*pairs) + 1 {
						a.Send(i)
						b.Recv()
					}
				})
				e.Go("pong", func() {
					for range n/(2*pairs) + 1 {
						v, _ := a.Recv()
						b.Send(v)
					}
				})
			}
		})
	}
}

func pingPongPeer(pairs int) func(int) {
	return func(n int) {
		bubble(func() {
			var wg sync.WaitGroup
			for range pairs {
				a, b := make(chan int), make(chan int)
				wg.Go(func() {
					for i := range n/(2*pairs) + 1 {
						a <- i
						<-b
					}
				})
				wg.Go(func() {
					for range n/(2*pairs) + 1 {
						b <- <-a
					}
				})
			}
			wg.Wait()
		})
	}
}

func lockYieldOurs(size int, c sim.Chooser) func(int) {
	return func(n int) {
		run(sim.Config{Chooser: c}, func(e *sim.Env) {
			mu := e.NewMutex("mu")
			for range size {
				e.Go("p", func() {
					for range n/size + 1 {
						mu.Lock()
						e.Yield()
						mu.Unlock()
					}
				})
			}
		})
	}
}

// lockYieldPeer uses a channel as the lock: a sync.Mutex hangs a bubble.
func lockYieldPeer(size int) func(int) {
	return func(n int) {
		bubble(func() {
			lock := make(chan struct{}, 1)
			var wg sync.WaitGroup
			for range size {
				wg.Go(func() {
					for range n/size + 1 {
						lock <- struct{}{}
						runtime.Gosched()
						<-lock
					}
				})
			}
			wg.Wait()
		})
	}
}

func spawnOurs(live int) func(int) {
	return func(n int) {
		run(sim.Config{}, func(e *sim.Env) {
			for i := range live {
				e.Go("parent", func() {
					for r := range n/live + 1 {
						done := e.NewEvent("done")
						e.Go("child", func() { e.Sleep(delay(i, r)); done.Set() })
						done.Wait()
					}
				})
			}
		})
	}
}

func spawnPeer(live int) func(int) {
	return func(n int) {
		bubble(func() {
			var wg sync.WaitGroup
			for i := range live {
				wg.Go(func() {
					for r := range n/live + 1 {
						done := make(chan struct{})
						go func() { time.Sleep(delay(i, r)); close(done) }()
						<-done
					}
				})
			}
			wg.Wait()
		})
	}
}

func shortWorldOurs(n int) {
	pool := sim.NewPool()
	defer pool.Close()
	for range n {
		run(sim.Config{Pool: pool}, func(e *sim.Env) {
			for i := range 20 {
				e.Go("p", func() {
					for r := range 100 {
						e.Sleep(delay(i, r))
					}
				})
			}
		})
	}
}

func shortWorldPeer(n int) {
	for range n {
		sleepPeer(20)(1980)
	}
}
