package conform

import (
	"fmt"
	"slices"
	"strconv"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gateway"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// discoveryPlayer plays one schedule in a world. Each step is a proc that sleeps until its
// time, as in bufferPlayer. Without tablets there is only the watcher.
type discoveryPlayer struct {
	env     *sim.Env
	vector  DiscoveryVector
	topo    *scriptedTopo
	watcher *discovery.KeyspaceEventWatcher
	// updates is how a watcher alone gets its health messages.
	updates *sim.Chan[*discovery.TabletHealth]

	// The rest is nil without tablets.
	tablets *scriptedTablets
	health  *discovery.HealthCheck
	gateway *gateway.TabletGateway

	requests []*GatewayOutcome
	outcome  DiscoveryOutcome
}

// localCell is the cell of all schedules.
const localCell = "zone1"

// PlayDiscovery plays the schedule under the scheduling decisions of chooser (nil: first come,
// first served). The error says that the world ended badly.
func PlayDiscovery(v DiscoveryVector, b release.Behaviors, chooser sim.Chooser) (*DiscoveryOutcome, error) {
	p := &discoveryPlayer{vector: v}
	w := sim.New(sim.Config{Chooser: chooser})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) { p.play(env, b) })
	if out := w.Run(); out.Kind != sim.Stopped {
		return nil, fmt.Errorf("the world ended before the schedule: %s\n%s", out.String(), out.Detail)
	}
	slices.SortFunc(p.requests, func(a, b *GatewayOutcome) int { return a.Req - b.Req })
	for _, r := range p.requests {
		p.outcome.Requests = append(p.outcome.Requests, *r)
	}
	return &p.outcome, nil
}

func (p *discoveryPlayer) play(env *sim.Env, b release.Behaviors) {
	p.env, p.topo = env, newScriptedTopo(p.vector.Config.KeyspacesAtStart)
	steps := p.vector.Steps
	for len(steps) > 0 && steps[0].At == 0 && steps[0].Op == "srv_keyspace" {
		p.topo.step(steps[0]) // in force before the watcher starts
		steps = steps[1:]
	}
	if len(p.vector.Tablets) == 0 {
		p.updates = sim.NewChan[*discovery.TabletHealth](env, "updates", sim.Unbounded)
		p.watcher = discovery.NewKeyspaceEventWatcher(env, p.topo, p.topo, p, localCell, sim.Dist{}, b)
	} else {
		p.buildGateway(b)
	}
	p.recordEvents()
	for _, s := range steps {
		env.Go(fmt.Sprintf("%s %d", s.Op, s.Req), func() {
			env.SleepUntil(s.At.instant())
			p.step(s)
		})
	}
	env.Go("end", func() {
		env.SleepUntil(p.vector.End.instant())
		env.Stop("end")
	})
}

// Subscribe implements discovery.HealthSource for a watcher alone.
func (p *discoveryPlayer) Subscribe(string) *sim.Chan[*discovery.TabletHealth] { return p.updates }

// buildGateway makes everything below a session: health check, watcher, buffer, gateway.
func (p *discoveryPlayer) buildGateway(b release.Behaviors) {
	c, reg := p.vector.Config, metrics.NewRegistry(p.env)
	p.tablets = newScriptedTablets(p.env, p.executing)
	p.health = discovery.NewHealthCheck(p.env, p.tablets, nil, reg, discovery.Options{
		LocalCell: localCell, RetryDelay: c.HealthCheckRetryDelay.duration(), Timeout: c.HealthCheckTimeout.duration(), Behaviors: b,
	})
	p.watcher = discovery.NewKeyspaceEventWatcher(p.env, p.topo, p.topo, p.health, localCell, sim.Dist{}, b)
	buf := buffer.New(p.env, BufferConfig{
		Enabled: true, Size: c.Size, Window: c.Window, MaxFailoverDuration: c.MaxFailoverDuration,
		MinTimeBetweenFailovers: c.MinTimeBetweenFailovers, DrainConcurrency: c.DrainConcurrency,
	}.config(), reg, b)
	p.gateway = gateway.New(p.env, p.health, p.watcher, buf, gateway.Options{LocalCell: localCell, RetryCount: c.RetryCount, Behaviors: b})
	p.gateway.ConsumeKeyspaceEvents(p.env.Background(), p.watcher.Subscribe())
	for _, t := range p.vector.Tablets {
		p.health.AddTablet(p.tablets.add(t))
	}
}

