package reparent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
)

// F8, the exception: the elect's MySQL dies after the topology has heard of the promotion and
// before it takes writes. The tablet gives the promotion up with the record that says PRIMARY
// already, keeps the type REPLICA, and nothing tries again. The same switch again is harmless and
// no help: by the records the elect is the primary, so that it opens MySQL, repoints the
// replicas and succeeds, while the shard has no serving primary and its record names the old
// one. What does help: from v22 on UndoDemotePrimary, with which VTOrc repairs a type that
// differs from the record; a restart of the elect's vttablet; or a switch to another tablet.
// spec, T-81, T-86, F8
func TestRowF8DiesBetweenRecordAndReadWrite(t *testing.T) {
	const (
		halfway = "REPLICA serving=true read_only=true super=true source=false record=PRIMARY, no source"
		opened  = "REPLICA serving=true read_only=false super=false source=false record=PRIMARY, no source"
		undone  = "REPLICA serving=true read_only=false super=false source=true record=PRIMARY, no source"
		started = "PRIMARY serving=true read_only=false super=false source=false record=PRIMARY, no source"
	)
	undo := func(x *cluster) {
		tm := tmclient.New(x.env, x.net.Node(x.env))
		require.NoError(x, tm.UndoDemotePrimary(x.env.Background(), alias(101), true))
	}
	restart := func(x *cluster) {
		host := x.hosts[alias(101).String()]
		host.Crash()
		host.Restart()
	}
	elsewhere := func(x *cluster) {
		cmd := x.prs("vtctld-elsewhere", reparent.PlannedOptions{NewPrimary: alias(102)})
		cmd.over.Wait()
		require.NoError(x, cmd.err)
	}
	for _, c := range []struct {
		name, release string
		cure          func(x *cluster)
		primary       uint32 // that serves after the cure; 0 if none does
		is            string
	}{
		{"undo", "v24", undo, 101, asPrimary},
		{"undo before v22", "v21", undo, 0, undone},
		{"restart", "v24", restart, 101, started},
		{"restart before v22", "v21", restart, 101, started},
		{"elsewhere", "v24", elsewhere, 102, asPrimary},
	} {
		t.Run(c.name, func(t *testing.T) {
			row{
				release: c.release,
				step:    "101 ChangeTabletType topo",
				happens: func(x *cluster) { x.hosts[mysqld.HostName(alias(101))].Crash() },
				after: func(x *cluster, cmd *command) {
					require.ErrorContains(x, cmd.err, "failed PromoteReplica(primary=zone1-0000000101, ts=")
					x.hosts[mysqld.HostName(alias(101))].Restart()
					x.env.Sleep(40 * time.Second) // nobody tries again
					require.Equal(x, halfway, x.look(101))
					require.EqualValues(x, 100, x.named())
					again := x.prs("vtctld-again", reparent.PlannedOptions{NewPrimary: alias(101)})
					again.over.Wait()
					require.NoError(x, again.err, "it believes to have a primary")
					x.env.Sleep(40 * time.Second)
					require.Equal(x, opened, x.look(101))
					require.Empty(x, x.servingPrimaries())
					require.EqualValues(x, 100, x.named())
					require.False(x, x.writesGoOn())
					c.cure(x)
					x.env.Sleep(2 * time.Second)
					if c.primary == 0 {
						require.Equal(x, c.is, x.look(101))
						require.Empty(x, x.servingPrimaries())
						return
					}
					require.Equal(x, c.is, x.look(c.primary))
					require.Equal(x, []uint32{c.primary}, x.servingPrimaries())
					require.EqualValues(x, c.primary, x.named())
					require.True(x, x.writesGoOn())
					x.quiet = true
					x.env.Sleep(time.Second)
					require.Empty(x, x.lost(c.primary))
				},
			}.play(t)
		})
	}
}
