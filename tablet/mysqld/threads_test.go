package mysqld_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
)

// Who may write under which settings, at once and at the COMMIT of what was written before:
// read_only stops ordinary sessions, super_read_only all; setting the latter sets both,
// clearing it leaves read_only, and clearing read_only clears both.
// spec: T-120, T-123
func TestWhoMayWrite(t *testing.T) {
	type settings struct{ readOnly, super bool }
	for _, c := range []struct {
		name              string
		change            func(c *mysqld.Client) error
		after             settings
		ordinary, trusted bool
	}{
		{"writable", func(c *mysqld.Client) error { return c.SetReadOnly(false) }, settings{}, true, true},
		{"read_only", func(c *mysqld.Client) error { return c.SetReadOnly(true) }, settings{readOnly: true}, false, true},
		{"super_read_only", func(c *mysqld.Client) error { return c.SetSuperReadOnly(true) }, settings{true, true}, false, false},
		{"super_read_only cleared", func(c *mysqld.Client) error {
			if err := c.SetSuperReadOnly(true); err != nil {
				return err
			}
			return c.SetSuperReadOnly(false)
		}, settings{readOnly: true}, false, true},
		{"both cleared", func(c *mysqld.Client) error {
			if err := c.SetSuperReadOnly(true); err != nil {
				return err
			}
			return c.SetReadOnly(false)
		}, settings{}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, false, mysqld.Timings{}, func(x *stage) {
				sessions := map[bool][2]*mysqld.Conn{} // privileged: one for itself, one in a transaction
				for _, privileged := range []bool{false, true} {
					var pair [2]*mysqld.Conn
					for i := range pair {
						conn, err := x.clients[0].Connect(privileged)
						require.NoError(x, err)
						pair[i] = conn
					}
					require.NoError(x, pair[1].Begin())
					require.NoError(x, x.insert(pair[1], 1))
					sessions[privileged] = pair
				}
				require.NoError(x, c.change(x.clients[0]))
				readOnly, super, err := x.clients[0].ReadOnly()
				require.NoError(x, err)
				require.Equal(x, c.after, settings{readOnly, super})
				for _, privileged := range []bool{false, true} {
					may := c.ordinary
					if privileged {
						may = c.trusted
					}
					pair := sessions[privileged]
					before := x.servers[0].Executed().Count()
					_, commit := pair[1].Commit(x.env.Background())
					for what, err := range map[string]error{"statement": x.insert(pair[0], 2), "commit": commit} {
						if may {
							require.NoError(x, err, what)
						} else {
							require.ErrorIs(x, err, mysqld.ErrReadOnly, what)
						}
					}
					again, err := pair[1].Commit(x.env.Background())
					require.NoError(x, err)
					require.Empty(x, again, "the transaction is over either way")
					if !may {
						require.Equal(x, before, x.servers[0].Executed().Count())
					}
				}
			})
		})
	}
}

// A BEGIN forgets what an open transaction wrote before.
// spec: T-124
func TestBeginStartsAnew(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		conn := x.connect(0)
		require.NoError(x, conn.Begin())
		require.NoError(x, x.insert(conn, 1))
		require.NoError(x, conn.Begin())
		require.NoError(x, x.insert(conn, 2))
		_, err := conn.Commit(x.env.Background())
		require.NoError(x, err)
		require.EqualValues(x, 1, x.count(0))
	})
}

