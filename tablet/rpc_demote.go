package tablet

import (
	"fmt"
	"time"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
)

// demotion is one DemotePrimary call under way.
type demotion struct {
	tm  *tabletManager
	ctx *sim.Context
	// What the tablet was before, for the way back.
	was         topodata.Tablet
	wasServing  bool
	wasReadOnly bool
	undo        []func()
}

// demotePrimary ends the tablet's service as primary and its MySQL's writes, and says where
// they ended. The drain ignores the caller's deadline, other steps do not; on failure
// everything is taken back, as far as the caller's context still allows, if revert is set.
// spec: R-31, T-68, T-141
func (tm *tabletManager) demotePrimary(ctx *sim.Context, revert, force bool) (tmclient.PrimaryStatus, error) {
	settle := tm.watchStall()
	defer settle()
	d := &demotion{tm: tm, ctx: ctx, was: tm.self(), wasServing: tm.t.sm.isServing()}
	status, err := d.run(force)
	if err != nil && revert {
		for i := len(d.undo) - 1; i >= 0; i-- {
			d.undo[i]()
		}
	}
	return status, err
}

// watchStall raises the alarm when the demotion hangs. The function it returns ends that,
// and broadcasts even if there was no alarm.
// spec, T-72, T-65a
func (tm *tabletManager) watchStall() (settle func()) {
	if !tm.t.behaviors.DemotionStalledFlag {
		return func() {}
	}
	ctx, cancel := tm.env.WithCancel(tm.env.Background())
	limit := stalledDemotionFactor * tm.t.opts.Flags.Common.RemoteOperationTimeout
	tm.env.GoDaemon("demotion-stall", func() {
		if tm.env.SleepCtx(ctx, limit) == nil {
			tm.t.sm.setDemotionStalled(true)
		}
	})
	return func() {
		cancel()
		if tm.t.behaviors.SecondNotServingMessage {
			tm.t.sm.setDemotionStalled(false)
		}
	}
}

func (d *demotion) run(force bool) (status tmclient.PrimaryStatus, err error) {
	mysql := d.tm.t.mysql
	if err := alive(d.ctx); err != nil {
		return status, err
	}
	if d.wasReadOnly, _, err = mysql.ReadOnly(); err != nil {
		return status, err
	}
	if err := d.stopServing(); err != nil {
		return status, err
	}
	if err := d.unblock(force); err != nil {
		return status, err
	}
	if err := d.stopWrites(); err != nil {
		return status, err
	}
	if err := d.semiSyncOff(); err != nil {
		return status, err
	}
	if err := alive(d.ctx); err != nil {
		return status, err
	}
	return d.tm.statusAsPrimary()
}

// stopServing drains, unless there is nothing to drain.
func (d *demotion) stopServing() error {
	if d.was.Type != topodata.Primary || d.wasReadOnly {
		return nil
	}
	sm := d.tm.t.sm
	if d.wasServing {
		d.undo = append(d.undo, func() {
			_ = sm.SetServingType(d.was.Type, d.was.PrimaryTermStartTime, Serving, "") // the retry loop goes on
		})
	}
	d.tm.t.step("DemotePrimary", "drain", nil)
	if err := sm.SetServingType(d.was.Type, d.was.PrimaryTermStartTime, NotServing, "demotion in progress"); err != nil {
		return fmt.Errorf("SetServingType(serving=false) failed: %w", err)
	}
	d.tm.t.step("DemotePrimary", "drained", nil)
	return nil
}

// unblock lets commits go that wait for acknowledgements: they would block the next step.
// spec
func (d *demotion) unblock(force bool) error {
	if !d.tm.t.behaviors.SemiSyncMonitor {
		return nil
	}
	if err := alive(d.ctx); err != nil {
		return err
	}
	state, err := d.tm.t.mysql.SemiSync()
	if err != nil || state.Waiting == 0 {
		return err
	}
	if force && d.tm.t.behaviors.DemotePrimaryForce {
		return d.tm.t.mysql.SetSemiSync(false, true)
	}
	return d.tm.monitor.waitUntilUnblocked(d.ctx)
}

func (d *demotion) stopWrites() error {
	mysql := d.tm.t.mysql
	d.tm.t.step("DemotePrimary", "super_read_only", nil)
	set := mysql.SetSuperReadOnly
	if !d.tm.t.opts.Flags.VTTablet.UseSuperReadOnly {
		set = mysql.SetReadOnly
	}
	if err := set(true); err != nil {
		return err
	}
	if !d.wasReadOnly {
		d.undo = append(d.undo, func() { d.revertStep("SetReadWrite", func() error { return mysql.SetReadOnly(false) }) })
	}
	return nil
}

// semiSyncOff is the slow step of a healthy demotion.
// spec: T-117a
func (d *demotion) semiSyncOff() error {
	mysql := d.tm.t.mysql
	state, err := mysql.SemiSync()
	if err != nil || !state.Source {
		return err
	}
	d.tm.t.step("DemotePrimary", "semi_sync_off", nil)
	if d.was.Type == topodata.Primary {
		d.undo = append(d.undo, func() { d.revertStep("fixSemiSync", func() error { return mysql.SetSemiSync(true, true) }) })
	}
	if err := mysql.SetSemiSync(false, true); err != nil {
		return err
	}
	if err := d.ctx.Err(); err != nil {
		return fmt.Errorf("can't set semi-sync mode: ExecuteFetch(SET GLOBAL rpl_semi_sync_source_enabled) failed: %w; make sure plugins are loaded in my.cnf", err)
	}
	return nil
}

// revertStep takes a step back on the call's own context: it fails if the caller is gone.
// spec: R-31
func (d *demotion) revertStep(name string, do func() error) {
	err := alive(d.ctx)
	if err == nil {
		err = do()
	}
	d.tm.t.step("DemotePrimary", "revert "+name, err)
	if err != nil {
		d.tm.env.Logf("warning", "%s failed during revert: %v", name, err)
	}
}

// undoDemotePrimary makes a demoted primary serve again, in the same term. Its steps in MySQL
// need the caller: a call that a broken network brings when nobody waits for it any more must
// not open a server that may have been replaced.
// spec, T-133
func (tm *tabletManager) undoDemotePrimary(ctx *sim.Context, semiSync bool) error {
	if err := alive(ctx); err != nil {
		return err
	}
	if err := tm.setSemiSync(topodata.Primary, sides(semiSync)); err != nil {
		return err
	}
	self := tm.self()
	if tm.t.behaviors.SemiSyncMonitor && self.Type != topodata.Primary {
		record, err := tm.t.topo.GetTablet(ctx, self.Alias)
		if err != nil {
			return err
		}
		if record.Type == topodata.Primary {
			return tm.becomePrimary(ctx, record.PrimaryTermStartTime, true)
		}
	}
	if err := alive(ctx); err != nil {
		return err
	}
	if err := tm.setReadOnly(false); err != nil {
		return err
	}
	tm.t.step("UndoDemotePrimary", "read_write", nil)
	state, reason := tm.servingState(self.Type)
	if err := tm.t.sm.SetServingType(self.Type, self.PrimaryTermStartTime, state, reason); err != nil {
		return fmt.Errorf("SetServingType(serving=true) failed: %w", err)
	}
	return nil
}

// remoteTimeout bounds the tablet's own calls to others and to the topology.
func (tm *tabletManager) remoteTimeout() time.Duration {
	return tm.t.opts.Flags.Common.RemoteOperationTimeout
}
