package mysqld_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/tablet/mysqld"
)

// A server with a transaction of its own and a broken applier is made anew from another one's
// data: its own is gone, it replicates, and each server goes on by itself.
// spec: R-102a, T-126
func TestRestoreFrom(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		conn := x.connect(0)
		require.NoError(x, x.insert(conn, 1))
		require.NoError(x, x.clients[2].BreakApplier())
		require.NoError(x, x.clients[2].WriteErrant())
		require.NoError(x, x.insert(conn, 2))
		x.env.Sleep(time.Second)
		require.False(x, x.servers[0].Received().Contains(x.servers[2].Executed()))
		require.NotEqual(x, x.count(0), x.count(2))

		x.servers[2].RestoreFrom(x.servers[0])
		require.Equal(x, x.servers[0].Executed().String(), x.servers[2].Executed().String())
		require.Equal(x, x.count(0), x.count(2))
		errant, _ := x.servers[2].Table("errant")
		require.Zero(x, errant.Count)
		_, err := x.clients[2].ReplicationStatus()
		require.ErrorIs(x, err, mysqld.ErrNotReplica)

		require.NoError(x, x.insert(conn, 3))
		x.env.Sleep(time.Second)
		require.EqualValues(x, 2, x.count(2), "nobody told it where to replicate from")
		require.NoError(x, x.clients[2].ChangeSource(alias(0)))
		require.NoError(x, x.clients[2].StartReplication())
		x.env.Sleep(time.Second)
		require.EqualValues(x, 3, x.count(2))
		require.Equal(x, x.servers[0].Executed().String(), x.servers[2].Executed().String())
	})
}
