package reparent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

// Under semi-sync the first writes on the new primary hang until a replica has attached, which
// is after it began to serve: a second hump of latency. Without semi-sync there is none.
// spec: R-72, T-114, T-122
func TestFirstWritesWaitForAReplica(t *testing.T) {
	for policy, hump := range map[string]bool{"semi_sync": true, "none": false} {
		t.Run(policy, func(t *testing.T) {
			rec := trace.NewRecorder(trace.Filter{Kinds: []string{string(tablet.KindState), string(tablet.KindStep), string(mysqld.KindCommit)}})
			h := &hook{step: "101 ChangeTabletType topo"}
			runCluster(t, sim.Config{Seed: 5, Sink: trace.Tee{rec, h}}, profile(t, "v24"), policy, func(x *cluster) {
				x.write(8, 2*time.Millisecond)
				x.env.Sleep(time.Second)
				h.c, h.do = x, func() { // the network of the replicas is slow while they attach
					for _, uid := range []uint32{100, 102} {
						x.net.Partition(mysqld.HostName(alias(uid)), mysqld.HostName(alias(101)))
					}
					x.env.Sleep(500 * time.Millisecond)
					x.net.HealAll()
				}
				cmd := x.prs("vtctld", reparent.PlannedOptions{NewPrimary: alias(101)})
				cmd.over.Wait()
				require.NoError(x, cmd.err)
			})
			serves, first := sim.Never, sim.Never
			for _, e := range rec.Events() {
				switch {
				case e.Kind == tablet.KindState && e.Host == alias(101).String() && e.Text("type") == "PRIMARY":
					serves = min(serves, sim.Time(e.Time))
				case e.Kind == mysqld.KindCommit && e.Host == mysqld.HostName(alias(101)):
					if first == sim.Never {
						require.Equal(t, hump, e.Text("acked_by") != "")
					}
					first = min(first, sim.Time(e.Time))
				}
			}
			require.Equal(t, hump, first.Sub(serves) > 300*time.Millisecond, "%v after it serves", first.Sub(serves))
		})
	}
}
