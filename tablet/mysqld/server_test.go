package mysqld_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
)

// stage is a world of three servers and a program beside them. It is a require.TestingT
// whose FailNow ends the world.
type stage struct {
	env     *sim.Env
	net     *simnet.Network
	hosts   [3]*sim.Host
	servers [3]*mysqld.Server
	clients [3]*mysqld.Client
	events  []trace.Event
	errors  []string
}

// Record keeps all events.
func (x *stage) Record(e trace.Event) { x.events = append(x.events, e) }

func alias(i int) topodata.TabletAlias {
	return topodata.TabletAlias{Cell: "zone1", UID: uint32(100 + i)}
}

// play runs a script with a writable server 0 and the replicas 1 and 2. The ACK receiver hears
// everything at once.
func play(t *testing.T, semiSync bool, timings mysqld.Timings, script func(x *stage)) *stage {
	t.Helper()
	return playServers(t, semiSync, mysqld.Options{Timings: &timings, SemiSyncSwitchInstant: true}, script)
}

// playServers is play with servers of other options.
func playServers(t *testing.T, semiSync bool, opts mysqld.Options, script func(x *stage)) *stage {
	t.Helper()
	x := &stage{}
	w := sim.New(sim.Config{Seed: 1, MaxTime: sim.Time(time.Hour), Sink: x})
	net := w.AddHost("net", sim.HostOptions{}, nil).Env()
	x.net = simnet.New(net, simnet.Options{Latency: sim.Constant(time.Millisecond)})
	for i := range x.servers {
		opts.Alias = alias(i)
		server := mysqld.New(net, opts)
		x.servers[i] = server
		x.hosts[i] = w.AddHost(mysqld.HostName(alias(i)), sim.HostOptions{}, func(env *sim.Env) { server.Boot(env, x.net.Node(env)) })
	}
	w.AddHost("test", sim.HostOptions{}, func(env *sim.Env) {
		x.env = env
		env.Sleep(time.Millisecond)
		for i, server := range x.servers {
			x.clients[i] = server.Client(env)
			source := topodata.TabletAlias{}
			if i > 0 {
				source = alias(0)
			}
			server.Preset(i == 0, semiSync && i == 0, semiSync, source)
		}
		env.Sleep(100 * time.Millisecond)
		script(x)
		env.Stop("done")
	})
	out := w.Run()
	require.Empty(t, x.errors)
	require.Equal(t, "done", out.ID, "%v: %s", out.Kind, out.Detail)
	return x
}

func (x *stage) Errorf(format string, args ...any) {
	x.errors = append(x.errors, fmt.Sprintf(format, args...))
}

func (x *stage) FailNow() {
	x.env.Stop("test failed")
	x.env.NewEvent("never").Wait()
}

func (x *stage) connect(i int) *mysqld.Conn {
	conn, err := x.clients[i].Connect(false)
	require.NoError(x, err)
	return conn
}

func (x *stage) insert(conn *mysqld.Conn, key int64) error {
	_, err := conn.Exec(x.env.Background(), insert(key))
	return err
}

func insert(key int64) query.Statement {
	return query.Statement{Verb: query.VerbInsert, Table: "t", Key: key, Value: key * 10}
}

func (x *stage) count(i int) int64 {
	table, _ := x.servers[i].Table("t")
	return table.Count
}

// A transaction is visible when it is committed and not before, with one GTID for all.
// spec: T-100, T-103, T-124
func TestTransaction(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		conn, ctx := x.connect(0), x.env.Background()
		require.NoError(x, conn.Begin())
		require.NoError(x, x.insert(conn, 1))
		require.NoError(x, x.insert(conn, 2))
		require.EqualValues(x, 0, x.count(0))
		text, err := conn.Commit(ctx)
		require.NoError(x, err)
		require.Equal(x, gtid.ServerUUID(100).String()+":1", text)
		require.EqualValues(x, 2, x.count(0))

		require.NoError(x, conn.Begin())
		require.NoError(x, x.insert(conn, 3))
		require.NoError(x, conn.Rollback())
		text, err = conn.Commit(ctx)
		require.NoError(x, err)
		require.Empty(x, text, "nothing was written")

		require.NoError(x, conn.Begin())
		require.NoError(x, x.insert(conn, 4))
		conn.Kill()
		_, err = conn.Commit(ctx)
		require.ErrorIs(x, err, mysqld.ErrKilled)
		require.EqualValues(x, 2, x.count(0))
	})
}

