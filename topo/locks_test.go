package topo_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
	"bufsim/topo/topotest"
)

// withShard runs fn as a client of a cluster that has the shard ks/0.
func withShard(t *testing.T, opts topo.Options, fn func(env *sim.Env, ts *topo.Server)) {
	t.Helper()
	play(t, opts, func(env *sim.Env, ts *topo.Server) {
		_, err := ts.GetOrCreateShard(env.Background(), "ks", "0")
		assert.NoError(t, err)
		fn(env, ts)
	})
}

// spec: O-22, O-32, R-6
func TestLockTexts(t *testing.T) {
	withShard(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.EqualError(t, ts.CheckShardLocked(ctx, "ks", "0"), "shard ks/0 is not locked (no locksInfo)")
		locked, unlock, err := ts.LockShard(ctx, "ks", "0", "PlannedReparentShard(<nil>)")
		assert.NoError(t, err)
		assert.NoError(t, ts.CheckShardLocked(locked, "ks", "0"))
		assert.EqualError(t, ts.CheckKeyspaceLocked(locked, "ks"), "keyspace ks is not locked (no lockInfo in map)")
		_, _, err = ts.LockShard(locked, "ks", "0", "again")
		assert.EqualError(t, err, "lock for shard ks/0 is already held")
		_, unlockKeyspace, err := ts.LockKeyspace(locked, "ks", "both at a time")
		assert.NoError(t, err)
		unlockKeyspace(&err)
		_, _, err = ts.TryLockShard(ctx, "ks", "0", "VTOrc")
		assert.EqualError(t, err, "node already exists: lock already exists at path keyspaces/ks/shards/0")

		var opErr error
		unlock(&opErr)
		assert.NoError(t, opErr)
		assert.EqualError(t, ts.CheckShardLocked(locked, "ks", "0"), "shard ks/0 is not locked (no lockInfo in map)")
		unlock(&opErr)
		assert.EqualError(t, opErr, "trying to unlock shard ks/0 multiple times")
		opErr = fmt.Errorf("operation failed")
		unlock(&opErr)
		assert.EqualError(t, opErr, "operation failed")
		_, _, err = ts.LockShard(ctx, "ks", "1", "missing")
		wantErr(t, err, topo.NoNode)
	})
}

// spec: O-34, R-5
func TestLockContents(t *testing.T) {
	c := newCluster(0)
	c.Client("vtctld", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		assert.NoError(t, ts.CreateKeyspace(env.Background(), "ks", &topodata.Keyspace{}))
		_, _, err := ts.LockKeyspace(env.Background(), "ks", "Test")
		assert.NoError(t, err)
	})
	runCluster(t, c)
	keys := c.Store.Keys("/vitess/global/keyspaces/ks/locks/")
	require.Len(t, keys, 1)
	require.Equal(t, strings.Join([]string{
		`{`, `  "Action": "Test",`, `  "HostName": "vtctld",`, `  "UserName": "vitess",`, `  "Time": "2026-01-01T00:00:00Z",`,
		`  "Options": {},`, `  "Status": "Running"`, `}`,
	}, "\n"), c.Store.Value(keys[0]))
}

// spec: O-33, R-2
func TestLockTimeout(t *testing.T) {
	withShard(t, topo.Options{LeaseTTL: time.Hour}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		_, _, err := ts.LockShard(ctx, "ks", "0", "first")
		assert.NoError(t, err)
		began := env.Now()
		_, _, err = ts.LockShard(ctx, "ks", "0", "second")
		assert.EqualError(t, err, "deadline exceeded: /vitess/global/keyspaces/ks/shards/0")
		assert.Equal(t, 45*time.Second, env.Now().Sub(began))
	})
}

// A lock that is not checked is lost after the lease's time to live although its
// holder lives; each check gives it the full time again. spec: O-36, O-38, I-O3
func TestLockExpiresUnlessChecked(t *testing.T) {
	withShard(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		locked, unlock, err := ts.LockShard(ctx, "ks", "0", "slow")
		assert.NoError(t, err)
		env.Sleep(25 * time.Second)
		assert.NoError(t, ts.CheckShardLocked(locked, "ks", "0"))
		env.Sleep(25 * time.Second)
		_, _, err = ts.TryLockShard(ctx, "ks", "0", "other")
		wantErr(t, err, topo.NodeExists) // held 50 s after the acquisition

		checked := env.Now()
		_, unlockOther, err := ts.LockShard(ctx, "ks", "0", "other")
		assert.NoError(t, err)
		assert.InDelta(t, 5*time.Second, env.Now().Sub(checked), float64(20*time.Millisecond))
		err = ts.CheckShardLocked(locked, "ks", "0")
		assert.EqualError(t, err, "node doesn't exist: lease")
		var opErr error
		unlock(&opErr)
		assert.EqualError(t, opErr, "node doesn't exist: lease", "the lock was not there to be released")
		opErr = nil
		unlockOther(&opErr)
		assert.NoError(t, opErr)
	})
}

