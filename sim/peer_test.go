package sim_test

// Every workload here runs on our kernel and on testing/synctest, in one process
// and in turns, and the medians are compared: the ratio depends little on the
// machine. Run it with
//
//	make bench

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// work is one measured job: ours and the peer's do n operations each.
type work struct {
	name   string
	size   int
	n      int
	target float64 // how many times cheaper ours should be; 0 is not set
	ours   func(n int)
	peer   func(n int)
}

// rows collects the lines of the table that TestMain prints after benchmarks.
var rows []string

func TestMain(m *testing.M) {
	code := m.Run()
	if len(rows) > 0 {
		tab := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tab, "\nworkload\tours\tpeer\tratio\ttarget\tmet")
		for _, row := range rows {
			fmt.Fprintln(tab, row)
		}
		tab.Flush()
	}
	os.Exit(code)
}

func addRow(name, ours, peer string, ratio, target float64, met bool) {
	want := "-"
	if target > 0 {
		want = fmt.Sprintf("%.1f", target)
	}
	yes := map[bool]string{true: "yes", false: "NO"}[met]
	rows = append(rows, fmt.Sprintf("%s\t%s\t%s\t%.2f\t%s\t%s", name, ours, peer, ratio, want, yes))
}

// BenchmarkAgainstSynctest measures each workload once, whatever b.N is.
func BenchmarkAgainstSynctest(b *testing.B) {
	const repetitions = 9
	for _, k := range works() {
		measure := sync.OnceValues(func() (ours, peer float64) {
			var a, p []float64
			for range repetitions {
				a, p = append(a, stopwatch(k.n, k.ours)), append(p, stopwatch(k.n, k.peer))
			}
			ours, peer = median(a), median(p)
			addRow(fmt.Sprintf("%s/%d", k.name, k.size), fmt.Sprintf("%.0f ns", ours), fmt.Sprintf("%.0f ns", peer),
				peer/ours, k.target, peer/ours >= k.target)
			return ours, peer
		})
		b.Run(fmt.Sprintf("%s/%d", k.name, k.size), func(b *testing.B) {
			ours, peer := measure()
			b.ReportMetric(ours, "sim-ns/op")
			b.ReportMetric(peer, "synctest-ns/op")
			b.ReportMetric(peer/ours, "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// stopwatch returns the nanoseconds per operation.
func stopwatch(n int, job func(int)) float64 {
	runtime.GC()
	start := time.Now()
	job(n)
	return float64(time.Since(start)) / float64(n)
}

func median(xs []float64) float64 {
	slices.Sort(xs)
	return xs[len(xs)/2]
}

func works() []work {
	const n = 200_000
	staying := func() sim.Chooser { return stay{} }
	return []work{
		{"sleep", 10, n, 0, sleepOurs(10, nil), sleepPeer(10)},
		{"sleep", 100, n, 3.5, sleepOurs(100, nil), sleepPeer(100)},
		{"sleep", 1000, n, 3, sleepOurs(1000, nil), sleepPeer(1000)},
		{"sleep", 10_000, n, 0, sleepOurs(10_000, nil), sleepPeer(10_000)},
		{"callback", 1000, n, 6, callbackOurs(1000), sleepPeer(1000)},
		{"ping-pong", 1, n, 2, pingPongOurs(1, nil), pingPongPeer(1)},
		{"ping-pong", 100, n, 2, pingPongOurs(100, nil), pingPongPeer(100)},
		{"ping-pong-choice", 1, n, 1.2, pingPongOurs(1, staying), pingPongPeer(1)},
		{"ping-pong-choice", 100, n, 1.2, pingPongOurs(100, staying), pingPongPeer(100)},
		{"lock-yield", 1, n, 2, lockYieldOurs(1, nil), lockYieldPeer(1)},
		{"lock-yield", 100, n, 2, lockYieldOurs(100, nil), lockYieldPeer(100)},
		{"spawn", 100, n / 4, 2, spawnOurs(100), spawnPeer(100)},
		{"short-world", 20, 50, 4, shortWorldOurs, shortWorldPeer},
	}
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
