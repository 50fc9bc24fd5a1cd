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
	world     *sim.World
	begun     bool // all tasks are there
	preparing uint64
	released  []time.Duration // how long each held request was, in the order of their returns
	untimed   bool
	thread    *timeoutThread // of the last failover
	// entry and returned are those of the requests, by the names of their procs.
	entry    map[string]int64
	returned map[string]bool
}

func (m modelWorld) begin() *modelRun {
	r := &modelRun{modelWorld: m, entry: map[string]int64{}, returned: map[string]bool{}}
	r.checker = newChecker(Config{
		Enabled: true, Size: max(m.size, 1), Window: modelWindow, MaxFailoverDuration: modelMax, DrainConcurrency: 1,
	})
	return r
}

// search searches all schedules of the world, and gives the verdict of the first that breaks
// something.
func (m modelWorld) search(limit int, untimed bool) (explore.SearchStats, error) {
	return m.searchWith(limit, untimed, untimed, func(*modelRun) {})
}

// searchWith also shows each run, to its end or not; cached leaves out known states.
func (m modelWorld) searchWith(limit int, untimed, cached bool, show func(*modelRun)) (explore.SearchStats, error) {
	pool := sim.NewPool()
	defer pool.Close()
	var r *modelRun
	search := explore.Search{Limit: limit, Untimed: untimed, AnyClock: true, Sections: true}
	if cached { // in a timed world, timers that are set would be part of the state
		search.State = func() uint64 { return r.state() }
		search.Local = func(task string, op sim.Op, before uint64) uint64 { return r.local(task, op, before) }
	}
	return search.Run(func(c sim.Chooser) error {
		r = m.begin()
		r.untimed = untimed
		_, out := r.finish(sim.Config{Chooser: c, Pool: pool})
		show(r)
		return r.verdict(out)
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
			r.request(ctx)
			r.returned[fmt.Sprint("request ", i)] = true
		})
		if i < r.cancels {
			env.Go(fmt.Sprint("cancel ", i), cancel)
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
			r.over = true
			r.afterShutdown()
		})
	}
	r.begun = true
}

func (r *modelRun) request(ctx *sim.Context) {
	came := r.world.Now()
	done, _ := r.b.WaitForFailoverEnd(ctx, "ks", "0", nil, vterr.New(vterr.ClusterEvent, vterr.TextNotServing))
	if done != nil {
		r.released = append(r.released, r.world.Now().Sub(came))
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
}

// lookInside checks what must hold between any two steps, where no critical section is under
// way. It is called while the chooser decides, so that what it looks at is no step itself.
// spec: B-45, P-3, P-4, P-17
func (r *modelRun) lookInside() {
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
	r.must(queued <= r.b.slots.inUse() && r.b.slots.inUse() <= r.cfg.Size, "SlotConservation", "%d queued, %d slots in use", queued, r.b.slots.inUse())
	if sb.thread != nil {
		r.thread = sb.thread
	}
	r.must(sb.thread != nil || r.thread == nil || r.thread.ended.IsSet(), "TimeoutThreadEndsBeforeTheDrain", "the shard is %v", state)
	if state == Buffering {
		alive := sb.thread != nil && !sb.thread.ended.IsSet() && !sb.thread.stopAsked.IsSet()
		r.must(alive, "BufferingHasTimeoutThread", "none")
	}
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

// modelSink hands the events to the checker, as far as they don't depend on the clock.
type modelSink struct{ r *modelRun }

func (s modelSink) Record(e trace.Event) {
	if e.Kind == KindBuffered {
		s.r.entry[strings.TrimPrefix(e.Proc, "gate-1/")] = e.Number("entry")
	}
	s.r.checker.Record(e)
}

// state is a number for all that is shared.
func (r *modelRun) state() uint64 {
	if !r.begun {
		r.preparing++
		return r.preparing // the steps of one task: none comes twice
	}
	r.lookInside()
	sb := r.b.made[0]
	text := fmt.Sprint(r.b.slots.inUse(), r.over, sb.state.Load(), sb.currentPrimary.UID, r.shard("0").newcomer)
	for i := range r.requests {
		text += r.request1(fmt.Sprint("request ", i))
	}
	if sb.queue != nil {
		for e := sb.queue.head; e != nil; e = e.next {
			text += fmt.Sprint(" q", r.whose(e.id))
		}
	}
	if t := sb.thread; t != nil {
		text += fmt.Sprint(" thread ", t.maxReached.IsSet(), t.stopAsked.IsSet(), t.ended.IsSet())
		if n, ok := t.notice.(*rememberedNotice); ok {
			text += fmt.Sprint(n.slot.Len())
		}
	}
	return sim.HashString(0, text)
}

func (r *modelRun) request1(name string) string {
	id, held := r.entry[name]
	if !held {
		return "-"
	}
	x := r.entries[id]
	if r.returned[name] && (x.released || !x.slot) {
		return "."
	}
	rank := 0
	for other, its := range r.entry {
		if its < id && (!r.returned[other] || r.entries[its].slot && !r.entries[its].released) {
			rank++
		}
	}
	return fmt.Sprint(" ", rank, x.slot, x.left, x.released)
}

func (r *modelRun) whose(id int64) int {
	for i := range r.requests {
		if r.entry[fmt.Sprint("request ", i)] == id {
			return i + 1
		}
	}
	return 0
}

// local is which request the timeout thread waits for.
func (r *modelRun) local(task string, op sim.Op, before uint64) uint64 {
	if !strings.Contains(task, "timeout") || op != sim.OpSelect {
		return before
	}
	if q := r.b.made[0].queue; q != nil && q.head != nil {
		return uint64(r.whose(q.head.id))
	}
	return 0
}
