package tablet

import (
	"errors"
	"fmt"
	"time"

	"bufsim/model/durability"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
	"bufsim/topo"
)

// The ports of a tablet's record; nothing listens there but the host.
const (
	portVT    = 15000
	portGRPC  = 16000
	portMySQL = 17000
	portRange = 1000
)

// mysqlStartupInterval is the pause between looks for the MySQL server.
const mysqlStartupInterval = 100 * time.Millisecond

// Start brings the process up and returns when it accepts calls, or with the reason why it
// cannot. Then a real process exits: the caller takes its host down, and a supervisor may
// start it again. Until it returns, every call is refused by the host.
// spec: T-85
func (t *Tablet) Start() error {
	err := t.tm.start()
	if err != nil {
		t.env.Logf("error", "tablet %v failed to start: %v", t.opts.Alias, err)
		t.env.Emit(KindLife, trace.Str("what", "failed"), trace.Str("error", err.Error()))
		return err
	}
	t.qs.register(t.node)
	t.tm.register(t.node)
	t.node.Listen()
	t.env.Emit(KindLife, trace.Str("what", "started"), trace.Str("error", ""))
	return nil
}

// start is the start-up order of vttablet.
// spec: T-85, O-66
func (tm *tabletManager) start() error {
	if tm.t.opts.Keyspace == "" || tm.t.opts.Shard == "" {
		return errors.New("init-keyspace and init-shard must be specified")
	}
	initType, err := tm.initType()
	if err != nil {
		return err
	}
	ctx, cancel := tm.env.WithTimeout(tm.env.Background(), tm.t.opts.Flags.VTTablet.InitTimeout)
	defer cancel()
	shard, err := tm.initKeyspaceShardTopo(ctx)
	if err != nil {
		return err
	}
	tm.t.qs.denied.load(shard)
	if err := tm.waitForMySQL(ctx); err != nil {
		return err
	}
	if err := tm.createRecord(ctx, shard, initType); err != nil {
		return err
	}
	tm.env.GoDaemon("shard-sync", (&shardSync{tm: tm}).run)
	if tm.t.behaviors.SemiSyncMonitor {
		tm.env.GoDaemon("semi-sync-monitor", tm.monitor.run)
	}
	if disk := tm.t.sm.disk; disk != nil {
		tm.env.GoDaemon("disk-monitor", disk.run)
	}
	if tm.peers != nil {
		tm.env.GoDaemon("shard-health", tm.peers.run)
	}
	if tm.t.behaviors.ReplicationManager && !tm.t.opts.Flags.Common.DisableActiveReparents {
		tm.env.GoDaemon("replication-manager", tm.repairs.run)
	}
	if tm.t.opts.Replicating {
		tm.env.GoDaemon("serving-graph", tm.ensureServingGraph)
	}
	if err := tm.initReplication(shard); err != nil {
		return err
	}
	self := tm.self()
	tm.t.qs.denied.enter(self.Type)
	state, reason := tm.servingState(self.Type)
	_ = tm.t.sm.SetServingType(self.Type, self.PrimaryTermStartTime, state, reason) // the retry loop goes on
	if !tm.t.opts.Replicating {
		tm.publish()
	}
	return nil
}

// initType reads --init-tablet-type.
// spec: O-67
func (tm *tabletManager) initType() (topodata.TabletType, error) {
	name := tm.t.opts.Flags.VTTablet.InitTabletType
	switch t, err := topodata.ParseTabletType(name); {
	case err != nil:
		return t, err
	case t == topodata.Replica || t == topodata.RDOnly || t == topodata.Spare:
		return t, nil
	}
	return topodata.Unknown, fmt.Errorf("invalid init-tablet-type %s; can only be REPLICA, RDONLY or SPARE", name)
}

func (tm *tabletManager) waitForMySQL(ctx *sim.Context) error {
	for {
		err := tm.t.mysql.Ping()
		if err == nil {
			return nil
		}
		if tm.env.SleepCtx(ctx, mysqlStartupInterval) != nil {
			return err
		}
	}
}

// createRecord decides what the tablet is and writes its record.
// spec: T-85.5, T-86, O-68, O-69
func (tm *tabletManager) createRecord(ctx *sim.Context, shard *topodata.Shard, initType topodata.TabletType) error {
	o := tm.t.opts
	old, err := tm.t.topo.GetTablet(ctx, o.Alias)
	if err != nil && !topo.IsErrType(err, topo.NoNode) {
		return err
	}
	if old != nil && (old.Keyspace != o.Keyspace || old.Shard != o.Shard) {
		return fmt.Errorf("initTablet failed because existing tablet keyspace and shard %s/%s differ from the provided ones %s/%s",
			old.Keyspace, old.Shard, o.Keyspace, o.Shard)
	}
	record := newRecord(o.Alias, o.Keyspace, o.Shard, shard.KeyRange, topodata.Timestamp(tm.env.Wall()))
	record.Type, record.PrimaryTermStartTime = primaryship(shard, old, &record, initType)
	tm.mu.Lock()
	tm.record = record
	tm.mu.Unlock()
	if old == nil {
		return tm.t.topo.CreateTablet(ctx, &record)
	}
	if err := tm.t.topo.AddShardReplication(ctx, &record); err != nil {
		return err
	}
	return tm.t.topo.OverwriteTablet(ctx, &record)
}

