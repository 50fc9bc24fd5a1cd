package runner

import (
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet"
)

// initialise writes the records of an initialised cluster, starts the tablets and
// waits until all of them serve.
func (p *play) initialise(env *sim.Env, ctx *sim.Context) error {
	for _, t := range p.topos { // a schedule may put a server's start aside
		for !t.listens {
			if err := env.SleepCtx(ctx, startPoll); err != nil {
				return err
			}
		}
	}
	ts := p.topology(env, p.net.Node(env))
	for _, cell := range p.scenario.Cluster.Cells {
		info := &topodata.CellInfo{ServerAddress: p.cellAddress(cell), Root: "/vitess/" + cell}
		if err := ts.CreateCellInfo(ctx, cell, info); err != nil {
			return err
		}
	}
	for _, spec := range p.keyspaces() {
		if err := tablet.InitKeyspace(ctx, env, ts, spec); err != nil {
			return err
		}
	}
	for _, m := range p.tablets {
		p.startTablet(m)
	}
	for _, m := range p.tablets {
		for m.process == nil || !m.process.Status().Serving {
			if err := env.SleepCtx(ctx, startPoll); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyspaces describes the scenario's keyspaces with the servers of this world.
func (p *play) keyspaces() []tablet.KeyspaceSpec {
	var list []tablet.KeyspaceSpec
	for _, k := range p.scenario.Cluster.Keyspaces {
		spec := tablet.KeyspaceSpec{Name: k.Name, Durability: string(k.Durability)}
		for _, sh := range k.Shards {
			shard := tablet.ShardSpec{Name: string(sh.Name)}
			for _, m := range p.tablets {
				if m.keyspace == k.Name && m.shard == shard.Name {
					shard.Tablets = append(shard.Tablets, tablet.TabletSpec{Alias: m.alias, Type: m.kind, MySQL: m.server})
				}
			}
			spec.Shards = append(spec.Shards, shard)
		}
		list = append(list, spec)
	}
	return list
}
