package gateway

import (
	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// HealthCheck is what the gateway needs of the health check.
type HealthCheck interface {
	// HealthyTablets gives the tablets that may serve a target.
	HealthyTablets(target query.Target) []*discovery.TabletHealth
	// TabletByAlias gives a known tablet with a connection.
	TabletByAlias(alias topodata.TabletAlias) (*discovery.TabletHealth, error)
}

// Watcher is what the gateway needs of the keyspace event watcher.
type Watcher interface {
	buffer.KeyspaceEventWatcher
	TargetIsBeingResharded(target query.Target) bool
	ShouldStartBufferingForTarget(target query.Target) (primary topodata.TabletAlias, should bool)
}

// Buffer is what the gateway needs of the request buffer; see package buffer.
type Buffer interface {
	WaitForFailoverEnd(ctx *sim.Context, keyspace, shard string, watcher buffer.KeyspaceEventWatcher, cause error) (buffer.RetryDone, error)
	HandleKeyspaceEvent(ev *buffer.KeyspaceEvent)
	ProcessPrimaryHealth(target query.Target, alias topodata.TabletAlias, termStart int64)
}

// Options are the flags of a gateway.
type Options struct {
	// LocalCell is the cell whose tablets are taken first.
	LocalCell string
	// RetryCount is `--retry-count`: attempts after the first.
	RetryCount int
	// AllowedTabletTypes is `--allowed-tablet-types`; empty means all. spec: G-21
	AllowedTabletTypes []topodata.TabletType
	// Behaviors are those of the release.
	Behaviors release.Behaviors
}

// TabletGateway sends calls to tablets. Its methods are safe for concurrent use.
// spec: gateway 1 to 6
type TabletGateway struct {
	env     *sim.Env
	hc      HealthCheck
	watcher Watcher
	buffer  Buffer
	opts    Options
	stats   *statusTable

	randMu *sim.Mutex
	rand   *sim.Rand
}

// New makes a gateway. watcher and buf are nil interfaces where the gate has none, as most
// releases do with buffering off. spec: G-1, G-2
func New(env *sim.Env, hc HealthCheck, watcher Watcher, buf Buffer, opts Options) *TabletGateway {
	env = env.Named("gateway")
	return &TabletGateway{
		env: env, hc: hc, watcher: watcher, buffer: buf, opts: opts, stats: newStatusTable(env),
		randMu: env.NewMutex("rand"), rand: env.Rand("gateway/" + env.HostName()),
	}
}

// ConsumeKeyspaceEvents starts the one task that hands events to the buffer, one at a time and
// in order, until ctx ends or the channel closes. spec: G-4
func (g *TabletGateway) ConsumeKeyspaceEvents(ctx *sim.Context, events *sim.Chan[*buffer.KeyspaceEvent]) {
	g.env.GoDaemon("keyspace-events", func() {
		for {
			var ev *buffer.KeyspaceEvent
			var open bool
			if g.env.Select(sim.OnRecv(events, &ev, &open), sim.OnDone(ctx)) == 1 || !open || ev == nil {
				return
			}
			g.buffer.HandleKeyspaceEvent(ev)
		}
	})
}

// ConsumeHealth starts the task that tells the buffer of primary terms, in the implementation
// `healthcheck` of releases up to v17. spec: L-1..L-5
func (g *TabletGateway) ConsumeHealth(ctx *sim.Context, updates *sim.Chan[*discovery.TabletHealth]) {
	g.env.GoDaemon("primary-health", func() {
		for {
			var h *discovery.TabletHealth
			var open bool
			if g.env.Select(sim.OnRecv(updates, &h, &open), sim.OnDone(ctx)) == 1 || !open {
				return
			}
			if h.Target.TabletType == topodata.Primary {
				g.buffer.ProcessPrimaryHealth(h.Target, h.Alias(), h.PrimaryTermStartTime)
			}
		}
	})
}