// Rows remember their last value and how often they were written.
func TestRows(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		conn, ctx := x.connect(0), x.env.Background()
		for _, st := range []query.Statement{
			insert(1), insert(1), insert(2), insert(0),
			{Verb: query.VerbUpdate, Table: "t", Key: 1, Value: 77},
			{Verb: query.VerbDelete, Table: "t", Key: 2},
		} {
			_, err := conn.Exec(ctx, st)
			require.NoError(x, err)
		}
		x.env.Sleep(time.Second)
		for _, server := range x.servers {
			table, rows := server.Table("t", 1, 2, 3)
			require.EqualValues(x, 2, table.Count)
			require.EqualValues(x, 6, table.Writes)
			require.Equal(x, map[int64]mysqld.Row{1: {Value: 77, Writes: 3}, 2: {Value: 20, Deleted: true, Writes: 2}}, rows)
		}
		found, err := conn.Exec(ctx, query.Statement{Verb: query.VerbSelect, Table: "t", Key: 1})
		require.NoError(x, err)
		require.EqualValues(x, 77, found.Value)
	})
}

// super_read_only waits for writes under way and holds new ones back meanwhile.
// spec: T-120
func TestSuperReadOnlyBlocks(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		slow := insert(1)
		slow.Cost = 2 * time.Second
		x.env.Go("slow", func() {
			_, err := x.connect(0).Exec(x.env.Background(), slow)
			require.NoError(x, err)
		})
		x.env.Sleep(time.Second)
		set := x.env.NewEvent("set")
		x.env.Go("set", func() {
			require.NoError(x, x.clients[0].SetSuperReadOnly(true))
			set.Set()
		})
		x.env.Sleep(10 * time.Millisecond)
		began := x.env.Now()
		require.ErrorIs(x, x.insert(x.connect(0), 2), mysqld.ErrReadOnly)
		require.Equal(x, 990*time.Millisecond, x.env.Now().Sub(began))
		set.Wait()
		require.EqualValues(x, 1, x.count(0))
		readOnly, super, err := x.clients[0].ReadOnly()
		require.NoError(x, err)
		require.True(x, readOnly && super)
		require.NoError(x, x.clients[0].SetReadOnly(false))
		require.NoError(x, x.insert(x.connect(0), 3), "clearing read_only clears super_read_only")
	})
}

// super_read_only waits for commits that wait for acknowledgements, even of a killed session.
// spec: T-120, T-125
func TestSuperReadOnlyAndSemiSync(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		for i := 1; i < 3; i++ {
			require.NoError(x, x.clients[i].StopReplication(false))
		}
		conn := x.connect(0)
		x.env.Go("write", func() { require.ErrorIs(x, x.insert(conn, 1), mysqld.ErrKilled) })
		x.env.Sleep(time.Second)
		conn.Kill()
		set := x.env.NewEvent("set")
		x.env.Go("set", func() {
			require.NoError(x, x.clients[0].SetSuperReadOnly(true))
			set.Set()
		})
		x.env.Sleep(time.Second)
		require.False(x, set.IsSet())
		state, err := x.clients[0].SemiSync()
		require.NoError(x, err)
		require.Equal(x, 1, state.Waiting)
		require.NoError(x, x.clients[0].SetSemiSync(false, true))
		set.Wait()
		require.EqualValues(x, 1, x.count(0), "the killed session's commit happened")
	})
}

