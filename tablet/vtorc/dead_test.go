package vtorc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/vtorc"
)

// Where nothing is wrong, VTOrc finds nothing, does nothing and locks nothing.
// spec
func TestHealthyShard(t *testing.T) {
	for _, release := range []string{"v12", "v15", "v19", "v24", "main"} {
		for _, policy := range []string{"none", "semi_sync"} {
			c := run(t, setting{release: release, durability: policy}, func(c *cluster) {
				c.write(2, 100*time.Millisecond)
				c.env.Sleep(time.Minute)
			})
			require.Empty(t, c.story(), release)
			require.Equal(t, vtorc.Counters{}, c.vtorc[0].Counters())
		}
	}
}

// times measures, from five moments between two of VTOrc's polls, how long it takes from a failure of the
// primary to another one that serves and takes writes.
func times(t *testing.T, s setting, fail func(c *cluster)) (shortest, longest time.Duration) {
	t.Helper()
	shortest = time.Hour
	for i := range 5 {
		s.seed = uint64(i)
		run(t, s, func(c *cluster) {
			c.write(2, 100*time.Millisecond)
			c.env.Sleep(2*time.Second + time.Duration(i)*time.Second)
			fail(c)
			uid, took := c.newPrimary(100, 3*time.Minute)
			shortest, longest = min(shortest, took), max(longest, took)
			c.env.Sleep(5 * time.Second)
			if s.durability == "semi_sync" {
				require.Empty(c, c.lost(uid))
			}
			require.True(c, c.replicatesFrom(203-uid, uid))
			require.Contains(c, c.writable(), uid)
		})
	}
	t.Logf("%v to %v", shortest, longest)
	return shortest, longest
}

// How long it takes to replace a primary depends on who notices: VTOrc's polls, 5 s apart, and
// the replicas' receivers, after replica_net_timeout of silence if nothing tells them.
// spec
func TestTimeToReplace(t *testing.T) {
	for _, c := range []struct {
		name, release     string
		fail              func(c *cluster)
		shortest, longest float64
	}{
		{"MySQL killed: the next poll fails", "v24", func(c *cluster) { c.hosts[mysqlHost(100)].Crash() }, 1, 8},
		{"both processes killed: the next poll hangs", "v24", func(c *cluster) { c.crashMachine(100) }, 2, 12},
		{"the machine vanishes: receivers notice after 8 s", "v24", func(c *cluster) { c.vanish(100) }, 5, 20},
		{"the same without restarts of replicas", "v22", func(c *cluster) { c.vanish(100) }, 5, 20},
		{"receivers notice after 60 s", "v19", func(c *cluster) { c.vanish(100) }, 30, 70},
		{"orchestrator", "v14", func(c *cluster) { c.vanish(100) }, 30, 70},
	} {
		for _, policy := range []string{"none", "semi_sync"} {
			t.Run(c.name+" "+policy, func(t *testing.T) {
				shortest, longest := times(t, setting{release: c.release, durability: policy}, c.fail)
				require.Greater(t, shortest.Seconds(), c.shortest)
				require.Less(t, longest.Seconds(), c.longest)
			})
		}
	}
}

// A shorter poll and a shorter silence make it faster: the settings are read.
// spec
func TestFasterPolls(t *testing.T) {
	fast := func(s *flags.Set) {
		s.VTOrc.InstancePollTime, s.VTOrc.RecoveryPollDuration = time.Second, 200*time.Millisecond
	}
	_, longest := times(t, setting{durability: "semi_sync", change: fast}, func(c *cluster) { c.hosts[mysqlHost(100)].Crash() })
	require.Less(t, longest, 1800*time.Millisecond)
	_, longest = times(t, setting{durability: "semi_sync", change: fast}, func(c *cluster) { c.vanish(100) })
	require.Less(t, longest, 6*time.Second, "from v24 on a restart makes the replicas notice")
}

