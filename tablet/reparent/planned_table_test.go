package reparent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

// The rows of the failure table, each in a whole shard: what the operator reads, what is left
// behind, and what repairs it. The rows that a killed vtctld makes, F2a and F3, and F6a are in
// planned_cluster_test.go.

// F1: the lock belongs to somebody else, who looks after it, for longer than --lock-timeout.
// spec: R-2, F1
func TestRowF1NoLock(t *testing.T) {
	row{
		prepare: func(x *cluster) {
			ctx, _, err := x.topo.LockShard(x.env.Background(), "commerce", "0", "somebody else")
			require.NoError(x, err)
			x.env.GoDaemon("keep", func() {
				for x.topo.CheckShardLocked(ctx, "commerce", "0") == nil {
					x.env.Sleep(10 * time.Second)
				}
			})
		},
		after: func(x *cluster, cmd *command) {
			requireText(x, "deadline exceeded: /vitess/global/keyspaces/commerce/shards/0", cmd.err)
			require.InDelta(x, 45, cmd.took.Seconds(), 0.1)
			require.Equal(x, []string{asPrimary, following0, following0}, []string{x.look(100), x.look(101), x.look(102)})
			require.True(x, x.writesGoOn())
		},
	}.play(t)
}

// F2 and P9: the replicas stop to acknowledge right before a COMMIT, which no kill reaches. The
// call ends after its 15 s, the drain when the COMMIT may hang no longer; then the tablet takes
// its demotion back.
// spec, T-35, F2
func TestRowF2DrainOutlastsTheCall(t *testing.T) {
	var commit func() error
	row{
		prepare: func(x *cluster) { commit = x.hangingCommit(-7) },
		step:    "candidate_check end",
		happens: func(x *cluster) {
			x.setReceivers(false)
			require.Error(x, commit())
		},
		after: func(x *cluster, cmd *command) {
			requireText(x, "failed to DemotePrimary on current primary zone1-0000000100: Code: DEADLINE_EXCEEDED\n"+expired+"\n: "+expired, cmd.err)
			demotion, _ := cmd.result.Phase(reparent.PhaseDemotion)
			require.InDelta(x, 15, demotion.End.Sub(demotion.Begin).Seconds(), 0.1)
			require.Empty(x, x.servingPrimaries(), "it drains on")
			x.eventually("it serves again", func() bool { return len(x.servingPrimaries()) == 1 })
			require.InDelta(x, 30, x.env.Now().Sub(demotion.Begin).Seconds(), 0.5)
			require.Equal(x, asPrimary, x.look(100))
			x.setReceivers(true)
			x.env.Sleep(11 * time.Second)
			require.True(x, x.writesGoOn())
			x.switchAgain()
		},
	}.play(t)
}

// setReceivers starts or stops the receivers of both replicas.
func (c *cluster) setReceivers(on bool) {
	for _, uid := range []uint32{101, 102} {
		client := c.mysql[uid].Client(c.env)
		if on {
			require.NoError(c, client.StartReplication())
		} else {
			require.NoError(c, client.StopReplication(true))
		}
	}
}

// F5: the elect's applier stops, and the operator's way to the old primary is cut: the demotion
// stays.
// spec: R-56, F5
func TestRowF5UndoFails(t *testing.T) {
	row{
		prepare: func(x *cluster) { x.delay(101, 500*time.Millisecond) },
		step:    "demotion end",
		happens: func(x *cluster) {
			x.delay(101, time.Hour)
			x.net.Partition("vtctld", alias(100).String())
		},
		after: func(x *cluster, cmd *command) {
			requireText(x, "encountered error while performing UndoDemotePrimary(zone1-0000000100): Code: DEADLINE_EXCEEDED\n"+expired+"\n"+
				": primary-elect tablet zone1-0000000101 failed to catch up with replication MySQL56/<set>: rpc error: code = DeadlineExceeded desc = "+
				"TabletManager.WaitForPosition on zone1-0000000101: WaitSourcePos failed: timed out waiting for position <set>", cmd.err)
			require.Equal(x, []string{asDemoted, following0, following0}, []string{x.look(100), x.look(101), x.look(102)})
			require.EqualValues(x, 100, x.named())
			require.False(x, x.writesGoOn())
			x.net.HealAll()
			x.delay(101, 0)
			x.env.Sleep(5 * time.Second)
			require.Empty(x, x.servingPrimaries(), "the call that the network brings late finds nobody to undo for")
			x.switchAgain()
		},
	}.play(t)
}

