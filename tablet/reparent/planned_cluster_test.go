package reparent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

// requireHealthy checks the shard some time after a good switch to a tablet: writes went on,
// none is lost, and when all is quiet the replicas have nothing that the primary lacks.
// spec
func requireHealthy(c *cluster, elect uint32, switched sim.Time) {
	c.env.Sleep(3 * time.Second)
	require.Equal(c, []uint32{elect}, c.servingPrimaries())
	record, err := c.topo.GetShard(c.env.Background(), "commerce", "0")
	require.NoError(c, err)
	require.Equal(c, alias(elect), record.PrimaryAlias)
	require.Equal(c, c.tablets[elect].Status().Term, record.PrimaryTermStartTime)
	require.Greater(c, c.answers[len(c.answers)-1], switched, "writes go on")
	c.quiet = true
	c.env.Sleep(6 * time.Second) // longer than the delays that tests give to replicas
	require.Empty(c, c.lost(elect), "acknowledged writes")
	for _, uid := range uids() {
		if uid != elect {
			require.Equal(c, topodata.Replica, c.tablets[uid].Status().Type, uid)
			require.Equal(c, c.mysql[elect].Executed().String(), c.mysql[uid].Executed().String(), "%d follows", uid)
		}
	}
}

// A healthy switch under light traffic: a second of outage with semi-sync, most of it for
// switching that off, a tenth without.
// spec, T-117a
func TestHealthySwitch(t *testing.T) {
	for _, c := range []struct {
		release, durability string
		least, most         time.Duration // of the outage
	}{
		{"v24", "semi_sync", 950 * time.Millisecond, 1200 * time.Millisecond},
		{"v24", "none", 20 * time.Millisecond, 250 * time.Millisecond},
		{"v12", "semi_sync", 950 * time.Millisecond, 1200 * time.Millisecond},
		{"v12", "none", 20 * time.Millisecond, 250 * time.Millisecond},
	} {
		t.Run(c.release+" "+c.durability, func(t *testing.T) {
			runCluster(t, sim.Config{Seed: 3}, profile(t, c.release), c.durability, func(x *cluster) {
				x.write(6, 750*time.Millisecond)
				x.env.Sleep(2 * time.Second)
				cmd := x.prs("vtctld", reparent.PlannedOptions{})
				cmd.over.Wait()
				require.NoError(x, cmd.err)
				require.Less(x, cmd.took, 1500*time.Millisecond)
				elect := cmd.result.PromotedPrimary.UID
				require.NotEqual(x, uint32(100), elect)
				demotion, _ := cmd.result.Phase(reparent.PhaseDemotion)
				promotion, _ := cmd.result.Phase(reparent.PhasePromotion)
				outage := promotion.End.Sub(demotion.Begin)
				require.GreaterOrEqual(x, outage, c.least)
				require.LessOrEqual(x, outage, c.most)
				requireHealthy(x, elect, promotion.End)
			})
		})
	}
}

