package scenario

import (
	"fmt"
	"slices"
	"strings"

	"bufsim/model/topodata"
	"bufsim/topo"
)

func (c *checker) cluster() {
	cl := &c.s.Cluster
	if len(cl.Cells) == 0 {
		c.fail("cluster.cells", "the cluster has no cell", "write cells: [zone1]")
	}
	for i, cell := range cl.Cells {
		path := fmt.Sprintf("cluster.cells[%d]", i)
		if !isName(cell) {
			c.fail(path, fmt.Sprintf("%q is not a name", cell), "write lower-case letters, digits and dashes")
		} else if slices.Contains(cl.Cells[:i], cell) {
			c.fail(path, fmt.Sprintf("the cell %s appears twice", cell), "remove one of the two")
		}
	}
	if cl.Cores < 0 {
		c.fail("cluster.cores", fmt.Sprintf("%d is negative", cl.Cores), "write 0 for as many as are needed")
	}
	c.gates()
	c.vtorc()
	for i, l := range cl.Network.Links {
		path := fmt.Sprintf("cluster.network.links[%d]", i)
		c.cell(path+".from", l.From)
		c.cell(path+".to", l.To)
		if l.From == l.To && l.From != "" {
			c.fail(path, fmt.Sprintf("the link leads from %s to itself", l.From), "set in_cell instead")
		}
	}
	if cl.MySQL.ApplyRate == 0 {
		c.fail("cluster.mysql.apply_rate", "a replica that applies nothing never serves as a replica", "write a rate above 0, or use stop_applier in the timeline")
	}
	if len(cl.Keyspaces) == 0 {
		c.fail("cluster.keyspaces", "the cluster has no keyspace", "add one with a name and shards")
	}
	aliases := map[string]string{}
	for i := range cl.Keyspaces {
		c.keyspace(fmt.Sprintf("cluster.keyspaces[%d]", i), i, aliases)
	}
}

// cell checks that a cell exists.
func (c *checker) cell(path, name string) {
	if !slices.Contains(c.s.Cluster.Cells, name) {
		c.unknownName(path, "cell", name, c.s.Cluster.Cells)
	}
}

// Bounds that keep a slip of the finger from asking for a cluster or a load
// that no machine can hold.
const (
	gatesMax   = 10_000
	clientsMax = 1_000_000
	weightMax  = 1_000_000
)

func (c *checker) gates() {
	for i, g := range c.s.Cluster.Gates {
		path := fmt.Sprintf("cluster.gates[%d]", i)
		if g.Count < 1 || g.Count > gatesMax {
			c.fail(path+".count", fmt.Sprintf("%d gates", g.Count), fmt.Sprintf("write a number from 1 to %d", gatesMax))
		}
		if len(c.s.Cluster.Cells) > 0 {
			c.cell(path+".cell", g.Cell)
		}
	}
	if len(c.s.Cluster.Gates) == 0 {
		c.fail("cluster.gates", "the cluster has no gate", "write gates: [{count: 1}]")
	}
}

func (c *checker) keyspace(path string, index int, aliases map[string]string) {
	k := &c.s.Cluster.Keyspaces[index]
	if !isName(k.Name) {
		c.fail(path+".name", fmt.Sprintf("%q is not a name of a keyspace", k.Name), "write lower-case letters, digits and dashes")
	}
	if slices.Contains(c.s.Cluster.keyspaceNames()[:index], k.Name) {
		c.fail(path+".name", fmt.Sprintf("the keyspace %s appears twice", k.Name), "give one of them another name")
	}
	switch {
	case k.EqualShards < 0 || k.EqualShards > equalShardsMax:
		c.fail(path+".equal_shards", fmt.Sprintf("%d shards", k.EqualShards), fmt.Sprintf("write a number from 1 to %d", equalShardsMax))
	case k.EqualShards > 0:
		c.fail(path+".equal_shards", "the keyspace has both equal_shards and shards", "remove one of the two")
	case len(k.Shards) == 0:
		c.fail(path, fmt.Sprintf("the keyspace %s has no shard", k.Name), `add shards: [{name: "0"}], or equal_shards: 2`)
	}
	for j := range k.Shards {
		if slices.Contains(k.shardNames()[:j], string(k.Shards[j].Name)) {
			c.fail(fmt.Sprintf("%s.shards[%d].name", path, j), fmt.Sprintf("the shard %s appears twice", k.Shards[j].Name), "give one of them another name")
		}
		c.shard(path, k, j, aliases)
	}
	c.partition(path, k)
}