func (c *cluster) delay(uid uint32, d time.Duration) {
	c.mysql[uid].SetTimings(func(tm *mysqld.Timings) { tm.SourceDelay = d })
}

// F6: the operator cannot reach the topology for longer than the lease while the elect catches
// up; the check after that finds the lock lost, and nothing is undone.
// spec, F6
func TestRowF6LockLost(t *testing.T) {
	row{
		prepare: func(x *cluster) { x.delay(101, 500*time.Millisecond) },
		step:    "demotion end",
		happens: func(x *cluster) {
			x.net.Partition("vtctld", "topo")
			x.env.Sleep(40 * time.Second)
			x.net.HealAll()
		},
		after: func(x *cluster, cmd *command) {
			require.ErrorContains(x, cmd.err, "lost topology lock, aborting: ")
			require.Greater(x, cmd.took, 40*time.Second)
			require.Equal(x, []string{asDemoted, following0, following0}, []string{x.look(100), x.look(101), x.look(102)})
			require.False(x, x.writesGoOn())
			x.delay(101, 0)
			x.switchAgain()
		},
	}.play(t)
}

// F7: the elect's MySQL dies in the promotion before the topology hears of it. The old primary
// is a replica already, so there is no primary at all, neither serving nor on record.
// spec, F7
func TestRowF7NoPrimaryAtAll(t *testing.T) {
	row{
		step:    "100 SetReplicationSource type",
		happens: func(x *cluster) { x.hosts[mysqld.HostName(alias(101))].Crash() },
		after: func(x *cluster, cmd *command) {
			require.ErrorContains(x, cmd.err, "failed PromoteReplica(primary=zone1-0000000101, ts=")
			require.ErrorContains(x, cmd.err, "TabletManager.PromoteReplica on zone1-0000000101: ")
			x.hosts[mysqld.HostName(alias(101))].Restart()
			x.env.Sleep(2 * time.Second)
			require.Contains(x, x.look(100), "REPLICA serving=true read_only=true super=true source=false record=REPLICA")
			require.Contains(x, x.look(101), "REPLICA serving=true read_only=true super=true source=false record=REPLICA")
			require.EqualValues(x, 100, x.named(), "the shard's record is not corrected by anybody")
			require.False(x, x.writesGoOn())
			x.switchAgain()
		},
	}.play(t)
}

// F8: the elect's MySQL dies after the topology has heard of the promotion and MySQL takes
// writes. The tablet tries once a second to serve, and does so when MySQL is back; that is
// read-only now. A switch to it opens it.
// spec: R-53, T-21, T-121, F8
func TestRowF8PromotionHalfDone(t *testing.T) {
	row{
		step:    "101 ChangeTabletType read_write",
		happens: func(x *cluster) { x.hosts[mysqld.HostName(alias(101))].Crash() },
		after: func(x *cluster, cmd *command) {
			require.ErrorContains(x, cmd.err, "failed PromoteReplica(primary=zone1-0000000101, ts=")
			x.hosts[mysqld.HostName(alias(101))].Restart()
			x.env.Sleep(3 * time.Second)
			require.Equal(x, "PRIMARY serving=true read_only=true super=true source=false record=PRIMARY, no source", x.look(101))
			require.Contains(x, x.look(100), "REPLICA serving=true read_only=true super=true source=false record=REPLICA")
			require.False(x, x.writesGoOn())
			cmd = x.prs("vtctld-again", reparent.PlannedOptions{NewPrimary: alias(101)})
			cmd.over.Wait()
			require.NoError(x, cmd.err)
			require.True(x, x.writesGoOn())
			require.Equal(x, following1, x.look(100))
		},
	}.play(t)
}

