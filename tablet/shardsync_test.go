package tablet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

// shardRecord reads the shard's record.
func (x *stage) shardRecord() *topodata.Shard {
	shard, err := x.topo.GetShard(x.env.Background(), "commerce", "0")
	require.NoError(x, err)
	return shard
}

// name writes a primary and its term to the shard's record, as another tablet does.
func (x *stage) name(who topodata.TabletAlias, term topodata.Timestamp) {
	_, err := x.topo.UpdateShardFields(x.env.Background(), "commerce", "0", func(s *topodata.Shard) error {
		s.PrimaryAlias, s.PrimaryTermStartTime = who, term
		return nil
	})
	require.NoError(x, err)
}

// A primary compares its term with that of the shard's record to the nanosecond, and looks at
// nothing else: an older one is replaced, together with its alias, the same is left alone
// whoever is named, a later one ends the term. It sees each change by its watch, also after
// the watch broke.
// spec: T-82, T-83, T-134, O-72
func TestShardSyncComparesTerms(t *testing.T) {
	for _, c := range []struct {
		name   string
		ahead  time.Duration // of the record
		breaks func(x *stage)
		stays  bool // PRIMARY
		writes bool
	}{
		{name: "a nanosecond older", ahead: -1, stays: true, writes: true},
		{name: "a second older", ahead: -time.Second, stays: true, writes: true},
		{name: "the same", ahead: 0, stays: true},
		{name: "a nanosecond later", ahead: 1},
		{name: "later, the watch was cancelled", ahead: 1, breaks: func(x *stage) { x.store.CompactWatches() }},
		{name: "later, the stream was closed", ahead: 1, breaks: func(x *stage) { x.store.CloseWatches() }},
		{name: "older, the watch was cancelled", ahead: -1, breaks: func(x *stage) { x.store.CompactWatches() }, stays: true, writes: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, setting{}, func(x *stage) {
				own := x.tablets[primary].Status().Term
				if c.breaks != nil {
					c.breaks(x)
					x.env.Sleep(100 * time.Millisecond)
				}
				x.name(alias(replica1), own+topodata.Timestamp(c.ahead))
				x.env.Sleep(2 * time.Second)
				if c.stays {
					require.Equal(x, topodata.Primary, x.tablets[primary].Status().Type)
				} else {
					require.Equal(x, topodata.Replica, x.tablets[primary].Status().Type)
				}
				record := x.shardRecord()
				if c.writes {
					require.Equal(x, alias(primary), record.PrimaryAlias)
					require.Equal(x, own, record.PrimaryTermStartTime)
				} else {
					require.Equal(x, alias(replica1), record.PrimaryAlias)
					require.Equal(x, own+topodata.Timestamp(c.ahead), record.PrimaryTermStartTime)
				}
			})
		})
	}
}

// A term whose end fails is ended half a minute later: MySQL was down, or its writes could not
// be stopped in time. Meanwhile nothing of the failed attempt is taken back.
// spec: T-82, T-83
func TestEndOfATermIsTriedAgain(t *testing.T) {
	ends := func(x *stage) func() bool {
		return func() bool {
			status, err := x.tmc.ReplicationStatus(x.within(time.Second), alias(primary))
			return err == nil && status.Source == alias(replica1) && x.tablets[primary].Status().Type == topodata.Replica
		}
	}
	play(t, setting{}, func(x *stage) {
		host := x.hosts[mysqld.HostName(alias(primary))]
		host.Crash()
		x.name(alias(replica1), x.tablets[primary].Status().Term+1)
		x.env.Sleep(10 * time.Second)
		require.Equal(x, topodata.Primary, x.tablets[primary].Status().Type)
		host.Restart()
		require.Less(x, x.took(func() { x.eventually("the term ends", ends(x)) }), 31*time.Second)
	})
	play(t, setting{}, func(x *stage) {
		x.mysql[primary].SetTimings(func(m *mysqld.Timings) { m.SuperReadOnly = sim.Constant(20 * time.Second) })
		x.name(alias(replica1), x.tablets[primary].Status().Term+1)
		x.env.Sleep(25 * time.Second)
		require.Equal(x, topodata.Primary, x.tablets[primary].Status().Type)
		require.Equal(x, tablet.NotServing, x.tablets[primary].Status().State)
		_, super, err := x.mysql[primary].Client(x.env).ReadOnly()
		require.NoError(x, err)
		require.True(x, super)
		x.mysql[primary].SetTimings(func(m *mysqld.Timings) { m.SuperReadOnly = sim.Constant(0) })
		require.Less(x, x.took(func() { x.eventually("the term ends", ends(x)) }), 31*time.Second)
	})
}

