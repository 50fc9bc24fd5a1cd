package vtorc_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
	"bufsim/tablet/vtorc"
)

// client is the server's local socket, for breaking things.
func (c *cluster) client(uid uint32) *mysqld.Client { return c.mysql[uid].Client(c.env) }

// whole reports whether the primary takes writes, both replicas follow, are read-only and, under
// semi_sync, acknowledge.
func (c *cluster) whole() bool {
	for _, uid := range []uint32{101, 102} {
		readOnly, _, err := c.client(uid).ReadOnly()
		semiSync, semiSyncErr := c.client(uid).SemiSync()
		if err != nil || semiSyncErr != nil || !readOnly || !c.replicatesFrom(uid, 100) || semiSync.Replica != (c.durability == "semi_sync") {
			return false
		}
	}
	state, err := c.client(100).SemiSync()
	if err != nil || state.Source != (c.durability == "semi_sync") || state.Source && state.Ackers != 2 {
		return false
	}
	_, err = c.client(100).ReplicationStatus()
	return err != nil && slices.Equal(c.writable(), []uint32{100})
}

// What is broken on one tablet is whole again within a poll and two analyses, and VTOrc did
// nothing else. The reader of the table sees what is broken and what VTOrc says about it.
// spec
func TestRepairs(t *testing.T) {
	for _, c := range []struct {
		name, policy string
		breaks       func(c *cluster) error
		want         string
	}{
		{"a replica is stopped", "semi_sync", func(c *cluster) error { return c.client(101).StopReplication(false) }, "ReplicationStopped on 101"},
		{"its applier is stopped", "none", func(c *cluster) error { return c.client(102).StopApplier() }, "ReplicationStopped on 102"},
		{"a replica has forgotten its source", "semi_sync", func(c *cluster) error {
			return first(c.client(101).StopReplication(false), c.client(101).ResetReplica())
		}, "NotConnectedToPrimary on 101"},
		{"a replica follows another replica", "none", func(c *cluster) error {
			return first(c.client(101).StopReplication(false), c.client(101).ChangeSource(alias(102)), c.client(101).StartReplication())
		}, "ConnectedToWrongPrimary on 101"},
		{"a replica is writable", "semi_sync", func(c *cluster) error { return c.client(102).SetReadOnly(false) }, "ReplicaIsWritable on 102"},
		{"a replica does not acknowledge", "semi_sync", func(c *cluster) error {
			return first(c.client(102).SetSemiSync(false, false), c.client(102).StopReplication(false), c.client(102).StartReplication())
		}, "ReplicaSemiSyncMustBeSet on 102"},
		{"a replica acknowledges for nothing", "none", func(c *cluster) error {
			return first(c.client(102).SetSemiSync(false, true), c.client(102).StopReplication(false), c.client(102).StartReplication())
		}, "ReplicaSemiSyncMustNotBeSet on 102"},
		{"the primary is read-only", "semi_sync", func(c *cluster) error { return c.client(100).SetSuperReadOnly(true) }, "PrimaryIsReadOnly on 100"},
		{"the primary waits for nobody", "semi_sync", func(c *cluster) error { return c.client(100).SetSemiSync(false, true) }, "PrimarySemiSyncMustBeSet on 100"},
		{"the primary waits for acknowledgements without need", "none", func(c *cluster) error { return c.client(100).SetSemiSync(true, true) }, "PrimarySemiSyncMustNotBeSet on 100"},
		{"the primary replicates", "none", func(c *cluster) error {
			return first(c.client(100).ChangeSource(alias(102)), c.client(100).StartReplication())
		}, "PrimaryHasPrimary on 100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := run(t, setting{durability: c.policy}, func(x *cluster) {
				require.True(x, x.whole())
				require.NoError(x, c.breaks(x))
				require.False(x, x.whole())
				x.within(8*time.Second, "the shard is whole", x.whole)
				x.env.Sleep(20 * time.Second)
				require.True(x, x.whole())
			})
			require.Equal(t, []string{c.want}, x.did())
			counts := x.vtorc[0].Counters()
			require.Len(t, counts.Recoveries, 1)
			require.Equal(t, int64(1), counts.Recoveries[0].Successful)
			require.Zero(t, counts.Recoveries[0].Failed)
			require.Empty(t, counts.Detected)
			if strings.HasSuffix(c.want, " on 100") {
				// It looks again before it gives the lock up. (A replica is still connecting then.)
				require.Empty(t, counts.Skipped)
			}
			require.Equal(t, counts.Locks.Locks, counts.Locks.Unlocks)
			require.Positive(t, counts.Locks.LockTime)
		})
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// A shard that never had a primary gets one, as soon as its tablets are there: PRS elects it.
// In v12 PRS cannot do that.
// spec
func TestFirstPrimary(t *testing.T) {
	for _, release := range []string{"v24", "v19", "v13"} {
		for _, policy := range []string{"none", "semi_sync"} {
			c := run(t, setting{release: release, durability: policy, fresh: true}, func(c *cluster) {
				c.within(time.Minute, "a primary serves", func() bool { return len(c.writable()) == 1 })
				c.write(4, 50*time.Millisecond)
				c.env.Sleep(10 * time.Second)
				require.Greater(c, len(c.acknowledged), 200)
				require.Len(c, c.writable(), 1)
			})
			require.Contains(t, c.did()[0], "ClusterHasNoPrimary on ")
		}
	}
	c := run(t, setting{release: "v12", fresh: true}, func(c *cluster) { c.env.Sleep(20 * time.Second) })
	require.Equal(t, "the shard has no current primary, use EmergencyReparentShard instead", c.failed())
}

