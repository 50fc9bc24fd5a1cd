package sim_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

// In steady state a step allocates nothing, whichever tool it uses.
func TestStepsDoNotAllocate(t *testing.T) {
	const never = 1 << 62
	programs := map[string]func(e *sim.Env){
		"sleep": func(e *sim.Env) {
			for i := range 10 {
				e.Go("p", func() {
					for {
						e.Sleep(delay(i, 1))
					}
				})
			}
		},
		"yield": func(e *sim.Env) {
			for range 2 {
				e.Go("p", func() {
					for {
						e.Yield()
						e.Sleep(time.Microsecond)
					}
				})
			}
		},
		"channel": func(e *sim.Env) {
			a, b := sim.NewChan[int](e, "a", 0), sim.NewChan[int](e, "b", 1)
			e.Go("ping", func() {
				for {
					a.Send(1)
					b.Recv()
					e.Sleep(time.Microsecond)
				}
			})
			e.Go("pong", func() {
				for {
					v, _ := a.Recv()
					b.Send(v)
				}
			})
		},
		"locks": func(e *sim.Env) {
			mu, rw := e.NewMutex("mu"), e.NewRWMutex("rw")
			for range 5 {
				e.Go("p", func() {
					for {
						mu.Lock()
						e.Sleep(time.Microsecond)
						mu.Unlock()
						rw.Lock()
						e.Sleep(time.Microsecond)
						rw.Unlock()
						rw.RLock()
						//lint:ignore SA2001 the lock itself is measured
						rw.RUnlock()
					}
				})
			}
		},
		"condition": func(e *sim.Env) {
			mu := e.NewMutex("mu")
			c := e.NewCond("c", mu)
			e.Go("wait", func() {
				mu.Lock()
				for {
					c.Wait()
				}
			})
			e.Go("signal", func() {
				for {
					e.Sleep(time.Microsecond)
					c.Signal()
				}
			})
		},
		"callback": func(e *sim.Env) {
			var timer *sim.Timer
			timer = e.AfterFunc(1, "t", func() { timer.Reset(time.Microsecond) })
			e.Sleep(never)
		},
	}
	for name, prog := range programs {
		t.Run(name, func(t *testing.T) {
			w := sim.New(sim.Config{})
			w.AddHost("h", sim.HostOptions{}, prog)
			w.RunFor(100 * time.Millisecond)
			before := w.Steps()
			allocs := testing.AllocsPerRun(10, func() { w.RunFor(time.Millisecond) })
			steps := w.Steps() - before
			w.Close()
			require.Greater(t, steps, uint64(5000/20))
			// The hash trail grows by 16 bytes every 1,024 steps.
			require.LessOrEqual(t, allocs, 1.0)
		})
	}
}

// BenchmarkMemory measures what an idle proc and an idle callback client cost.
func BenchmarkMemory(b *testing.B) {
	for _, k := range []struct {
		name   string
		count  int
		target float64
		build  func(e *sim.Env, count int)
	}{
		{"proc", 50_000, 3400, func(e *sim.Env, count int) {
			for range count {
				e.Go("p", func() { e.Sleep(time.Hour) })
			}
		}},
		{"callback", 200_000, 200, func(e *sim.Env, count int) {
			for range count {
				c := &client{}
				c.timer = e.NewTimer("client", c.act)
				c.timer.Reset(time.Hour)
			}
		}},
	} {
		measure := sync.OnceValue(func() float64 {
			bytes := bytesPerIdle(k.count, k.build)
			rows = append(rows, memoryRow(k.name, bytes, k.target))
			return bytes
		})
		b.Run(k.name, func(b *testing.B) {
			b.ReportMetric(measure(), "bytes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// client is the smallest useful callback actor.
type client struct {
	timer *sim.Timer
	sent  int
}

func (c *client) act() {
	c.sent++
	c.timer.Reset(time.Second)
}

func memoryRow(name string, bytes, target float64) string {
	return fmt.Sprintf("bytes per idle %s\t%.0f B\t-\t-\t%.0f B\t%s", name, bytes, target, map[bool]string{true: "yes", false: "NO"}[bytes <= target])
}

// bytesPerIdle is the growth of heap and stacks, garbage left out, per actor.
func bytesPerIdle(count int, build func(e *sim.Env, count int)) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	w := sim.New(sim.Config{MaxStepsPerInstant: 1 << 62})
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) { build(e, count); e.Sleep(time.Minute) })
	w.RunFor(time.Second)
	runtime.GC()
	runtime.ReadMemStats(&after)
	w.Close()
	used := func(m *runtime.MemStats) float64 { return float64(m.HeapInuse + m.StackInuse) }
	return (used(&after) - used(&before)) / float64(count)
}

// BenchmarkTwoWorlds compares two worlds on two cores with one world alone.
func BenchmarkTwoWorlds(b *testing.B) {
	if runtime.NumCPU() < 2 {
		b.Skip("needs two processors")
	}
	const n, repetitions = 300_000, 9
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	measure := sync.OnceValues(func() (one, two float64) {
		var alone, both []float64
		job := sleepOurs(100, nil)
		for range repetitions {
			alone = append(alone, stopwatch(n, job))
			both = append(both, stopwatch(n, func(n int) {
				var g sync.WaitGroup
				g.Go(func() { job(n) })
				g.Go(func() { job(n) })
				g.Wait()
			}))
		}
		one, two = median(alone), median(both)
		addRow("two worlds, two cores", fmt.Sprintf("%.0f ns", two/2), fmt.Sprintf("%.0f ns", one), 2*one/two, 1.8, 2*one/two >= 1.8)
		return one, two
	})
	b.Run("sleep/100", func(b *testing.B) {
		one, two := measure()
		b.ReportMetric(2*one/two, "speedup")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkStep reports the allocations of one event of each kind, set-up left out.
func BenchmarkStep(b *testing.B) {
	for name, job := range map[string]func(int){
		"sleep":     sleepOurs(100, nil),
		"callback":  callbackOurs(1000),
		"ping-pong": pingPongOurs(1, nil),
		"lock":      lockYieldOurs(100, nil),
		"spawn":     spawnOurs(100),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			job(b.N)
		})
	}
}
