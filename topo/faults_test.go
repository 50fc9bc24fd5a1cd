package topo_test

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
	"bufsim/topo/toposerver"
	"bufsim/topo/topotest"
	"bufsim/topo/wire"
)

// withKeyspace runs fn as a client of c once there is the keyspace ks.
func withKeyspace(t *testing.T, c *topotest.Cluster, fn func(env *sim.Env, ts *topo.Server)) {
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		assert.NoError(t, ts.CreateKeyspace(env.Background(), "ks", &topodata.Keyspace{}))
		fn(env, ts)
	})
}

func read(env *sim.Env, ts *topo.Server) func() error {
	return func() error {
		_, err := ts.GetKeyspace(env.Background(), "ks")
		return err
	}
}

func write(env *sim.Env, ts *topo.Server) func() error {
	return func() error {
		return ts.SaveRoutingRules(env.Background(), []topodata.RoutingRule{{FromTable: "t"}})
	}
}

// An election of ten seconds: etcd's reads wait for its end, its writes give up before;
// consul fails at once with its own error; zk2 waits to be greeted again.
// spec: O-92, O-93
func TestElection(t *testing.T) {
	const noLeader = "Unexpected response code: 500 (No cluster leader) after 0 s"
	each(t, [4][2]string{
		{"ok after 10 s", "deadline exceeded: /vitess/global/RoutingRules after 7 s"},
		{"ok after 10 s", "ok after 10 s"},
		{noLeader, noLeader},
		{"ok after 10 s", "ok after 10 s"},
	}, func(t *testing.T, c *topotest.Cluster, want [2]string) {
		withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
			for i, call := range []func() error{read(env, ts), write(env, ts)} {
				c.Store.Elect(10 * time.Second)
				assert.Equal(t, want[i], result(env, call))
				env.Sleep(time.Minute)
				assert.Equal(t, "ok after 0 s", result(env, call))
			}
		})
	})
}

// Without a quorum nothing works until somebody repairs the cluster, also not after a
// minute; overlapping elections change nothing about that. spec: O-92
func TestQuorumLost(t *testing.T) {
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		c.Store.LoseQuorum()
		c.Store.Elect(time.Second)
		env.AfterFunc(time.Minute, "repair", func() { env.Go("repair", c.Store.RegainQuorum) })
		short, cancel := env.WithTimeout(env.Background(), 20*time.Second)
		defer cancel()
		assert.Equal(t, "deadline exceeded: /vitess/global/keyspaces/ks/Keyspace after 20 s", result(env, func() error {
			_, err := ts.GetKeyspace(short, "ks")
			return err
		}))
		assert.Equal(t, "ok after 40 s", result(env, read(env, ts)))
	})
	runCluster(t, c)
}

// The clients of a stalled member wait for at most five seconds, those of others not.
// spec: O-92
func TestMemberStalls(t *testing.T) {
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		mine := c.Store.Member("client")
		c.Store.StallMember(mine + 1)
		assert.Equal(t, "ok after 0 s", result(env, read(env, ts)))
		c.Store.StallMember(mine)
		env.Sleep(2 * time.Second)
		began := env.Now()
		assert.NoError(t, read(env, ts)())
		assert.InDelta(t, 3*time.Second, env.Now().Sub(began), float64(5*latency))
		assert.Equal(t, "ok after 0 s", result(env, read(env, ts)))
	})
	runCluster(t, c)
}

// Latency without errors: callers with enough time only wait. spec: O-94
func TestSlowServer(t *testing.T) {
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		c.Store.Slow(sim.Constant(15 * time.Second))
		assert.Equal(t, "ok after 15 s", result(env, read(env, ts)))
		c.Store.Slow(sim.Dist{})
		assert.Equal(t, "ok after 0 s", result(env, read(env, ts)))
	})
	runCluster(t, c)
}

// Errors by operation and path, and of everything, in every implementation. spec: O-29
func TestInjectedErrors(t *testing.T) {
	boom := errors.New("boom")
	for _, name := range topo.Implementations() {
		c := clusterOf(name, 0)
		withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
			c.Store.FailOn(wire.OpGet, regexp.MustCompile("keyspaces/k.*/Keyspace$"), boom)
			assert.Equal(t, boom, read(env, ts)())
			assert.NoError(t, write(env, ts)())
			c.Store.FailNothing()
			assert.NoError(t, read(env, ts)())
			c.Store.SetError(boom)
			assert.Equal(t, boom, read(env, ts)())
			assert.Equal(t, boom, write(env, ts)())
			c.Store.SetError(nil)
			assert.NoError(t, write(env, ts)())
		})
		runCluster(t, c)
	}
}

