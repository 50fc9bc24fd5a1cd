package topotest

import (
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo"
	"bufsim/topo/toposerver"
	"bufsim/topo/wire"
)

// doneReason is the outcome's ID of a run in which all clients came to their end.
const doneReason = "clients done"

// Cluster is a world with a network and a topology server on the host "topo".
type Cluster struct {
	World *sim.World
	Net   *simnet.Network
	Store *toposerver.Store
	// Topo is the server's host: crash, restart or pause it for an outage.
	Topo *sim.Host

	// Implementation is that of all servers, and of clients that say nothing else.
	Implementation string

	netEnv  *sim.Env
	clients int
}

// NewCluster makes a cluster of etcd2 that has not run yet.
func NewCluster(cfg sim.Config, opts simnet.Options) *Cluster {
	return NewClusterOf(wire.Etcd2, cfg, opts)
}

// NewClusterOf is NewCluster for another implementation, also of the clients.
func NewClusterOf(implementation string, cfg sim.Config, opts simnet.Options) *Cluster {
	c := &Cluster{World: sim.New(cfg), Implementation: implementation}
	c.netEnv = c.World.AddHost("net", sim.HostOptions{}, nil).Env()
	c.Net = simnet.New(c.netEnv, opts)
	c.Topo, c.Store = c.AddServer("topo")
	return c
}

// AddServer adds another topology server, for a cell of its own.
func (c *Cluster) AddServer(host string) (*sim.Host, *toposerver.Store) {
	store := toposerver.NewStore(c.netEnv)
	return c.World.AddHost(host, sim.HostOptions{}, func(env *sim.Env) {
		toposerver.Serve(env, c.Net.Node(env), store, toposerver.Options{Implementation: c.Implementation})
	}), store
}

// AddObserver adds a read-only server of the data of the host "topo".
func (c *Cluster) AddObserver(host string) *sim.Host {
	return c.World.AddHost(host, sim.HostOptions{}, func(env *sim.Env) {
		toposerver.ServeObserver(env, c.Net.Node(env), c.Store, toposerver.Options{Implementation: c.Implementation})
	})
}

// Client adds a host that runs fn with a topology client at each boot. The world
// stops when the functions of all clients have returned.
func (c *Cluster) Client(host string, opts topo.Options, fn func(env *sim.Env, ts *topo.Server)) *sim.Host {
	c.clients++
	if opts.Implementation == "" {
		opts.Implementation = c.Implementation
	}
	return c.World.AddHost(host, sim.HostOptions{}, func(env *sim.Env) {
		fn(env, topo.NewServer(env, c.Net.Node(env), opts))
		if c.clients--; c.clients == 0 {
			env.Stop(doneReason)
		}
	})
}

// Run runs the world to its end. ok says whether all clients came to theirs.
func (c *Cluster) Run() (out sim.Outcome, ok bool) {
	out = c.World.Run()
	return out, out.Kind == sim.Stopped && out.ID == doneReason
}