// Somebody deletes the record of a primary whose machine is gone. VTOrc promotes another one,
// and waits for both replicas, since either may have what the other lacks: with one of them
// unreachable it does not dare to.
// spec
func TestPrimaryTabletDeleted(t *testing.T) {
	remove := func(c *cluster) {
		c.write(4, 50*time.Millisecond)
		c.env.Sleep(2 * time.Second)
		c.crashMachine(100)
		// DeleteTablets --allow-primary does both.
		require.NoError(c, c.topo.DeleteTablet(c.env.Background(), alias(100)))
		_, err := c.topo.UpdateShardFields(c.env.Background(), "commerce", "0", func(s *topodata.Shard) error {
			s.PrimaryAlias = topodata.TabletAlias{}
			return nil
		})
		require.NoError(c, err)
	}
	c := run(t, setting{durability: "semi_sync", change: slowPolls}, func(c *cluster) {
		remove(c)
		uid, _ := c.newPrimary(100, time.Minute)
		require.Empty(c, c.lost(uid))
		c.env.Sleep(5 * time.Second)
		_, err := c.client(uid).ReplicationStatus()
		require.Error(c, err)
	})
	// The shard's record names nobody, so the emergency initialises instead of promoting, which
	// leaves the new primary a replica of the old one: that is the next thing to repair.
	require.Equal(t, []string{"PrimaryTabletDeleted on 101", "PrimaryHasPrimary on 101"}, c.did())
	c = run(t, setting{durability: "semi_sync", change: slowPolls}, func(c *cluster) {
		c.crashMachine(102)
		remove(c)
		c.env.Sleep(2 * time.Minute)
		require.Empty(c, c.serving())
	})
	require.Contains(t, c.did(), "PrimaryTabletDeleted on 101")
	require.NotEmpty(t, c.failed())
}

// slowPolls lets the topology be faster than the tablets, so that a primary's record is missed
// before the primary itself.
func slowPolls(f *flags.Set) {
	f.VTOrc.InstancePollTime, f.VTOrc.TopoInformationRefreshDuration = 20*time.Second, time.Second
}

