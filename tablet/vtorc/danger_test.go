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

// delayed lets replicas apply later than they receive.
func (c *cluster) delayed(d time.Duration) {
	for _, uid := range c.uids() {
		c.mysql[uid].SetTimings(func(tm *mysqld.Timings) { tm.SourceDelay = d })
	}
}

// A switch checks its lock for the last time before it promotes; then its calls are stuck for
// 40 s. After 30 s the lock is free, and VTOrc sees a primary that is read-only for no reason:
// it undoes the demotion. Clients write again, until the stuck calls arrive and promote a
// replica that has received those writes and not applied them. Without VTOrc the old primary
// would have stayed as it was and nothing would be lost; semi-sync does not help, since what
// was received counts as acknowledged and a promotion drops the relay log.
// spec, T-109
func TestSwitchWithoutLock(t *testing.T) {
	for _, policy := range []string{"none", "semi_sync"} {
		for _, watched := range []bool{true, false} {
			vtorcs := 1
			if !watched {
				vtorcs = -1
			}
			c := run(t, setting{durability: policy, vtorcs: vtorcs}, func(c *cluster) {
				c.write(4, 50*time.Millisecond)
				c.env.Sleep(2 * time.Second)
				c.delayed(2 * time.Second)
				_, over, err := c.operate("vtctld", func(r *reparent.Reparenter, ctx *sim.Context) error {
					_, err := r.PlannedReparentShard(ctx, "commerce", "0", reparent.PlannedOptions{NewPrimary: alias(101), WaitReplicasTimeout: time.Minute})
					return err
				})
				c.within(20*time.Second, "the primary is demoted", c.demoted)
				c.env.Sleep(500 * time.Millisecond)
				for _, uid := range c.uids() {
					c.net.Clog("vtctld", tabletHost(uid))
				}
				c.env.Sleep(40 * time.Second)
				require.Equal(c, watched, len(c.writable()) == 1)
				for _, uid := range c.uids() {
					c.net.Unclog("vtctld", tabletHost(uid))
				}
				c.newPrimary(100, 20*time.Second)
				over.Wait()
				c.quiet = true
				c.env.Sleep(20 * time.Second)
				if watched {
					require.NotEmpty(c, c.lost(101))
				} else {
					require.EqualError(c, *err, "node doesn't exist: lease", "all went well but the end")
					require.Empty(c, c.lost(101))
				}
			})
			if watched {
				require.Equal(t, "PrimaryIsReadOnly on 100", c.did()[0])
			}
		}
	}
}

// demoted reports whether the primary's MySQL is read-only and waits for nobody.
func (c *cluster) demoted() bool {
	readOnly, _, err := c.client(100).ReadOnly()
	state, semiSyncErr := c.client(100).SemiSync()
	return err == nil && semiSyncErr == nil && readOnly && !state.Source
}

// others lists the hosts that a partition leaves on the other side: all but the machine itself
// and the clients.
func (c *cluster) others() []string {
	return slices.DeleteFunc(c.names(), func(name string) bool { return name == "clients" })
}

// The primary's machine is cut off from all but its clients, and VTOrc replaces it. Without
// semi-sync the old primary goes on: two primaries take writes at the same time, and what the
// old one took is lost. That is how chaos tests with orchestrator ended, and it is no different
// with VTOrc. Under semi-sync the old primary can only hang, since all who could acknowledge
// have been stopped: not one write is lost.
// spec, P11
func TestPartitionedPrimary(t *testing.T) {
	for _, release := range []string{"v14", "v19", "v24"} {
		for _, policy := range []string{"none", "semi_sync"} {
			run(t, setting{release: release, durability: policy}, func(c *cluster) {
				c.write(4, 50*time.Millisecond)
				c.env.Sleep(2 * time.Second)
				before := len(c.acknowledged)
				c.isolate(100, c.others()...)
				elect, _ := c.newPrimary(100, 2*time.Minute)
				since := len(c.acknowledged)
				c.env.Sleep(20 * time.Second)
				require.Equal(c, []uint32{100, elect}, c.serving(), "both advertise themselves")
				if policy == "none" {
					require.Equal(c, []uint32{100, elect}, c.writable())
					require.Greater(c, since, before, "the old one took writes all the time")
					require.Greater(c, len(c.acknowledged), since+100, "and goes on")
					require.Greater(c, len(c.lost(elect)), 100)
				} else {
					require.Empty(c, c.lost(elect))
				}
			})
		}
	}
}

