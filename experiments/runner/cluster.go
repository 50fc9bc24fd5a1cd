package runner

import (
	"time"

	"bufsim/experiments/scenario"
	"bufsim/gate"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/topo"
)

// The hosts that every world has beside tablets and gates.
const (
	hostNetwork  = "net"
	hostTopo     = "topo"
	hostOperator = "vtctld"
	hostClients  = "clients"
)

// addressTopo is how programs are told of the topology server.
const addressTopo = hostTopo + ":2379"

// cluster is a world with the processes of a scenario.
type cluster struct {
	scenario *scenario.Scenario
	profile  release.Profile
	flags    flags.Set
	world    *sim.World
	// steady is the environment of a host that never crashes.
	steady *sim.Env
	net    *simnet.Network
	cells  map[string]string // cell of each host

	topos                     []*topoProcess // the global one first
	operatorHost, clientsHost *sim.Host

	tablets []*member
	gates   []*gateProcess
	vtorcs  []*vtorcProcess

	// cores are what all MySQL servers share, nil if they share nothing.
	cores *mysqld.Cores
}

// member is one tablet with its MySQL server.
type member struct {
	alias    topodata.TabletAlias
	keyspace string
	shard    string
	kind     topodata.TabletType
	server   *mysqld.Server
	mysqld   *sim.Host
	host     *sim.Host
	process  *tablet.Tablet
	life     life
	// timings are the server's own, changes those of faults, on top of each other.
	timings mysqld.Timings
	changes []*func(*mysqld.Timings)
	// stalls and heldHealth count the faults that stall the disk and hold health streams.
	stalls, heldHealth int
}

// gateProcess is one vtgate.
type gateProcess struct {
	name string
	cell string
	host *sim.Host
	gate *gate.Gate
	// watched are the cells that it watches. spec: O-75
	watched []string
	life    life
}

// build makes the hosts of the scenario's cluster. The topology holds what an
// initialised cluster has, so that everything serves when the clients start.
func build(s *scenario.Scenario, profile release.Profile, set flags.Set, cfg sim.Config) *cluster {
	c := &cluster{scenario: s, profile: profile, flags: set, world: sim.New(cfg), cells: map[string]string{}}
	c.steady = c.world.AddHost(hostNetwork, sim.HostOptions{}, nil).Env()
	c.net = simnet.New(c.steady, simnet.Options{Loopback: sim.Constant(loopback), Between: c.latency})
	c.addTopo()
	if n := s.Cluster.Cores; n > 0 {
		c.cores = mysqld.NewCores(c.steady, n)
	}
	for _, k := range s.Cluster.Keyspaces {
		for _, sh := range k.Shards {
			for _, t := range sh.Tablets {
				c.addServer(k, sh, t)
			}
		}
	}
	c.describeGates()
	return c
}

// loopback is the one-way delay between two processes of one machine.
const loopback = 30 * time.Microsecond

// latency gives the one-way delay between two hosts by their cells. The topology,
// the operator and the clients are in the first cell.
func (c *cluster) latency(from, to string) sim.Dist {
	first := c.scenario.Cluster.Cells[0]
	cell := func(host string) string {
		if name, ok := c.cells[host]; ok {
			return name
		}
		return first
	}
	return c.scenario.Cluster.Network.Latency(cell(from), cell(to)).Sim()
}

// addServer adds the MySQL server of a tablet.
func (c *cluster) addServer(k scenario.Keyspace, sh scenario.Shard, t scenario.Tablet) {
	alias, err := topodata.ParseTabletAlias(t.Alias)
	if err != nil {
		panic(err) // the scenario was checked
	}
	kind, err := topodata.ParseTabletType(string(t.Type))
	if err != nil {
		panic(err)
	}
	m := &member{alias: alias, keyspace: k.Name, shard: string(sh.Name), kind: kind}
	c.cells[alias.String()], c.cells[mysqld.HostName(alias)] = alias.Cell, alias.Cell
	m.timings = mysqlTimings(c.scenario.Cluster.Profile(t), c.scenario.Cluster.Steps)
	timings := m.timings
	m.server = mysqld.New(c.steady, mysqld.Options{
		Cores: c.cores,
		Alias: alias, Timings: &timings, StartWithoutSuper: !c.profile.Behaviors.StartsSuperReadOnly,
		NetTimeout:            c.profile.Defaults.ReplicaNetTimeout,
		SemiSyncSwitchInstant: c.scenario.Cluster.Profile(t).SemiSyncSwitch == scenario.SemiSyncSwitchInstant,
	})
	m.mysqld = c.world.AddHost(mysqld.HostName(alias), sim.HostOptions{}, func(env *sim.Env) {
		m.server.Boot(env, c.net.Node(env))
	})
	c.tablets = append(c.tablets, m)
}

// topology is one process's view of the topology.
func (c *cluster) topology(env *sim.Env, node *simnet.Node) *topo.Server {
	f := c.flags.Common
	return topo.NewServer(env, node, topo.Options{
		Implementation: c.scenario.Cluster.Topo.Name(), ReadConcurrency: c.flags.VTGate.TopoReadConcurrency,
		ServerHost: addressTopo, RemoteOperationTimeout: f.RemoteOperationTimeout, LockTimeout: f.LockTimeout,
		LeaseTTL: time.Duration(f.TopoEtcdLeaseTTL) * time.Second,
	})
}