// newRecord is a tablet's record with its addresses.
func newRecord(alias topodata.TabletAlias, keyspace, shard string, keyRange topodata.KeyRange, started topodata.Timestamp) topodata.Tablet {
	port := int32(alias.UID % portRange)
	return topodata.Tablet{
		Alias: alias, Hostname: alias.String(), PortMap: topodata.PortMap{VT: portVT + port, GRPC: portGRPC + port},
		Keyspace: keyspace, Shard: shard, KeyRange: keyRange, Type: topodata.Replica,
		MySQLHostname: mysqld.HostName(alias), MySQLPort: portMySQL + port, TabletStartTime: started,
	}
}

// address is where the process would listen in real life, for texts.
func (t *Tablet) address() string {
	return fmt.Sprintf("%s:%d", t.opts.Alias, portGRPC+t.opts.Alias.UID%portRange)
}

// primaryship finds out whether a tablet that starts is the primary, and since when.
// spec: T-86, O-68
func primaryship(shard *topodata.Shard, old, record *topodata.Tablet, initType topodata.TabletType) (topodata.TabletType, topodata.Timestamp) {
	wasPrimary := old != nil && old.Type == topodata.Primary
	switch named := shard.PrimaryAlias == record.Alias; {
	case named && old == nil:
		return topodata.Primary, record.TabletStartTime
	case named && wasPrimary:
		return topodata.Primary, old.PrimaryTermStartTime
	case named:
		return topodata.Primary, shard.PrimaryTermStartTime
	case wasPrimary && old.PrimaryTermStartTime > shard.PrimaryTermStartTime:
		return topodata.Primary, old.PrimaryTermStartTime
	}
	return initType, 0
}

// initReplication attaches a replica to the shard's primary. A primary that cannot be asked
// makes the start fail from v22 on.
// spec: T-87
func (tm *tabletManager) initReplication(shard *topodata.Shard) error {
	self := tm.self()
	if self.Type == topodata.Primary || !self.Type.IsReplicaType() || tm.t.opts.Replicating || tm.t.opts.Flags.Common.DisableActiveReparents {
		return nil
	}
	if shard.PrimaryAlias.IsZero() || shard.PrimaryAlias == self.Alias {
		tm.env.Logf("warning", "cannot start replication during initialization: shard %s/%s has no primary.", self.Keyspace, self.Shard)
		return nil
	}
	ctx, cancel := tm.env.WithTimeout(tm.env.Background(), tm.remoteTimeout())
	defer cancel()
	primary, err := tm.t.topo.GetTablet(ctx, shard.PrimaryAlias)
	if err != nil {
		return fmt.Errorf("cannot read primary tablet %v: %w", shard.PrimaryAlias, err)
	}
	if primary.MySQLHostname == "" {
		tm.env.Logf("warning", "primary tablet %v has no mysql hostname, replication not started", primary.Alias)
		return nil
	}
	if err := tm.semiSyncByPolicy(ctx, primary, &self); err != nil {
		return err
	}
	if tm.t.behaviors.ErrantGTIDRefusal {
		if err := tm.checkErrant(ctx, primary.Alias); err != nil {
			return err
		}
	}
	return tm.attachAnew(primary.Alias)
}

func (tm *tabletManager) semiSyncByPolicy(ctx *sim.Context, primary, self *topodata.Tablet) error {
	keyspace, err := tm.t.topo.GetKeyspace(ctx, self.Keyspace)
	if err != nil {
		return err
	}
	policy, err := durability.Lookup(keyspace.DurabilityPolicy)
	if err != nil {
		return err
	}
	return tm.setSemiSync(self.Type, sides(policy.IsAcker(member(primary), member(self))))
}

func (tm *tabletManager) attachAnew(source topodata.TabletAlias) error {
	mysql := tm.t.mysql
	if err := mysql.StopReplication(false); err != nil && !errors.Is(err, mysqld.ErrNotReplica) {
		return err
	}
	if err := mysql.ChangeSource(source); err != nil {
		return err
	}
	return mysql.StartReplication()
}
