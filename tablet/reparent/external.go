package reparent

import (
	"bufsim/model/topodata"
	"bufsim/sim"
)

// externalName is the operation's name in traces and counters.
const externalName = "TabletExternallyReparented"

// TabletExternallyReparented tells a shard that some other tool has made a tablet its
// primary. The tablet becomes PRIMARY in a new term and serves; its MySQL stays as the tool
// left it, read-only too. The shard's record and the end of the old primary's term
// follow later, by the tablets themselves (T-82, T-83). No lock is taken. It blocks until the
// tablet answers or ctx or the action timeout ends. A tablet that is PRIMARY already is left
// alone.
// spec
func (r *Reparenter) TabletExternallyReparented(ctx *sim.Context, alias topodata.TabletAlias) (*Result, error) {
	ctx, cancel := r.withActionTimeout(ctx)
	defer cancel()
	tablet, err := r.ts.GetTablet(ctx, alias)
	if err != nil {
		return &Result{}, err
	}
	p := newProgress(r.env, externalName, "server.go", tablet.Keyspace, tablet.Shard)
	shard, err := r.ts.GetShard(ctx, tablet.Keyspace, tablet.Shard)
	if err != nil {
		return p.result, err
	}
	p.replaces(shard.PrimaryAlias)
	p.promoted(alias)
	if tablet.Type == topodata.Primary {
		return p.result, nil
	}
	began := r.env.Now()
	p.event("starting external reparent")
	err = p.during(PhasePromotion, func() error { return r.makePrimary(ctx, p, tablet) })
	r.counts.add(p, err, r.env.Now().Sub(began))
	if err != nil {
		p.event("failed: " + err.Error())
		return p.result, err
	}
	p.event("finished")
	return p.result, nil
}

func (r *Reparenter) makePrimary(ctx *sim.Context, p *progress, tablet *topodata.Tablet) error {
	policy, err := r.policy(ctx, tablet.Keyspace)
	if err != nil {
		return err
	}
	p.info(lineExternal, "TabletExternallyReparented: executing tablet type change %v -> PRIMARY on %v", tablet.Type, tablet.Alias)
	err = fromTablet(r.tm.ChangeType(ctx, tablet.Alias, topodata.Primary, policy.AcksNeeded() > 0), r.behaviors())
	if err != nil {
		p.warn(lineExternalFailed, "ChangeType(%v, PRIMARY): %v", tablet.Alias, err)
	}
	return err
}
