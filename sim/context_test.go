package sim_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

func TestContextTreeEndsDownwardsOnly(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		root, stopRoot := e.WithCancel(e.Background())
		left, stopLeft := e.WithTimeout(root, 10*time.Second)
		leaf := e.WithValue(left, "key", "value")
		right, stopRight := e.WithDeadline(root, sim.Time(5e9))
		later, stopLater := e.WithTimeout(right, time.Minute) // the parent's deadline is nearer
		defer stopLater()
		say := func(what string) {
			s.say("%s: root %v, left %v, leaf %v, right %v, later %v", what, root.Err(), left.Err(), leaf.Err(), right.Err(), later.Err())
		}
		say("start")
		stopLeft()
		say("left")
		e.Sleep(6 * time.Second)
		say("deadline")
		stopRight()
		stopRoot()
		say("root")
		late, stopLate := e.WithTimeout(right, time.Hour)
		defer stopLate()
		s.say("late %v, value %v, none %v", late.Err(), leaf.Value("key"), leaf.Value("other"))
	})
	require.Equal(t, []string{
		"0s start: root <nil>, left <nil>, leaf <nil>, right <nil>, later <nil>",
		"0s left: root <nil>, left context canceled, leaf context canceled, right <nil>, later <nil>",
		"6s deadline: root <nil>, left context canceled, leaf context canceled, right context deadline exceeded, later context deadline exceeded",
		"6s root: root context canceled, left context canceled, leaf context canceled, right context deadline exceeded, later context deadline exceeded",
		"6s late context deadline exceeded, value value, none <nil>",
	}, lines)
}

func TestContextIsAContext(t *testing.T) {
	var ctx context.Context
	out := world(sim.Config{Epoch: 7e9}, func(e *sim.Env) {
		bg := e.Background()
		_, has := bg.Deadline()
		e.Assert(!has, "background has no deadline")
		c, cancel := e.WithTimeout(bg, 3*time.Second)
		ctx = c
		e.Assert(c.DeadlineAt() == 3e9, "deadline")
		open := c.Done()
		select {
		case <-open:
			e.Assert(false, "ended early")
		default:
		}
		cancel()
		<-open
		<-c.Done()
		ended, _ := e.WithTimeout(bg, 0)
		<-ended.Done()
		e.Assert(ended.Err() == context.DeadlineExceeded, "a deadline that has passed ends the context at once")
	})
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	at, ok := ctx.Deadline()
	require.True(t, ok)
	require.Equal(t, time.Unix(10, 0).UTC(), at)
	require.ErrorIs(t, ctx.Err(), context.Canceled)
}

func TestCancelledContextsLeaveTheirParentAndTheirTimer(t *testing.T) {
	w := sim.New(sim.Config{})
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		root, stop := e.WithCancel(e.Background())
		var stops []func()
		for range 100 {
			_, cancel := e.WithTimeout(root, time.Hour)
			stops = append(stops, cancel)
		}
		for i := range stops {
			stops[(i*37)%100]() // in any order
		}
		stop()
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Zero(t, out.Time, "a timer was left")
}

func TestSleepCtx(t *testing.T) {
	lines := tell(t, func(e *sim.Env, s *story) {
		ctx, cancel := e.WithCancel(e.Background())
		s.say("%v", e.SleepCtx(ctx, time.Second))
		s.at(1, "cancel", cancel)
		s.say("%v", e.SleepCtx(ctx, time.Hour))
		s.say("%d", e.Select(sim.OnDone(ctx), e.After(time.Second)))
	})
	require.Equal(t, []string{"1s <nil>", "2s context canceled", "2s 0"}, lines)
}
