package explore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
)

// queueModel is a small model of a buffer's timeout thread: requests come, are queued under
// a lock, and the thread gives each free when its window is over. With the fault, a notice
// that comes after the thread saw the queue empty and before it waits is lost.
type queueModel struct {
	arrivals []time.Duration
	fault    bool

	env    *sim.Env
	mu     *sim.Mutex
	queue  []*heldRequest
	notice *sim.Event
	late   bool
}

type heldRequest struct {
	free     *sim.Event
	deadline sim.Time
}

const (
	modelWindow = time.Second
	modelEnd    = sim.Time(20 * time.Second)
)

var errLate = errors.New("a request was held for longer than its window")

func (m queueModel) play(c sim.Chooser) error {
	w := sim.New(sim.Config{Chooser: c})
	w.AddHost("h", sim.HostOptions{}, m.main)
	if out := w.Run(); out.Kind != sim.Finished && out.ID != explore.StopRedundant {
		return errors.New(out.Detail)
	}
	if m.late {
		return errLate
	}
	return nil
}

func (m *queueModel) main(env *sim.Env) {
	m.env, m.mu, m.notice = env, env.NewMutex("mu"), env.NewEvent("notice")
	env.GoDaemon("thread", m.thread)
	for i, at := range m.arrivals {
		env.Go(fmt.Sprint("request ", i), func() {
			env.Sleep(at)
			m.request()
		})
	}
}

func (m *queueModel) request() {
	r := &heldRequest{m.env.NewEvent("free"), m.env.Now().Add(modelWindow)}
	m.mu.Lock()
	m.queue = append(m.queue, r)
	if len(m.queue) == 1 {
		m.notice.Set()
		m.notice = m.env.NewEvent("notice")
	}
	m.mu.Unlock()
	r.free.Wait()
	m.late = m.late || m.env.Now() > r.deadline
}

func (m *queueModel) thread() {
	for {
		m.mu.Lock()
		queue, notice := m.queue, m.notice
		m.mu.Unlock()
		if m.fault {
			m.mu.Lock()
			notice = m.notice
			m.mu.Unlock()
		}
		if len(queue) == 0 {
			if m.env.Select(sim.OnEvent(notice), sim.At(modelEnd)) == 1 {
				break
			}
			continue
		}
		m.env.SleepUntil(queue[0].deadline)
		m.mu.Lock()
		m.queue = m.queue[1:]
		queue[0].free.Set()
		m.mu.Unlock()
	}
	m.mu.Lock()
	for _, r := range m.queue {
		r.free.Set()
	}
	m.mu.Unlock()
}

// The sizes of the search spaces of the model are those of a small model: thousands, not
// millions, for four requests. The fault is found in a fraction of them.
func TestSearchOfTheQueueModel(t *testing.T) {
	for _, test := range []struct {
		arrivals         []time.Duration
		runs, faultAfter int // at most
	}{
		{[]time.Duration{0, 1}, 40, 12},
		{[]time.Duration{0, 0, 1}, 450, 25},
		{[]time.Duration{0, 1, 1}, 350, 190},
		{[]time.Duration{0, 0, 1, 1}, 4000, 350},
	} {
		m := queueModel{}
		for _, at := range test.arrivals {
			m.arrivals = append(m.arrivals, at*time.Second)
		}
		stats, err := explore.Search{Limit: 10_000}.Run(m.play)
		require.NoError(t, err)
		require.True(t, stats.Complete)
		require.LessOrEqual(t, stats.Runs, test.runs)
		m.fault = true
		found, err := explore.Search{Limit: 10_000}.Run(m.play)
		require.ErrorIs(t, err, errLate)
		require.LessOrEqual(t, found.Runs, test.faultAfter)
		require.ErrorIs(t, m.play(found.Failing.StrictReplay()), errLate, "the schedule replays")
		t.Logf("arrivals %v: %d runs, %d of them cut; with the fault found in run %d", test.arrivals, stats.Runs, stats.Redundant, found.Runs)
	}
}