// Those who wait get the lock in the order in which they queued. spec: R-2, O-37
func TestLockIsFirstComeFirstServed(t *testing.T) {
	for seed := range uint64(20) {
		c := newCluster(seed)
		var order []int
		for i := range 5 {
			c.Client(fmt.Sprintf("client-%d", i), topo.Options{}, func(env *sim.Env, ts *topo.Server) {
				ctx := env.Background()
				if i == 0 {
					_, err := ts.GetOrCreateShard(ctx, "ks", "0")
					assert.NoError(t, err)
				}
				env.Sleep(time.Duration(i) * time.Second)
				_, unlock, err := ts.LockShard(ctx, "ks", "0", "test")
				if assert.NoError(t, err) {
					order = append(order, i)
					env.Sleep(10 * time.Second) // so that the last waits longer than a lease lives
					unlock(&err)
					assert.NoError(t, err)
				}
			})
		}
		runCluster(t, c)
		require.Equal(t, []int{0, 1, 2, 3, 4}, order)
	}
}

// A holder that crashes frees the lock when its lease ends, a waiter that crashes
// does not keep the others waiting for longer. spec: O-39, R-3
func TestLockSurvivesItsHolder(t *testing.T) {
	c := newCluster(0)
	var locked sim.Time
	holder := c.World.AddHost("holder", sim.HostOptions{}, func(env *sim.Env) {
		ts := topo.NewServer(env, c.Net.Node(env), topo.Options{})
		_, err := ts.GetOrCreateShard(env.Background(), "ks", "0")
		assert.NoError(t, err)
		_, _, err = ts.LockShard(env.Background(), "ks", "0", "dies")
		assert.NoError(t, err)
		locked = env.Now()
		env.Sleep(time.Hour)
	})
	c.Client("next", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		env.Sleep(10 * time.Second)
		env.AfterFunc(time.Second, "crash", holder.Crash)
		_, _, err := ts.LockShard(env.Background(), "ks", "0", "next")
		assert.NoError(t, err)
		assert.InDelta(t, 30*time.Second, env.Now().Sub(locked), float64(20*time.Millisecond))
	})
	runCluster(t, c)
}

// A waiter whose lease ran out while its process stood still does not get the lock.
// spec: O-37, I-O3
func TestLeaseExpiresInTheQueue(t *testing.T) {
	c := newCluster(0)
	c.Client("holder", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		_, err := ts.GetOrCreateShard(env.Background(), "ks", "0")
		assert.NoError(t, err)
		_, unlock, err := ts.LockShard(env.Background(), "ks", "0", "holder")
		assert.NoError(t, err)
		env.Sleep(20 * time.Second)
		unlock(&err)
		assert.NoError(t, err)
	})
	waiter := c.Client("waiter", topo.Options{LeaseTTL: 5 * time.Second}, func(env *sim.Env, ts *topo.Server) {
		env.Sleep(time.Second)
		_, _, err := ts.LockShard(env.Background(), "ks", "0", "waiter")
		assert.EqualError(t, err, "node doesn't exist: lease")
	})
	c.World.AddHost("pause", sim.HostOptions{}, func(env *sim.Env) {
		env.AfterFunc(2*time.Second, "pause", waiter.Pause)
		env.AfterFunc(12*time.Second, "resume", waiter.Resume)
	})
	runCluster(t, c)
}

// Waiting for locks leaves nothing behind on the server and the client.
func TestWaitersCleanUp(t *testing.T) {
	c := newCluster(0)
	c.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		_, err := ts.GetOrCreateShard(ctx, "ks", "0")
		assert.NoError(t, err)
		before := c.World.Procs()
		for range 10 {
			_, unlock, err := ts.LockShard(ctx, "ks", "0", "first")
			assert.NoError(t, err)
			env.Go("unlock", func() {
				env.Sleep(time.Second)
				unlock(&err)
			})
			_, unlockSecond, err := ts.LockShard(ctx, "ks", "0", "second")
			assert.NoError(t, err)
			unlockSecond(&err)
			assert.NoError(t, err)
		}
		env.Sleep(time.Minute)
		assert.Equal(t, before, c.World.Procs())
	})
	runCluster(t, c)
	require.Equal(t, "/vitess/global/keyspaces/ks/shards/0/Shard", c.Store.Keys("/")[2])
	require.Len(t, c.Store.Keys("/"), 3)
}

