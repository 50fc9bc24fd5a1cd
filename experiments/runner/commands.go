package runner

import (
	"fmt"

	"bufsim/experiments/scenario"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
	"bufsim/topo"
)

// mayCommand reports whether somebody carries out the operator's commands. The first cell may
// be added without a vtctld, by the tool vtctl.
func (p *play) mayCommand(op *operation) bool {
	return p.vtctld || op.Do == scenario.DoAddCellInfo
}

// refused is a command that finds no vtctld.
func (p *play) refused(op *operation) {
	op.what = p.commandName(op.Do)
	op.err = vterr.VTCtldRefused()
	op.output = op.err.Error() + "\n"
}

// command gives a vtctld command and shows what the operator's terminal shows.
func (p *play) command(env *sim.Env, op *operation) {
	name := p.commandName(op.Do)
	op.what = name
	ctx, cancel := env.WithTimeout(env.Background(), p.flags.VTCtld.ActionTimeout)
	defer cancel()
	node := p.net.Node(env)
	ts := p.topology(env, node)
	var output string
	switch a := op.Args; op.Do {
	case scenario.DoListAllTablets, scenario.DoShardReplicationPositions:
		output, op.err = p.list(ctx, env, op)
	case scenario.DoReparentTablet, scenario.DoStartReplication:
		op.what += " " + string(a.Target)
		op.err = p.eachTablet(ctx, env, op)
	case scenario.DoDeleteTablet:
		_, target := a.Target.Parse()
		op.what += " " + target
		output, op.err = p.deleteTablet(ctx, ts, alias(target), a.Force)
	case scenario.DoApplySchema:
		op.what += " " + a.Keyspace
		op.err = applySchema(ctx, ts, tmclient.New(env, node), a.Keyspace, a.SQL)
	default:
		output, op.err = p.topoCommand(ctx, ts, op)
	}
	p.show(env, op, name, output)
}

// commandName is what the release's client calls a command. spec: R-160
func (p *play) commandName(do scenario.Do) string {
	if reparent.ClientFor(p.profile) == reparent.VTCtlClient {
		switch do {
		case scenario.DoListAllTablets:
			return "ListAllTablets"
		case scenario.DoDeleteTablet:
			return "DeleteTablet"
		}
	}
	return do.Command()
}

// show completes a command that has ended: errors are the client's, and the old client says
// nothing of most commands that worked.
func (p *play) show(env *sim.Env, op *operation, name, output string) {
	client := reparent.ClientFor(p.profile)
	if op.err != nil {
		out := reparent.FormatClientOutput(client, name, nil, op.err, env.Wall())
		op.output = out.Stdout + out.Stderr
		return
	}
	if client == reparent.VTCtldClient || sameWithBoth(op.Do) {
		op.output = output
	}
}

// sameWithBoth are the commands after which both clients print the same.
func sameWithBoth(do scenario.Do) bool {
	return do == scenario.DoListAllTablets || do == scenario.DoShardReplicationPositions || do == scenario.DoApplyVSchema
}

