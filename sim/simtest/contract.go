package simtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"bufsim/sim"
)

// Contract checks what sim's waiting tools promise on every backend. run plays a
// program on one and returns when all its procs that are no daemons have ended.
// Only orders are checked, with a good margin: real time is not exact.
func Contract(t *testing.T, run func(t *testing.T, prog func(*sim.Env))) {
	for _, c := range []struct {
		name string
		prog func(*sim.Env, *findings)
	}{
		{"sleepers wake in order", sleepersWakeInOrder},
		{"mutexes exclude", mutexesExclude},
		{"rwmutexes exclude writers", rwmutexesExcludeWriters},
		{"conditions lose no wake-up", conditionsLoseNoWakeUp},
		{"semaphores count", semaphoresCount},
		{"channels are queues", channelsAreQueues},
		{"closed channels drain", closedChannelsDrain},
		{"select takes what is ready", selectTakesWhatIsReady},
		{"select takes each value once", selectTakesEachValueOnce},
		{"timers stop and reset", timersStopAndReset},
		{"contexts end downwards", contextsEndDownwards},
		{"atomics swap", atomicsSwap},
		{"streams depend on their name", streamsDependOnTheirName},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &findings{}
			run(t, func(e *sim.Env) {
				f.mu = e.NewMutex("findings")
				c.prog(e, f)
			})
			for _, what := range f.list {
				t.Error(what)
			}
		})
	}
}

// findings collects what does not hold: procs must not fail a test themselves.
type findings struct {
	mu   *sim.Mutex
	list []string
}

func (f *findings) want(cond bool, what string) {
	if !cond {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.list = append(f.list, what)
	}
}

// tick is long compared with how late a busy machine wakes a goroutine.
const tick = 20 * time.Millisecond

func sleepersWakeInOrder(e *sim.Env, f *findings) {
	g := e.NewWaitGroup("g")
	order := sim.NewChan[int](e, "order", sim.Unbounded)
	start := e.Now()
	for _, i := range []int{3, 1, 2} {
		g.Go("p", func() {
			e.Sleep(time.Duration(i) * tick)
			order.Send(i)
		})
	}
	g.Wait()
	for want := 1; want <= 3; want++ {
		i, _ := order.Recv()
		f.want(i == want, "sleepers woke out of order")
	}
	f.want(e.Now().Sub(start) >= 3*tick, "too little time has passed")
	e.SleepUntil(start)
	f.want(e.Wall() > 0, "no wall clock")
}

func mutexesExclude(e *sim.Env, f *findings) {
	mu, g := e.NewMutex("mu"), e.NewWaitGroup("g")
	n := 0
	for range 8 {
		g.Go("p", func() {
			for range 100 {
				mu.Lock()
				n++
				mu.Unlock()
				if mu.TryLock() {
					n++
					n--
					mu.Unlock()
				}
			}
		})
	}
	g.Wait()
	f.want(n == 800, "an increment was lost")
	f.want(!mu.Locked(), "the mutex is still locked")
}

func rwmutexesExcludeWriters(e *sim.Env, f *findings) {
	mu, g := e.NewRWMutex("mu"), e.NewWaitGroup("g")
	a, b := 0, 0
	for range 4 {
		g.Go("write", func() {
			for range 50 {
				mu.Lock()
				a++
				b++
				mu.Unlock()
			}
		})
		g.Go("read", func() {
			for range 50 {
				mu.RLock()
				f.want(a == b, "a reader saw half of a write")
				mu.RUnlock()
			}
		})
	}
	g.Wait()
	f.want(a == 200, "a write was lost")
}

func conditionsLoseNoWakeUp(e *sim.Env, f *findings) {
	mu, g := e.NewMutex("mu"), e.NewWaitGroup("g")
	full := e.NewCond("full", mu)
	items, taken := 0, 0
	for range 3 {
		g.Go("take", func() {
			for range 20 {
				mu.Lock()
				for items == 0 {
					full.Wait()
				}
				items--
				taken++
				mu.Unlock()
			}
		})
		g.Go("put", func() {
			for i := range 20 {
				mu.Lock()
				items++
				mu.Unlock()
				if i%2 == 0 {
					full.Signal()
				} else {
					full.Broadcast()
				}
			}
		})
	}
	g.Wait()
	f.want(taken == 60, "not all items were taken")
}

