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

// The primary's vttablet is killed and an emergency follows 2 s later; started again, the old
// primary is a replica within a fraction of a second. Measured: the command took 0.21 s, the
// new primary served 0.18 s after its start, the old one 0.33 s after its own.
// spec, T-86
func TestEmergencyAfterKilledTablet(t *testing.T) {
	for _, name := range []string{"v24", "v19", "v15", "v12"} {
		t.Run(name, func(t *testing.T) {
			runCluster(t, sim.Config{Seed: 11}, profile(t, name), "semi_sync", func(x *cluster) {
				x.write(8, 100*time.Millisecond)
				x.env.Sleep(2 * time.Second)
				x.hosts[alias(100).String()].Crash()
				x.env.Sleep(2 * time.Second)
				seen := x.observe()
				cmd := x.ers("vtctld", reparent.EmergencyOptions{})
				cmd.over.Wait()
				require.NoError(x, cmd.err)
				require.Less(x, cmd.took, 400*time.Millisecond)
				elect := cmd.result.PromotedPrimary.UID
				serves := nth(*seen, elect, 1)
				require.Equal(x, "PRIMARY serving=true", serves.text)
				require.Less(x, serves.at.Sub(cmd.began), 400*time.Millisecond)

				x.env.Sleep(8 * time.Second)
				began := x.env.Now()
				x.hosts[alias(100).String()].Restart()
				x.eventually("the old primary serves as a replica", func() bool {
					st := x.tablets[100].Status()
					return st.Type == topodata.Replica && st.Serving
				})
				require.Less(x, x.env.Now().Sub(began), 500*time.Millisecond)
				x.env.Sleep(15 * time.Second)
				requireHealthy(x, elect, serves.at)
			})
		})
	}
}

// An emergency past a living primary. That one is demoted only halfway, since the call is
// called off: it drains for 3 s, because the acknowledgement of its last write cannot come,
// then serves again in its old term for some milliseconds, and becomes a replica.
// Measured: serving again for 15 ms, 3 s after the new one served; the command took 0.165 s.
// spec: R-102a, R-222
func TestEmergencyPastLivingPrimary(t *testing.T) {
	runCluster(t, sim.Config{Seed: 3}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		x.write(8, 100*time.Millisecond)
		x.env.Sleep(2 * time.Second)
		seen := x.observe()
		cmd := x.ers("vtctld", reparent.EmergencyOptions{})
		cmd.over.Wait()
		require.NoError(x, cmd.err)
		require.Less(x, cmd.took, 400*time.Millisecond)
		elect := cmd.result.PromotedPrimary.UID
		serves := nth(*seen, elect, 1)
		require.Less(x, serves.at.Sub(cmd.began), 400*time.Millisecond)
		x.env.Sleep(6 * time.Second)
		t.Log(*seen)
		require.Equal(x, []string{
			"PRIMARY serving=true", "PRIMARY serving=false", "PRIMARY serving=true", "REPLICA serving=true",
		}, of(*seen, 100))
		back, replica := nth(*seen, 100, 2), nth(*seen, 100, 3)
		require.True(x, back.oldTerm, "in the old term")
		require.InDelta(x, 3, back.at.Sub(cmd.began).Seconds(), 0.1)
		require.Less(x, replica.at.Sub(back.at), 60*time.Millisecond)
		x.env.Sleep(15 * time.Second)
		requireHealthy(x, elect, serves.at)
	})
}

// The primary's MySQL is dead and the only other replica cannot follow: the emergency promotes
// and then fails after 15.1 s, since the journal's row is not acknowledged; every write hangs.
// The old primary, whose MySQL comes back 9 s later, advertises itself until the second
// attempt to end its term, 30 s after the first. Measured: the same, to 0.1 s.
// spec, T-83, R-160
func TestEmergencyWithoutAcker(t *testing.T) {
	runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		x.makeErrant(102)
		x.write(8, 100*time.Millisecond)
		x.env.Sleep(2 * time.Second)
		seen := x.observe()
		dead := x.hosts[mysqld.HostName(alias(100))]
		dead.Crash()
		x.env.Sleep(3 * time.Second)
		cmd := x.ers("vtctld", reparent.EmergencyOptions{})
		x.env.Sleep(9 * time.Second)
		dead.Restart()
		cmd.over.Wait()
		require.InDelta(x, 15.1, cmd.took.Seconds(), 0.1)
		require.EqualError(x, cmd.err, "failed to promote zone1-0000000101 to primary: failed to PopulateReparentJournal on primary: Code: DEADLINE_EXCEEDED\n"+
			"rpc error: code = DeadlineExceeded desc = context deadline exceeded\n: rpc error: code = DeadlineExceeded desc = context deadline exceeded")
		answers := len(x.answers)
		require.Less(x, x.answers[answers-1], dead0(*seen), "no write after the crash")
		var listing string
		require.NoError(x, x.do("GetTablets", func(r *reparent.Reparenter, ctx *sim.Context) error {
			tablets, err := r.GetTablets(ctx, "")
			listing = reparent.FormatTablets(tablets)
			return err
		}))
		require.Contains(x, listing, "zone1-0000000100 commerce 0 unknown ")
		require.Contains(x, listing, "zone1-0000000101 commerce 0 primary ")
		x.env.Sleep(25 * time.Second)
		t.Log(*seen)
		require.Equal(x, []string{
			"PRIMARY serving=true", "PRIMARY serving=false", "PRIMARY serving=true", "REPLICA serving=true",
		}, of(*seen, 100))
		promoted, second, ended := nth(*seen, 101, 1), nth(*seen, 100, 2), nth(*seen, 100, 3)
		require.Equal(x, "PRIMARY serving=true", promoted.text)
		require.True(x, second.oldTerm)
		require.InDelta(x, 10, second.at.Sub(cmd.began).Seconds(), 1.1, "1 s after its MySQL at the most")
		require.InDelta(x, 30, ended.at.Sub(promoted.at).Seconds(), 0.3)
	})
}

// dead0 is when the old primary first said that it does not serve.
func dead0(seen []message) sim.Time { return nth(seen, 100, 1).at }

// makeErrant writes a transaction of its own to a replica.
func (c *cluster) makeErrant(uid uint32) {
	client := c.mysql[uid].Client(c.env)
	require.NoError(c, client.SetReadOnly(false))
	conn, err := client.Connect(true)
	require.NoError(c, err)
	_, err = conn.Exec(c.env.Background(), insertOf(-1))
	require.NoError(c, err)
	conn.Close()
	require.NoError(c, client.SetSuperReadOnly(true))
}
