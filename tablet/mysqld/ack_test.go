package mysqld_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/tablet/mysqld"
)

// write starts an INSERT and gives the event of its success.
func (x *stage) write(key int64) *sim.Event {
	done := x.env.NewEvent("written")
	x.env.Go("write", func() {
		if x.insert(x.connect(0), key) == nil {
			done.Set()
		}
	})
	return done
}

// only leaves server 0 with one replica.
func (x *stage) only(replica int) {
	for i := 1; i < 3; i++ {
		if i != replica {
			require.NoError(x, x.clients[i].StopReplication(false))
		}
	}
}

// A replica acknowledges what it has received, whether or not it applies it, and not before
// the relay log is flushed.
// spec: T-114, T-115, T-152
func TestAcknowledgedOnReceipt(t *testing.T) {
	play(t, true, mysqld.Timings{Apply: sim.Constant(time.Hour)}, func(x *stage) {
		began := x.env.Now()
		require.NoError(x, x.insert(x.connect(0), 1))
		require.Equal(x, 2*time.Millisecond, x.env.Now().Sub(began), "applied in an hour")
	})
	play(t, true, mysqld.Timings{}, func(x *stage) {
		for i := 1; i < 3; i++ {
			require.NoError(x, x.clients[i].StopApplier())
		}
		began := x.env.Now()
		require.NoError(x, x.insert(x.connect(0), 1))
		require.Equal(x, 2*time.Millisecond, x.env.Now().Sub(began), "no applier runs")
		require.EqualValues(x, 1, x.count(0))
		require.EqualValues(x, 0, x.count(1))
	})
}

// A waiting commit is seen by no session of the source, counts as executed nowhere on it, and
// has been sent to the replicas all the same.
// spec: T-114, T-115, T-116
func TestWaitingCommitIsInvisible(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		x.only(1)
		require.NoError(x, x.clients[1].StopReplication(false))
		require.NoError(x, x.clients[1].SetSemiSync(false, false))
		require.NoError(x, x.clients[1].StartReplication()) // receives, does not acknowledge
		done := x.write(1)
		x.env.Sleep(time.Minute)
		require.False(x, done.IsSet())
		require.EqualValues(x, 0, x.count(0))
		require.True(x, x.servers[0].Executed().IsEmpty())
		require.EqualValues(x, 1, x.count(1), "a replica may have it before the source")
		require.ErrorIs(x, x.clients[0].WaitForExecuted(x.servers[1].Executed(), 1), mysqld.ErrWaitTimeout)
	})
}

// The replica's side counts as it was when the receiver connected: switched on or off later it
// changes nothing until a new connection.
// spec: T-113
func TestReplicaSideCountsFromTheNextConnection(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		x.only(1)
		require.NoError(x, x.clients[1].SetSemiSync(false, false))
		require.NoError(x, x.insert(x.connect(0), 1), "still an acknowledger")

		require.NoError(x, x.clients[1].StopReplication(true))
		require.NoError(x, x.clients[1].StartReplication())
		x.env.Sleep(10 * time.Millisecond)
		done := x.write(2)
		x.env.Sleep(time.Second)
		require.False(x, done.IsSet(), "no acknowledger any more")
		require.NoError(x, x.clients[1].SetSemiSync(false, true))
		x.env.Sleep(time.Second)
		other := x.write(3)
		x.env.Sleep(time.Second)
		require.False(x, done.IsSet() || other.IsSet(), "not yet one again")
		state, err := x.clients[0].SemiSync()
		require.NoError(x, err)
		require.Zero(x, state.Ackers)
		require.Equal(x, 2, state.Waiting)
	})
}

// A replica that comes back with everything received releases nobody, not by its connection
// and not by the heartbeats that follow; the next transaction releases all before it.
// spec: T-118, T-118a
func TestOnlyNewTransactionsAreAcknowledged(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		x.only(1)
		require.NoError(x, x.clients[1].SetSemiSync(false, false))
		require.NoError(x, x.clients[1].StopReplication(true))
		require.NoError(x, x.clients[1].StartReplication())
		x.env.Sleep(10 * time.Millisecond)
		waiting := []*sim.Event{x.write(1), x.write(2), x.write(3)}
		x.env.Sleep(time.Second)
		require.NoError(x, x.clients[1].SetSemiSync(false, true))
		require.NoError(x, x.clients[1].StopReplication(true))
		require.NoError(x, x.clients[1].StartReplication())
		x.env.Sleep(5 * time.Minute) // many heartbeats
		for _, done := range waiting {
			require.False(x, done.IsSet())
		}
		require.NoError(x, x.insert(x.connect(0), 4))
		for _, done := range waiting {
			require.True(x, done.IsSet())
		}
		state, err := x.clients[0].SemiSync()
		require.NoError(x, err)
		require.EqualValues(x, 4, state.Acknowledged)
	})
}