// One of the replicas dies with the primary. The rest is enough under semi-sync only if nobody
// else could have acknowledged: with two of four left it is not (an unreached replica may have
// acknowledged with the primary), with three of four it is.
// spec
func TestDeadPrimaryAndSomeReplicas(t *testing.T) {
	c := run(t, setting{tablets: 4, durability: "none", release: "v23"}, func(c *cluster) {
		c.write(4, 50*time.Millisecond)
		c.env.Sleep(2 * time.Second)
		c.crashMachine(103)
		c.env.Sleep(20 * time.Second)
		c.crashMachine(100)
		c.env.Sleep(90 * time.Second)
	})
	require.True(t, c.found(vtorc.DeadPrimaryAndSomeReplicas))
	require.False(t, c.found(vtorc.DeadPrimary))
	require.Contains(t, c.failed(), "could not reach sufficient tablets to guarantee safety")
	require.Empty(t, c.writable())

	c = run(t, setting{tablets: 4, durability: "semi_sync"}, func(c *cluster) {
		c.write(4, 50*time.Millisecond)
		c.env.Sleep(2 * time.Second)
		c.crashMachine(103)
		c.env.Sleep(20 * time.Second)
		c.crashMachine(100)
		c.env.Sleep(90 * time.Second)
	})
	require.True(t, c.found(vtorc.DeadPrimaryAndSomeReplicas))
}

// A primary whose replicas are all out of reach is left alone, and so is one without replicas.
// spec: R-141
func TestNobodyToPromote(t *testing.T) {
	c := run(t, setting{durability: "semi_sync"}, func(c *cluster) {
		c.write(4, 50*time.Millisecond)
		c.env.Sleep(2 * time.Second)
		for _, uid := range []uint32{100, 101, 102} {
			c.crashMachine(uid)
		}
		c.env.Sleep(time.Minute)
	})
	require.True(t, c.found(vtorc.DeadPrimaryAndReplicas))
	require.Empty(t, c.did())
	c = run(t, setting{tablets: 1, durability: "none"}, func(c *cluster) {
		c.crashMachine(100)
		c.env.Sleep(time.Minute)
	})
	require.True(t, c.found(vtorc.DeadPrimaryWithoutReplicas))
	require.Empty(t, c.did())
}

// Only the primary's vttablet dies; its MySQL works and the replicas replicate. VTOrc does
// nothing about it, however long it lasts. From v24 on it restarts replicas, one a minute and
// replica at the most.
// spec
func TestOnlyTabletDies(t *testing.T) {
	for release, want := range map[string]func(did []string) bool{
		"v23": func(did []string) bool { return len(did) == 0 },
		"v24": func(did []string) bool { return len(did) >= 8 && len(did) <= 12 },
	} {
		c := run(t, setting{release: release, durability: "semi_sync"}, func(c *cluster) {
			c.write(4, 50*time.Millisecond)
			c.env.Sleep(2 * time.Second)
			c.hosts[tabletHost(100)].Crash()
			c.env.Sleep(5 * time.Minute)
		})
		require.True(t, c.found(vtorc.UnreachablePrimary))
		require.Empty(t, c.serving())
		did := c.did()
		require.True(t, want(did), "%s: %v", release, did)
		require.NotContains(t, did, "DeadPrimary on 100")
	}
}

// With both opt-ins the replicas' vttablets tell that they cannot reach it either, and VTOrc
// replaces the primary. One of the two opt-ins is not enough.
// spec: R-146
func TestOnlyTabletDiesWithQuorum(t *testing.T) {
	for _, c := range []struct{ tracked, wanted, replaced bool }{{true, true, true}, {true, false, false}, {false, true, false}} {
		x := run(t, setting{release: "main", durability: "semi_sync", change: func(f *flags.Set) {
			f.VTTablet.TrackShardTabletHealth, f.VTOrc.EmergencyReparentOnPrimaryTabletUnreachable = c.tracked, c.wanted
		}}, func(x *cluster) {
			x.write(4, 50*time.Millisecond)
			x.env.Sleep(2 * time.Second)
			x.hosts[tabletHost(100)].Crash()
			x.env.Sleep(30 * time.Second)
			require.Equal(x, c.replaced, len(x.writable()) == 1)
			if c.replaced {
				require.Empty(x, x.lost(x.writable()[0]))
			}
		})
		require.Equal(t, c.replaced, slices.Contains(x.did(), "PrimaryTabletUnreachableByQuorum on 100"))
	}
}

