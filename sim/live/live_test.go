package live_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/live"
	"bufsim/sim/simtest"
	"bufsim/sim/trace"
)

func run(t *testing.T, prog func(*sim.Env)) {
	r := live.New(1)
	r.Start("h", prog)
	done := make(chan struct{})
	go func() { r.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("not all goroutines ended")
	}
}

func TestToolsKeepTheirContract(t *testing.T) { simtest.Contract(t, run) }

// Misuse panics outside of the monitor, so that who recovers can go on.
func TestMisuseLeavesTheMonitorFree(t *testing.T) {
	var got []any
	run(t, func(e *sim.Env) {
		for _, wrong := range []func(){
			func() { e.NewMutex("mu").Unlock() },
			func() { e.NewRWMutex("mu").Unlock() },
			func() { e.NewRWMutex("mu").RUnlock() },
			func() { e.NewSemaphore("sem", 1).Release() },
			func() { e.NewWaitGroup("g").Done() },
			func() { c := sim.NewChan[int](e, "c", 0); c.Close(); c.Send(1) },
			func() { c := sim.NewChan[int](e, "c", 0); c.Close(); e.Select(sim.OnSend(c, 1)) },
			func() { c := sim.NewChan[int](e, "c", 0); c.Close(); c.Close() },
		} {
			func() {
				defer func() { got = append(got, recover()) }()
				wrong()
			}()
		}
		e.NewEvent("alive").Set()
	})
	require.Len(t, got, 8)
	require.NotContains(t, got, nil)
}

type sink struct{ kinds []trace.Kind }

func (s *sink) Record(ev trace.Event) { s.kinds = append(s.kinds, ev.Kind) }

func TestEventsAreRecordedOneAtATime(t *testing.T) {
	s := &sink{}
	r := live.New(1)
	r.Record(s)
	var outside sync.WaitGroup
	outside.Add(1)
	r.Start("h", func(e *sim.Env) {
		defer outside.Done()
		for range 50 {
			e.Go("p", func() { e.Mark("here") })
		}
		e.GoDaemon("server", e.NewEvent("never").Wait)
	})
	outside.Wait()
	r.Wait()
	require.Len(t, s.kinds, 50)
}