// program is a few tasks that each do a few operations on shared tools.
type program struct {
	tasks [][]int
	timed bool
}

func drawProgram(t *rapid.T) program {
	return program{
		tasks: rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 9), 1, 3), 2, 3).Draw(t, "tasks"),
		timed: rapid.Bool().Draw(t, "timed"),
	}
}

// play runs the program and writes down all that its tasks saw.
func (g program) play(c sim.Chooser) (saw string, out sim.Outcome) {
	w := sim.New(sim.Config{Chooser: c, MaxTime: sim.Time(time.Minute)})
	views := make([]string, len(g.tasks))
	w.AddHost("h", sim.HostOptions{}, func(e *sim.Env) {
		x, y := sim.NewAtomic(e, "x", 0), sim.NewAtomic(e, "y", 0)
		mu, rw, event := e.NewMutex("mu"), e.NewRWMutex("rw"), e.NewEvent("event")
		ch := sim.NewChan[int](e, "ch", 1)
		guarded, written := 0, 0 // by mu, by rw
		for i, ops := range g.tasks {
			me := i + 1
			look := func(what string, v int) { views[i] += fmt.Sprint(what, v, " ") }
			do := []func(){
				func() { x.Store(me) },
				func() { look("x", x.Load()) },
				func() { look("y", y.Load()); y.Store(y.Load() + 1) },
				func() { mu.Lock(); look("g", guarded); guarded = guarded*3 + me; x.Load(); mu.Unlock() },
				func() { event.Set(); look("y", y.Load()) },
				func() { look("e", e.Select(sim.OnEvent(event), e.After(time.Second))) },
				func() { look("sent", e.Select(sim.OnSend(ch, me), sim.OnEvent(event), e.After(time.Second))) },
				func() { v, got := ch.TryRecv(); look(fmt.Sprint("got ", got), v) },
				func() { e.Sleep(time.Duration(me%2) * time.Second); look("x", x.Load()) },
				func() {
					rw.RLock()
					look("r", written)
					rw.RUnlock()
					rw.Lock()
					written++
					rw.Unlock()
				},
			}
			e.Go(fmt.Sprint("p", i), func() {
				for _, op := range ops {
					do[op]()
				}
			})
		}
	})
	out = w.Run()
	return fmt.Sprint(views, out.Kind), out
}

// Whatever comes out under any schedule also comes out under one that the search tries: the
// orders that it leaves out end alike.
func TestSearchLosesNoOutcome(t *testing.T) {
	simtest.Checks(t, 60, 2000)
	rapid.Check(t, func(t *rapid.T) {
		g := drawProgram(t)
		all, tried := map[string]bool{}, map[string]bool{}
		stats, err := explore.Exhaustive(4_000, 99, func(c sim.Chooser) error {
			saw, _ := g.play(untimedIf(c, !g.timed))
			all[saw] = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		found, err := explore.Search{Limit: 30_000, Untimed: !g.timed}.Run(func(c sim.Chooser) error {
			if saw, out := g.play(c); out.ID != explore.StopRedundant {
				tried[saw] = true
			}
			return nil
		})
		if err == nil && !found.Complete {
			return // too large a program
		}
		if err != nil || stats.Complete && found.Runs > stats.Runs {
			t.Fatal(err, found, stats)
		}
		for saw := range all {
			if !tried[saw] {
				t.Fatalf("%v\nis missing after %d runs of %d; there are\n%v", saw, found.Runs, stats.Runs, tried)
			}
		}
		if stats.Complete && len(all) != len(tried) {
			t.Fatalf("%d outcomes instead of %d", len(tried), len(all))
		}
	})
}

func untimedIf(c sim.Chooser, untimed bool) sim.Chooser {
	if untimed {
		return explore.WithEarlyTimers(c, "")
	}
	return c
}
