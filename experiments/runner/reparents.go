package runner

import (
	"fmt"

	"bufsim/sim"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
)

// reparenter is a vtctld that lives as long as one command.
func (p *play) reparenter(env *sim.Env) *reparent.Reparenter {
	node := p.net.Node(env)
	return reparent.New(env, p.topology(env, node), tmclient.New(env, node), reparent.Options{
		Release: p.profile, Common: p.flags.Common, VTCtld: p.flags.VTCtld,
	})
}

// told completes an operation that has ended: whom it promoted, and what the operator's
// terminal shows.
func (p *play) told(env *sim.Env, op *operation, command string) {
	if !op.result.PromotedPrimary.IsZero() && op.err == nil {
		op.what += " to " + op.result.PromotedPrimary.String()
	}
	if op.err != nil {
		out := reparent.FormatClientOutput(reparent.ClientFor(p.profile), command, op.result, op.err, env.Wall())
		op.output = out.Stdout + out.Stderr
	}
}

func (p *play) emergencyReparentShard(env *sim.Env, op *operation) {
	keyspace, shard := p.shardOf(op.Args)
	op.what = fmt.Sprintf("EmergencyReparentShard %s/%s", keyspace, shard)
	opts := reparent.EmergencyOptions{NewPrimary: alias(op.Args.NewPrimary)}
	if t := op.Args.WaitReplicasTimeout; t != nil {
		opts.WaitReplicasTimeout = t.Std()
	}
	op.result, op.err = p.reparenter(env).EmergencyReparentShard(env.Background(), keyspace, shard, opts)
	p.told(env, op, "EmergencyReparentShard")
}

func (p *play) tabletExternallyReparented(env *sim.Env, op *operation) {
	_, name := op.Args.Target.Parse()
	op.what = "TabletExternallyReparented"
	op.result, op.err = p.reparenter(env).TabletExternallyReparented(env.Background(), alias(name))
	p.told(env, op, "TabletExternallyReparented")
}

func (p *play) initShardPrimary(env *sim.Env, op *operation) {
	keyspace, shard := p.shardOf(op.Args)
	op.what = fmt.Sprintf("InitShardPrimary %s/%s", keyspace, shard)
	opts := reparent.InitOptions{NewPrimary: alias(op.Args.NewPrimary), Force: op.Args.Force}
	if t := op.Args.WaitReplicasTimeout; t != nil {
		opts.WaitReplicasTimeout = t.Std()
	}
	op.result, op.err = p.reparenter(env).InitShardPrimary(env.Background(), keyspace, shard, opts)
	p.told(env, op, "InitShardPrimary")
}