// A tablet whose record still calls it PRIMARY of an older term is made a replica, from v24 on.
// spec: R-141
func TestStaleTopoPrimary(t *testing.T) {
	for release, want := range map[string]topodata.TabletType{"v24": topodata.Replica, "v23": topodata.Primary} {
		x := run(t, setting{release: release, durability: "semi_sync"}, func(c *cluster) {
			require.NoError(c, c.client(102).StopReplication(false))
			_, err := c.topo.UpdateTabletFields(c.env.Background(), alias(102), func(r *topodata.Tablet) error {
				r.Type, r.PrimaryTermStartTime = topodata.Primary, 1
				return nil
			})
			require.NoError(c, err)
			c.env.Sleep(30 * time.Second)
			record, err := c.topo.GetTablet(c.env.Background(), alias(102))
			require.NoError(c, err)
			require.Equal(c, want, record.Type)
			require.Equal(c, want == topodata.Primary, record.PrimaryTermStartTime != 0)
			require.Equal(c, want == topodata.Replica, c.whole())
		})
		if want == topodata.Replica {
			require.Equal(t, []string{"StaleTopoPrimary on 102"}, x.did())
		}
	}
}

// A replica with a transaction that nobody else has is taken out of service if VTOrc may do
// that; else nothing is done about it.
// spec: R-141, T-126
func TestErrantReplica(t *testing.T) {
	for _, allowed := range []bool{true, false} {
		c := run(t, setting{durability: "none", change: func(f *flags.Set) {
			f.VTOrc.ChangeTabletsWithErrantGTIDToDrained, f.VTOrc.AllowRecovery = allowed, true
		}}, func(c *cluster) {
			c.write(2, 100*time.Millisecond)
			require.NoError(c, c.client(102).SetReadOnly(false))
			conn, err := c.client(102).Connect(true)
			require.NoError(c, err)
			_, err = conn.Exec(c.env.Background(), insertOf(-1))
			require.NoError(c, err)
			conn.Close()
			require.NoError(c, c.client(102).SetSuperReadOnly(true))
			c.env.Sleep(10 * time.Second)
			want := topodata.Replica
			if allowed {
				want = topodata.Drained
			}
			require.Equal(c, want, c.tablets[102].Status().Type)
		})
		require.True(t, c.found(vtorc.ErrantGTIDDetected))
		require.Equal(t, allowed, len(c.did()) == 1)
	}
}

// A vtctld is killed in the middle of a switch, after the demotion: the old primary neither
// serves nor takes writes. VTOrc sees it within a poll, but the dead vtctld's lock keeps it
// from doing anything until the lease ends. Then the demotion is undone, in the same term.
// spec, F3, P8
func TestVtctldKilledInMidSwitch(t *testing.T) {
	for seed := range uint64(4) {
		c := run(t, setting{seed: seed, durability: "semi_sync"}, func(c *cluster) {
			c.write(4, 50*time.Millisecond)
			c.env.Sleep(2*time.Second + time.Duration(seed)*1300*time.Millisecond)
			c.demoteAndDie()
			term := c.tablets[100].Status().Term
			took := c.within(time.Minute, "it serves again", func() bool { return len(c.writable()) == 1 })
			require.Equal(c, []uint32{100}, c.writable())
			require.Equal(c, term, c.tablets[100].Status().Term)
			require.Less(c, took.Seconds(), 30.0+1+5)
			require.Greater(c, took.Seconds(), 27.0, "the lease lasts")
			require.Empty(c, c.lost(100))
		})
		require.Equal(t, []string{"PrimaryIsReadOnly on 100"}, c.did())
		skipped := c.vtorc[0].Counters().Skipped
		require.Equal(t, vtorc.SkipShardLocked, skipped[0].Reason)
		require.Greater(t, skipped[0].Number, int64(20))
	}
}

