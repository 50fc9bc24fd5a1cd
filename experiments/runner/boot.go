package runner

import (
	"time"

	"bufsim/experiments/scenario"
	"bufsim/gate"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/tablet"
	"bufsim/topo/srvtopo"
)

// life is how far a process of the cluster has come.
type life struct {
	boots   int
	serving bool
	// err is what ended the last start.
	err error
	// watched happens when a start by the operator's hand has ended; nil for those that a
	// supervisor makes.
	watched *sim.Event
}

// supervisorPause is how long a supervisor waits before it starts a process again that
// ended in its start.
const supervisorPause = 10 * time.Second

// begin notes that the process starts.
func (l *life) begin() {
	l.boots++
	l.serving, l.err = false, nil
}

// ended notes how the start has ended. A process that could not start exits; if a supervisor
// looks after it, it is started again. spec: O-83
func (c *cluster) ended(env *sim.Env, h *sim.Host, l *life, err error) {
	l.serving, l.err = err == nil, err
	watched := l.watched
	switch {
	case err == nil && watched != nil:
		watched.Set()
	case err == nil || l.boots == 1 && watched == nil:
		// The start of an initialised cluster fails as a whole.
	default:
		env.Logf("fatal", "%s: %v", h.Name(), err)
		c.steady.AfterFunc(0, "exit", func() {
			h.Crash()
			if watched != nil {
				watched.Set()
				return
			}
			c.steady.AfterFunc(supervisorPause, "supervisor", h.Restart)
		})
	}
}

// opens reports whether a process has to wait for the topology at this start. The processes
// of an initialised cluster have done so long ago.
func (c *cluster) opens(l *life) bool {
	return l.boots > 1 || c.scenario.Start == scenario.StartFromNothing
}

// startTablet boots a vttablet.
func (c *cluster) startTablet(m *member) {
	timings := tabletTimings(c.scenario.Cluster)
	m.host = c.world.AddHost(m.alias.String(), sim.HostOptions{}, func(env *sim.Env) {
		m.life.begin()
		node := c.net.Node(env)
		ts := c.topology(env, node)
		m.process = tablet.New(env, node, ts, m.server, tablet.Options{
			Alias: m.alias, Keyspace: m.keyspace, Shard: m.shard, Release: c.profile, Flags: c.tabletFlags(m), Timings: &timings,
			Replicating: !c.opens(&m.life), // any other start initialises replication itself
		})
		var err error
		if c.opens(&m.life) {
			err = ts.Open(env.Background())
		}
		if err == nil {
			err = m.process.Start()
		}
		c.ended(env, m.host, &m.life, err)
	})
}

// describeGates lists the gates, which start later.
func (c *cluster) describeGates() {
	for _, group := range c.scenario.Cluster.Gates {
		for range group.Count {
			g := &gateProcess{name: gateName(len(c.gates) + 1), cell: group.Cell, watched: c.scenario.Cluster.Cells}
			c.cells[g.name] = g.cell
			c.gates = append(c.gates, g)
		}
	}
}

// startGate boots a vtgate, which blocks in its start until tablets serve.
func (c *cluster) startGate(g *gateProcess) {
	g.host = c.world.AddHost(g.name, sim.HostOptions{}, func(env *sim.Env) {
		g.life.begin()
		c.ended(env, g.host, &g.life, c.runGate(env, c.net.Node(env), g))
	})
}

func (c *cluster) runGate(env *sim.Env, node *simnet.Node, g *gateProcess) error {
	set := c.flags
	set.VTGate.TabletTypesToWait = "PRIMARY,REPLICA"
	ts := c.topology(env, node)
	if c.opens(&g.life) {
		if err := ts.Open(env.Background()); err != nil {
			return err
		}
	}
	srv, err := srvtopo.NewResilientServer(env, ts, srvtopo.Options{
		CacheTTL: set.Common.SrvTopoCacheTTL, CacheRefresh: set.Common.SrvTopoCacheRefresh, QueryTimeout: set.Common.SrvTopoTimeout,
		TellEveryError: !c.profile.Behaviors.WatchErrorsOnlyWithoutValue,
	})
	if err != nil {
		return err
	}
	g.gate = gate.New(env, node, ts, srv, gate.Options{
		Cell: g.cell, CellsToWatch: g.watched, Flags: set, Release: c.profile,
		Timings: gate.Timings{Statement: c.scenario.Cluster.CPU.VTGate.Sim(), WatcherDelay: c.scenario.Cluster.CPU.WatcherDelay.Sim()},
	})
	return g.gate.Start(env.Background())
}