// topoCommand does the commands that only write records.
func (p *play) topoCommand(ctx *sim.Context, ts *topo.Server, op *operation) (output string, err error) {
	a := op.Args
	var cells []string
	if a.Cell != "" {
		cells = []string{a.Cell}
	}
	switch op.Do {
	case scenario.DoAddCellInfo:
		op.what += " " + a.Cell
		info := &topodata.CellInfo{ServerAddress: p.cellAddress(a.Cell), Root: "/vitess/" + a.Cell}
		return vterr.CellCreated(a.Cell), ts.CreateCellInfo(ctx, a.Cell, info)
	case scenario.DoCreateKeyspace:
		op.what += " " + a.Keyspace
		policy := p.durability(a.Keyspace)
		if err := ts.CreateKeyspace(ctx, a.Keyspace, &topodata.Keyspace{DurabilityPolicy: policy}); err != nil {
			return "", err
		}
		return vterr.KeyspaceCreated(a.Keyspace, policy, topodata.SidecarDBNameDefault), ts.EnsureVSchema(ctx, a.Keyspace)
	case scenario.DoRebuildKeyspaceGraph:
		op.what += " " + a.Keyspace
		err := ts.RebuildKeyspaceGraph(ctx, a.Keyspace, cells)
		if err != nil && reparent.ClientFor(p.profile) == reparent.VTCtldClient {
			err = vterr.KeyspaceGraphFailed(a.Keyspace, err)
		}
		return "", err
	case scenario.DoRebuildVSchemaGraph:
		return vterr.VSchemaGraphRebuilt, ts.RebuildSrvVSchema(ctx, cells)
	case scenario.DoApplyVSchema:
		op.what += " " + a.Keyspace
		if err := ts.SaveVSchema(ctx, a.Keyspace, &topo.VSchema{}); err != nil {
			return "", err
		}
		return vterr.VSchemaApplied("{}"), ts.RebuildSrvVSchema(ctx, nil)
	}
	return "", fmt.Errorf("no command %s", op.Do)
}

// durability is the policy that the scenario describes for a keyspace.
func (p *play) durability(keyspace string) string {
	for _, k := range p.scenario.Cluster.Keyspaces {
		if k.Name == keyspace {
			return string(k.Durability)
		}
	}
	return ""
}

// list does the commands that look at tablets. spec
func (p *play) list(ctx *sim.Context, env *sim.Env, op *operation) (string, error) {
	r := p.reparenter(env)
	if op.Do == scenario.DoListAllTablets {
		tablets, err := r.GetTablets(ctx, op.Args.Cell)
		return reparent.FormatTablets(tablets), err
	}
	keyspace, shard := p.shardOf(op.Args)
	op.what += fmt.Sprintf(" %s/%s", keyspace, shard)
	positions, err := r.ShardReplicationPositions(ctx, keyspace, shard)
	return reparent.FormatPositions(reparent.ClientFor(p.profile), positions), err
}

// eachTablet gives a command for each tablet of the target; the first error is the
// operation's. spec
func (p *play) eachTablet(ctx *sim.Context, env *sim.Env, op *operation) (first error) {
	r := p.reparenter(env)
	do := r.ReparentTablet
	if op.Do == scenario.DoStartReplication {
		do = r.StartReplication
	}
	for _, m := range p.members(op.Args.Target) {
		if err := do(ctx, m.alias); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// deleteTablet deletes a tablet's record, that of a primary only by force.
func (p *play) deleteTablet(ctx *sim.Context, ts *topo.Server, alias topodata.TabletAlias, force bool) (string, error) {
	record, err := ts.GetTablet(ctx, alias)
	if err == nil && record.Type == topodata.Primary && !force {
		err = vterr.DeletesPrimary(alias.String())
	}
	if err == nil {
		err = ts.DeleteTablet(ctx, alias)
	}
	if err != nil && reparent.ClientFor(p.profile) == reparent.VTCtldClient {
		err = vterr.TabletsNotDeleted(err, 1)
	}
	return vterr.TabletsDeleted(1), err
}

// applySchema runs a statement on the primary of each shard.
func applySchema(ctx *sim.Context, ts *topo.Server, tm *tmclient.Client, keyspace, sql string) error {
	shards, err := ts.GetShardNames(ctx, keyspace)
	if err != nil {
		return err
	}
	for _, name := range shards {
		shard, err := ts.GetShard(ctx, keyspace, name)
		if err != nil {
			return err
		}
		if shard.PrimaryAlias.IsZero() {
			return fmt.Errorf("shard: %s does not have a primary", name)
		}
		if err := tm.ExecuteFetchAsDBA(ctx, shard.PrimaryAlias, sql); err != nil {
			return err
		}
	}
	return nil
}