// Two VTOrcs know nothing of each other. The shard lock lets one act; the other finds it held,
// or finds that nothing is left to do. There is one emergency.
// spec
func TestTwoVTOrcs(t *testing.T) {
	for seed := range uint64(3) {
		c := run(t, setting{seed: seed, vtorcs: 2, durability: "semi_sync"}, func(c *cluster) {
			c.write(4, 50*time.Millisecond)
			c.env.Sleep(2*time.Second + time.Duration(seed)*1500*time.Millisecond)
			c.hosts[mysqlHost(100)].Crash()
			uid, _ := c.newPrimary(100, time.Minute)
			c.env.Sleep(time.Minute)
			require.Equal(c, []uint32{uid}, c.serving())
			require.Empty(c, c.lost(uid))
		})
		emergencies := slices.DeleteFunc(c.did(), func(d string) bool { return d != "DeadPrimary on 100" })
		require.Len(t, emergencies, 1, fmt.Sprint(c.story()))
		skipped := slices.Concat(c.vtorc[0].Counters().Skipped, c.vtorc[1].Counters().Skipped)
		require.NotEmpty(t, skipped)
		for _, s := range skipped {
			require.Contains(t, []vtorc.SkipReason{vtorc.SkipShardLocked, vtorc.SkipStaleAnalysis}, s.Reason)
		}
		require.True(t, c.sawLock("VTOrc Recovery for DeadPrimary on zone1-0000000100"))
	}
}

// All replicas are in another cell. Whether one of them may replace the primary is a flag.
// spec: R-144
func TestOtherCell(t *testing.T) {
	for _, prevented := range []bool{true, false} {
		x := run(t, setting{far: true, durability: "none", change: func(f *flags.Set) { f.VTOrc.PreventCrossCellFailover = prevented }}, func(x *cluster) {
			x.write(2, 100*time.Millisecond)
			x.env.Sleep(2 * time.Second)
			x.hosts[mysqlHost(100)].Crash()
			x.env.Sleep(30 * time.Second)
			require.Equal(x, !prevented, len(x.writable()) == 1)
		})
		require.Equal(t, prevented, x.failed() != "", x.failed())
	}
}

// The primary's vttablet is gone and a replica stands still. Before VTOrc repairs the replica it
// asks the primary, which takes 15 s, and then leaves it alone; meanwhile it does not begin to
// repair it again.
// spec
func TestPrimaryMitigationFirst(t *testing.T) {
	x := run(t, setting{release: "v23", durability: "none"}, func(x *cluster) {
		x.hosts[tabletHost(100)].Crash()
		require.NoError(x, x.client(101).StopReplication(false))
		x.env.Sleep(2 * time.Minute)
		require.False(x, x.replicatesFrom(101, 100))
	})
	require.Empty(t, x.did())
	skipped := x.vtorc[0].Counters().Skipped
	require.Len(t, skipped, 1)
	require.Equal(t, vtorc.SkipPrimaryRecovery, skipped[0].Reason)
	require.InDelta(t, 120/16, skipped[0].Number, 2)
	require.Contains(t, x.logs, "aborting ReplicationStopped, primary mitigation is required")
}

// A primary whose commits hang keeps VTOrc from starting the very replicas that it waits for:
// if an emergency is not allowed, nothing is ever done.
// spec, T-118, issue 19921
func TestBlockedPrimaryKeepsReplicasStopped(t *testing.T) {
	x := run(t, setting{durability: "semi_sync", change: func(f *flags.Set) { f.VTOrc.AllowEmergencyReparent = false }}, func(x *cluster) {
		x.write(4, 50*time.Millisecond)
		x.hosts["vtorc-1"].Crash()
		for _, uid := range []uint32{101, 102} {
			require.NoError(x, x.client(uid).StopReplication(false))
		}
		x.env.Sleep(time.Minute)
		x.hosts["vtorc-1"].Restart()
		answers := len(x.acknowledged)
		x.env.Sleep(5 * time.Minute)
		require.Equal(x, answers, len(x.acknowledged))
	})
	require.True(t, x.found(vtorc.PrimarySemiSyncBlocked))
	require.Empty(t, x.did())
}

// The primary is slow to answer for 8 s. The polls of that time fail 15 s after they began, when
// later ones have succeeded long ago; that makes nobody doubt the primary again.
// spec: R-140
func TestLateFailure(t *testing.T) {
	x := run(t, setting{release: "v23", durability: "none", change: func(f *flags.Set) { f.VTOrc.InstancePollTime = 4 * time.Second }}, func(x *cluster) {
		slow := func(d time.Duration) {
			x.mysql[100].SetTimings(func(tm *mysqld.Timings) { tm.Status = sim.Constant(d) })
		}
		slow(20 * time.Second)
		x.env.Sleep(8 * time.Second)
		slow(time.Millisecond)
		x.env.Sleep(30 * time.Second)
	})
	doubts := 0
	for _, line := range x.story() {
		if strings.Contains(line, "found UnreachablePrimary") {
			doubts++
		}
	}
	require.Equal(t, 1, doubts, "%v", x.story())
}