func semaphoresCount(e *sim.Env, f *findings) {
	sem, g := e.NewSemaphore("sem", 2), e.NewWaitGroup("g")
	inside := sim.NewAtomic(e, "inside", 0)
	for range 6 {
		g.Go("p", func() {
			f.want(sem.Acquire(nil) == nil, "acquire failed")
			for !inside.CompareAndSwap(inside.Load(), inside.Load()+1) {
				e.Yield()
			}
			f.want(inside.Load() <= 2, "too many inside")
			e.Sleep(tick / 10)
			for n := inside.Load(); !inside.CompareAndSwap(n, n-1); n = inside.Load() {
				e.Yield()
			}
			sem.Release()
		})
	}
	g.Wait()
	for range 2 {
		f.want(sem.TryAcquire(), "permits were lost")
	}
	f.want(!sem.TryAcquire() && sem.Free() == 0, "permits were made")
	ctx, cancel := e.WithTimeout(e.Background(), tick)
	defer cancel()
	f.want(sem.Acquire(ctx) == context.DeadlineExceeded, "acquire did not end with its context")
}

func channelsAreQueues(e *sim.Env, f *findings) {
	for _, capacity := range []int{0, 1, 4, sim.Unbounded} {
		c, g := sim.NewChan[int](e, "c", capacity), e.NewWaitGroup("g")
		for s := range 3 {
			g.Go("send", func() {
				for i := range 30 {
					c.Send(s*100 + i)
				}
			})
		}
		e.Go("close", func() { g.Wait(); c.Close() })
		var got []int
		for v, ok := c.Recv(); ok; v, ok = c.Recv() {
			got = append(got, v)
		}
		f.want(len(got) == 90, "values were lost or doubled")
		for s := range 3 {
			mine := slices.DeleteFunc(slices.Clone(got), func(v int) bool { return v/100 != s })
			f.want(slices.IsSorted(mine), "values of one sender came out of order")
		}
	}
}

func closedChannelsDrain(e *sim.Env, f *findings) {
	c := sim.NewChan[int](e, "c", 2)
	f.want(c.TrySend(1) && c.TrySend(2) && !c.TrySend(3) && c.Len() == 2, "capacity")
	c.Close()
	v, ok := c.Recv()
	f.want(v == 1 && ok, "first value")
	v, ok = c.TryRecv()
	f.want(v == 2 && ok, "second value")
	_, ok = c.Recv()
	f.want(!ok && c.Closed(), "closed")
}

func selectTakesWhatIsReady(e *sim.Env, f *findings) {
	c, ev := sim.NewChan[int](e, "c", 0), e.NewEvent("ev")
	var v int
	var ok bool
	f.want(e.TrySelect(sim.OnRecv(c, &v, &ok), sim.OnEvent(ev)) == -1, "something was ready")
	f.want(e.Select(sim.OnRecv(c, &v, &ok), sim.OnEvent(ev), e.After(tick)) == 2, "the deadline")
	e.Go("send", func() { e.Sleep(tick); c.Send(7) })
	f.want(e.Select(sim.OnRecv(c, &v, &ok), sim.OnEvent(ev), e.After(time.Minute)) == 0 && v == 7 && ok, "the value")
	e.Go("set", func() { e.Sleep(tick); ev.Set() })
	f.want(e.Select(sim.OnRecv(c, &v, &ok), sim.OnEvent(ev), e.After(time.Minute)) == 1, "the event")
	f.want(!ev.Set() && ev.IsSet(), "an event happens once")
	e.Go("recv", func() { e.Sleep(tick); c.Recv() })
	f.want(e.Select(sim.OnSend(c, 1), e.After(time.Minute)) == 0, "the send")
	e.Go("close", func() { e.Sleep(tick); c.Close() })
	f.want(e.Select(sim.OnRecv(c, &v, &ok), e.After(time.Minute)) == 0 && !ok, "the close")
}

