package tablet_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
)

// replicating tells which threads of a replica are healthy, and whether it has a source.
func (x *stage) replicating(uid uint32) string {
	status, err := x.tmc.ReplicationStatus(x.within(remoteTimeout), alias(uid))
	switch {
	case err != nil:
		return "no source"
	case status.Healthy():
		return "both"
	case status.IOHealthy():
		return "receiver"
	case status.SQLHealthy():
		return "applier"
	}
	return "none"
}

// Tablets up to v15 repair replication of which both threads stand still, or that lacks a source,
// within a health check interval; later ones leave that to VTOrc. No release touches what one
// thread, or an operator, has stopped.
// spec: tablet 12, T-109, R-41, R-206
func TestReplicationManager(t *testing.T) {
	for _, c := range []struct {
		name       string
		breaks     func(x *stage)
		left, upTo string // what is left after some time, and what is up to v15
	}{
		{"both threads", func(x *stage) { require.NoError(x, x.mysql[replica1].Client(x.env).StopReplication(false)) }, "none", "both"},
		{"the receiver", func(x *stage) { require.NoError(x, x.mysql[replica1].Client(x.env).StopReplication(true)) }, "applier", "applier"},
		{"no source", func(x *stage) {
			client := x.mysql[replica1].Client(x.env)
			require.NoError(x, client.StopReplication(false))
			require.NoError(x, client.ResetReplica())
		}, "no source", "both"},
		{"an operator", func(x *stage) { require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica1))) }, "none", "none"},
		{"an emergency", func(x *stage) {
			_, err := x.tmc.StopReplicationAndGetStatus(x.within(remoteTimeout), alias(replica1))
			require.NoError(x, err)
		}, "applier", "applier"},
		{"a restarted server", func(x *stage) { // it does not replicate by itself
			x.hosts[mysqld.HostName(alias(replica1))].Crash()
			x.hosts[mysqld.HostName(alias(replica1))].Restart()
		}, "none", "both"},
	} {
		for _, p := range release.All() {
			t.Run(c.name+"/"+p.Name, func(t *testing.T) {
				play(t, setting{release: p.Name}, func(x *stage) {
					c.breaks(x)
					x.env.Sleep(25 * time.Second) // the health check interval is 20 s
					want := c.left
					if p.Behaviors.ReplicationManager {
						want = c.upTo
					}
					require.Equal(x, want, x.replicating(replica1))
				})
			})
		}
	}
	for _, p := range release.All() {
		require.Equal(t, slices.Contains([]string{"v12", "v13", "v14", "v15"}, p.Name), p.Behaviors.ReplicationManager, p.Name)
	}
}

// A repair waits for the shard's lock for five seconds only, so that it does not come between
// the steps of a reparent, and tries again at the next interval. Where active reparents are
// disabled there is none.
// spec: tablet 12, R-1
func TestReplicationManagerWaitsForReparents(t *testing.T) {
	play(t, setting{release: "v15"}, func(x *stage) {
		ctx, unlock, err := x.topo.LockShard(x.env.Background(), "commerce", "0", "somebody")
		require.NoError(x, err)
		x.env.GoDaemon("keep", func() {
			for x.topo.CheckShardLocked(ctx, "commerce", "0") == nil {
				x.env.Sleep(5 * time.Second)
			}
		})
		require.NoError(x, x.mysql[replica1].Client(x.env).StopReplication(false))
		x.env.Sleep(28 * time.Second)
		require.Equal(x, "none", x.replicating(replica1))
		require.NoError(x, x.tmc.SetReplicationSource(x.within(time.Second), alias(replica1), tmclient.SetReplicationSourceRequest{Parent: alias(primary)}),
			"a reparent's call gets through: the repair has given up")
		unlock(&err)
		require.NoError(x, err)
		x.env.Sleep(20 * time.Second)
		require.Equal(x, "both", x.replicating(replica1))
	})
	play(t, setting{release: "v15", change: func(f *flags.Set) { f.Common.DisableActiveReparents = true }}, func(x *stage) {
		require.NoError(x, x.mysql[replica1].Client(x.env).StopReplication(false))
		x.env.Sleep(45 * time.Second)
		require.Equal(x, "none", x.replicating(replica1))
	})
}
