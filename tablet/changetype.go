package tablet

import (
	"fmt"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet/tmclient"
	"bufsim/topo"
)

// changeTypeCall is the ChangeType call; PRIMARY starts a term without touching MySQL.
// spec: T-81, R-120
func (tm *tabletManager) changeTypeCall(ctx *sim.Context, r tmclient.ChangeTypeRequest) error {
	if err := tm.semiSyncLoaded(); err != nil {
		return err
	}
	if r.Type == topodata.Primary {
		return tm.newTerm(ctx, false)
	}
	if err := tm.setSemiSync(r.Type, sides(r.SemiSync)); err != nil {
		return err
	}
	return tm.enter(r.Type, 0)
}

// newTerm makes the tablet PRIMARY from now on. The record in the topology comes first.
// spec: T-81
func (tm *tabletManager) newTerm(ctx *sim.Context, readWrite bool) error {
	return tm.becomePrimary(ctx, topodata.Timestamp(tm.env.Wall()), readWrite)
}

func (tm *tabletManager) becomePrimary(ctx *sim.Context, term topodata.Timestamp, readWrite bool) error {
	if err := tm.announce(ctx, term); err != nil {
		return err
	}
	tm.t.step("ChangeTabletType", "topo", nil)
	if readWrite {
		if tm.t.behaviors.TxEngineRestartOnPromotion {
			tm.t.qs.tx.restart()
		}
		if err := tm.setReadOnly(false); err != nil {
			return err
		}
		tm.t.step("ChangeTabletType", "read_write", nil)
	}
	return tm.enter(topodata.Primary, term)
}

// announce writes {PRIMARY, term} to the tablet record. After an error it looks whether the
// write landed all the same, until the context ends.
// spec: T-81, O-71
func (tm *tabletManager) announce(ctx *sim.Context, term topodata.Timestamp) error {
	alias := tm.t.opts.Alias
	_, err := tm.t.topo.UpdateTabletFields(ctx, alias, func(r *topodata.Tablet) error {
		r.Type, r.PrimaryTermStartTime = topodata.Primary, term
		return nil
	})
	if err == nil {
		tm.env.Emit(KindRecord, trace.Str("type", topodata.Primary.String()), trace.Int("pts", int64(term)))
		return nil
	}
	for {
		record, readErr := tm.t.topo.GetTablet(ctx, alias)
		if readErr == nil {
			if record.Type == topodata.Primary && record.PrimaryTermStartTime == term {
				return nil
			}
			return err
		}
		if tm.env.SleepCtx(ctx, topoRereadInterval) != nil {
			return fmt.Errorf("context canceled updating tablet_type for %v in the topo, please retry", alias)
		}
	}
}

// enter changes the type in memory, in the state manager and last in the topology; term is
// zero for all but PRIMARY.
func (tm *tabletManager) enter(to topodata.TabletType, term topodata.Timestamp) error {
	tm.mu.Lock()
	tm.record.Type, tm.record.PrimaryTermStartTime = to, term
	tm.mu.Unlock()
	tm.env.Emit(KindType, trace.Str("type", to.String()), trace.Int("pts", int64(term)))
	tm.t.qs.denied.enter(to)
	state, reason := tm.servingState(to)
	err := tm.t.sm.SetServingType(to, term, state, reason)
	tm.t.step("ChangeTabletType", "serving", err)
	tm.publish()
	tm.syncWake.TrySend(struct{}{})
	return err
}

// refreshState reads the shard record and the cell's serving record again and applies their
// controls. If one cannot be read, nothing changes; a serving record that does not exist has
// no controls.
// spec: O-74
func (tm *tabletManager) refreshState(ctx *sim.Context) error {
	o := tm.t.opts
	shard, err := tm.t.topo.GetShard(ctx, o.Keyspace, o.Shard)
	if err != nil {
		return err
	}
	srv, err := tm.t.topo.GetSrvKeyspace(ctx, o.Alias.Cell, o.Keyspace)
	if err != nil && !topo.IsErrType(err, topo.NoNode) {
		return err
	}
	self := tm.self()
	tm.t.qs.denied.load(shard)
	tm.loadControls(srv)
	state, reason := tm.servingState(self.Type)
	err = tm.t.sm.SetServingType(self.Type, self.PrimaryTermStartTime, state, reason)
	tm.syncWake.TrySend(struct{}{})
	return err
}
