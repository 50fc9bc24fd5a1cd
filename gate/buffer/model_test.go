package buffer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/trace"
)

// modelWorld is what the formal model of the buffer has: a few requests that see a failover,
// of which some give up at any time, an event that ends the failover, and a shutdown; in an
// untimed world, in which any window may be over and the maximum duration reached at any time.
type modelWorld struct {
	requests  int
	size      int             // of the buffer; 0 is 1, as in the formal model
	arrivals  []time.Duration // of the requests; nil: all at first
	cancels   int             // so many of the requests give up, at any time
	events    int
	shutdown  bool
	behaviors release.Behaviors
	// remembers makes what became of requests, and what is broken, a part of the state for ever.
	remembers bool
}

// modelWindow is shorter than the maximum duration, if timers fire at their times.
const (
	modelWindow = time.Second
	modelMax    = 20 * time.Second
)

// modelRun is one run of it.
type modelRun struct {
	modelWorld
	*checker
	world    *sim.World
	released []time.Duration // how long each held request was, in the order of their returns
	untimed  bool
	// held and returned are what became of the requests.
	held     []*entry
	returned []bool
	through  []bool // with the retry, or the client has given up
	threads  []*timeoutThread
	listener *listener // of the last thread
	methods  methods
}

func (m modelWorld) begin() *modelRun {
	r := &modelRun{modelWorld: m, held: make([]*entry, m.requests), returned: make([]bool, m.requests), through: make([]bool, m.requests)}
	r.checker = newChecker(Config{
		Enabled: true, Size: max(m.size, 1), Window: modelWindow, MaxFailoverDuration: modelMax, DrainConcurrency: 1,
	})
	return r
}

// search searches all schedules of the world at its times, and gives the verdict of the first
// that breaks something.
func (m modelWorld) search(limit int) (explore.SearchStats, error) {
	pool := sim.NewPool()
	defer pool.Close()
	return explore.Search{Limit: limit, AnyClock: true, Sections: true}.Run(func(c sim.Chooser) error {
		r := m.begin()
		_, out := r.finish(sim.Config{Chooser: c, Pool: pool})
		return r.verdict(out)
	})
}

// searchStates searches all states of the world, in which any timer may fire at any time, and
// gives the verdict of the first run that breaks something.
func (m modelWorld) searchStates(limit int, plain bool) (explore.StateStats, error) {
	return m.searchWith(limit, plain, (*modelRun).verdict)
}

// searchWith also judges each run, to its end or not.
func (m modelWorld) searchWith(limit int, plain bool, judge func(*modelRun, sim.Outcome) error) (explore.StateStats, error) {
	pool, places := sim.NewPool(), methods{}
	defer pool.Close()
	var r *modelRun
	search := explore.StateSearch{
		Limit: limit, Plain: plain, Uses: m.uses(),
		State: func(s *explore.State, p *sim.Point, n int) { r.describe(s, p, n) },
		Task:  func(t *explore.TaskState) { r.describeTask(t) },
	}
	return search.Run(func(c sim.Chooser) error {
		r = m.begin()
		r.untimed, r.methods = true, places
		_, out := r.finish(sim.Config{Chooser: c, Pool: pool})
		return judge(r, out)
	})
}

func (r *modelRun) finish(cfg sim.Config) (*modelRun, sim.Outcome) {
	cfg.Sink = modelSink{r}
	r.world = sim.New(cfg)
	r.world.AddHost("gate-1", sim.HostOptions{}, r.main)
	return r, r.world.Run()
}

func (r *modelRun) main(env *sim.Env) {
	r.b = New(env, r.cfg, metrics.NewRegistry(env), r.behaviors)
	r.b.shardBuffer("ks", "0")
	for i := range r.requests {
		ctx, cancel := env.WithCancel(env.Background())
		env.Go(fmt.Sprint("request ", i), func() {
			if r.arrivals != nil {
				env.SleepUntil(sim.Time(r.arrivals[i]))
			}
			r.request(ctx, i)
			r.returned[i] = true
		})
		if i < r.cancels {
			env.Go(fmt.Sprint("cancel ", i), func() {
				r.through[i] = true
				cancel()
			})
		}
	}
	for i := range r.events {
		env.Go(fmt.Sprint("event ", i), func() {
			r.b.HandleKeyspaceEvent(&KeyspaceEvent{Keyspace: "ks", Shards: []ShardEvent{{
				Target:  query.Target{Keyspace: "ks", Shard: "0"},
				Primary: topodata.TabletAlias{Cell: "zone1", UID: uint32(i + 1)}, Serving: true,
			}}})
		})
	}
	if r.shutdown {
		env.Go("shutdown", func() {
			r.b.Shutdown()
			r.b.Status() // for a search, what follows concerns those that take the lock, too
			r.over = true
			r.afterShutdown()
		})
	}
}

func (r *modelRun) request(ctx *sim.Context, i int) {
	came := r.world.Now()
	done, _ := r.b.WaitForFailoverEnd(ctx, "ks", "0", nil, vterr.New(vterr.ClusterEvent, vterr.TextNotServing))
	if done != nil {
		r.released = append(r.released, r.world.Now().Sub(came))
		r.through[i] = true
		done()
	}
}

