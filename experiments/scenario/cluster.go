package scenario

import "time"

// Cluster is what runs: cells, keyspaces with their tablets, and gates.
type Cluster struct {
	// Cells are the names of the cells; topology lives in each of them.
	Cells []string `json:"cells" jsonschema:"names of the cells"`
	// Gates are the vtgate processes, named gate-1, gate-2, ... in this order.
	Gates   []GateGroup `json:"gates" jsonschema:"groups of vtgate processes"`
	Network Network     `json:"network" jsonschema:"one-way latencies"`
	CPU     CPU         `json:"cpu" jsonschema:"time a statement costs in each process"`
	MySQL   MySQL       `json:"mysql" jsonschema:"how the MySQL servers behave"`
	// Cores are the processor cores that all MySQL servers of the cluster share, as on a laptop:
	// the service time of statements is work on them. 0 gives each as many as it needs.
	Cores int   `json:"cores,omitempty" jsonschema:"processor cores that all MySQL servers share; as many as they need if left out"`
	Steps Steps `json:"steps" jsonschema:"how long the steps of a reparent take"`
	// VTOrc are the processes that repair shards by themselves; nil is none.
	VTOrc *VTOrc `json:"vtorc,omitempty" jsonschema:"processes that repair shards by themselves; none if left out"`
	Topo  Topo   `json:"topo,omitempty" jsonschema:"the topology service"`
	// Keyspaces come after MySQL, whose values a tablet's own profile inherits.
	Keyspaces []Keyspace `json:"keyspaces" jsonschema:"keyspaces with their shards and tablets"`
}

func (c *Cluster) setDefaults(d *decoder) {
	*c = Cluster{Cells: []string{"zone1"}, Gates: []GateGroup{{Cell: "", Count: 1}}}
	c.Network.setDefaults(d)
	c.CPU.setDefaults(d)
	c.MySQL.setDefaults(d)
	c.Steps.setDefaults(d)
}

// GateGroup is a number of equal vtgate processes.
type GateGroup struct {
	// Cell is where they run; the first cell if left out.
	Cell  string `json:"cell,omitempty" jsonschema:"cell of the gates; the first cell if left out"`
	Count int    `json:"count" jsonschema:"number of gates"`
}

func (g *GateGroup) setDefaults(*decoder) { *g = GateGroup{Count: 1} }

// Keyspace is a database, cut into shards.
type Keyspace struct {
	Name string `json:"name" jsonschema:"name of the keyspace"`
	// Durability is the keyspace's durability policy.
	Durability Durability `json:"durability" jsonschema:"durability policy"`
	// EqualShards makes that many shards of equal key ranges, each with
	// Tablets; it stands instead of Shards and is 0 once resolved.
	EqualShards int `json:"equal_shards,omitempty" jsonschema:"number of equal shards, instead of shards"`
	// Tablets are the tablets of each shard that lists none; empty once resolved.
	Tablets []Tablet `json:"tablets,omitempty" jsonschema:"tablets of each shard that lists none itself"`
	Shards  []Shard  `json:"shards,omitempty" jsonschema:"the shards"`
}

func (k *Keyspace) setDefaults(*decoder) { *k = Keyspace{Durability: DurabilityNone} }

// Shard is a part of a keyspace with its own replication group.
type Shard struct {
	Name    ShardName `json:"name" jsonschema:"0 for the only shard, else a key range such as -80"`
	Tablets []Tablet  `json:"tablets,omitempty" jsonschema:"tablets of the shard"`
}

// Tablet is one vttablet with its MySQL server.
type Tablet struct {
	// Alias is the cell and a number, such as zone1-100. Left out, it is made
	// from Cell and the shard's place: 100, 101, ... in the first shard, 200,
	// 201, ... in the second.
	Alias string     `json:"alias,omitempty" jsonschema:"cell and number, such as zone1-100"`
	Cell  string     `json:"cell,omitempty" jsonschema:"cell of the tablet; that of the alias or the first cell if left out"`
	Type  TabletType `json:"type" jsonschema:"type at the start; exactly one primary in each shard"`
	// MySQL replaces the cluster's profile; what it leaves out is inherited.
	MySQL *MySQL `json:"mysql,omitempty" jsonschema:"profile of this tablet's MySQL server; what it leaves out is inherited"`
}

