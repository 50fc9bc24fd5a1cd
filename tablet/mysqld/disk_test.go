package mysqld_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/query"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
)

// A stalled disk lets reads through and holds writes, commits, relay logs and appliers until
// it is well again; then everything goes on where it stood.
// spec: T-12, T-107, T-120
func TestDiskStall(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		writer, inside := x.connect(0), x.connect(0)
		require.NoError(x, inside.Begin())
		require.NoError(x, x.insert(inside, 1))
		x.servers[0].SetDiskStalled(true)
		written, committed, readOnly := x.env.NewEvent("written"), x.env.NewEvent("committed"), x.env.NewEvent("read-only")
		x.env.Go("write", func() { require.NoError(x, x.insert(writer, 2)); written.Set() })
		x.env.Go("commit", func() { _, err := inside.Commit(x.env.Background()); require.NoError(x, err); committed.Set() })
		_, err := x.connect(0).Exec(x.env.Background(), query.Statement{Verb: query.VerbSelect, Table: "t", Key: 1})
		require.NoError(x, err)
		x.env.Go("demote", func() { require.NoError(x, x.clients[0].SetSuperReadOnly(true)); readOnly.Set() })
		limited, cancel := x.env.WithTimeout(x.env.Background(), time.Second)
		defer cancel()
		require.ErrorIs(x, x.clients[0].WriteFile(limited), context.DeadlineExceeded)
		x.env.Sleep(time.Minute)
		require.False(x, written.IsSet() || committed.IsSet() || readOnly.IsSet())

		x.servers[0].SetDiskStalled(false)
		readOnly.Wait()
		require.True(x, written.IsSet() && committed.IsSet(), "what was under way comes first")
		require.NoError(x, x.clients[0].WriteFile(x.env.Background()))
		require.EqualValues(x, 2, x.count(0))
	})
}

// A replica with a stalled disk acknowledges nothing and applies nothing, and its source's
// silence is not what it notices.
// spec: T-106, T-114
func TestDiskStallOfAReplica(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.clients[2].StopReplication(false))
		x.servers[1].SetDiskStalled(true)
		done := x.env.NewEvent("written")
		x.env.Go("write", func() { require.NoError(x, x.insert(x.connect(0), 1)); done.Set() })
		x.env.Sleep(30 * time.Second)
		require.False(x, done.IsSet())
		status, err := x.clients[1].ReplicationStatus()
		require.NoError(x, err)
		require.Equal(x, mysqld.Running, status.IO)
		require.True(x, status.Retrieved.IsEmpty())
		x.servers[1].SetDiskStalled(false)
		done.Wait()
		x.env.Sleep(time.Millisecond)
		require.EqualValues(x, 1, x.count(1))
	})
}

// A killed session leaves a stalled write behind without effect; a crash ends everything that
// hangs.
// spec: T-124
func TestDiskStallEndsWithTheSession(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		x.servers[0].SetDiskStalled(true)
		first, second := x.connect(0), x.connect(0)
		ended := x.env.NewWaitGroup("ended")
		ended.Go("killed", func() { require.ErrorIs(x, x.insert(first, 1), mysqld.ErrKilled) })
		ended.Go("gone", func() { require.ErrorIs(x, x.insert(second, 2), mysqld.ErrGone) })
		ended.Go("flush", func() { require.ErrorIs(x, x.clients[0].FlushBinaryLogs(), mysqld.ErrGone) })
		x.env.Sleep(time.Second)
		first.Kill()
		x.env.Sleep(time.Second)
		x.hosts[0].Crash()
		ended.Wait()
		x.servers[0].SetDiskStalled(false)
		x.hosts[0].Restart()
		x.env.Sleep(time.Second)
		require.EqualValues(x, 0, x.count(0))
	})
}

// A slow disk takes a multiple of its time, and a little more, for reads, writes, commits and
// what a replica applies.
// spec: W-40, T-107
func TestSlowDisk(t *testing.T) {
	timings := mysqld.Timings{
		Read: sim.Constant(time.Millisecond), Write: sim.Constant(2 * time.Millisecond), Commit: sim.Constant(3 * time.Millisecond),
		Apply: sim.Constant(4 * time.Millisecond),
	}
	play(t, false, timings, func(x *stage) {
		for _, server := range x.servers {
			server.SetTimings(func(m *mysqld.Timings) { m.DiskFactor, m.DiskDelay = 10, 500*time.Microsecond })
		}
		conn, ctx := x.connect(0), x.env.Background()
		took := func(want time.Duration, do func()) {
			began := x.env.Now()
			do()
			require.Equal(x, want, x.env.Now().Sub(began))
		}
		took(10500*time.Microsecond, func() {
			_, err := conn.Exec(ctx, query.Statement{Verb: query.VerbSelect, Table: "t", Key: 1})
			require.NoError(x, err)
		})
		require.NoError(x, conn.Begin())
		took(20500*time.Microsecond, func() { require.NoError(x, x.insert(conn, 1)) })
		took(30500*time.Microsecond, func() { _, err := conn.Commit(ctx); require.NoError(x, err) })
		took(41500*time.Microsecond, func() { require.NoError(x, x.clients[1].WaitForExecuted(x.servers[0].Executed(), 0)) })
	})
}