// Replicas may have a transaction before it is acknowledged and visible on the source.
// spec: T-114, T-115, T-152
func TestAcknowledgementTiming(t *testing.T) {
	play(t, true, mysqld.Timings{Ack: sim.Constant(500 * time.Microsecond)}, func(x *stage) {
		began := x.env.Now()
		require.NoError(x, x.insert(x.connect(0), 1))
		require.Equal(x, 2500*time.Microsecond, x.env.Now().Sub(began), "one round trip and the flush")
		require.True(x, x.servers[1].Received().Contains(x.servers[0].Executed()))
	})
}

// A replica that lost its source connects again and gets what it missed, once.
// spec: T-105, T-106, T-92
func TestReconnect(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.insert(x.connect(0), 1))
		x.env.Sleep(100 * time.Millisecond)
		x.hosts[0].Crash()
		x.env.Sleep(100 * time.Millisecond)
		status, err := x.clients[1].ReplicationStatus()
		require.NoError(x, err)
		require.Equal(x, mysqld.Connecting, status.IO)
		require.NotEmpty(x, status.IOError)
		require.True(x, status.LagUnknown)
		x.hosts[0].Restart()
		x.env.Sleep(10 * time.Millisecond)
		require.NoError(x, x.clients[0].SetReadOnly(false))
		require.NoError(x, x.insert(x.connect(0), 2))
		x.env.Sleep(9 * time.Second)
		require.EqualValues(x, 1, x.count(1), "it tries every ten seconds")
		x.env.Sleep(2 * time.Second)
		require.EqualValues(x, 2, x.count(1))
		table, _ := x.servers[1].Table("t")
		require.EqualValues(x, 2, table.Writes)
	})
}

// A source that falls silent is noticed after replica_net_timeout, an idle one is not.
// spec: T-106
func TestNetTimeout(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		x.env.Sleep(time.Minute)
		status, err := x.clients[1].ReplicationStatus()
		require.NoError(x, err)
		require.Equal(x, mysqld.Running, status.IO)
		x.hosts[0].Pause()
		x.env.Sleep(3 * time.Second)
		status, _ = x.clients[1].ReplicationStatus()
		require.Equal(x, mysqld.Running, status.IO)
		x.env.Sleep(6 * time.Second)
		status, _ = x.clients[1].ReplicationStatus()
		require.Equal(x, mysqld.Connecting, status.IO)
		require.Contains(x, status.IOError, "replica_net_timeout")
	})
}

// A change of source drops what was received and not applied; the new source sends it again
// if it has it.
// spec: T-109, R-36
func TestChangeSource(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.clients[1].StopApplier())
		require.NoError(x, x.insert(x.connect(0), 1))
		x.env.Sleep(100 * time.Millisecond)
		status, err := x.clients[1].ReplicationStatus()
		require.NoError(x, err)
		require.False(x, status.Retrieved.IsEmpty())
		require.ErrorIs(x, x.clients[1].ChangeSource(alias(2)), mysqld.ErrReplicationRunning)
		require.NoError(x, x.clients[1].StopReplication(false))
		require.NoError(x, x.clients[1].ChangeSource(alias(2)))
		status, err = x.clients[1].ReplicationStatus()
		require.NoError(x, err)
		require.True(x, status.Retrieved.IsEmpty())
		require.NoError(x, x.clients[1].StartReplication())
		x.env.Sleep(100 * time.Millisecond)
		require.EqualValues(x, 1, x.count(1), "from the other replica's own log")

		require.NoError(x, x.clients[1].StopReplication(false))
		require.NoError(x, x.clients[1].ResetReplica())
		_, err = x.clients[1].ReplicationStatus()
		require.ErrorIs(x, err, mysqld.ErrNotReplica)
		require.ErrorIs(x, x.clients[1].StartReplication(), mysqld.ErrNotReplica)
	})
}

