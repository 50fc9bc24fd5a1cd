package reparent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

// The scenario seeds that need no gate. P8 and F3 are in planned_cluster_test.go, P9 and P14 in
// planned_table_test.go, P13 and P11's other half in catchup_screen_test.go.

// aside sends one statement to the primary beside the script and gives its end.
func (c *cluster) aside(method string, st query.Statement, tx int64) (answer *query.ExecuteResponse, over *sim.Event, failure *error) {
	host := c.hosts["aside"]
	if host == nil {
		host = c.world.AddHost("aside", sim.HostOptions{}, nil)
		c.hosts["aside"] = host
	}
	answer, over, failure = &query.ExecuteResponse{}, c.env.NewEvent("answered"), new(error)
	conn := c.net.Node(host.Env()).Dial(alias(100).String(), simnet.DialOptions{})
	host.Env().Go("statement", func() {
		resp, err := conn.Call(c.env.Background(), method, &query.ExecuteRequest{
			Target:    query.Target{Keyspace: "commerce", Shard: "0", TabletType: topodata.Primary},
			Statement: st, TransactionID: tx, CallerID: "userData1",
		})
		if r, ok := resp.(*query.ExecuteResponse); ok && r != nil {
			*answer = *r
		}
		*failure = err
		over.Set()
	})
	return answer, over, failure
}

func outageOf(result *reparent.Result) time.Duration {
	demotion, _ := result.Phase(reparent.PhaseDemotion)
	promotion, _ := result.Phase(reparent.PhasePromotion)
	return promotion.End.Sub(demotion.Begin)
}

// P1: no traffic. The outage is less than 1.5 s.
// spec: P1, R-74
func TestSeedP1Idle(t *testing.T) {
	for seed := range uint64(10) {
		runCluster(t, sim.Config{Seed: seed}, profile(t, "v24"), "semi_sync", func(x *cluster) {
			cmd := x.prs("vtctld", reparent.PlannedOptions{})
			cmd.over.Wait()
			require.NoError(x, cmd.err)
			require.Less(x, outageOf(cmd.result), 1500*time.Millisecond)
		})
	}
}

// P3: a statement that sleeps for 10 s costs the whole grace period, and is killed at its end.
// spec: P3, R-74, T-33, T-36
func TestSeedP3SleepingSelect(t *testing.T) {
	runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		x.write(2, 100*time.Millisecond)
		_, over, failure := x.aside(query.MethodExecute, query.Statement{Verb: query.VerbSleep, Cost: 10 * time.Second, SQL: "select sleep(10)"}, 0)
		x.env.Sleep(time.Second)
		cmd := x.prs("vtctld", reparent.PlannedOptions{})
		cmd.over.Wait()
		require.NoError(x, cmd.err)
		require.InDelta(x, 3.6, outageOf(cmd.result).Seconds(), 0.6, "the drain, and up to a second for semi-sync")
		over.Wait()
		require.ErrorContains(x, *failure, "QueryList.TerminateAll(), elapsed time: 4.")
	})
}

// P4: an open idle transaction costs the grace period and is rolled back; its next statement
// finds the tablet changed.
// spec: P4, R-74, T-32, T-65b
func TestSeedP4OpenTransaction(t *testing.T) {
	runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		x.write(2, 100*time.Millisecond)
		opened, over, failure := x.aside(query.MethodBeginExecute, insertOf(-7), 0)
		over.Wait()
		require.NoError(x, *failure)
		x.env.Sleep(500 * time.Millisecond)
		cmd := x.prs("vtctld", reparent.PlannedOptions{})
		x.eventually("the end of the drain", func() bool { return x.tablets[100].Status().State == tablet.NotServing })
		_, over, failure = x.aside(query.MethodExecute, insertOf(-8), opened.TransactionID)
		over.Wait()
		require.ErrorContains(x, *failure, "operation not allowed in state NOT_SERVING")
		cmd.over.Wait()
		require.NoError(x, cmd.err)
		require.InDelta(x, 3.6, outageOf(cmd.result).Seconds(), 0.6, "the drain, and up to a second for semi-sync")
		_, rows := x.mysql[101].Table("t", -7)
		require.Zero(x, rows[-7].Writes)
	})
}