// While the topology is away a check neither fails nor succeeds; the lease gets its
// full time again when the server comes back. spec: O-36, R-4
func TestCheckWaitsForTheTopology(t *testing.T) {
	c := newCluster(0)
	c.Client("vtctld", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		_, err := ts.GetOrCreateShard(ctx, "ks", "0")
		assert.NoError(t, err)
		locked, unlock, err := ts.LockShard(ctx, "ks", "0", "reparent")
		assert.NoError(t, err)
		env.Sleep(20 * time.Second)
		outage(env, c, 20*time.Second)
		began := env.Now()
		assert.NoError(t, ts.CheckShardLocked(locked, "ks", "0"))
		waited := env.Now().Sub(began)
		assert.Greater(t, waited, 20*time.Second)
		assert.Less(t, waited, 35*time.Second) // 0.6 times the outage later, spec: O-36a
		short, cancel := env.WithTimeout(locked, time.Second)
		defer cancel()
		outage(env, c, time.Minute)
		wantErr(t, ts.CheckShardLocked(short, "ks", "0"), topo.Timeout)
		var opErr error
		began = env.Now()
		unlock(&opErr) // has 15 s of its own
		assert.Equal(t, 15*time.Second, env.Now().Sub(began))
		assert.EqualError(t, opErr, "deadline exceeded: lease")
	})
	runCluster(t, c)
}

// outage takes the server away at once, for d.
func outage(env *sim.Env, c *topotest.Cluster, d time.Duration) {
	env.AfterFunc(0, "outage", c.Topo.Crash)
	env.AfterFunc(d, "end of outage", c.Topo.Restart)
	env.Sleep(time.Millisecond)
}

// At most one holds a lock at a time, if holders check it often enough and stop
// when a check fails: through crashes of the server, partitions and random
// schedules. spec: I-O3
func TestLockExcludes(t *testing.T) {
	for seed := range uint64(40) {
		c := newCluster(seed + 1)
		holders, acquired := 0, 0
		for i := range 4 {
			host := fmt.Sprintf("client-%d", i)
			c.Client(host, topo.Options{LeaseTTL: 6 * time.Second}, func(env *sim.Env, ts *topo.Server) {
				rand := env.Rand(host)
				if _, err := ts.GetOrCreateShard(env.Background(), "ks", "0"); err != nil {
					t.Errorf("create: %v", err)
				}
				for range 6 {
					locked, unlock, err := ts.LockShard(env.Background(), "ks", "0", host)
					if err != nil {
						continue
					}
					acquired++
					holdChecked(t, env, ts, locked, rand, &holders)
					unlock(&err)
				}
			})
		}
		trouble(c, "client-0", "client-1", "client-2", "client-3")
		runCluster(t, c)
		require.Positive(t, acquired)
	}
}

// holdChecked holds a lock for a while; it counts itself as a holder only until it
// can no longer be sure.
func holdChecked(t *testing.T, env *sim.Env, ts *topo.Server, locked *sim.Context, rand *sim.Rand, holders *int) {
	for range 3 {
		// The answer's age is at most that of the question.
		asked := env.Now()
		ctx, cancel := env.WithTimeout(locked, 2*time.Second)
		err := ts.CheckShardLocked(ctx, "ks", "0")
		cancel()
		if err != nil {
			return
		}
		*holders++
		if *holders != 1 {
			t.Errorf("%d hold the lock at %v", *holders, env.Now())
		}
		env.Sleep(min(time.Duration(rand.Intn(4000))*time.Millisecond, asked.Add(5*time.Second).Sub(env.Now())))
		*holders--
	}
}

// trouble crashes and restarts the server and cuts clients off from it at random,
// for two minutes.
func trouble(c *topotest.Cluster, clients ...string) {
	c.World.AddHost("trouble", sim.HostOptions{}, func(env *sim.Env) {
		env.GoDaemon("trouble", func() {
			rand := env.Rand("trouble")
			for env.Now() < sim.Time(2*time.Minute) {
				env.Sleep(time.Duration(rand.Intn(10000)) * time.Millisecond)
				victim := clients[rand.Intn(len(clients))]
				pause := time.Duration(rand.Intn(8000)) * time.Millisecond
				switch rand.Intn(4) {
				case 0:
					c.Topo.Crash()
					env.Sleep(pause)
					c.Topo.Restart()
				case 1:
					c.Topo.Pause()
					env.Sleep(pause)
					c.Topo.Resume()
				case 2:
					c.Net.Partition("topo", victim)
					env.Sleep(pause)
					c.Net.Heal("topo", victim)
				case 3:
					c.Net.Reset("topo", victim)
				}
			}
		})
	})
}