// recordEvents writes down the keyspace events as they are sent.
func (p *discoveryPlayer) recordEvents() {
	events := p.watcher.Subscribe()
	p.env.GoDaemon("record-events", func() {
		for {
			ev, _ := events.Recv()
			p.outcome.Events = append(p.outcome.Events, p.event(ev))
		}
	})
}

func (p *discoveryPlayer) event(ev *buffer.KeyspaceEvent) EventOutcome {
	out := EventOutcome{
		At: p.now(), Ks: ev.Keyspace,
		MoveTablesType:  [...]string{"", "regular", "shard_by_shard"}[ev.MoveTables.Type],
		MoveTablesState: [...]string{"", "switching", "switched"}[ev.MoveTables.State],
	}
	for _, s := range ev.Shards {
		out.Shards = append(out.Shards, EventShard{Shard: s.Target.Shard, Serving: s.Serving, Primary: aliasText(s.Primary)})
	}
	return out
}

func (p *discoveryPlayer) step(s DiscoveryStep) {
	if p.topo.step(s) || p.tablets != nil && p.tablets.step(s) {
		return
	}
	switch s.Op {
	case "health":
		p.updates.Send(&discovery.TabletHealth{
			Tablet: topodata.Tablet{Alias: alias(s.Tablet)}, Serving: s.Serving, PrimaryTermStartTime: s.Term,
			Target: query.Target{Keyspace: s.Ks, Shard: s.Shard, TabletType: tabletType(s.Type)},
		})
	case "mark_not_serving":
		marked := p.watcher.MarkShardNotServing(s.Ks, s.Shard, s.Reparent)
		p.outcome.Answers = append(p.outcome.Answers, Answer{At: p.now(), Op: s.Op, Marked: marked})
	case "query":
		p.query(s)
	case "remove_tablet":
		p.health.RemoveTablet(alias(s.Tablet))
	case "request":
		p.request(s)
	default:
		panic("unknown op: " + s.Op)
	}
}

func (p *discoveryPlayer) query(s DiscoveryStep) {
	target := query.Target{Keyspace: s.Ks, Shard: s.Shard, TabletType: topodata.Primary}
	a := Answer{At: p.now(), Op: s.Op, BeingResharded: p.watcher.TargetIsBeingResharded(target)}
	primary, should := p.watcher.ShouldStartBufferingForTarget(target)
	a.Primary, a.ShouldStartBuffering = aliasText(primary), should
	a.ServingKeyspaces = p.watcher.ServingKeyspaces()
	if p.health != nil {
		for _, h := range p.health.HealthyTablets(target) {
			a.Healthy = append(a.Healthy, h.Alias().String())
		}
	}
	p.outcome.Answers = append(p.outcome.Answers, a)
}

func (p *discoveryPlayer) request(s DiscoveryStep) {
	r := &GatewayOutcome{Req: s.Req, Result: "pending"}
	p.requests = append(p.requests, r)
	ctx := p.env.Background()
	if s.CtxTimeout != nil {
		ctx, _ = p.env.WithTimeout(ctx, s.CtxTimeout.duration())
	}
	req := &query.ExecuteRequest{
		Target:    query.Target{Keyspace: s.Ks, Shard: s.Shard, TabletType: topodata.Primary},
		RequestID: strconv.Itoa(s.Req),
	}
	if s.InTransaction {
		req.TransactionID = 1
	}
	_, err := p.gateway.Execute(ctx, query.MethodExecute, req)
	r.At, r.Result = p.now(), "ok"
	if err != nil {
		r.Result, r.ErrorCode, r.Error = "error", vterr.CodeOf(err).String(), err.Error()
	}
}

// executing writes down an attempt of a request.
func (p *discoveryPlayer) executing(request string, tablet topodata.TabletAlias) {
	for _, r := range p.requests {
		if strconv.Itoa(r.Req) == request {
			r.Attempts = append(r.Attempts, Attempt{p.now(), tablet.String()})
		}
	}
}

func (p *discoveryPlayer) now() Seconds { return Seconds(p.env.Now()) }