func (t *Tablet) setDefaults(*decoder) { *t = Tablet{Type: TypeReplica} }

// Profile is the MySQL profile of a tablet of the cluster.
func (c *Cluster) Profile(t Tablet) MySQL {
	if t.MySQL != nil {
		return *t.MySQL
	}
	return c.MySQL
}

// TabletType is the type of a tablet at the start.
type TabletType string

// The types.
const (
	TypePrimary TabletType = "primary"
	TypeReplica TabletType = "replica"
	TypeRdonly  TabletType = "rdonly"
)

// Values lists the types.
func (TabletType) Values() []string {
	return []string{string(TypePrimary), string(TypeReplica), string(TypeRdonly)}
}

// Durability is the name of a durability policy.
//
// spec: R-15
type Durability string

// The built-in policies.
const (
	DurabilityNone                    Durability = "none"
	DurabilitySemiSync                Durability = "semi_sync"
	DurabilityCrossCell               Durability = "cross_cell"
	DurabilitySemiSyncWithRdonlyAck   Durability = "semi_sync_with_rdonly_ack"
	DurabilityCrossCellWithRdonlyAcks Durability = "cross_cell_with_rdonly_ack"
)

// Values lists the policies.
func (Durability) Values() []string {
	return []string{
		string(DurabilityNone), string(DurabilitySemiSync), string(DurabilityCrossCell),
		string(DurabilitySemiSyncWithRdonlyAck), string(DurabilityCrossCellWithRdonlyAcks),
	}
}

// Network holds one-way latencies.
//
// spec: W-40
type Network struct {
	InCell       Dist `json:"in_cell" jsonschema:"one way, inside a cell"`
	BetweenCells Dist `json:"between_cells" jsonschema:"one way, between two cells"`
	// Links override BetweenCells for pairs of cells, in both directions.
	Links []Link `json:"links,omitempty" jsonschema:"latencies of particular pairs of cells"`
}

func (n *Network) setDefaults(*decoder) {
	*n = Network{
		InCell:       Uniform(100*time.Microsecond, 250*time.Microsecond),
		BetweenCells: Uniform(500*time.Microsecond, time.Millisecond),
	}
}

// Link is the latency between two cells.
type Link struct {
	From    string `json:"from" jsonschema:"a cell"`
	To      string `json:"to" jsonschema:"another cell"`
	Latency Dist   `json:"latency" jsonschema:"one way, in both directions"`
}

// Latency is the one-way latency between two cells.
func (n Network) Latency(from, to string) Dist {
	if from == to {
		return n.InCell
	}
	for _, l := range n.Links {
		if l.From == from && l.To == to || l.From == to && l.To == from {
			return l.Latency
		}
	}
	return n.BetweenCells
}

// CPU is the time that a statement costs in the Vitess processes.
//
// spec: W-40
type CPU struct {
	VTGate   Dist `json:"vtgate" jsonschema:"per statement in vtgate"`
	VTTablet Dist `json:"vttablet" jsonschema:"per statement in vttablet"`
	// WatcherDelay is how long a message of health waits in a gate for the keyspace event
	// watcher's turn. Its default has the mean that the logs of measured gates show between
	// the health check's line and the buffer's; package groundtruth holds it to them.
	// spec: G-44, D-89
	WatcherDelay Dist `json:"watcher_delay" jsonschema:"wait of a health message for the gate's keyspace event watcher"`
}

func (c *CPU) setDefaults(*decoder) {
	*c = CPU{
		VTGate: Constant(100 * time.Microsecond), VTTablet: Constant(200 * time.Microsecond),
		WatcherDelay: Lognormal(100*time.Microsecond, 500*time.Microsecond),
	}
}

// ShardName is the name of a shard. Files may write it without quotes even
// where YAML takes it for a number: `0` and `"0"` are the same.
type ShardName string

func (*ShardName) bare() {}

// bareText marks such types.
type bareText interface{ bare() }
