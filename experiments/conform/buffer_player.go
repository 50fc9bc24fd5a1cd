package conform

import (
	"fmt"
	"maps"
	"slices"

	"bufsim/gate/buffer"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// bufferPlayer plays one schedule in a world. Each step is a proc that sleeps until its time:
// so the steps of one instant run in their order, and before the timers of that instant.
type bufferPlayer struct {
	env      *sim.Env
	vector   BufferVector
	registry *metrics.Registry
	buffer   *buffer.Buffer
	// events makes keyspace events exclude each other. spec: C-11
	events    *sim.Mutex
	cancels   map[int]func()
	cancelled map[int]bool
	results   map[int]RequestOutcome
	outcome   BufferOutcome
}

// PlayBuffer plays the schedule under the scheduling decisions of chooser (nil: first come,
// first served). The error says that the vector makes no sense or that the world ended badly,
// for example in a deadlock.
func PlayBuffer(v BufferVector, b release.Behaviors, chooser sim.Chooser) (*BufferOutcome, error) {
	p := &bufferPlayer{
		vector: v, cancels: map[int]func(){}, cancelled: map[int]bool{}, results: map[int]RequestOutcome{},
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	w := sim.New(sim.Config{Chooser: chooser})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) { p.play(env, b) })
	if out := w.Run(); out.Kind != sim.Stopped {
		return nil, fmt.Errorf("the world ended before the schedule: %s\n%s", out.String(), out.Detail)
	}
	for _, req := range slices.Sorted(maps.Keys(p.results)) {
		p.outcome.Requests = append(p.outcome.Requests, p.results[req])
	}
	if v.Config.DrainConcurrency != 1 || v.Racy() {
		p.outcome.Order = nil // it is not recorded
	}
	return &p.outcome, nil
}

// check refuses steps that this player does not know.
func (p *bufferPlayer) check() error {
	for i, s := range p.vector.Steps {
		if !slices.Contains([]string{"request", "cancel", "keyspace_event", "shutdown", "probe"}, s.Op) {
			return fmt.Errorf("%s: step %d: unknown op %q", p.vector.ID, i+1, s.Op)
		}
		if _, ok := cause(s.Err); !ok {
			return fmt.Errorf("%s: step %d: unknown kind of error %q", p.vector.ID, i+1, s.Err)
		}
		if _, err := p.event(s); err != nil {
			return fmt.Errorf("%s: step %d: %w", p.vector.ID, i+1, err)
		}
	}
	return nil
}

func (p *bufferPlayer) play(env *sim.Env, b release.Behaviors) {
	p.env = env
	p.registry = metrics.NewRegistry(env)
	p.buffer = buffer.New(env, p.vector.Config.config(), p.registry, b)
	p.events = env.NewMutex("events")
	p.outcome.Order = map[string][]int{}
	for _, s := range p.vector.Steps {
		env.Go(fmt.Sprintf("%s %d", s.Op, s.Req), func() {
			env.SleepUntil(s.At.instant())
			p.step(s)
		})
	}
	env.Go("end", func() {
		env.SleepUntil(p.vector.End.instant())
		last := look(p.buffer, p.registry)
		p.outcome.SlotsInUseAtEnd, p.outcome.StatesAtEnd, p.outcome.MetricsAtEnd = last.SlotsInUse, last.Shards, last.Metrics
		env.Stop("end")
	})
}

func (p *bufferPlayer) step(s BufferStep) {
	switch s.Op {
	case "request":
		p.request(s)
	case "cancel":
		p.cancelled[s.Req] = true
		if cancel := p.cancels[s.Req]; cancel != nil {
			cancel()
		}
	case "keyspace_event":
		ev, _ := p.event(s)
		p.events.Lock()
		p.buffer.HandleKeyspaceEvent(ev)
		p.events.Unlock()
	case "shutdown":
		p.buffer.Shutdown()
		p.outcome.ShutdownReturnedAt = append(p.outcome.ShutdownReturnedAt, p.now())
	case "probe":
		probe := look(p.buffer, p.registry)
		probe.At = p.now()
		p.outcome.Probes = append(p.outcome.Probes, probe)
	}
}

func (p *bufferPlayer) request(s BufferStep) {
	ctx, cancel := p.env.WithCancel(p.env.Background())
	if s.CtxTimeout != nil {
		ctx, _ = p.env.WithTimeout(ctx, s.CtxTimeout.duration())
	}
	p.cancels[s.Req] = cancel
	if s.CtxCanceledBefore || p.cancelled[s.Req] {
		cancel()
	}
	var watcher buffer.KeyspaceEventWatcher
	if s.Mark == "refused" {
		watcher = ignorantWatcher{}
	}
	err, _ := cause(s.Err)
	done, err := p.buffer.WaitForFailoverEnd(ctx, s.Ks, s.Shard, watcher, err)
	r := RequestOutcome{Req: s.Req, At: p.now(), RetryDoneFunc: done != nil}
	if done != nil {
		name := s.Ks + "/" + s.Shard
		p.outcome.Order[name] = append(p.outcome.Order[name], s.Req)
	}
	switch {
	case err != nil:
		r.Result, r.ErrorCode, r.Error = "error", vterr.CodeOf(err).String(), err.Error()
		if done != nil {
			done()
		}
	case done == nil:
		r.Result = "pass_through"
	default:
		r.Result = "retry"
		if s.RetryTakes > 0 {
			p.env.Sleep(s.RetryTakes.duration())
		}
		end := p.now()
		r.RetryEnd = &end
		done()
	}
	p.results[s.Req] = r
}

func (p *bufferPlayer) now() Seconds { return Seconds(p.env.Now()) }

// event makes the keyspace event of a step.
func (p *bufferPlayer) event(s BufferStep) (*buffer.KeyspaceEvent, error) {
	ev := &buffer.KeyspaceEvent{Cell: "zone1", Keyspace: s.Ks}
	types := map[string]buffer.MoveTablesType{
		"": buffer.MoveTablesNone, "regular": buffer.MoveTablesRegular, "shard_by_shard": buffer.MoveTablesShardByShard,
	}
	states := map[string]buffer.MoveTablesState{
		"": buffer.MoveTablesUnknown, "switching": buffer.MoveTablesSwitching, "switched": buffer.MoveTablesSwitched,
	}
	var ok bool
	if ev.MoveTables.Type, ok = types[s.MoveTablesType]; !ok {
		return nil, fmt.Errorf("unknown type of MoveTables %q", s.MoveTablesType)
	}
	if ev.MoveTables.State, ok = states[s.MoveTablesState]; !ok {
		return nil, fmt.Errorf("unknown state of MoveTables %q", s.MoveTablesState)
	}
	for _, shard := range s.Shards {
		record := buffer.ShardEvent{
			Target:  query.Target{Keyspace: s.Ks, Shard: shard.Shard, TabletType: topodata.Primary},
			Serving: shard.Serving,
		}
		if shard.Primary != "" {
			alias, err := topodata.ParseTabletAlias(shard.Primary)
			if err != nil {
				return nil, err
			}
			record.Primary = alias
		}
		ev.Shards = append(ev.Shards, record)
	}
	return ev, nil
}

// ignorantWatcher knows no shard.
type ignorantWatcher struct{}

// MarkShardNotServing refuses.
func (ignorantWatcher) MarkShardNotServing(string, string, bool) bool { return false }