// The primary's MySQL loses its replicas while everybody still reaches its vttablet: commits
// hang. From v22 on VTOrc sees that and promotes another tablet; before, an operator does. The
// old primary's demotion hangs on the lost acknowledgement. Up to v21 it does so for ever: the
// tablet stays PRIMARY beside the new one, its writes hang and its reads are stale. From v22 on
// the demotion fails when its caller is gone, and the end of the term goes on from there.
// spec: R-148, R-102a, R-31, R-141, T-118, issue 14637
func TestDemotionHangsOnLostAcknowledgement(t *testing.T) {
	for release, stays := range map[string]bool{"v19": true, "v21": true, "v22": false, "v24": false} {
		c := run(t, setting{release: release, durability: "semi_sync"}, func(c *cluster) {
			c.write(4, 50*time.Millisecond)
			c.env.Sleep(2 * time.Second)
			c.net.Partition(mysqlHost(100), mysqlHost(101), mysqlHost(102))
			if stays {
				c.env.Sleep(30 * time.Second)
				c.operate("vtctld", func(r *reparent.Reparenter, ctx *sim.Context) error {
					_, err := r.EmergencyReparentShard(ctx, "commerce", "0", reparent.EmergencyOptions{})
					return err
				})
			}
			elect, _ := c.newPrimary(100, 2*time.Minute)
			c.quiet = true
			require.Equal(c, topodata.Primary, c.tablets[100].Status().Type)
			c.env.Sleep(5 * time.Minute)
			require.Equal(c, stays, c.tablets[100].Status().Type == topodata.Primary, release)
			state, err := c.client(100).SemiSync()
			require.NoError(c, err)
			require.Equal(c, stays, state.Waiting > 0)
			require.Empty(c, c.lost(elect))
		})
		require.Equal(t, !stays, slices.Contains(c.did(), "PrimarySemiSyncBlocked on 100"), release)
	}
}

// A former primary was left writable, without a source, and took a write. VTOrc makes it
// read-only but cannot attach it. When the primary dies, the emergency finds two histories.
// spec, issue 20078
func TestFormerPrimaryLeftWritable(t *testing.T) {
	c := run(t, setting{durability: "none"}, func(c *cluster) {
		c.write(4, 50*time.Millisecond)
		c.env.Sleep(2 * time.Second)
		require.NoError(c, first(c.client(102).StopReplication(false), c.client(102).ResetReplica(), c.client(102).SetReadOnly(false)))
		conn, err := c.client(102).Connect(false)
		require.NoError(c, err)
		_, err = conn.Exec(c.env.Background(), insertOf(-1))
		require.NoError(c, err)
		conn.Close()
		c.env.Sleep(20 * time.Second)
		c.hosts[mysqlHost(100)].Crash()
		c.env.Sleep(time.Minute)
		require.Empty(c, c.writable())
	})
	require.True(t, c.found(vtorc.ErrantGTIDDetected))
	require.Contains(t, c.failed(), "split brain detected between servers - zone1-0000000101 and zone1-0000000102")
}

// Both replicas' appliers stand; they receive and acknowledge all the same. Then their
// connections to the primary break. VTOrc repairs the replicas: from v20 on it names a
// heartbeat interval, so the source is set up anew and the relay log dropped, with all that
// was acknowledged and not applied. They cannot fetch it again. The primary dies, an emergency
// promotes one of them, and acknowledged writes are gone. Before v20 the relay log stays, so
// an emergency waits for the appliers in vain and refuses: no primary, and no loss.
// spec, T-109, issue 21092
func TestRepairDropsRelayLog(t *testing.T) {
	for release, loses := range map[string]bool{"v19": false, "v24": true} {
		x := run(t, setting{release: release, durability: "semi_sync"}, func(c *cluster) {
			c.write(4, 50*time.Millisecond)
			c.env.Sleep(2 * time.Second)
			require.NoError(c, first(c.client(101).StopApplier(), c.client(102).StopApplier()))
			for len(c.acknowledged) < 200 && len(c.did()) == 0 {
				c.env.Sleep(10 * time.Millisecond)
			}
			c.net.Partition(mysqlHost(100), mysqlHost(101), mysqlHost(102))
			c.quiet = true
			c.env.Sleep(7 * time.Second)
			c.crashMachine(100)
			if loses {
				elect, _ := c.newPrimary(100, 3*time.Minute)
				require.NotEmpty(c, c.lost(elect))
				return
			}
			c.env.Sleep(2 * time.Minute)
			require.GreaterOrEqual(c, c.mysql[101].Received().Count(), int64(len(c.acknowledged)))
		})
		require.Equal(t, !loses, strings.Contains(x.failed(), "could not apply all relay logs"), x.failed())
	}
}