// Each thread can be stopped for itself: without the receiver the applier goes on with what is
// there, and without the applier the receiver goes on.
// spec: T-104, T-109
func TestThreadsStopOneByOne(t *testing.T) {
	play(t, false, mysqld.Timings{Apply: sim.Constant(time.Second)}, func(x *stage) {
		require.NoError(x, x.insert(x.connect(0), 1))
		x.env.Sleep(10 * time.Millisecond)
		require.NoError(x, x.clients[1].StopReplication(true))
		require.NoError(x, x.clients[2].StopApplier())
		require.NoError(x, x.insert(x.connect(0), 2))
		x.env.Sleep(2 * time.Second)
		for i, want := range []mysqld.ReplicationStatus{1: {IO: mysqld.Stopped, SQL: mysqld.Running}, 2: {IO: mysqld.Running, SQL: mysqld.Stopped}} {
			if i == 0 {
				continue
			}
			status, err := x.clients[i].ReplicationStatus()
			require.NoError(x, err)
			require.Equal(x, []mysqld.ThreadState{want.IO, want.SQL}, []mysqld.ThreadState{status.IO, status.SQL}, i)
			require.True(x, status.LagUnknown)
		}
		require.EqualValues(x, 1, x.count(1), "received before the stop")
		require.EqualValues(x, 1, x.servers[1].Received().Count())
		require.EqualValues(x, 0, x.count(2))
		require.EqualValues(x, 2, x.servers[2].Received().Count())
		require.NoError(x, x.clients[1].StartReplication())
		require.NoError(x, x.clients[2].StartReplication())
		x.env.Sleep(3 * time.Second)
		require.EqualValues(x, 2, x.count(1))
		require.EqualValues(x, 2, x.count(2))
	})
}

// A crash of a replica's server drops what was received and not applied, and the server gets it
// again from its source; nothing starts by itself.
// spec: T-109
func TestCrashDropsTheRelayLog(t *testing.T) {
	play(t, false, mysqld.Timings{SourceDelay: time.Minute}, func(x *stage) {
		require.NoError(x, x.insert(x.connect(0), 1))
		x.env.Sleep(time.Second)
		require.EqualValues(x, 1, x.servers[1].Received().Count())
		x.hosts[1].Crash()
		x.hosts[1].Restart()
		x.env.Sleep(time.Second)
		require.Zero(x, x.servers[1].Received().Count())
		status, err := x.clients[1].ReplicationStatus()
		require.NoError(x, err)
		require.Equal(x, mysqld.Stopped, status.IO)
		require.Equal(x, mysqld.Stopped, status.SQL)
		require.Equal(x, alias(0), status.Source)
		require.NoError(x, x.clients[1].StartReplication())
		x.env.Sleep(2 * time.Minute)
		require.EqualValues(x, 1, x.count(1))
	})
}

// Lag is that of the transaction that is applied next, counted from its commit on the source,
// in whole seconds; with nothing to apply there is none.
// spec: T-108
func TestLagIsOfTheNext(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		lag := func() time.Duration {
			status, err := x.clients[1].ReplicationStatus()
			require.NoError(x, err)
			require.False(x, status.LagUnknown)
			return status.Lag
		}
		x.env.Sleep(10 * time.Second)
		require.Zero(x, lag(), "idle")
		require.NoError(x, x.clients[1].StopReplication(false))
		require.NoError(x, x.insert(x.connect(0), 1))
		x.env.Sleep(5 * time.Second)
		require.NoError(x, x.insert(x.connect(0), 2))
		x.env.Sleep(1500 * time.Millisecond)
		x.servers[1].SetTimings(func(m *mysqld.Timings) { m.Apply = sim.Constant(time.Hour) })
		require.NoError(x, x.clients[1].StartReplication())
		x.env.Sleep(100 * time.Millisecond)
		require.Equal(x, 6*time.Second, lag(), "received a moment ago")
		x.env.Sleep(500 * time.Millisecond)
		require.Equal(x, 7*time.Second, lag())
	})
}

// All waits that are fulfilled return, each with the set that it asked for; the newer function
// needs no applier, the older one does.
// spec: T-111, T-112
func TestWaitsForPositions(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		set := func(last int64) gtid.Set {
			var s gtid.Set
			s.AddRange(gtid.ServerUUID(100), 1, last)
			return s
		}
		done := map[int64]bool{}
		for _, last := range []int64{3, 1, 2, 1} {
			x.env.Go("wait", func() {
				require.NoError(x, x.clients[1].WaitForExecuted(set(last), 60))
				require.True(x, x.servers[1].Executed().Contains(set(last)))
				done[last] = true
			})
		}
		for key := range int64(3) {
			x.env.Sleep(time.Second)
			require.Len(x, done, int(key))
			require.NoError(x, x.insert(x.connect(0), key))
		}
		x.env.Sleep(time.Second)
		require.Len(x, done, 3)

		require.NoError(x, x.clients[1].StopApplier())
		require.ErrorIs(x, x.clients[1].WaitForExecuted(set(4), 1), mysqld.ErrWaitTimeout)
		require.ErrorIs(x, x.clients[1].WaitUntilSQLThreadAfterGTIDs(set(4), 1), mysqld.ErrWaitNull)
		require.NoError(x, x.clients[1].WaitUntilSQLThreadAfterGTIDs(set(3), 1))
	})
}

