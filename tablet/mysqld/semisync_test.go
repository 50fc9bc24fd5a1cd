package mysqld_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/tablet/mysqld"
)

// By default one replica's acknowledgement is enough and the source waits for ever, also
// where no replica is attached.
// spec: T-113, T-116
func TestSemiSyncDefaults(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.clients[2].StopReplication(false))
		require.NoError(x, x.insert(x.connect(0), 1), "one of two is enough")
		require.NoError(x, x.clients[1].StopReplication(false))
		done := x.env.NewEvent("written")
		x.env.Go("write", func() { _ = x.insert(x.connect(0), 2); done.Set() })
		x.env.Sleep(10 * time.Minute)
		require.False(x, done.IsSet())
	})
}

// With a count of two, both replicas must have a transaction before it is committed.
// spec: T-113, T-114
func TestAckCountTwo(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.clients[0].SetSemiSyncLimits(2, 0))
		require.NoError(x, x.insert(x.connect(0), 1))
		for i := 1; i < 3; i++ {
			require.True(x, x.servers[i].Received().Contains(x.servers[0].Executed()), i)
		}
		require.NoError(x, x.clients[2].StopReplication(false))
		done := x.env.NewEvent("written")
		x.env.Go("write", func() { require.NoError(x, x.insert(x.connect(0), 2)); done.Set() })
		x.env.Sleep(time.Minute)
		require.False(x, done.IsSet(), "one is not enough any more")
		require.EqualValues(x, 1, x.count(0))
		require.NoError(x, x.clients[0].SetSemiSyncLimits(1, 0))
		x.env.Sleep(time.Millisecond)
		require.True(x, done.IsSet(), "a smaller count counts what came already")
	})
}

// A finite timeout falls back to asynchronous replication: all waiting commits go on, later
// ones do not wait, until a replica has caught up.
// spec: T-113, T-116
func TestSemiSyncTimeout(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.clients[0].SetSemiSyncLimits(1, 10*time.Second))
		for i := 1; i < 3; i++ {
			require.NoError(x, x.clients[i].StopReplication(false))
		}
		writes := x.env.NewWaitGroup("writes")
		began := x.env.Now()
		for key := range int64(3) {
			writes.Go("write", func() { require.NoError(x, x.insert(x.connect(0), key+1)) })
			x.env.Sleep(time.Second)
		}
		writes.Wait()
		require.Equal(x, 10*time.Second, x.env.Now().Sub(began), "the first one's patience is everybody's")
		state, err := x.clients[0].SemiSync()
		require.NoError(x, err)
		require.True(x, state.Source && state.Fallen)
		began = x.env.Now()
		require.NoError(x, x.insert(x.connect(0), 4))
		require.Equal(x, began, x.env.Now(), "asynchronous now")

		require.NoError(x, x.clients[1].StartReplication())
		x.env.Sleep(time.Second)
		require.NoError(x, x.insert(x.connect(0), 5))
		x.env.Sleep(time.Second)
		state, err = x.clients[0].SemiSync()
		require.NoError(x, err)
		require.False(x, state.Fallen, "a replica has caught up")
		began = x.env.Now()
		require.NoError(x, x.insert(x.connect(0), 6))
		require.Equal(x, 2*time.Millisecond, x.env.Now().Sub(began), "an acknowledgement is needed again")
	})
}

// Switching the source's side off lets all waiting commits go although nobody has them.
// spec: T-117, T-126
func TestSwitchingOffReleases(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		for i := 1; i < 3; i++ {
			require.NoError(x, x.clients[i].StopReplication(false))
		}
		writes := x.env.NewWaitGroup("writes")
		for key := range int64(3) {
			writes.Go("write", func() { require.NoError(x, x.insert(x.connect(0), key+1)) })
		}
		x.env.Sleep(time.Second)
		require.EqualValues(x, 0, x.count(0))
		require.NoError(x, x.clients[0].SetSemiSync(false, true))
		writes.Wait()
		require.Equal(x, gtid.ServerUUID(100).String()+":1-3", x.servers[0].Executed().String())
		require.True(x, x.servers[1].Received().IsEmpty(), "errant if another server is promoted now")
	})
}

// An orderly end of the server commits what waits for acknowledgements and rolls back what is
// open.
// spec: T-119
func TestShutdownReleases(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		for i := 1; i < 3; i++ {
			require.NoError(x, x.clients[i].StopReplication(false))
		}
		open := x.connect(0)
		require.NoError(x, open.Begin())
		require.NoError(x, x.insert(open, 2))
		done := x.env.NewEvent("written")
		x.env.Go("write", func() { require.NoError(x, x.insert(x.connect(0), 1)); done.Set() })
		x.env.Sleep(time.Second)
		x.servers[0].Shutdown()
		done.Wait()
		_, err := open.Commit(x.env.Background())
		require.ErrorIs(x, err, mysqld.ErrShutdown)
		require.ErrorIs(x, x.clients[0].Ping(), mysqld.ErrRefused)
		x.hosts[0].Crash()
		x.hosts[0].Restart()
		x.env.Sleep(time.Second)
		require.NoError(x, x.clients[0].Ping())
		require.EqualValues(x, 1, x.count(0))
	})
}

// When all replicas reconnect at once, the ACK receiver still polls without them: commits wait
// for the end of that poll, though the replicas have had the transaction for long. One replica
// that stays is enough to avoid it, and so is a pause in which the poll expires.
// Measured: 0.95 s for every writer, in a PRS to the present primary.
// spec: T-117a, T-147
func TestReconnectedReplicasAreNotHeard(t *testing.T) {
	const rtt = 2 * time.Millisecond
	cases := map[string]struct {
		stopped []int
		pause   time.Duration
		wait    time.Duration
	}{
		"one stays":         {stopped: []int{1}, wait: rtt},
		"all, at once":      {stopped: []int{1, 2}, wait: time.Second},
		"all, back in 0.4s": {stopped: []int{1, 2}, pause: 400 * time.Millisecond, wait: 600 * time.Millisecond},
		"all, back in 3s":   {stopped: []int{1, 2}, pause: 3 * time.Second, wait: rtt},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			playServers(t, true, mysqld.Options{Timings: &mysqld.Timings{}}, func(x *stage) {
				require.NoError(x, x.insert(x.connect(0), 1))
				for _, i := range c.stopped {
					require.NoError(x, x.clients[i].StopReplication(false))
				}
				x.env.Sleep(c.pause)
				for _, i := range c.stopped {
					require.NoError(x, x.clients[i].StartReplication())
				}
				x.env.Sleep(10 * time.Millisecond)
				began := x.env.Now()
				done := x.env.NewEvent("written")
				x.env.Go("write", func() { require.NoError(x, x.insert(x.connect(0), 2)); done.Set() })
				x.env.Sleep(5 * time.Millisecond)
				require.True(x, x.servers[1].Received().Contains(x.servers[0].Executed()))
				require.Equal(x, c.wait == rtt, done.IsSet())
				done.Wait()
				require.InDelta(x, c.wait.Seconds(), x.env.Now().Sub(began).Seconds(), 0.02)
				began = x.env.Now()
				require.NoError(x, x.insert(x.connect(0), 3))
				require.Equal(x, rtt, x.env.Now().Sub(began), "heard from now on")
			})
		})
	}
}
