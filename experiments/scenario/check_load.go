package scenario

import (
	"fmt"
	"slices"
)

func (c *checker) workload() {
	if len(c.s.Workload) == 0 && c.s.Start != StartFromNothing {
		c.fail("workload", "the scenario has no clients", "add a group, such as {closed: {clients: 6}} or {gateslap: 01_light_traffic}")
	}
	names := map[string]bool{}
	for i, g := range c.s.Workload {
		path := fmt.Sprintf("workload[%d]", i)
		if names[g.Name] {
			c.fail(path+".name", fmt.Sprintf("the group %s appears twice", g.Name), "give one of them another name")
		}
		names[g.Name] = true
		if g.Start >= c.s.Duration {
			c.fail(path+".start", fmt.Sprintf("the group starts at %v, but the run ends at %v", g.Start, c.s.Duration), "start it earlier or lengthen duration")
		}
		c.group(path, g)
	}
}

func (c *checker) group(path string, g ClientGroup) {
	kinds := 0
	for _, set := range []bool{g.Gateslap != nil, g.Closed != nil, g.Open != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		c.fail(path, fmt.Sprintf("the group has %d of gateslap, closed and open", kinds), "give exactly one of them")
	}
	if g.Gateslap != nil && len(g.Gateslap.Config.Workers()) == 0 {
		c.fail(path+".gateslap", fmt.Sprintf("%s has no workers", g.Gateslap.Source), "set pooled_conns, oneoff_conns or persist_conns in the file")
	}
	if g.Closed != nil {
		c.closed(path+".closed", g.Closed)
	}
	if g.Open != nil {
		c.open(path+".open", g.Open)
	}
}

func (c *checker) closed(path string, g *Closed) {
	if g.Clients < 1 || g.Clients > clientsMax {
		c.fail(path+".clients", fmt.Sprintf("%d clients", g.Clients), fmt.Sprintf("write a number from 1 to %d", clientsMax))
	}
	if g.RetryCount < 0 {
		c.fail(path+".retry_count", fmt.Sprintf("%d is negative", g.RetryCount), "write 0 for no limit")
	}
	if g.RetryCount > 0 && g.OnError != OnErrorRetry {
		c.fail(path+".retry_count", fmt.Sprintf("retry_count has no effect with on_error: %s", g.OnError), "write on_error: retry, or remove it")
	}
	c.transaction(path, g)
	if g.Transaction != nil || g.SQL != "" {
		c.destination(path, g.Keyspace, g.TabletType)
		return
	}
	c.statements(path, g.Statements, g.Keyspace, g.TabletType)
}

// transaction checks what a group sends instead of a mix.
func (c *checker) transaction(path string, g *Closed) {
	t := g.Transaction
	if t == nil {
		return
	}
	if t.Inserts < 0 || t.Inserts > weightMax {
		c.fail(path+".transaction.inserts", fmt.Sprintf("%d statements", t.Inserts), fmt.Sprintf("write a number from 0 to %d", weightMax))
	}
	if g.SQL != "" {
		c.fail(path+".sql", "the group has both sql and transaction", "remove one of the two")
	}
	if g.OnError == OnErrorRetry {
		c.fail(path+".on_error", "a statement of a transaction cannot be sent again by itself", "write on_error: fast, keep or exit")
	}
	if g.TabletType != TypePrimary {
		c.fail(path+".tablet_type", fmt.Sprintf("writes to tablets of type %s would all fail", g.TabletType), "write tablet_type: primary")
	}
}

func (c *checker) open(path string, g *Open) {
	if g.Rate <= 0 || g.Rate.IsUnlimited() || g.Rate > 10_000_000 {
		c.fail(path+".rate", fmt.Sprintf("%v is no rate of arrivals", g.Rate), "write a rate above 0, such as 200/s")
	}
	if g.Connections < 0 {
		c.fail(path+".connections", fmt.Sprintf("%d is negative", g.Connections), "write 0 for no limit")
	}
	c.statements(path, g.Statements, g.Keyspace, g.TabletType)
}

// statements checks the mix and where it goes.
func (c *checker) statements(path string, m Statements, keyspace string, to TabletType) {
	for name, weight := range map[string]int{"insert": m.Insert, "select": m.Select, "update": m.Update, "delete": m.Delete, "rows": m.Rows} {
		if weight < 0 || weight > weightMax {
			what := "weight"
			if name == "rows" {
				what = "number of rows"
			}
			c.fail(path+".statements."+name, fmt.Sprintf("the %s %d is out of range", what, weight), fmt.Sprintf("write a number from 0 to %d", weightMax))
		}
	}
	if m.Sum() == 0 {
		c.fail(path+".statements", "all weights are 0, so there is nothing to send", "write statements: {insert: 50, select: 50}")
	}
	if to != TypePrimary && m.Sum() != m.Select {
		c.fail(path+".statements", fmt.Sprintf("writes to tablets of type %s would all fail", to), "write statements: {select: 1}, or tablet_type: primary")
	}
	c.destination(path, keyspace, to)
}

// destination checks that there are tablets for the statements.
func (c *checker) destination(path, keyspace string, to TabletType) {
	k := c.s.Cluster.keyspace(keyspace)
	if k == nil {
		if keyspace == "" {
			c.fail(path+".keyspace", "the keyspace is missing", suggest("", c.s.Cluster.keyspaceNames()))
			return
		}
		c.unknownName(path+".keyspace", "keyspace", keyspace, c.s.Cluster.keyspaceNames())
		return
	}
	if to == TypePrimary && c.s.Start == StartFromNothing {
		return // the timeline makes the primaries
	}
	for _, s := range k.Shards {
		if !slices.ContainsFunc(s.Tablets, func(t Tablet) bool { return t.Type == to }) {
			c.fail(path+".tablet_type", fmt.Sprintf("the shard %s/%s has no tablet of type %s", k.Name, s.Name, to), "add one, or choose another type")
		}
	}
}
