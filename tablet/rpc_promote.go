package tablet

import (
	"bufsim/model/gtid"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
)

// semiSyncChange says what a call does to the sides of semi-sync.
// spec: R-13
type semiSyncChange uint8

const (
	semiSyncKeep semiSyncChange = iota
	semiSyncOn
	semiSyncOff
)

func sides(on bool) semiSyncChange {
	if on {
		return semiSyncOn
	}
	return semiSyncOff
}

// semiSyncLoaded is what calls that bring a wish for semi-sync do first: they ask MySQL for the
// plugin. So a tablet without MySQL keeps even the type that such a call is to change, and a
// primary whose MySQL is dead stays PRIMARY through an emergency.
// spec
func (tm *tabletManager) semiSyncLoaded() error {
	if !tm.t.mysql.Server().Up() {
		return mysqld.ErrRefused
	}
	return nil
}

// setSemiSync sets the sides for a type: a primary has both on, others the replica's.
func (tm *tabletManager) setSemiSync(as topodata.TabletType, change semiSyncChange) error {
	switch change {
	case semiSyncOn:
		return tm.t.mysql.SetSemiSync(as == topodata.Primary, true)
	case semiSyncOff:
		return tm.t.mysql.SetSemiSync(false, false)
	default:
		return nil
	}
}

func (tm *tabletManager) setReadOnly(on bool) error {
	if on && tm.t.opts.Flags.VTTablet.UseSuperReadOnly {
		return tm.t.mysql.SetSuperReadOnly(true)
	}
	return tm.t.mysql.SetReadOnly(on)
}

// promoteReplica makes a replica the shard's primary and gives the position that it had
// before it took writes.
// spec: R-33, T-135
func (tm *tabletManager) promoteReplica(ctx *sim.Context, semiSync bool) (gtid.Set, error) {
	mysql := tm.t.mysql
	if err := mysql.StopReplication(false); err != nil {
		return gtid.Set{}, err
	}
	if err := mysql.ResetReplica(); err != nil {
		return gtid.Set{}, err
	}
	tm.t.step("PromoteReplica", "reset_replica", nil)
	if err := mysql.FlushBinaryLogs(); err != nil {
		return gtid.Set{}, err
	}
	position, err := mysql.Position()
	if err != nil {
		return gtid.Set{}, err
	}
	tm.t.sm.work(&tm.t.opts.Timings.PromoteWork)
	tm.t.sm.work(&tm.t.opts.Timings.PromoteDelay)
	if err := tm.setSemiSync(topodata.Primary, sides(semiSync)); err != nil {
		return gtid.Set{}, err
	}
	if err := tm.newTerm(ctx, true); err != nil {
		return gtid.Set{}, err
	}
	return position, nil
}

// initPrimary makes the first primary of a shard. The creation of the sidecar database
// makes a log entry, before semi-sync is on.
// spec
func (tm *tabletManager) initPrimary(ctx *sim.Context, semiSync bool) (gtid.Set, error) {
	mysql := tm.t.mysql
	if err := mysql.SetSuperReadOnly(false); err != nil {
		return gtid.Set{}, err
	}
	if err := tm.execute(ctx, query.Statement{Verb: query.VerbDDL, SQL: "CREATE DATABASE IF NOT EXISTS " + topodata.SidecarDBNameDefault}); err != nil {
		return gtid.Set{}, err
	}
	position, err := mysql.Position()
	if err != nil {
		return gtid.Set{}, err
	}
	if err := tm.newTerm(ctx, true); err != nil {
		return gtid.Set{}, err
	}
	return position, tm.setSemiSync(topodata.Primary, sides(semiSync))
}

// execute runs a statement on MySQL with the tablet's own privileges.
func (tm *tabletManager) execute(ctx *sim.Context, st query.Statement) error {
	_, err := tm.fetch(ctx, st)
	return err
}

func (tm *tabletManager) fetch(ctx *sim.Context, st query.Statement) (query.Result, error) {
	if err := alive(ctx); err != nil {
		return query.Result{}, err
	}
	conn, err := tm.t.mysql.Connect(true)
	if err != nil {
		return query.Result{}, err
	}
	defer conn.Close()
	return conn.Exec(ctx, st)
}
