package runner

import (
	"bufsim/experiments/scenario"
	"bufsim/sim"
	"bufsim/topo"
	"bufsim/topo/toposerver"
)

// topoProcess is one topology server with its disk.
type topoProcess struct {
	cell  string // topo.GlobalCell for the global one
	host  *sim.Host
	store *toposerver.Store
	// listens: it has come up.
	listens bool
	// faults are those of the service under way.
	faults topoFaults
}

// addTopo adds the topology servers: the global one, which serves all cells too, unless each
// cell has its own. spec: O-1
func (c *cluster) addTopo() {
	c.topos = append(c.topos, c.topoServer(topo.GlobalCell, hostTopo))
	if !c.scenario.Cluster.Topo.CellServers {
		return
	}
	for _, cell := range c.scenario.Cluster.Cells {
		c.cells[topoHostOf(cell)] = cell
		c.topos = append(c.topos, c.topoServer(cell, topoHostOf(cell)))
	}
}

// topoHostOf is the host of a cell's own topology server.
func topoHostOf(cell string) string { return hostTopo + "-" + cell }

func (c *cluster) topoServer(cell, host string) *topoProcess {
	t := &topoProcess{cell: cell, store: toposerver.NewStore(c.steady)}
	steps := c.scenario.Cluster.Steps
	t.host = c.world.AddHost(host, sim.HostOptions{}, func(env *sim.Env) {
		toposerver.Serve(env, c.net.Node(env), t.store, toposerver.Options{
			Implementation: c.scenario.Cluster.Topo.Name(),
			GlobalWrite:    steps.GlobalTopoWrite.Sim(), CellWrite: steps.LocalTopoWrite.Sim(), GlobalRoot: globalRoot,
		})
		t.listens = true
	})
	return t
}

// globalRoot is the root of the global records.
const globalRoot = "/vitess/global"

// cellAddress is where a cell's records are. spec: O-45
func (c *cluster) cellAddress(cell string) string {
	if c.scenario.Cluster.Topo.CellServers {
		return topoHostOf(cell) + ":2379"
	}
	return addressTopo
}

// toposOf gives the topology servers that a target names: one, or all for an empty name. A
// cell without a server of its own has the global one.
func (c *cluster) toposOf(kind scenario.TargetKind, name string) []*topoProcess {
	if kind != scenario.TargetTopo && (kind != scenario.TargetTablet || name != "") {
		return nil
	}
	if name == "" {
		return c.topos
	}
	for _, t := range c.topos {
		if t.cell == name {
			return []*topoProcess{t}
		}
	}
	return c.topos[:1]
}
