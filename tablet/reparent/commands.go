package reparent

import (
	"bufsim/model/durability"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// The commands on one tablet. None takes a lock. Each blocks until the tablet answers or ctx
// or the action timeout ends.

// SetWritable makes a tablet's MySQL accept or refuse writes, and nothing else. The old
// client's commands are SetReadWrite and SetReadOnly. spec
func (r *Reparenter) SetWritable(ctx *sim.Context, alias topodata.TabletAlias, writable bool) error {
	ctx, cancel := r.withActionTimeout(ctx)
	defer cancel()
	if _, err := r.ts.GetTablet(ctx, alias); err != nil {
		return err
	}
	set := r.tm.SetReadOnly
	if writable {
		set = r.tm.SetReadWrite
	}
	return fromTablet(set(ctx, alias), r.behaviors())
}

// StopReplication stops a tablet's replication; reparents leave it stopped.
// spec
func (r *Reparenter) StopReplication(ctx *sim.Context, alias topodata.TabletAlias) error {
	ctx, cancel := r.withActionTimeout(ctx)
	defer cancel()
	if _, err := r.ts.GetTablet(ctx, alias); err != nil {
		return err
	}
	return fromTablet(r.tm.StopReplication(ctx, alias), r.behaviors())
}

// StartReplication starts a tablet's replication, with its side of semi-sync as the shard's
// primary wants it. spec
func (r *Reparenter) StartReplication(ctx *sim.Context, alias topodata.TabletAlias) error {
	ctx, cancel := r.withActionTimeout(ctx)
	defer cancel()
	p, err := r.pair(ctx, alias)
	if err != nil {
		return err
	}
	return fromTablet(r.tm.StartReplication(ctx, alias, p.semiSync()), r.behaviors())
}

// ReparentTablet attaches a tablet to the primary that the shard's record names. Replication
// that is stopped stays stopped. spec: R-163
func (r *Reparenter) ReparentTablet(ctx *sim.Context, alias topodata.TabletAlias) error {
	if r.opts.Common.DisableActiveReparents {
		return activeReparentsDisabled()
	}
	ctx, cancel := r.withActionTimeout(ctx)
	defer cancel()
	p, err := r.pair(ctx, alias)
	if err != nil {
		return err
	}
	if p.primary.Alias == alias {
		return ontoItself(alias)
	}
	return fromTablet(r.tm.SetReplicationSource(ctx, alias, tmclient.SetReplicationSourceRequest{
		Parent: p.primary.Alias, SemiSync: p.semiSync(),
	}), r.behaviors())
}

// pair is a tablet and the primary of its shard.
type pair struct {
	tablet, primary *topodata.Tablet
	policy          durability.Policy
}

func (p pair) semiSync() bool { return p.policy.IsAcker(member(p.primary), member(p.tablet)) }

// pair finds the primary by the shard's record, which must be right. spec: R-162
func (r *Reparenter) pair(ctx *sim.Context, alias topodata.TabletAlias) (p pair, err error) {
	if p.tablet, err = r.ts.GetTablet(ctx, alias); err != nil {
		return p, err
	}
	keyspace, name := p.tablet.Keyspace, p.tablet.Shard
	shard, err := r.ts.GetShard(ctx, keyspace, name)
	if err != nil {
		return p, err
	}
	if shard.PrimaryAlias.IsZero() {
		return p, shardHasNoPrimary(keyspace, name)
	}
	if p.primary, err = r.ts.GetTablet(ctx, shard.PrimaryAlias); err != nil {
		return p, primaryNotFound(err, shard.PrimaryAlias, keyspace, name)
	}
	if p.primary.Type != topodata.Primary {
		return p, primaryInconsistent(shard.PrimaryAlias)
	}
	p.policy, err = r.policy(ctx, keyspace)
	return p, err
}
