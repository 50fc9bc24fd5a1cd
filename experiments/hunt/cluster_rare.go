package hunt

import (
	"fmt"
	"time"

	"bufsim/experiments/scenario"
)

// rare draws parts of a cluster that most clusters do without.
func (c *clusterDraw) rare() {
	cluster := &c.s.Cluster
	if c.Feature("vtorc", 20) {
		cluster.VTOrc = &scenario.VTOrc{
			Count: c.In(1, 2), Cell: cluster.Cells[c.Intn(len(cluster.Cells))],
			WaitReplicasTimeout:     scenario.Duration(c.Of(time.Second, 5*time.Second, 30*time.Second)),
			TolerableReplicationLag: scenario.Duration(c.Of(0, 0, time.Second)),
		}
	}
	if c.Feature("another topology", 20) {
		// Not the memory topology: it never loses the lock of a process that has died. spec: O-44
		cluster.Topo.Implementation = []scenario.TopoImplementation{scenario.TopoZK2, scenario.TopoConsul}[c.Intn(2)]
	}
	cluster.Topo.CellServers = c.Feature("topology of cells", 15)
	if c.Feature("few cores", 10) {
		cluster.Cores = c.In(1, 2)
	}
	if c.Feature("instant semi-sync", 15) {
		cluster.MySQL.SemiSyncSwitch = scenario.SemiSyncSwitchInstant
	}
	c.replicas()
	c.statements()
	if c.Feature("two keyspaces", 15) {
		c.secondKeyspace()
	}
}

// replicas draws tablets for reports, and policies that ask for replicas of another cell.
func (c *clusterDraw) replicas() {
	k := &c.s.Cluster.Keyspaces[0]
	reports := c.Feature("rdonly tablets", 20)
	far := len(c.s.Cluster.Cells) > 1
	for i := range k.Shards {
		tablets := k.Shards[i].Tablets
		if last := len(tablets) - 1; reports && last > 1 {
			tablets[last].Type = scenario.TypeRdonly
		}
		// One near and one far replica: whichever is primary, another cell can acknowledge.
		far = far && len(tablets) > 2 && tablets[1].Cell != tablets[0].Cell && tablets[1].Type == scenario.TypeReplica
	}
	if far && c.Feature("cross-cell durability", 50) {
		k.Durability = scenario.DurabilityCrossCell
	}
	if reports && k.Durability == scenario.DurabilitySemiSync && c.Chance(30) {
		k.Durability = scenario.DurabilitySemiSyncWithRdonlyAck
	}
}

// statements draws what clients do besides statements on rows of their own.
func (c *clusterDraw) statements() {
	w := c.s.Workload[0].Closed
	if c.Feature("shared rows", 25) {
		w.Statements.Rows = c.In(2, 20)
	}
	if c.Feature("transactions", 15) {
		w.Statements = scenario.Statements{}
		if w.OnError == scenario.OnErrorRetry { // a statement of a transaction cannot be sent again
			w.OnError = scenario.OnErrorFast
		}
		w.Transaction = &scenario.Transaction{
			Inserts: c.In(1, 3), Think: scenario.Constant(c.Of(0, 10*time.Millisecond, 500*time.Millisecond, c.f.window)),
		}
	}
}

// secondKeyspace adds a keyspace in which nothing breaks by itself, with a client of its own.
func (c *clusterDraw) secondKeyspace() {
	cluster := &c.s.Cluster
	sh := scenario.Shard{Name: "0"}
	for i := range c.In(2, 3) {
		t := scenario.Tablet{Alias: fmt.Sprintf("%s-%d", cluster.Cells[0], 900+i), Cell: cluster.Cells[0], Type: scenario.TypeReplica}
		if i == 0 {
			t.Type = scenario.TypePrimary
		}
		sh.Tablets = append(sh.Tablets, t)
	}
	cluster.Keyspaces = append(cluster.Keyspaces, scenario.Keyspace{
		Name: "orders", Durability: cluster.Keyspaces[0].Durability, Shards: []scenario.Shard{sh},
	})
	if cluster.Keyspaces[0].Durability == scenario.DurabilityCrossCell {
		cluster.Keyspaces[1].Durability = scenario.DurabilitySemiSync
	}
	own := *c.s.Workload[0].Closed
	own.Clients, own.Keyspace = 1, "orders"
	c.s.Workload = append(c.s.Workload, scenario.ClientGroup{Name: "orders", Closed: &own})
}