// afterShutdown looks at what must be for ever once Shutdown has returned.
// spec: P-6
func (r *modelRun) afterShutdown() {
	for _, sb := range r.b.made {
		r.must(sb.state.Load() == Idle, "ShutdownIsFinal", "%v after Shutdown", sb.state.Load())
	}
	r.must(r.b.slots.inUse() == 0, "ShutdownIsFinal", "%d slots in use after Shutdown", r.b.slots.inUse())
	for i, e := range r.held {
		r.must(e == nil || r.through[i], "ShutdownIsFinal", "request %d is under way after Shutdown", i)
	}
}

// lookInside checks what must hold between any two steps, where no critical section is under
// way. It is called while the chooser decides, so that what it looks at is no step itself.
// spec: P-1, P-3, P-4, P-17
func (r *modelRun) lookInside(p *sim.Point, n int) {
	sb := r.b.made[0]
	if sb.mu.Locked() {
		return
	}
	state, queued := sb.state.Load(), 0
	if sb.queue != nil {
		for e := sb.queue.head; e != nil; e = e.next {
			queued++
			r.must(!e.unblocked.IsSet(), "QueueWellFormed", "entry %d is queued and unblocked", e.id)
		}
	}
	r.must(queued == 0 || state == Buffering, "QueueWellFormed", "%d queued in state %v", queued, state)
	taken := 0
	for _, x := range r.entries {
		if x.slot && !x.released {
			taken++
		}
	}
	free := r.b.slots.free.Free()
	r.must(free+taken == r.cfg.Size, "SlotConservation", "%d slots are free and %d taken", free, taken)
	r.must(queued <= taken, "SlotConservation", "%d queued, %d slots taken", queued, taken)
	r.lookAtThreads(state, queued > 0 && sleeps(p, n))
}

// lookAtThreads checks what the timeout thread is there for.
// spec: P-4, B-35, B-39, B-45
func (r *modelRun) lookAtThreads(state State, blind bool) {
	for i, t := range r.threads {
		if i < len(r.threads)-1 {
			r.must(t.ended.IsSet(), "NoRuntimeErrors", "timeout thread %d outlives its failover", i+1)
		}
	}
	t := r.b.made[0].thread
	if n := len(r.threads); t == nil && n > 0 {
		r.must(r.threads[n-1].ended.IsSet(), "TimeoutThreadEndsBeforeTheDrain", "the shard is %v", state)
	}
	if state != Buffering {
		return
	}
	r.must(t != nil && !t.ended.IsSet() && !t.stopAsked.IsSet(), "BufferingHasTimeoutThread", "none")
	r.must(!blind || t.ended.IsSet(), "TimeoutThreadNotBlind", "requests are queued, and the thread sleeps")
}

// sleeps reports whether the timeout thread waits, and not for an instant. If it can run, or
// waits for an instant, it is among what can be chosen. It may wait for a lock that is free for
// whoever comes first, while another that waited longer competes for it.
func sleeps(p *sim.Point, n int) bool {
	for i := range n {
		task := p.Task(i)
		thread := strings.HasPrefix(task.Name, "gate-1/buffer/timeout ") && !p.Futile(i)
		if competes := task.Op == sim.OpLock && p.Woken(i) >= 0; thread || competes {
			return false
		}
	}
	return true
}

var errModel = errors.New("a property of the model is broken")

// verdict is what is broken in a run, also in one that the search has stopped.
func (r *modelRun) verdict(out sim.Outcome) error {
	if out.Failed() {
		return fmt.Errorf("%w: NoRuntimeErrors, AllRequestsComplete: %s", errModel, out.Detail)
	}
	over := out.ID != explore.StopRedundant
	if over && r.shutdown {
		r.atEnd(0)
	}
	if r.untimed { // then nothing about durations holds
		r.broken = slices.DeleteFunc(r.broken, func(text string) bool { return strings.HasPrefix(text, "P-12") || strings.HasPrefix(text, "P-13") })
	}
	for i, held := range r.released {
		r.must(r.untimed || held <= modelWindow, "WindowEnforced", "the request that returned as number %d was held for %v", i+1, held)
	}
	r.must(!over || r.b.slots.inUse() == 0, "SlotConservation", "%d slots in use at the end", r.b.slots.inUse())
	if len(r.broken) > 0 {
		return fmt.Errorf("%w: %s", errModel, strings.Join(r.broken, "; "))
	}
	return nil
}

// modelSink hands the events to the checker, and sees what is made.
type modelSink struct{ r *modelRun }

// Record implements trace.Sink.
// spec: B-28, B-36
func (s modelSink) Record(e trace.Event) {
	r := s.r
	switch e.Kind {
	case KindBuffered:
		r.held[e.Proc[len(e.Proc)-1]-'0'] = r.b.made[0].queue.tail
	case KindStart:
		t := r.b.made[0].thread
		r.listener = &listener{notice: t.notice}
		t.notice = r.listener
		r.threads = append(r.threads, t)
	case KindReleased:
		i := r.whoseID(e.Number("entry"))
		r.must(r.through[i], "SlotConservation", "the slot of request %d is free before its retry is over", i)
	case KindEvicted:
		x := r.held[r.whoseID(e.Number("entry"))]
		r.must(e.Text("reason") != evictedWindow || r.world.Now() >= x.deadline, "WindowEnforced", "entry %d is evicted before its window is over", x.id)
	}
	r.checker.Record(e)
}