// The end of a term starts replication that was stopped, keeps the replica's side of semi-sync,
// and with semi-sync does not wait for commits that nobody will acknowledge.
// spec: T-83, R-31
func TestEndOfATermFollows(t *testing.T) {
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		// Another tool makes replica 101 primary; its MySQL keeps its stopped source.
		require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica1)))
		x.changeType(replica1, topodata.Primary)
		x.eventually("the record names it", func() bool { return x.shardRecord().PrimaryAlias == alias(replica1) })
		x.env.Sleep(time.Second)
		x.name(alias(replica2), x.tablets[replica1].Status().Term+1)
		x.env.Sleep(5 * time.Second)
		full, err := x.tmc.FullStatus(x.within(remoteTimeout), alias(replica1))
		require.NoError(x, err)
		require.Equal(x, topodata.Replica, full.TabletType)
		require.Equal(x, alias(replica2), full.Replication.Source)
		require.True(x, full.Replication.Healthy())
	})
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		for _, uid := range []uint32{replica1, replica2} {
			require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(uid)))
		}
		x.env.Go("write", func() { _ = x.dial(primary, topodata.Primary).insert(1) })
		x.env.Sleep(time.Second)
		x.name(alias(replica1), x.tablets[primary].Status().Term+1)
		x.env.Sleep(8 * time.Second)
		require.Equal(x, topodata.Replica, x.tablets[primary].Status().Type)
		require.EqualValues(x, 1, x.count(primary), "let go as if acknowledged")
		full, err := x.tmc.FullStatus(x.within(remoteTimeout), alias(primary))
		require.NoError(x, err)
		require.False(x, full.SemiSyncPrimaryEnabled)
		require.True(x, full.SemiSyncReplicaEnabled)
	})
}

// Where active reparents are disabled, MySQL belongs to another tool: the end of a term changes
// the type and leaves MySQL writable and without a source.
// spec: T-83
func TestEndOfATermUnderAnExternalTool(t *testing.T) {
	play(t, setting{change: func(f *flags.Set) { f.Common.DisableActiveReparents = true }}, func(x *stage) {
		x.name(alias(replica1), x.tablets[primary].Status().Term+1)
		x.env.Sleep(5 * time.Second)
		require.Equal(x, topodata.Replica, x.tablets[primary].Status().Type)
		readOnly, super, err := x.mysql[primary].Client(x.env).ReadOnly()
		require.NoError(x, err)
		require.False(x, readOnly || super)
		_, err = x.mysql[primary].Client(x.env).ReplicationStatus()
		require.ErrorIs(x, err, mysqld.ErrNotReplica)
	})
}

// A write of the record that failed is tried again at once, and only then half a minute later.
// spec: T-84
func TestFirstRetryOfPublishingIsImmediate(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		own, topology := alias(replica1).String(), x.hosts["topo"].Name()
		x.net.Partition(own, topology)
		x.env.Go("change", func() { _ = x.tmc.ChangeType(x.within(time.Minute), alias(replica1), topodata.Spare, false) })
		x.env.Sleep(16 * time.Second) // the first attempt took fifteen
		x.net.Heal(own, topology)
		x.env.Sleep(8 * time.Second)
		record, err := x.topo.GetTablet(x.env.Background(), alias(replica1))
		require.NoError(x, err)
		require.Equal(x, topodata.Spare, record.Type)
	})
}

// A record is another process's if its host or its port is.
// spec: T-84
func TestRecordOfAnotherPort(t *testing.T) {
	for name, edit := range map[string]func(*topodata.Tablet){
		"host": func(r *topodata.Tablet) { r.Hostname = "elsewhere" },
		"port": func(r *topodata.Tablet) { r.PortMap.VT++ },
	} {
		play(t, setting{}, func(x *stage) {
			_, err := x.topo.UpdateTabletFields(x.env.Background(), alias(replica1), func(r *topodata.Tablet) error {
				edit(r)
				return nil
			})
			require.NoError(x, err)
			x.changeType(replica1, topodata.Spare)
			x.env.Sleep(time.Minute)
			record, err := x.topo.GetTablet(x.env.Background(), alias(replica1))
			require.NoError(x, err)
			require.Equal(x, topodata.Replica, record.Type, name)
		})
	}
}

// What the tablets of old releases repair: replication that stands still as a whole, again and
// again, on replicas only, unless an operator has stopped it and not started it since. One
// thread that is stopped beside one that runs is left alone.
// spec: tablet 12
func TestWhatIsRepaired(t *testing.T) {
	play(t, setting{release: "v12"}, func(x *stage) {
		mysql := x.mysql[replica1].Client(x.env)
		healthy := func() bool {
			x.env.Sleep(21 * time.Second)
			status, err := x.tmc.ReplicationStatus(x.within(remoteTimeout), alias(replica1))
			require.NoError(x, err)
			return status.Healthy()
		}
		require.NoError(x, mysql.StopApplier())
		require.False(x, healthy(), "one thread alone")
		for range 2 {
			require.NoError(x, mysql.StopReplication(false))
			require.True(x, healthy(), "each time")
		}
		require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica1)))
		require.False(x, healthy(), "an operator's wish")
		require.NoError(x, x.tmc.StartReplication(x.within(remoteTimeout), alias(replica1), false))
		require.NoError(x, mysql.StopReplication(false))
		require.True(x, healthy(), "the wish is over")
		require.NoError(x, mysql.StopReplication(false))
		x.changeType(replica1, topodata.Primary)
		require.False(x, healthy(), "a primary")
	})
}