// The elect's applier stops at the moment of the demotion: the wait ends with whole seconds
// of the timeout, the old primary serves again in its old term, and nothing is lost.
// spec
func TestCatchUpFails(t *testing.T) {
	for _, c := range []struct {
		release    string
		waits      time.Duration
		text, tail string
	}{
		{
			"v24", 14 * time.Second, "primary-elect tablet zone1-0000000101 failed to catch up with replication MySQL56/",
			": rpc error: code = DeadlineExceeded desc = TabletManager.WaitForPosition on zone1-0000000101: WaitSourcePos failed: timed out waiting for position ",
		},
		{
			"v12", 29 * time.Second, "primary-elect tablet zone1-0000000101 failed to catch up with replication MySQL56/",
			": rpc error: code = Unknown desc = TabletManager.WaitForPosition on zone1-0000000101 error: timed out waiting for position ",
		},
	} {
		t.Run(c.release, func(t *testing.T) {
			runCluster(t, sim.Config{Seed: 5}, profile(t, c.release), "semi_sync", func(x *cluster) {
				x.write(4, 10*time.Millisecond)
				x.env.Sleep(time.Second)
				term := x.tablets[100].Status().Term
				// A small standing delay, so that there is something left to apply.
				x.mysql[101].SetTimings(func(tm *mysqld.Timings) { tm.SourceDelay = 500 * time.Millisecond })
				cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
				x.eventually("the drain", func() bool { return len(x.servingPrimaries()) == 0 })
				x.mysql[101].SetTimings(func(tm *mysqld.Timings) { tm.SourceDelay = time.Hour })
				cmd.over.Wait()

				require.ErrorContains(x, cmd.err, c.text)
				require.ErrorContains(x, cmd.err, c.tail)
				phase, _ := cmd.result.Phase(reparent.PhaseCatchUp)
				require.InDelta(x, c.waits.Seconds(), phase.End.Sub(phase.Begin).Seconds(), 0.1)
				x.env.Sleep(2 * time.Second)
				require.Equal(x, []uint32{100}, x.servingPrimaries())
				require.Equal(x, term, x.tablets[100].Status().Term)
				require.Equal(x, topodata.Replica, x.tablets[101].Status().Type)
				require.Empty(x, x.lost(100))
				require.Greater(x, x.answers[len(x.answers)-1], phase.End.Add(time.Second), "writes go on")
			})
		})
	}
}

// vtctld dies after the demotion: nobody serves until another one gets the lock, when the
// dead one's lease has ended. The second switch finds everything read-only and succeeds.
// spec, F3
func TestKilledBetweenDemotionAndPromotion(t *testing.T) {
	runCluster(t, sim.Config{Seed: 7}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		x.write(4, 20*time.Millisecond)
		x.env.Sleep(time.Second)
		for _, uid := range []uint32{101, 102} {
			x.mysql[uid].SetTimings(func(tm *mysqld.Timings) { tm.SourceDelay = 4 * time.Second })
		}
		first := x.prs("vtctld-1", reparent.PlannedOptions{NewPrimary: alias(101)})
		x.eventually("the demotion", func() bool {
			readOnly, _, err := x.mysql[100].Client(x.env).ReadOnly()
			return err == nil && readOnly
		})
		demoted := x.env.Now()
		x.env.Sleep(2 * time.Second) // past the switch of semi-sync, inside the catch-up
		first.host.Crash()
		x.env.Sleep(3 * time.Second)
		require.Empty(x, x.servingPrimaries())
		second := x.prs("vtctld-2", reparent.PlannedOptions{NewPrimary: alias(101)})
		second.over.Wait()
		require.NoError(x, second.err)
		require.False(x, first.ended)
		requireHealthy(x, 101, x.env.Now())
		preflight, _ := second.result.Phase(reparent.PhasePreflight)
		require.InDelta(x, 30, preflight.Begin.Sub(demoted).Seconds(), 1.5, "the lease of the first")
	})
}

// vtctld dies inside the demotion: the old primary serves again, and its MySQL stays
// read-only until the next switch.
// spec: R-31, F2a
func TestKilledInsideDemotion(t *testing.T) {
	runCluster(t, sim.Config{Seed: 7}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		x.write(4, 20*time.Millisecond)
		x.env.Sleep(time.Second)
		first := x.prs("vtctld-1", reparent.PlannedOptions{NewPrimary: alias(101)})
		client := x.mysql[100].Client(x.env)
		x.eventually("super_read_only", func() bool {
			_, super, err := client.ReadOnly()
			return err == nil && super
		})
		first.host.Crash()
		x.env.Sleep(3 * time.Second)
		require.Equal(x, []uint32{100}, x.servingPrimaries())
		_, super, err := client.ReadOnly()
		require.NoError(x, err)
		require.True(x, super)
		before := len(x.answers)
		x.env.Sleep(time.Second)
		require.Len(x, x.answers, before, "no write gets through")
		second := x.prs("vtctld-2", reparent.PlannedOptions{NewPrimary: alias(101)})
		second.over.Wait()
		require.NoError(x, second.err)
		requireHealthy(x, 101, x.env.Now())
	})
}