// A replica that connects again gets exactly what it lacks, wherever that lies in the source's
// log: also what is older than what it has.
// spec: T-105
func TestReplicaGetsWhatItLacks(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		conn := x.connect(0)
		for key := range int64(5) {
			require.NoError(x, x.insert(conn, key+1))
		}
		x.env.Sleep(time.Second)
		require.NoError(x, x.clients[1].StopReplication(false))
		require.NoError(x, x.clients[1].ResetBinaryLogs())
		require.NoError(x, x.clients[1].ChangeSource(alias(0))) // forgets what was retrieved
		var newer gtid.Set
		newer.AddRange(gtid.ServerUUID(100), 3, 5)
		require.NoError(x, x.clients[1].SetPurged(newer))
		before, _ := x.servers[1].Table("t")
		require.NoError(x, x.clients[1].StartReplication())
		x.env.Sleep(time.Second)
		require.Equal(x, gtid.ServerUUID(100).String()+":1-5", x.servers[1].Received().String())
		status, err := x.clients[1].ReplicationStatus()
		require.NoError(x, err)
		require.Equal(x, gtid.ServerUUID(100).String()+":1-2", status.Retrieved.String())
		require.Contains(x, status.SQLError, "1062", "the rows were there")
		after, _ := x.servers[1].Table("t")
		require.Equal(x, before.Writes, after.Writes)
	})
}

// Switching the source's side off ends with the ACK receiver's poll, which began at the last
// acknowledgement or connection of a replica, or with the next acknowledgement; without a
// replica there is nothing to wait for.
// spec: T-117a
func TestSwitchingOffWaitsForThePoll(t *testing.T) {
	for name, c := range map[string]struct {
		before func(x *stage)
		want   time.Duration
	}{
		"right after a write": {func(x *stage) { require.NoError(x, x.insert(x.connect(0), 1)) }, time.Second},
		"0.3 s after a write": {func(x *stage) { require.NoError(x, x.insert(x.connect(0), 1)); x.env.Sleep(300 * time.Millisecond) }, 700 * time.Millisecond},
		"2.3 s after a write": {func(x *stage) { require.NoError(x, x.insert(x.connect(0), 1)); x.env.Sleep(2300 * time.Millisecond) }, 700 * time.Millisecond},
		"a replica that came back": {func(x *stage) {
			require.NoError(x, x.insert(x.connect(0), 1))
			x.env.Sleep(400 * time.Millisecond)
			require.NoError(x, x.clients[1].StopReplication(false))
			x.env.Sleep(50 * time.Millisecond)
			require.NoError(x, x.clients[1].StartReplication())
			x.env.Sleep(100 * time.Millisecond)
		}, 900 * time.Millisecond},
		"no replica": {func(x *stage) {
			require.NoError(x, x.insert(x.connect(0), 1))
			for i := 1; i < 3; i++ {
				require.NoError(x, x.clients[i].StopReplication(false))
			}
			x.env.Sleep(10 * time.Millisecond)
		}, 0},
		"an acknowledgement under way": {func(x *stage) {
			x.env.Sleep(200 * time.Millisecond)
			x.env.Go("write", func() { _ = x.insert(x.connect(0), 1) })
			x.env.Sleep(time.Millisecond)
		}, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			playServers(t, true, mysqld.Options{Timings: &mysqld.Timings{}}, func(x *stage) {
				c.before(x)
				began := x.env.Now()
				require.NoError(x, x.clients[0].SetSemiSync(false, true))
				require.InDelta(x, c.want.Seconds(), x.env.Now().Sub(began).Seconds(), 0.015)
			})
		})
	}
}
