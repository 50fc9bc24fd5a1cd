package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

// equalShardsMax keeps a slip of the finger from asking for a huge cluster.
const equalShardsMax = 1024

// resolve fills in what depends on other parts of the file. present tells
// whether the file gave a value. Resolving a resolved scenario changes nothing.
func (s *Scenario) resolve(present func(path string) bool) {
	s.Cluster.resolve()
	for i := range s.Workload {
		path := fmt.Sprintf("workload[%d]", i)
		s.Workload[i].resolve(&s.Cluster, i, func(key string) bool { return present(path + "." + key) })
	}
	for i := range s.Timeline {
		s.Timeline[i].resolve(s, i)
	}
	if e := s.Expect; e != nil {
		s.Cluster.onlyShard(&e.Keyspace, &e.Shard)
	}
}

func (c *Cluster) resolve() {
	cell := ""
	if len(c.Cells) > 0 {
		cell = c.Cells[0]
	}
	for i := range c.Gates {
		if c.Gates[i].Cell == "" {
			c.Gates[i].Cell = cell
		}
	}
	if c.VTOrc != nil && c.VTOrc.Cell == "" {
		c.VTOrc.Cell = cell
	}
	c.Topo.resolve()
	shardNumber := 0
	for i := range c.Keyspaces {
		k := &c.Keyspaces[i]
		if len(k.Shards) == 0 && k.EqualShards > 0 && k.EqualShards <= equalShardsMax {
			k.Shards = equalShards(k.EqualShards)
			k.EqualShards = 0
		}
		for j := range k.Shards {
			shardNumber++
			k.Shards[j].resolve(k.Tablets, shardNumber, cell)
		}
		if len(k.Shards) > 0 {
			k.Tablets = nil
		}
	}
}

// equalShards cuts the key space into n ranges of equal size.
func equalShards(n int) []Shard {
	if n == 1 {
		return []Shard{{Name: "0"}}
	}
	bound := func(i int) string {
		if i == 0 || i == n {
			return ""
		}
		if n <= 256 {
			return fmt.Sprintf("%02x", i*256/n)
		}
		return fmt.Sprintf("%04x", i*65536/n)
	}
	shards := make([]Shard, n)
	for i := range shards {
		shards[i].Name = ShardName(bound(i) + "-" + bound(i+1))
	}
	return shards
}

func (s *Shard) resolve(template []Tablet, number int, cell string) {
	if len(s.Tablets) == 0 {
		s.Tablets = append([]Tablet(nil), template...)
	}
	for i := range s.Tablets {
		t := &s.Tablets[i]
		if t.Cell == "" {
			t.Cell = cell
			if of, _, ok := cutAlias(t.Alias); ok {
				t.Cell = of
			}
		}
		if t.Alias == "" {
			t.Alias = t.Cell + "-" + strconv.Itoa(number*100+i)
		}
	}
}

// cutAlias splits an alias into its cell and its number.
func cutAlias(alias string) (cell string, uid uint32, ok bool) {
	i := strings.LastIndexByte(alias, '-')
	if i <= 0 {
		return "", 0, false
	}
	n, err := strconv.ParseUint(alias[i+1:], 10, 32)
	return alias[:i], uint32(n), err == nil
}

func (g *ClientGroup) resolve(c *Cluster, index int, present func(string) bool) {
	if g.Name == "" {
		g.Name = fmt.Sprintf("group%d", index+1)
	}
	if g.Closed != nil {
		g.Closed.splitDatabase()
		if g.Closed.Keyspace == "" && len(c.Keyspaces) == 1 {
			g.Closed.Keyspace = c.Keyspaces[0].Name
		}
		if !present("closed.retry_wait") {
			g.Closed.RetryWait = g.Closed.OnError.retryWaitDefault()
		}
	}
	if g.Open != nil && g.Open.Keyspace == "" && len(c.Keyspaces) == 1 {
		g.Open.Keyspace = c.Keyspaces[0].Name
	}
}

// splitDatabase takes keyspace and tablet type from the database that clients name at connect.
func (c *Closed) splitDatabase() {
	if c.Database == "" {
		return
	}
	name, kind, typed := strings.Cut(c.Database, "@")
	c.Keyspace, _, _ = strings.Cut(strings.ReplaceAll(name, ":", "/"), "/")
	c.TabletType = TypePrimary
	if typed {
		c.TabletType = TabletType(strings.ToLower(kind))
	}
}

func (o *Operation) resolve(s *Scenario, index int) {
	if o.ID == "" {
		o.ID = fmt.Sprintf("op%d", index+1)
	}
	if o.After == previous && index > 0 {
		o.After = s.Timeline[index-1].ID
	}
	switch spec, _ := specOf(o.Do); {
	case spec.reparents:
		s.Cluster.onlyShard(&o.Args.Keyspace, &o.Args.Shard)
	case spec.onKeyspace && o.Args.Keyspace == "" && len(s.Cluster.Keyspaces) == 1:
		o.Args.Keyspace = s.Cluster.Keyspaces[0].Name
	}
}

// previous stands for the operation before this one.
const previous = "previous"

// onlyShard fills in a keyspace and a shard where there is no choice.
func (c *Cluster) onlyShard(keyspace *string, shard *ShardName) {
	if *keyspace == "" && len(c.Keyspaces) == 1 {
		*keyspace = c.Keyspaces[0].Name
	}
	if k := c.keyspace(*keyspace); k != nil && *shard == "" && len(k.Shards) == 1 {
		*shard = k.Shards[0].Name
	}
}

func (c *Cluster) keyspace(name string) *Keyspace {
	for i := range c.Keyspaces {
		if c.Keyspaces[i].Name == name {
			return &c.Keyspaces[i]
		}
	}
	return nil
}

func (k *Keyspace) shard(name ShardName) *Shard {
	for i := range k.Shards {
		if k.Shards[i].Name == name {
			return &k.Shards[i]
		}
	}
	return nil
}

// shardNames lists the shards of a keyspace.
func (k *Keyspace) shardNames() []string {
	var out []string
	for _, s := range k.Shards {
		out = append(out, string(s.Name))
	}
	return out
}

// keyspaceNames lists the keyspaces.
func (c *Cluster) keyspaceNames() []string {
	var out []string
	for _, k := range c.Keyspaces {
		out = append(out, k.Name)
	}
	return out
}