// Replicas that are further behind than the timeout stop a switch before the demotion, and
// no client notices.
// spec
func TestLaggingReplicasCostNoDowntime(t *testing.T) {
	runCluster(t, sim.Config{Seed: 4}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		x.write(4, 20*time.Millisecond)
		for _, uid := range []uint32{101, 102} {
			x.mysql[uid].SetTimings(func(tm *mysqld.Timings) { tm.SourceDelay = 25 * time.Second })
		}
		x.env.Sleep(time.Second)
		cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
		cmd.over.Wait()
		require.ErrorContains(x, cmd.err, "replication on primary-elect zone1-0000000101 did not catch up in time; replication must be healthy to perform PlannedReparent: "+
			"rpc error: code = DeadlineExceeded desc = TabletManager.SetReplicationSource on zone1-0000000101: WaitSourcePos failed: timed out waiting for position ")
		require.InDelta(x, 14, cmd.took.Seconds(), 0.2)
		require.Equal(x, []uint32{100}, x.servingPrimaries())
		require.Len(x, x.refusals, 0)
	})
}

// The topology dies after the demotion and is back 20 s later: the switch hangs at its next
// check of the lock, and then succeeds.
// spec: R-4, O-36, F6a
func TestTopologyOutageAfterDemotion(t *testing.T) {
	runCluster(t, sim.Config{Seed: 6}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		x.write(4, 20*time.Millisecond)
		x.env.Sleep(time.Second)
		cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
		x.eventually("the demotion", func() bool { return len(x.servingPrimaries()) == 0 })
		x.hosts["topo"].Crash()
		x.env.Sleep(20 * time.Second)
		require.Empty(x, x.servingPrimaries())
		x.hosts["topo"].Restart()
		cmd.over.Wait()
		require.NoError(x, cmd.err)
		require.InDelta(x, 27, cmd.took.Seconds(), 7, "the outage and the clients' pauses between attempts to connect")
		requireHealthy(x, 101, x.env.Now())
	})
}

// A dead tablet of any type stops a switch before it begins; the old releases do not look.
// spec: R-51
func TestDeadReplica(t *testing.T) {
	runCluster(t, sim.Config{Seed: 9}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		x.hosts[alias(102).String()].Crash()
		cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
		cmd.over.Wait()
		require.ErrorContains(x, cmd.err, "rpc error: code = DeadlineExceeded desc = latest balancer error: connection error: ")
		require.InDelta(x, 15, cmd.took.Seconds(), 0.2)
		require.Equal(x, []uint32{100}, x.servingPrimaries())
	})
}

// Whatever the schedule, and also if the operator's process dies at any moment and another
// switch follows: no acknowledged write is lost, and one primary serves in the end.
// spec
func TestNoAcknowledgedWriteIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := sim.Config{Seed: rapid.Uint64().Draw(t, "seed"), Chooser: explore.NewRandom(rapid.Uint64().Draw(t, "schedule"), true)}
		durability := rapid.SampledFrom([]string{"none", "semi_sync"}).Draw(t, "policy")
		kill := rapid.SampledFrom([]time.Duration{0, 5, 20, 50, 80, 120, 600, 1100, 1200, 1300}).Draw(t, "kill") * time.Millisecond
		p := profileOf(t, rapid.SampledFrom([]string{"v12", "v18", "v24"}).Draw(t, "release"))
		c := runCluster(t, cfg, p, durability, func(x *cluster) {
			x.write(3, 100*time.Millisecond)
			x.env.Sleep(500 * time.Millisecond)
			first := x.prs("vtctld-1", reparent.PlannedOptions{NewPrimary: alias(101)})
			if kill > 0 {
				x.env.Sleep(kill)
				first.host.Crash()
			} else {
				first.over.Wait()
			}
			second := x.prs("vtctld-2", reparent.PlannedOptions{NewPrimary: alias(102)})
			second.over.Wait()
			require.NoError(x, second.err)
			requireHealthy(x, 102, x.env.Now())
		})
		require.NotEmpty(t, c.acknowledged)
	})
}