// F9: no replica can reach the promoted elect: it serves, and every write hangs, the journal's
// first. When the network is whole again the replicas attach by themselves.
// spec, F9
func TestRowF9NobodyAcknowledges(t *testing.T) {
	row{
		step: "101 PromoteReplica begin",
		happens: func(x *cluster) {
			x.net.Partition(mysqld.HostName(alias(101)), mysqld.HostName(alias(100)), mysqld.HostName(alias(102)))
		},
		after: func(x *cluster, cmd *command) {
			requireText(x, "failed PopulateReparentJournal(primary=zone1-0000000101, ts=<ts>, pos=MySQL56/<set>): Code: DEADLINE_EXCEEDED\n"+
				expired+"\n: "+expired, cmd.err)
			repointing, _ := cmd.result.Phase(reparent.PhaseRepointing)
			require.InDelta(x, 15, repointing.End.Sub(repointing.Begin).Seconds(), 0.1)
			require.Equal(x, asPrimary, x.look(101))
			require.EqualValues(x, 101, x.named())
			require.False(x, x.writesGoOn())
			x.net.HealAll()
			x.env.Sleep(11 * time.Second) // --replication-connect-retry
			require.True(x, x.writesGoOn())
			x.switchAgain()
		},
	}.play(t)
}

// F10 and P14: an RDONLY tablet lags by more than the timeout: the switch is good and the
// command fails. The operator runs it again when the tablet has caught up.
// spec, F10
func TestRowF10SlowReplica(t *testing.T) {
	runShard(t, sim.Config{Seed: 5}, profile(t, "v24"), func(c *cluster, durability string) {
		c.rdonly = map[uint32]bool{102: true}
		c.bootstrap(durability)
	}, "semi_sync", func(x *cluster) {
		x.write(3, 50*time.Millisecond)
		x.delay(102, 20*time.Second)
		x.env.Sleep(time.Second)
		cmd := x.prs("vtctld", reparent.PlannedOptions{})
		cmd.over.Wait()
		requireText(x, "some replicas failed to reparent; retry PlannedReparentShard with the same new primary alias (zone1-0000000101) to retry failed replicas: "+
			"tablet zone1-0000000102 failed to SetReplicationSource(zone1-0000000101): Code: DEADLINE_EXCEEDED\n"+expired+"\n: "+expired, cmd.err)
		promotion, _ := cmd.result.Phase(reparent.PhasePromotion)
		require.InDelta(x, 15, cmd.began.Add(cmd.took).Sub(promotion.Begin).Seconds(), 0.1)
		require.Less(x, x.firstAnswerAfter(promotion.End), promotion.End.Add(500*time.Millisecond), "served long before the command ended")
		require.Equal(x, []string{asPrimary, following1}, []string{x.look(101), x.look(100)})
		require.Equal(x, "RDONLY serving=true read_only=true super=true source=false record=RDONLY, from 101 running", x.look(102))
		x.delay(102, 0)
		x.env.Sleep(time.Second)
		cmd = x.prs("vtctld-again", reparent.PlannedOptions{NewPrimary: alias(101)})
		cmd.over.Wait()
		require.NoError(x, cmd.err)
	})
}

func (c *cluster) firstAnswerAfter(at sim.Time) sim.Time {
	for _, answer := range c.answers {
		if answer > at {
			return answer
		}
	}
	return sim.Never
}

// F11: a write on the old primary that nobody else has: it becomes a replica without
// replication, and no switch attaches it again.
// spec, T-126, F11
func TestRowF11ErrantWrite(t *testing.T) {
	row{
		prepare: func(x *cluster) { x.delay(101, time.Second) },
		step:    "demotion end",
		happens: func(x *cluster) {
			x.net.Partition(mysqld.HostName(alias(100)), mysqld.HostName(alias(101)), mysqld.HostName(alias(102)))
			x.makeErrant(100)
		},
		after: func(x *cluster, cmd *command) {
			const refusal = "rpc error: code = FailedPrecondition desc = TabletManager.SetReplicationSource on zone1-0000000100: " +
				"Errant GTID detected - <set>; Primary GTID - <set>, Replica GTID - <set>"
			const text = "some replicas failed to reparent; retry PlannedReparentShard with the same new primary alias (zone1-0000000101) to retry failed replicas: " +
				"tablet zone1-0000000100 failed to SetReplicationSource(zone1-0000000101): Code: FAILED_PRECONDITION\n" + refusal + "\n: " + refusal
			requireText(x, text, cmd.err)
			x.net.HealAll()
			require.Equal(x, []string{notAttached, asPrimary, following1}, []string{x.look(100), x.look(101), x.look(102)})
			require.True(x, x.writesGoOn())
			cmd = x.prs("vtctld-again", reparent.PlannedOptions{NewPrimary: alias(101)})
			cmd.over.Wait()
			requireText(x, text, cmd.err)
			require.Equal(x, notAttached, x.look(100))
		},
	}.play(t)
}