// A wait for a set returns when it is executed, not when it is received.
// spec: T-111, T-112
func TestWaitForExecuted(t *testing.T) {
	play(t, false, mysqld.Timings{SourceDelay: 3 * time.Second}, func(x *stage) {
		require.NoError(x, x.insert(x.connect(0), 1))
		set := x.servers[0].Executed()
		began := x.env.Now()
		require.ErrorIs(x, x.clients[1].WaitForExecuted(set, 1), mysqld.ErrWaitTimeout)
		require.Equal(x, time.Second, x.env.Now().Sub(began))
		require.NoError(x, x.clients[1].WaitForExecuted(set, 0))
		applied := x.env.Now()
		require.Equal(x, 4001*time.Millisecond, applied.Sub(began), "MySQL rounds the delay up to the next second")
		require.NoError(x, x.clients[0].WaitForExecuted(set, 1))
		require.Equal(x, applied, x.env.Now(), "a primary has it already")
	})
}

// RESET BINARY LOGS AND GTIDS is the only thing that makes the executed set smaller.
// spec: T-110, T-153, R-42
func TestReset(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.insert(x.connect(0), 1))
		position := x.servers[0].Executed()
		require.NoError(x, x.clients[0].ResetBinaryLogs())
		require.True(x, x.servers[0].Executed().IsEmpty())
		require.EqualValues(x, 1, x.count(0))
		require.NoError(x, x.clients[0].SetPurged(position))
		require.NoError(x, x.insert(x.connect(0), 2))
		require.Equal(x, gtid.ServerUUID(100).String()+":1-2", x.servers[0].Executed().String())
		x.env.Sleep(time.Second)
		require.NoError(x, x.clients[2].StopReplication(false))
		require.NoError(x, x.clients[2].ResetBinaryLogs())
		require.NoError(x, x.clients[2].StartReplication())
		x.env.Sleep(time.Second)
		status, err := x.clients[2].ReplicationStatus()
		require.NoError(x, err)
		require.Equal(x, mysqld.Stopped, status.IO, "what it lacks is gone from the source")
		require.Contains(x, status.IOError, "1236")
	})
}

// Applying at a bounded rate takes as long as the backlog; without a bound, latency alone
// delays, also under load.
// spec: T-107
func TestApplyRate(t *testing.T) {
	for _, c := range []struct {
		timings mysqld.Timings
		want    time.Duration // from the last commit to its apply
	}{
		{mysqld.Timings{ApplyRate: 100}, 2 * time.Second},
		{mysqld.Timings{Apply: sim.Constant(20 * time.Millisecond)}, 21 * time.Millisecond},
		{mysqld.Timings{}, time.Millisecond},
	} {
		play(t, false, c.timings, func(x *stage) {
			conn := x.connect(0)
			for key := range int64(200) {
				require.NoError(x, x.insert(conn, key+1))
			}
			began := x.env.Now()
			require.NoError(x, x.clients[1].WaitForExecuted(x.servers[0].Executed(), 0))
			require.InDelta(x, c.want, x.env.Now().Sub(began), float64(15*time.Millisecond))
		})
	}
}

// A server that is down refuses everything.
func TestDown(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		conn := x.connect(0)
		x.hosts[0].Crash()
		x.env.Sleep(time.Millisecond)
		require.ErrorIs(x, x.insert(conn, 1), mysqld.ErrGone)
		require.ErrorIs(x, x.clients[0].Ping(), mysqld.ErrRefused)
		_, err := x.clients[0].Connect(true)
		require.ErrorIs(x, err, mysqld.ErrRefused)
		require.ErrorIs(x, x.clients[0].SetSuperReadOnly(true), mysqld.ErrRefused)
		x.hosts[0].Restart()
		x.env.Sleep(time.Millisecond)
		readOnly, super, err := x.clients[0].ReadOnly()
		require.NoError(x, err)
		require.True(x, readOnly && super)
	})
}
