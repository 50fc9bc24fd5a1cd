package reparent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/reparent"
)

// When an emergency returns. The primary's vttablet is dead and started again 8 s later. If
// another replica can follow, the command is over in 0.2 s, whatever becomes of the dead tablet:
// one follower is enough. If none can, it is over when the dead tablet has been attached: that
// is found at gRPC's fourth attempt to connect. Measured: 0.21 s and 9.6 s.
// spec
func TestEmergencyReturnsWithTheFirstFollower(t *testing.T) {
	for _, c := range []struct {
		name         string
		errant       bool
		least, most  time.Duration
		otherFollows bool
	}{
		{"another replica follows", false, 0, 400 * time.Millisecond, true},
		{"none but the dead one can", true, 8 * time.Second, 11500 * time.Millisecond, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "semi_sync", func(x *cluster) {
				if c.errant {
					x.makeErrant(102)
				}
				x.write(8, 100*time.Millisecond)
				x.env.Sleep(2 * time.Second)
				x.hosts[alias(100).String()].Crash()
				x.env.Sleep(2 * time.Second)
				cmd := x.ers("vtctld", reparent.EmergencyOptions{NewPrimary: alias(101)})
				x.env.Sleep(8 * time.Second)
				x.hosts[alias(100).String()].Restart()
				cmd.over.Wait()
				require.NoError(x, cmd.err)
				require.GreaterOrEqual(x, cmd.took, c.least)
				require.LessOrEqual(x, cmd.took, c.most)
				x.env.Sleep(10 * time.Second)
				require.Equal(x, []uint32{101}, x.servingPrimaries())
				require.Equal(x, topodata.Replica, x.tablets[100].Status().Type)
				status, err := x.mysql[102].Client(x.env).ReplicationStatus()
				require.NoError(x, err)
				require.Equal(x, c.otherFollows, status.Source == alias(101))
				require.Empty(x, x.lost(101))
			})
		})
	}
}
