package tablet

import (
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet/tmclient"
)

// servingStateOf is what a tablet of a type does when nothing is wrong.
// spec: T-2
func servingStateOf(t topodata.TabletType) ServingState {
	if t.RunsQueryService() {
		return Serving
	}
	return NotServing
}

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
// spec: T-81
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
			return err
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
	err := tm.t.sm.SetServingType(to, term, servingStateOf(to), "")
	tm.t.step("ChangeTabletType", "serving", err)
	tm.publish()
	tm.syncWake.TrySend(struct{}{})
	return err
}

// refreshState reads the records again.
func (tm *tabletManager) refreshState(ctx *sim.Context) error {
	shard, err := tm.t.topo.GetShard(ctx, tm.t.opts.Keyspace, tm.t.opts.Shard)
	if err != nil {
		return err
	}
	self := tm.self()
	tm.t.qs.denied.load(shard)
	err = tm.t.sm.SetServingType(self.Type, self.PrimaryTermStartTime, servingStateOf(self.Type), "")
	tm.syncWake.TrySend(struct{}{})
	return err
}
