package buffer_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bufsim/gate/buffer"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/spec"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// oracleCase is a schedule that is played by the buffer and judged by the reference model.
type oracleCase struct {
	cfg       spec.BufferConfig
	behaviors release.Behaviors
	schedule  spec.Schedule
}

// play plays the schedule in a world. The error tells of a world that did not finish.
func (c oracleCase) play(chooser sim.Chooser) (spec.BufferOutcome, error) {
	p := &oraclePlayer{oracleCase: c}
	w := sim.New(sim.Config{Chooser: chooser})
	w.AddHost("gate-1", sim.HostOptions{}, p.run)
	if out := w.Run(); out.Kind != sim.Finished {
		return spec.BufferOutcome{}, fmt.Errorf("%s\n%s", out.String(), out.Detail)
	}
	return p.outcome(), nil
}

type oraclePlayer struct {
	oracleCase
	env       *sim.Env
	buffer    *buffer.Buffer
	reg       *metrics.Registry
	signals   *sim.Mutex // one signal at a time. spec: C-11
	requests  []spec.RequestOutcome
	shutdowns []time.Duration
	cancels   []func() // of the requests that have been called
	cancelled []bool
}

func (p *oraclePlayer) run(env *sim.Env) {
	p.env, p.reg, p.signals = env, metrics.NewRegistry(env), env.NewMutex("signals")
	p.buffer = buffer.New(env, buffer.Config{
		Enabled: p.cfg.Enabled, DryRun: p.cfg.DryRun, Size: p.cfg.Size, Window: p.cfg.Window, MaxFailoverDuration: p.cfg.MaxFailoverDuration,
		MinTimeBetweenFailovers: p.cfg.MinTimeBetweenFailovers, DrainConcurrency: p.cfg.DrainConcurrency, KeyspaceShards: p.cfg.KeyspaceShards,
	}, p.reg, p.behaviors)
	n := len(p.schedule.Requests)
	p.requests, p.cancels, p.cancelled = make([]spec.RequestOutcome, n), make([]func(), n), make([]bool, n)
	p.shutdowns = slices.Repeat([]time.Duration{-1}, len(p.schedule.Shutdowns))
	for i, r := range p.schedule.Requests {
		p.at(r.At, fmt.Sprint("request ", i), func() { p.request(i, r) })
		if r.Cancels {
			p.at(r.Cancelled, fmt.Sprint("cancel ", i), func() {
				p.cancelled[i] = true
				if p.cancels[i] != nil {
					p.cancels[i]()
				}
			})
		}
	}
	for i, sig := range p.schedule.Signals {
		p.at(sig.At, fmt.Sprint("signal ", i), func() {
			p.signals.Lock()
			defer p.signals.Unlock()
			p.signal(sig)
		})
	}
	for i, at := range p.schedule.Shutdowns {
		p.at(at, fmt.Sprint("shutdown ", i), func() {
			p.buffer.Shutdown()
			p.shutdowns[i] = p.now()
		})
	}
}

func (p *oraclePlayer) at(when time.Duration, name string, do func()) {
	p.env.Go(name, func() {
		p.env.SleepUntil(sim.Time(when))
		do()
	})
}

func (p *oraclePlayer) now() time.Duration { return p.env.Now().Duration() }

func (p *oraclePlayer) request(i int, r spec.Request) {
	ctx, cancel := p.env.WithCancel(p.env.Background())
	if r.Timeout > 0 {
		ctx, _ = p.env.WithTimeout(ctx, r.Timeout)
	}
	p.cancels[i] = cancel
	if p.cancelled[i] {
		cancel()
	}
	var watcher buffer.KeyspaceEventWatcher
	if r.Mark != spec.MarkNone {
		watcher = oracleWatcher{p.env, r}
	}
	var cause error
	if r.Cause != (spec.Cause{}) {
		cause = vterr.New(r.Cause.Code, r.Cause.Text)
	}
	keyspace, shard, _ := strings.Cut(r.Shard, "/")
	done, err := p.buffer.WaitForFailoverEnd(ctx, keyspace, shard, watcher, cause)
	out := &p.requests[i]
	out.At, out.Result = p.now(), resultOf(done != nil, err)
	if done == nil {
		return
	}
	if err == nil {
		if r.RetryTakes > 0 {
			p.env.Sleep(r.RetryTakes)
		}
		out.RetryEnd = p.now()
	}
	done()
}

