package runner

import (
	"fmt"
	"time"

	"bufsim/experiments/scenario"
	"bufsim/experiments/workload"
	"bufsim/sim"
)

// startClients starts all groups of clients on a host of their own.
func (p *play) startClients() {
	p.journal.Hold() // until all groups are known
	p.clientsHost = p.world.AddHost(hostClients, sim.HostOptions{}, func(env *sim.Env) {
		defer p.journal.Release()
		node := p.net.Node(env)
		for i, g := range p.scenario.Workload {
			name := g.Name
			if name == "" {
				name = fmt.Sprintf("group-%d", i+1)
			}
			p.journal.Hold() // others may be done before this group begins
			env.Go("start/"+name, func() {
				defer p.journal.Release()
				if env.Select(sim.At(sim.Time(g.Start.Std())), sim.OnEvent(p.over)) == 1 {
					return
				}
				p.startGroup(env, name, g, func(database string) []*workload.Driver {
					var drivers []*workload.Driver
					for _, gate := range p.gates {
						drivers = append(drivers, workload.NewDriver(env, node, gate.name, "user", database))
					}
					return drivers
				})
			})
		}
	})
}

// database is what a client names in its handshake.
func database(keyspace string, t scenario.TabletType) string {
	if t == "" || t == scenario.TypePrimary {
		return keyspace
	}
	return keyspace + "@" + string(t)
}

func (p *play) startGroup(env *sim.Env, name string, g scenario.ClientGroup, drivers func(database string) []*workload.Driver) {
	switch {
	case g.Gateslap != nil:
		cfg := g.Gateslap.Config
		workload.NewGateslap(env, drivers(cfg.MySQL.Database)[0], name, cfg, g.Gateslap.Files, p.over, p.journal).Run()
	case g.Closed != nil:
		c := g.Closed
		named := c.Database
		if named == "" {
			named = database(p.keyspaceOr(c.Keyspace), c.TabletType)
		}
		closedGroup(name, c).Start(env, drivers(named), p.over, p.journal)
	case g.Open != nil:
		o := g.Open
		workload.Open{
			Name: name, Gap: gap(o), Connections: o.Connections, Mix: mix(o.Statements), ReadTimeout: o.ReadTimeout.Std(),
		}.Start(env, drivers(database(p.keyspaceOr(o.Keyspace), o.TabletType)), p.over, p.journal)
	}
}

// closedGroup is a scenario's group of closed-loop clients as the workload knows it.
func closedGroup(name string, c *scenario.Closed) workload.Closed {
	w := workload.Closed{
		Name: name, Clients: c.Clients, Think: c.Think.Sim(), Mix: mix(c.Statements), OnError: workload.OnError(c.OnError),
		SQL: c.SQL, AtOnce: c.AtOnce, Kind: c.Kind, OnConnect: c.OnConnect,
		RetryWait: c.RetryWait.Std(), RetryCount: c.RetryCount, ReadTimeout: c.ReadTimeout.Std(),
	}
	if t := c.Transaction; t != nil {
		w.Transaction = &workload.Transaction{Inserts: t.Inserts, Think: t.Think.Sim()}
	}
	return w
}

func (p *play) keyspaceOr(name string) string {
	if name == "" {
		return p.scenario.Cluster.Keyspaces[0].Name
	}
	return name
}

func mix(s scenario.Statements) workload.Mix {
	return workload.Mix{Insert: s.Insert, Select: s.Select, Update: s.Update, Delete: s.Delete, Rows: s.Rows}
}

// gap is the distribution of the time between two arrivals.
func gap(o *scenario.Open) sim.Dist {
	mean := time.Duration(float64(time.Second) / float64(o.Rate))
	if o.Arrival == scenario.ArrivalUniform {
		return sim.Constant(mean)
	}
	return sim.Exponential(mean)
}