// What the notes of 2016 tell: a killed primary comes back in a few seconds, still PRIMARY, and
// read-only; nothing but an operator helps. VTOrc sees it within a poll.
// spec: R-141, T-88, T-121
func TestPrimaryComesBackReadOnly(t *testing.T) {
	for vtorcs, writable := range map[int]bool{-1: false, 1: true} {
		run(t, setting{durability: "semi_sync", vtorcs: vtorcs}, func(c *cluster) {
			c.write(2, 100*time.Millisecond)
			c.env.Sleep(3500 * time.Millisecond) // right after a poll
			c.crashMachine(100)
			c.hosts[mysqlHost(100)].Restart()
			c.hosts[tabletHost(100)].Restart()
			c.env.Sleep(15 * time.Second)
			require.Equal(c, []uint32{100}, c.serving())
			require.Equal(c, writable, len(c.writable()) == 1)
			require.Equal(c, writable, c.answers[len(c.answers)-1] > c.env.Now().Add(-2*time.Second))
		})
	}
}

// The same notes: a tool outside of Vitess promotes a replica and forgets to make it writable
// and to take it off its source; every write fails. VTOrc finishes the job.
// spec
func TestForgottenReadOnly(t *testing.T) {
	for vtorcs, writable := range map[int]bool{-1: false, 1: true} {
		run(t, setting{durability: "semi_sync", vtorcs: vtorcs}, func(c *cluster) {
			c.write(2, 100*time.Millisecond)
			c.env.Sleep(2 * time.Second)
			_, over, err := c.operate("vtctld", func(r *reparent.Reparenter, ctx *sim.Context) error {
				_, err := r.TabletExternallyReparented(ctx, alias(101))
				return err
			})
			over.Wait()
			require.NoError(c, *err)
			c.env.Sleep(30 * time.Second)
			require.Contains(c, c.serving(), uint32(101))
			require.Equal(c, writable, slices.Contains(c.writable(), 101))
			if writable {
				require.True(c, c.replicatesFrom(102, 101))
				require.Empty(c, c.lost(101))
			}
		})
	}
}

// The same notes: the primary is killed, another one is elected; the first comes back as its
// replica; the second dies, and the original primary is elected again.
// spec, T-86, R-221
func TestOriginalPrimaryReelected(t *testing.T) {
	for _, release := range []string{"v19", "v24"} {
		run(t, setting{release: release, durability: "semi_sync"}, func(c *cluster) {
			c.write(4, 50*time.Millisecond)
			c.env.Sleep(2 * time.Second)
			c.crashMachine(100)
			elect, _ := c.newPrimary(100, time.Minute)
			c.env.Sleep(3 * time.Second)
			c.hosts[mysqlHost(100)].Restart()
			c.hosts[tabletHost(100)].Restart()
			c.within(time.Minute, "the original primary follows", func() bool {
				return c.replicatesFrom(100, elect) && c.tablets[100].Status().Type == topodata.Replica
			})
			c.env.Sleep(30 * time.Second)
			c.crashMachine(elect)
			again, _ := c.newPrimary(elect, 2*time.Minute)
			require.Equal(c, uint32(100), again)
			require.Empty(c, c.lost(again))
		})
	}
}

// The primary answers its clients and its replicas, but not VTOrc's questions in time. VTOrc
// asks it for a switch first, which needs the same answers and fails, and then does without.
// spec: R-141
func TestIncapacitatedPrimary(t *testing.T) {
	for release, replaced := range map[string]bool{"v23": false, "v24": true} {
		c := run(t, setting{release: release, durability: "semi_sync"}, func(c *cluster) {
			c.write(4, 50*time.Millisecond)
			c.env.Sleep(2 * time.Second)
			c.mysql[100].SetTimings(func(tm *mysqld.Timings) { tm.Status = sim.Constant(20 * time.Second) })
			c.env.Sleep(2 * time.Minute)
			require.Equal(c, replaced, !slices.Equal(c.serving(), []uint32{100}), "%v", c.story())
		})
		require.Equal(t, replaced, slices.Contains(c.did(), "IncapacitatedPrimary on 100"), release)
	}
}

// The primary's disk hangs, and with it every write. Its vttablet says so, if it looks. VTOrc
// replaces the primary if it was asked to. (From v24 on it does so anyway, since such a primary
// fails its checks and answers Ping.)
// spec: R-141, T-12
func TestDiskStalls(t *testing.T) {
	for _, asked := range []bool{true, false} {
		c := run(t, setting{release: "v23", durability: "semi_sync", change: func(f *flags.Set) {
			f.VTTablet.DiskWriteDir, f.VTOrc.EnablePrimaryDiskStalledRecovery = "/vt/data", asked
		}}, func(c *cluster) {
			c.write(4, 50*time.Millisecond)
			c.env.Sleep(2 * time.Second)
			c.mysql[100].SetDiskStalled(true)
			c.env.Sleep(90 * time.Second)
			require.Equal(c, asked, len(slices.DeleteFunc(c.writable(), func(uid uint32) bool { return uid == 100 })) == 1, "%v", c.story())
		})
		require.Equal(t, asked, slices.Contains(c.did(), "PrimaryDiskStalled on 100"))
	}
}