// resultOf finds the result with these properties; one that the model does not have is Pending.
func resultOf(done bool, err error) spec.Result {
	text := ""
	if err != nil {
		text = err.Error()
	}
	for r := spec.Pass; r <= spec.ContextDeadline; r++ {
		if r.RetryDone() == done && r.Text() == text && (err == nil || vterr.CodeOf(err) == vterr.Unavailable) {
			return r
		}
	}
	return spec.Pending
}

type oracleWatcher struct {
	env *sim.Env
	r   spec.Request
}

func (w oracleWatcher) MarkShardNotServing(string, string, bool) bool {
	if w.r.MarkTakes > 0 {
		w.env.Sleep(w.r.MarkTakes)
	}
	return w.r.Mark == spec.MarkAccepted
}

func (p *oraclePlayer) signal(sig spec.Signal) {
	ev := &buffer.KeyspaceEvent{Keyspace: "ks"}
	if sig.Switched {
		ev.MoveTables = buffer.MoveTables{Type: buffer.MoveTablesRegular, State: buffer.MoveTablesSwitched}
	}
	for _, rec := range sig.Records {
		keyspace, shard, _ := strings.Cut(rec.Shard, "/")
		s := buffer.ShardEvent{Target: query.Target{Keyspace: keyspace, Shard: shard, TabletType: topodata.Primary}, Serving: rec.Serving}
		if rec.Primary != "" {
			s.Primary, _ = topodata.ParseTabletAlias(rec.Primary)
		}
		if sig.Legacy {
			p.buffer.ProcessPrimaryHealth(s.Target, s.Primary, sig.Term)
			return
		}
		ev.Shards = append(ev.Shards, s)
	}
	p.buffer.HandleKeyspaceEvent(ev)
}

// outcome looks at the end of the world as the model does.
func (p *oraclePlayer) outcome() spec.BufferOutcome {
	status := p.buffer.Status()
	out := spec.BufferOutcome{Requests: p.requests, ShutdownReturned: p.shutdowns, SlotsInUse: status.SlotsInUse}
	counters := countersOf(p.reg)
	for _, sh := range spec.NewBuffer(p.cfg, p.behaviors, p.schedule).Outcome().Shards { // the names
		s := spec.ShardOutcome{Shard: sh.Shard}
		if c := counters[sh.Shard]; c != nil {
			s.Counters = *c
		}
		for _, have := range status.Shards {
			if have.Keyspace+"/"+have.Shard == sh.Shard {
				s.Exists, s.State, s.Queued = true, spec.State(have.State), have.Queued
			}
		}
		out.Shards = append(out.Shards, s)
	}
	return out
}

// countersOf reads the metrics by shard. The shards of these tests have no dots in their names.
func countersOf(reg *metrics.Registry) map[string]*spec.Counters {
	all := map[string]*spec.Counters{}
	for _, sample := range reg.Snapshot().Samples() {
		if len(sample.Labels) == 0 {
			continue
		}
		name := sample.Label("keyspace") + "/" + sample.Label("shard_name")
		if all[name] == nil {
			all[name] = &spec.Counters{}
		}
		*counterOf(all[name], strings.TrimPrefix(sample.Name, "vtgate_buffer_"), sample.Label("reason")) = sample.Value
	}
	return all
}

func counterOf(c *spec.Counters, name, reason string) *int64 {
	switch name {
	case "stops":
		return labelled(c.Stops[:], reason, func(i int) string { return spec.StopReason(i).String() })
	case "requests_evicted":
		return labelled(c.Evicted[:], reason, func(i int) string { return spec.EvictReason(i).String() })
	case "requests_skipped":
		return labelled(c.Skipped[:], reason, func(i int) string { return spec.SkipReason(i).String() })
	}
	return map[string]*int64{
		"starts": &c.Starts, "requests_buffered": &c.Buffered, "requests_buffered_dry_run": &c.BufferedDryRun, "requests_drained": &c.Drained,
		"failover_duration_sum_ms": &c.FailoverDurationSumMs, "last_failover_duration_ms": &c.LastFailoverDurationMs,
		"utilization_sum": &c.UtilizationSum, "utilization_dry_run_sum": &c.UtilizationDryRunSum,
		"last_requests_in_flight_max": &c.LastRequestsInFlightMax, "last_requests_dry_run_max": &c.LastRequestsDryRunMax,
	}[name]
}

func labelled(counters []int64, reason string, name func(int) string) *int64 {
	for i := range counters {
		if name(i) == reason {
			return &counters[i]
		}
	}
	panic("unknown reason " + reason)
}