// What a watcher hears of five quick writes under each fault; the last value always
// comes, unless the stream is dead. spec: O-95, I-O2
func TestWatchFaults(t *testing.T) {
	second := sim.Constant(time.Second)
	for name, x := range map[string]struct {
		faults toposerver.WatchFaults
		want   []int
		after  time.Duration
	}{
		"none":    {want: []int{1, 2, 3, 4, 5}},
		"delayed": {toposerver.WatchFaults{Delay: second}, []int{1, 2, 3, 4, 5}, time.Second},
		"twice":   {toposerver.WatchFaults{Duplicate: true}, []int{1, 1, 2, 2, 3, 3, 4, 4, 5, 5}, 0},
		"skipped": {toposerver.WatchFaults{Delay: second, Skip: true}, []int{5}, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(0)
			withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
				changes, put := watched(t, env, ts)
				c.Store.SetWatchFaults(x.faults)
				for i := range 5 {
					put(i + 1)
				}
				began := env.Now()
				var got []int
				for len(got) < len(x.want) {
					msg, ok := changes.Recv()
					assert.True(t, ok)
					got = append(got, msg.Contents.(int))
				}
				assert.Equal(t, x.want, got)
				assert.InDelta(t, x.after, env.Now().Sub(began), float64(20*latency))
				env.Sleep(time.Minute)
				assert.Zero(t, changes.Len())
			})
			runCluster(t, c)
		})
	}
}

// watched watches a file that holds 0, after the repetition of its first value, and
// returns what writes it.
func watched(t *testing.T, env *sim.Env, ts *topo.Server) (*sim.Chan[topo.WatchData], func(int)) {
	conn, err := ts.ConnForCell(env.Background(), topo.GlobalCell)
	assert.NoError(t, err)
	put := func(n int) {
		_, err := conn.Update(env.Background(), "a/File", n, topo.AnyVersion)
		assert.NoError(t, err)
	}
	put(0)
	assert.NoError(t, write(env, ts)()) // so that the newest write is not the watched file's
	_, changes, err := conn.Watch(env.Background(), "a/File")
	assert.NoError(t, err)
	env.Sleep(time.Second)
	return changes, put
}

// A silently dead stream tells nothing, and nobody notices. spec: O-95
func TestDeadStream(t *testing.T) {
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		changes, put := watched(t, env, ts)
		c.Store.SilenceWatches()
		put(1)
		env.Sleep(time.Hour)
		assert.Zero(t, changes.Len())
		assert.False(t, changes.Closed())
	})
	runCluster(t, c)
}

// A watch whose revision was compacted ends with that error and is over. spec: O-25
func TestCompactedWatch(t *testing.T) {
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		changes, put := watched(t, env, ts)
		c.Store.CompactWatches()
		put(1)
		msg, ok := changes.Recv()
		assert.True(t, ok)
		assert.Equal(t, wire.ErrCompacted, msg.Err)
		_, ok = changes.Recv()
		assert.False(t, ok)
	})
	runCluster(t, c)
}

// A watch whose stream the server closes is opened again at once ten times; from then
// on it waits as many seconds as it was opened again. spec: O-25
func TestReopenings(t *testing.T) {
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		changes, put := watched(t, env, ts)
		for n := 1; n <= 12; n++ {
			c.Store.CloseWatches()
			put(n)
			began := env.Now()
			msg, ok := changes.Recv()
			assert.True(t, ok)
			assert.Equal(t, n, msg.Contents)
			want := time.Duration(0)
			if n > 10 {
				want = time.Duration(n) * time.Second
			}
			assert.InDelta(t, want, env.Now().Sub(began), float64(5*latency), "reopening %d", n)
		}
	})
	runCluster(t, c)
}

// A process that is cut off from the topology alone hears of a change of its shard only
// when the cut is healed; the others go on meanwhile. spec: O-96
func TestCutOffFromTheTopology(t *testing.T) {
	c := newCluster(0)
	c.Client("primary", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		_, err := ts.GetOrCreateShard(ctx, "ks", "0")
		assert.NoError(t, err)
		_, changes, err := ts.WatchShard(ctx, "ks", "0")
		assert.NoError(t, err)
		env.AfterFunc(time.Second, "cut", func() { c.Net.Partition("topo", "primary") })
		env.AfterFunc(time.Minute, "heal", func() { c.Net.Heal("topo", "primary") })
		for {
			msg, ok := changes.Recv()
			assert.True(t, ok)
			assert.NoError(t, msg.Err)
			if msg.Value.PrimaryAlias == alias(101) {
				break
			}
		}
		assert.InDelta(t, time.Minute, time.Duration(env.Now()), float64(3*time.Second))
	})
	c.Client("vtctld", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		env.Sleep(10 * time.Second)
		_, err := ts.UpdateShardFields(env.Background(), "ks", "0", func(s *topodata.Shard) error { s.PrimaryAlias = alias(101); return nil })
		assert.NoError(t, err)
		assert.Less(t, time.Duration(env.Now()), 11*time.Second)
	})
	runCluster(t, c)
}
