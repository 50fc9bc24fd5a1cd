package gate

import (
	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gateway"
	"bufsim/gate/metrics"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo"
	"bufsim/topo/srvtopo"
)

// Topology is what a gate reads, and at its start writes, in the topology itself;
// *topo.Server is one. All methods block until the topology answers or ctx ends.
type Topology interface {
	discovery.TabletReader
	discovery.ShardReader
	GetCellNames(ctx *sim.Context) ([]string, error)
	GetKeyspaces(ctx *sim.Context) ([]string, error)
	GetSrvKeyspace(ctx *sim.Context, cell, keyspace string) (*topodata.SrvKeyspace, error)
	GetSrvVSchema(ctx *sim.Context, cell string) (*topodata.SrvVSchema, error)
	RebuildKeyspaceGraph(ctx *sim.Context, keyspace string, cells []string) error
	RebuildSrvVSchema(ctx *sim.Context, cells []string) error
	ConnCounts() []topo.ConnCount
}

// SrvTopo is the cached serving topology; srvtopo.ResilientServer is one.
type SrvTopo interface {
	discovery.SrvTopo
	Counts() srvtopo.Counts
	GetSrvKeyspace(ctx *sim.Context, cell, keyspace string) (*topodata.SrvKeyspace, error)
}

// Options are the parameters of a gate.
type Options struct {
	// Cell is the local cell; empty means Flags.VTGate.Cell.
	Cell string
	// CellsToWatch are the cells whose tablets are used; empty means
	// Flags.VTGate.CellsToWatch.
	CellsToWatch []string
	// Flags are the gate's flags and those common to all programs; see flags.Defaults.
	Flags flags.Set
	// Release says how the gate behaves.
	Release release.Profile
	// Timings are the durations of the gate's own work; the zero value costs no time.
	Timings Timings
}

// Timings are how long a gate's own work takes.
type Timings struct {
	// Statement is what a statement costs in the gate. spec: W-40
	Statement sim.Dist
	// WatcherDelay is how far the keyspace event watcher is behind the health check: while
	// it is, a request finds no tablet and no reparent either. spec: G-44, D-89
	WatcherDelay sim.Dist
}

// Gate is one vtgate process.
type Gate struct {
	env       *sim.Env
	node      *simnet.Node
	topo      Topology
	srv       SrvTopo
	opts      Options
	behaviors release.Behaviors
	registry  *metrics.Registry
	counts    counters
	costs     *sim.Rand // of statements
	costsMu   *sim.Mutex
	vschema   *vschemaManager
	server    *mysqlServer
	requests  *sim.Counter

	// The rest exists from Start on.
	ctx          *sim.Context
	cancel       func()
	hc           *discovery.HealthCheck
	stopWatchers func()
	kew          *discovery.KeyspaceEventWatcher // nil without buffering
	buffer       *buffer.Buffer                  // nil without buffering
	gateway      *gateway.TabletGateway
}

// New makes a gate that has not started: it answers nobody and knows no tablet.
func New(env *sim.Env, node *simnet.Node, topo Topology, srv SrvTopo, opts Options) *Gate {
	if opts.Cell == "" {
		opts.Cell = opts.Flags.VTGate.Cell
	}
	if len(opts.CellsToWatch) == 0 {
		opts.CellsToWatch = listOf(opts.Flags.VTGate.CellsToWatch)
	}
	g := &Gate{
		env: env, node: node, topo: topo, srv: srv, opts: opts, behaviors: opts.Release.Behaviors,
		costs: env.Rand("gate/cost/" + env.HostName()), costsMu: env.NewMutex("costs"),
		registry: metrics.NewRegistry(env), requests: env.NewCounter(),
	}
	g.counts = newCounters(g.registry)
	g.vschema = newVSchemaManager(env)
	g.server = newMySQLServer(g)
	return g
}

// Metrics gives the text of /metrics.
func (g *Gate) Metrics() string { return g.Snapshot().Text() }

// Snapshot reads all metrics.
func (g *Gate) Snapshot() metrics.Snapshot {
	if g.hc != nil {
		g.hc.CountConnections()
	}
	return g.registry.Snapshot().With(g.topoMetrics()...)
}

// HeldRequests counts the requests that the buffer holds; 0 without one. It takes no lock.
func (g *Gate) HeldRequests() int {
	if g.buffer == nil {
		return 0
	}
	return g.buffer.SlotsInUse()
}

// BufferStatus looks into the buffer; nothing without one.
func (g *Gate) BufferStatus() buffer.Status {
	if g.buffer == nil {
		return buffer.Status{}
	}
	return g.buffer.Status()
}