// An acknowledgement is of all transactions up to one, and of none after it: what the replica
// has not received goes on waiting. Commits end in the order of the log.
// spec: T-114, T-116, T-118, T-152
func TestAcknowledgementsReachSoFar(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		x.only(1)
		var order []int64
		x.net.SetLatency(mysqld.HostName(alias(1)), mysqld.HostName(alias(0)), sim.Constant(100*time.Millisecond))
		group := x.env.NewWaitGroup("writes")
		began := x.env.Now()
		for key := range int64(5) {
			group.Go("write", func() {
				sent := x.env.Now()
				require.NoError(x, x.insert(x.connect(0), key))
				order = append(order, key)
				require.Equal(x, 101*time.Millisecond, x.env.Now().Sub(sent), "%d has its own acknowledgement", key)
				require.True(x, x.servers[1].Received().Contains(x.servers[0].Executed()))
			})
			x.env.Sleep(10 * time.Millisecond)
		}
		group.Wait()
		require.Equal(x, []int64{0, 1, 2, 3, 4}, order)
		require.Equal(x, 141*time.Millisecond, x.env.Now().Sub(began))
	})
}

// A commit needs exactly as many acknowledgements as the count says, from whichever replicas:
// the fastest ones decide, and those that do not acknowledge at all are no part of it.
// spec: T-113, T-114
func TestAckCounts(t *testing.T) {
	for count, want := range map[int]time.Duration{1: 11 * time.Millisecond, 2: 51 * time.Millisecond} {
		play(t, true, mysqld.Timings{}, func(x *stage) {
			require.NoError(x, x.clients[0].SetSemiSyncLimits(count, 0))
			for i, back := range []time.Duration{1: 10 * time.Millisecond, 2: 50 * time.Millisecond} {
				x.net.SetLatency(mysqld.HostName(alias(i)), mysqld.HostName(alias(0)), sim.Constant(back))
			}
			for key := range int64(3) {
				began := x.env.Now()
				require.NoError(x, x.insert(x.connect(0), key))
				require.Equal(x, want, x.env.Now().Sub(began), "count %d", count)
				x.env.Sleep(time.Second)
			}
			x.only(2)
			x.env.Sleep(time.Second)
			done := x.write(9)
			x.env.Sleep(time.Second)
			require.Equal(x, count == 1, done.IsSet(), "one replica is left")
		})
	}
}

// A replica whose old connection is not known to be dead counts once when it connects again.
// spec: T-113, T-114
func TestReconnectedReplicaCountsOnce(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.clients[0].SetSemiSyncLimits(2, 0))
		x.only(1)
		x.env.Sleep(time.Second)
		from, to := mysqld.HostName(alias(1)), mysqld.HostName(alias(0))
		x.net.PartitionOneWay(from, to) // the source learns nothing of the end
		require.NoError(x, x.clients[1].StopReplication(true))
		x.net.Heal(from, to)
		require.NoError(x, x.clients[1].StartReplication())
		x.env.Sleep(20 * time.Second)
		state, err := x.clients[0].SemiSync()
		require.NoError(x, err)
		require.Equal(x, 1, state.Ackers)
		done := x.write(1)
		x.env.Sleep(time.Minute)
		require.False(x, done.IsSet())
	})
}

// The patience of a commit is its own, from its beginning, and when it is over nobody waits;
// semi-sync returns only when a replica has everything.
// spec: T-113, T-116
func TestPatienceBegins(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		x.only(0)
		require.NoError(x, x.clients[0].SetSemiSyncLimits(1, 10*time.Second))
		began := x.env.Now()
		first := x.write(1)
		x.env.Sleep(9 * time.Second)
		second := x.write(2)
		first.Wait()
		require.Equal(x, 10*time.Second, x.env.Now().Sub(began))
		x.env.Sleep(time.Millisecond)
		require.True(x, second.IsSet())

		fallen := func() bool {
			state, err := x.clients[0].SemiSync()
			require.NoError(x, err)
			return state.Fallen
		}
		x.net.SetLatency(mysqld.HostName(alias(1)), mysqld.HostName(alias(0)), sim.Constant(100*time.Millisecond))
		require.NoError(x, x.clients[1].StartReplication())
		for key := range int64(20) {
			require.NoError(x, x.insert(x.connect(0), 10+key))
			x.env.Sleep(30 * time.Millisecond)
		}
		require.True(x, fallen(), "acknowledgements come, and the replica is behind")
		x.env.Sleep(time.Second)
		require.False(x, fallen())
	})
}
