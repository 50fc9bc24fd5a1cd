package reparent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

func (c *cluster) isp(opts reparent.InitOptions) *command {
	return c.operate("isp", func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		return r.InitShardPrimary(ctx, "commerce", "0", opts)
	})
}

// A fresh shard gets its first primary, by each of the operations that can make one.
// spec
func TestFirstPrimary(t *testing.T) {
	first := map[string]func(c *cluster) *command{
		"InitShardPrimary": func(c *cluster) *command { return c.isp(reparent.InitOptions{NewPrimary: alias(100), Force: true}) },
		"PlannedReparentShard": func(c *cluster) *command {
			return c.prs("prs", reparent.PlannedOptions{NewPrimary: alias(100)})
		},
	}
	for _, policy := range []string{"none", "semi_sync"} {
		for _, name := range []string{"v24", "v13"} {
			for operation, start := range first {
				t.Run(operation+" "+policy+" "+name, func(t *testing.T) {
					runShard(t, sim.Config{Seed: 9}, profile(t, name), freshBootstrap, policy, func(x *cluster) {
						cmd := start(x)
						cmd.over.Wait()
						require.NoError(x, cmd.err)
						require.Equal(x, alias(100), cmd.result.PromotedPrimary)
						require.True(x, cmd.result.OldPrimary.IsZero())
						x.write(4, 50*time.Millisecond)
						x.env.Sleep(2 * time.Second)
						require.Greater(x, len(x.acknowledged), 50)
						requireHealthy(x, 100, cmd.began)
					})
				})
			}
		}
	}
}

// Without a replica that acknowledges, the first primary hangs: the journal's row fails with
// the timeout of 30 s, and so does every write afterwards, without a bound of its own.
// spec: R-126
func TestFirstPrimaryHangsWithoutAcker(t *testing.T) {
	runShard(t, sim.Config{Seed: 9}, profile(t, "v24"), freshBootstrap, "cross_cell", func(x *cluster) {
		cmd := x.isp(reparent.InitOptions{NewPrimary: alias(100), Force: true})
		cmd.over.Wait()
		require.EqualError(x, cmd.err, "failed to PopulateReparentJournal on primary: Code: DEADLINE_EXCEEDED\n"+
			"rpc error: code = DeadlineExceeded desc = context deadline exceeded\n")
		require.InDelta(x, 30, cmd.took.Seconds(), 0.2)
		require.Equal(x, []uint32{100}, x.servingPrimaries())
		x.write(4, 50*time.Millisecond)
		x.env.Sleep(20 * time.Second)
		require.Empty(x, x.acknowledged)
		state, err := x.mysql[100].Client(x.env).SemiSync()
		require.NoError(x, err)
		require.Positive(x, state.Waiting)
	})
}

// With exactly one replica it works, and the next failure leaves a primary that hangs.
// spec
func TestDeadlockedState(t *testing.T) {
	runShard(t, sim.Config{Seed: 9}, profile(t, "v12"), freshBootstrap, "semi_sync", func(x *cluster) {
		x.hosts[alias(102).String()].Crash()
		x.hosts[mysqld.HostName(alias(102))].Crash()
		require.NoError(x, x.topo.DeleteTablet(x.env.Background(), alias(102)))
		cmd := x.isp(reparent.InitOptions{NewPrimary: alias(100), Force: true})
		cmd.over.Wait()
		require.NoError(x, cmd.err)
		x.write(4, 50*time.Millisecond)
		x.env.Sleep(2 * time.Second)
		require.NotEmpty(x, x.acknowledged)
		x.hosts[alias(100).String()].Crash()
		x.hosts[mysqld.HostName(alias(100))].Crash()
		x.env.Sleep(time.Second)
		ers := x.ers("ers", reparent.EmergencyOptions{})
		ers.over.Wait()
		require.ErrorContains(x, ers.err, "failed to PopulateReparentJournal on primary: ")
		acknowledged := len(x.acknowledged)
		x.env.Sleep(20 * time.Second)
		require.Equal(x, topodata.Primary, x.tablets[101].Status().Type)
		require.Len(x, x.acknowledged, acknowledged)
	})
}