// partition checks that the shards of a keyspace cover it: else nothing can be served.
// spec: O-55
func (c *checker) partition(path string, k *Keyspace) {
	partition := topodata.Partition{ServedType: topodata.Primary}
	for _, name := range k.shardNames() {
		_, keys, err := topodata.ValidateShardName(name)
		twice := slices.ContainsFunc(partition.ShardReferences, func(r topodata.ShardReference) bool { return r.Name == name })
		if err != nil || twice {
			return // that is told already
		}
		partition.ShardReferences = append(partition.ShardReferences, topodata.ShardReference{Name: name, KeyRange: keys})
	}
	if c.s.Start == StartFromNothing {
		return // what is missing may come in the timeline
	}
	if err := topo.OrderAndCheckPartitions("any", &topodata.SrvKeyspace{Partitions: []topodata.Partition{partition}}); err != nil {
		c.fail(path+".shards", fmt.Sprintf("the shards %s do not cover the keyspace %s once", strings.Join(k.shardNames(), ", "), k.Name),
			`name them by key ranges that follow each other, such as -80 and 80-, or one shard "0"`)
	}
}

func (c *checker) shard(keyspacePath string, k *Keyspace, index int, aliases map[string]string) {
	s := &k.Shards[index]
	path := fmt.Sprintf("%s.shards[%d]", keyspacePath, index)
	if _, _, err := topodata.ValidateShardName(string(s.Name)); err != nil || !isShardName(string(s.Name)) {
		c.fail(path+".name", fmt.Sprintf("%q is not a name of a shard", string(s.Name)), "write 0 for the only shard, or a key range such as -80 or 80-")
	}
	tabletsPath := path + ".tablets"
	if !c.present(tabletsPath) && c.present(keyspacePath+".tablets") {
		tabletsPath = keyspacePath + ".tablets"
	}
	if len(s.Tablets) == 0 {
		c.fail(tabletsPath, fmt.Sprintf("the shard %s/%s has no tablet", k.Name, s.Name), "add tablets: [{type: primary}, {type: replica}]")
		return
	}
	primaries := 0
	for i, t := range s.Tablets {
		if t.Type == TypePrimary {
			primaries++
		}
		c.tablet(fmt.Sprintf("%s[%d]", tabletsPath, i), fmt.Sprintf("%s/%s", k.Name, s.Name), t, aliases)
	}
	if c.s.Start == StartFromNothing {
		if primaries > 0 {
			c.fail(tabletsPath, fmt.Sprintf("the shard %s/%s has a primary before anything runs", k.Name, s.Name),
				"give no tablet type: primary; init_shard_primary in the timeline makes one")
		}
		return
	}
	if primaries != 1 {
		c.fail(tabletsPath, fmt.Sprintf("the shard %s/%s has %d primaries", k.Name, s.Name, primaries), "give exactly one tablet type: primary")
		return
	}
	c.acknowledgers(tabletsPath, k, s)
}

// isShardName reports whether s is a key range or a plain name such as 0.
func isShardName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_", r)
	}) < 0
}

func (c *checker) tablet(path, shard string, t Tablet, aliases map[string]string) {
	if len(c.s.Cluster.Cells) > 0 {
		c.cell(path+".cell", t.Cell)
	}
	cell, uid, ok := cutAlias(t.Alias)
	switch {
	case !ok:
		c.fail(path+".alias", fmt.Sprintf("%q is not an alias", t.Alias), "write the cell and a number, such as zone1-100")
		return
	case cell != t.Cell:
		c.fail(path+".alias", fmt.Sprintf("the alias %s belongs to the cell %s, not to %s", t.Alias, cell, t.Cell), "remove cell or change the alias")
	}
	key := fmt.Sprintf("%s-%d", cell, uid)
	if other, seen := aliases[key]; seen {
		c.fail(path+".alias", fmt.Sprintf("the alias %s appears twice", t.Alias), "the other one is in "+other+"; aliases are unique in the whole cluster")
	}
	aliases[key] = shard
	if t.MySQL != nil && t.MySQL.ApplyRate == 0 {
		c.fail(path+".mysql.apply_rate", "a replica that applies nothing never serves as a replica", "write a rate above 0, or use stop_applier in the timeline")
	}
}

// acknowledgers checks that a durability policy can be met at all; if not,
// every write would hang from the start.
//
// spec: R-15
func (c *checker) acknowledgers(path string, k *Keyspace, s *Shard) {
	if k.Durability == DurabilityNone {
		return
	}
	crossCell := k.Durability == DurabilityCrossCell || k.Durability == DurabilityCrossCellWithRdonlyAcks
	rdonly := k.Durability == DurabilitySemiSyncWithRdonlyAck || k.Durability == DurabilityCrossCellWithRdonlyAcks
	primary := s.Tablets[slices.IndexFunc(s.Tablets, func(t Tablet) bool { return t.Type == TypePrimary })]
	for _, t := range s.Tablets {
		typeCounts := t.Type == TypeReplica || rdonly && t.Type == TypeRdonly
		if typeCounts && (!crossCell || t.Cell != primary.Cell) {
			return
		}
	}
	c.fail(path, fmt.Sprintf("no tablet of %s/%s can acknowledge writes under the policy %s, so every write would hang", k.Name, s.Name, k.Durability),
		"add a replica (in another cell for the cross_cell policies), or write durability: none")
}