// demoteAndDie begins a switch and kills its process right after the demotion.
func (c *cluster) demoteAndDie() {
	for _, uid := range []uint32{101, 102} {
		c.mysql[uid].SetTimings(func(tm *mysqld.Timings) { tm.SourceDelay = 500 * time.Millisecond })
	}
	host, _, _ := c.operate("vtctld", func(r *reparent.Reparenter, ctx *sim.Context) error {
		_, err := r.PlannedReparentShard(ctx, "commerce", "0", reparent.PlannedOptions{NewPrimary: alias(101)})
		return err
	})
	c.within(10*time.Second, "the primary is demoted", func() bool {
		readOnly, _, err := c.client(100).ReadOnly()
		state, semiSyncErr := c.client(100).SemiSync()
		return err == nil && semiSyncErr == nil && readOnly && !state.Source
	})
	host.Crash()
}

// Recoveries can be forbidden: all of them, emergencies, or emergencies of one shard or
// keyspace.
// spec
func TestForbidden(t *testing.T) {
	none := func(*cluster) {}
	for name, c := range map[string]struct {
		change func(*flags.Set)
		before func(c *cluster)
		reason vtorc.SkipReason
	}{
		"all":         {func(f *flags.Set) { f.VTOrc.AllowRecovery = false }, none, vtorc.SkipGloballyDisabled},
		"emergencies": {func(f *flags.Set) { f.VTOrc.AllowEmergencyReparent = false }, none, vtorc.SkipEmergencyDisabled},
		"of a shard": {nil, func(c *cluster) {
			_, err := c.topo.UpdateShardFields(c.env.Background(), "commerce", "0", func(s *topodata.Shard) error {
				s.DisableEmergencyReparent = true
				return nil
			})
			require.NoError(c, err)
		}, vtorc.SkipEmergencyDisabled},
		"of a keyspace": {nil, func(c *cluster) {
			ctx, unlock, err := c.topo.LockKeyspace(c.env.Background(), "commerce", "test")
			require.NoError(c, err)
			_, err = c.topo.UpdateKeyspaceFields(ctx, "commerce", func(k *topodata.Keyspace) error {
				k.DisableEmergencyReparent = true
				return nil
			})
			unlock(&err)
			require.NoError(c, err)
		}, vtorc.SkipEmergencyDisabled},
	} {
		t.Run(name, func(t *testing.T) {
			x := run(t, setting{durability: "semi_sync", change: c.change}, func(x *cluster) {
				c.before(x)
				x.env.Sleep(2 * time.Second)
				x.hosts[mysqlHost(100)].Crash()
				x.env.Sleep(30 * time.Second)
			})
			require.True(t, x.found(vtorc.DeadPrimary))
			require.NotContains(t, x.did(), "DeadPrimary on 100")
			require.True(t, slices.ContainsFunc(x.vtorc[0].Counters().Skipped, func(s vtorc.SkipCount) bool {
				return s.Recovery == vtorc.RecoverDeadPrimary && s.Reason == c.reason
			}))
		})
	}
}

// The repair of a replica keeps VTOrc from replacing the primary for a while: for 30 s up to
// v19, for an hour in orchestrator, not at all from v20 on.
// spec: R-143, issue 13108
func TestBlockBetweenRecoveries(t *testing.T) {
	for release, want := range map[string][2]float64{"v14": {3600, 3610}, "v19": {29, 38}, "v20": {1, 12}} {
		run(t, setting{release: release, durability: "semi_sync"}, func(c *cluster) {
			c.write(2, 100*time.Millisecond)
			c.env.Sleep(3 * time.Second)
			require.NoError(c, c.tm.StopReplication(c.env.Background(), alias(101)))
			c.within(10*time.Second, "the replica is repaired", func() bool { return c.replicatesFrom(101, 100) })
			repaired := c.env.Now()
			c.hosts[mysqlHost(100)].Crash()
			c.quiet = true
			c.newPrimary(100, 2*time.Hour)
			require.Greater(c, c.env.Now().Sub(repaired).Seconds(), want[0], release)
			require.Less(c, c.env.Now().Sub(repaired).Seconds(), want[1], release)
		})
	}
}