// Several selecting receivers and senders with deadlines that keep firing.
func selectTakesEachValueOnce(e *sim.Env, f *findings) {
	a, b := sim.NewChan[int](e, "a", 0), sim.NewChan[int](e, "b", 1)
	senders, receivers := e.NewWaitGroup("senders"), e.NewWaitGroup("receivers")
	sum := e.NewCounter()
	stop := e.NewEvent("stop")
	for s := range 3 {
		senders.Go("send", func() {
			for i := 0; i < 100; {
				v := 1 + s*100 + i
				if e.Select(sim.OnSend(a, v), sim.OnSend(b, v), e.After(time.Microsecond)) < 2 {
					i++
				}
			}
		})
		receivers.Go("recv", func() {
			for {
				var v int
				switch e.Select(sim.OnRecv(a, &v, nil), sim.OnRecv(b, &v, nil), sim.OnEvent(stop), e.After(time.Microsecond)) {
				case 0, 1:
					sum.Add(int64(v))
				case 2:
					return
				}
			}
		})
	}
	senders.Wait()
	for b.Len() > 0 {
		e.Sleep(tick / 10)
	}
	stop.Set()
	receivers.Wait()
	f.want(sum.Value() == 300*301/2, "values were lost or doubled")
}

func timersStopAndReset(e *sim.Env, f *findings) {
	fired := sim.NewChan[string](e, "fired", sim.Unbounded)
	stopped := e.AfterFunc(tick, "stopped", func() { fired.Send("stopped") })
	reset := e.AfterFunc(tick, "reset", func() { fired.Send("reset") })
	e.AfterFunc(2*tick, "plain", func() { fired.Send("plain") })
	f.want(stopped.Stop() && !stopped.Stop(), "stop")
	f.want(reset.Reset(4*tick), "reset")
	e.Sleep(8 * tick)
	first, _ := fired.Recv()
	second, _ := fired.Recv()
	f.want(first == "plain" && second == "reset" && fired.Len() == 0, "timers fired out of order")
	f.want(!reset.Stop(), "a timer that fired is not set")
}

func contextsEndDownwards(e *sim.Env, f *findings) {
	root, stopRoot := e.WithCancel(e.Background())
	child, stopChild := e.WithTimeout(e.WithValue(root, "key", 1), time.Minute)
	defer stopChild()
	short, stopShort := e.WithTimeout(child, tick)
	defer stopShort()
	f.want(e.SleepCtx(short, time.Minute) == context.DeadlineExceeded, "the deadline")
	f.want(child.Err() == nil && child.Value("key") == 1, "the parent goes on")
	e.Go("cancel", func() { e.Sleep(tick); stopRoot() })
	f.want(e.SleepCtx(child, time.Minute) == context.Canceled, "the cancellation")
	<-child.Done()
	late, stopLate := e.WithTimeout(child, time.Minute)
	defer stopLate()
	f.want(late.Err() == context.Canceled, "a child of an ended context")
	raced, stopRaced := e.WithCancel(e.Background())
	g := e.NewWaitGroup("g")
	for range 10 { // children come while the parent ends
		g.Go("child", func() {
			c, stop := e.WithTimeout(raced, time.Minute)
			defer stop()
			f.want(e.SleepCtx(c, time.Minute) != nil, "a child outlived its parent")
		})
	}
	stopRaced()
	g.Wait()
}

func atomicsSwap(e *sim.Env, f *findings) {
	a, g := sim.NewAtomic(e, "a", 0), e.NewWaitGroup("g")
	for range 4 {
		g.Go("p", func() {
			for range 50 {
				for n := a.Load(); !a.CompareAndSwap(n, n+1); n = a.Load() {
					e.Yield()
				}
			}
		})
	}
	g.Wait()
	f.want(a.Swap(5) == 200, "an increment was lost")
	a.Store(6)
	f.want(a.Load() == 6, "store")
}

func streamsDependOnTheirName(e *sim.Env, f *findings) {
	first, again := e.Rand("a").Uint64(), e.Rand("a").Uint64()
	f.want(first == again, "two streams of one name differ")
	f.want(e.Rand("a").Uint64() != e.Rand("b").Uint64(), "streams of two names agree")
	f.want(e.Named("part").HostName() == e.HostName(), "the host's name")
}