// P5 and P6: writers are faster than the appliers for a minute. A backlog of more than the
// timeout's 14 s stops the switch before the demotion; if the backlog comes up only after the
// check, it stops it behind, and the old primary serves again.
// spec: P5, P6, R-54, R-56, R-200, R-204, T-107
func TestSeedP5AndP6Backlog(t *testing.T) {
	const rate = 20 // transactions that the replicas apply in a second
	backlogged := func(x *cluster) {
		for _, uid := range []uint32{101, 102} {
			x.mysql[uid].SetTimings(func(tm *mysqld.Timings) { tm.ApplyRate = rate })
		}
	}
	t.Run("P5", func(t *testing.T) {
		runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "semi_sync", func(x *cluster) {
			backlogged(x)
			x.write(4, 100*time.Millisecond) // twice the rate
			x.env.Sleep(60 * time.Second)
			cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
			cmd.over.Wait()
			require.ErrorContains(x, cmd.err, "replication on primary-elect zone1-0000000101 did not catch up in time; ")
			require.Equal(x, asPrimary, x.look(100))
			require.Empty(x, x.refusals, "no client noticed")
		})
	})
	t.Run("P6", func(t *testing.T) {
		h := &hook{step: "candidate_check end"}
		runCluster(t, sim.Config{Seed: 5, Sink: h}, profile(t, "v24"), "semi_sync", func(x *cluster) {
			term := x.tablets[100].Status().Term
			commit := x.hangingCommit(-7) // keeps the drain open for the burst
			h.c, h.do = x, func() {
				backlogged(x)
				client := x.mysql[100].Client(x.env)
				for key := int64(1); key <= 20*rate; key++ {
					conn, err := client.Connect(false)
					require.NoError(x, err)
					if _, err := conn.Exec(x.env.Background(), insertOf(1e6+key)); err != nil {
						break // read-only by now
					}
					conn.Close()
				}
				_ = commit() // in time or not
			}
			cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
			cmd.over.Wait()
			require.ErrorContains(x, cmd.err, "failed to catch up with replication MySQL56/")
			demotion, _ := cmd.result.Phase(reparent.PhaseDemotion)
			undo, _ := cmd.result.Phase(reparent.PhaseUndo)
			outage := undo.End.Sub(demotion.Begin)
			require.GreaterOrEqual(x, outage, 14*time.Second)
			require.LessOrEqual(x, outage, 18500*time.Millisecond, "3 s drain, 1 s semi-sync, 14 s, undo")
			require.Equal(x, asPrimary, x.look(100))
			require.Equal(x, term, x.tablets[100].Status().Term)
			require.Empty(x, x.lost(100))
		})
	})
}

// P10: the primary's machine dies under semi-sync; an emergency loses nothing acknowledged.
// spec: P10, R-100, R-113, R-221
func TestSeedP10MachineDies(t *testing.T) {
	for seed := range uint64(5) {
		runCluster(t, sim.Config{Seed: seed}, profile(t, "v24"), "semi_sync", func(x *cluster) {
			x.write(8, 20*time.Millisecond)
			x.env.Sleep(time.Second)
			x.hosts[alias(100).String()].Crash()
			x.hosts[mysqld.HostName(alias(100))].Crash()
			cmd := x.ers("vtctld", reparent.EmergencyOptions{})
			cmd.over.Wait()
			require.NoError(x, cmd.err)
			require.Less(x, cmd.took, time.Second, "two of three answers are enough")
			x.env.Sleep(time.Second)
			require.True(x, x.writesGoOn())
			require.Empty(x, x.lost(cmd.result.PromotedPrimary.UID))
		})
	}
}
