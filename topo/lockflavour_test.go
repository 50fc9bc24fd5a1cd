package topo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"bufsim/sim"
	"bufsim/topo"
	"bufsim/topo/topotest"
	"bufsim/topo/wire"
)

// holder adds a process that makes the shard ks/0, locks it and then does work; it is
// not waited for.
func holder(t *testing.T, c *topotest.Cluster, work func(env *sim.Env, ts *topo.Server, locked *sim.Context)) *sim.Host {
	return c.World.AddHost("holder", sim.HostOptions{}, func(env *sim.Env) {
		ts := topo.NewServer(env, c.Net.Node(env), topo.Options{Implementation: c.Implementation})
		_, err := ts.GetOrCreateShard(env.Background(), "ks", "0")
		assert.NoError(t, err)
		locked, _, err := ts.LockShard(env.Background(), "ks", "0", "first")
		assert.NoError(t, err)
		work(env, ts, locked)
		env.Sleep(47 * time.Hour)
	})
}

// competitor asks for the shard's lock at 1 s, as often as it times out, and checks
// when it gets it, in whole seconds; 0 is never within ten minutes.
func competitor(t *testing.T, c *topotest.Cluster, want int) {
	c.Client("competitor", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		env.Sleep(time.Second)
		for env.Now() < sim.Time(10*time.Minute) {
			_, unlock, err := ts.LockShard(env.Background(), "ks", "0", "second")
			if err == nil {
				assert.Equal(t, want, int(time.Duration(env.Now())/time.Second))
				unlock(&err)
				assert.NoError(t, err)
				return
			}
			wantErr(t, err, topo.Timeout)
		}
		assert.Zero(t, want, "nobody else got the lock")
	})
}

// A holder that works for long without a check loses its lock in etcd2 after 30 s, and
// a second one works at the same time; elsewhere the lock lives as long as its holder.
// spec: O-38, I-O3
func TestHolderThatNeverChecks(t *testing.T) {
	each(t, [4]int{30, 0, 0, 0}, func(t *testing.T, c *topotest.Cluster, want int) {
		holder(t, c, func(*sim.Env, *topo.Server, *sim.Context) {})
		competitor(t, c, want)
	})
}

// A holder that checks every 20 s keeps its lock everywhere. spec: O-36
func TestHolderThatChecks(t *testing.T) {
	each(t, [4]int{}, func(t *testing.T, c *topotest.Cluster, want int) {
		holder(t, c, func(env *sim.Env, ts *topo.Server, locked *sim.Context) {
			for range 40 {
				env.Sleep(20 * time.Second)
				assert.NoError(t, ts.CheckShardLocked(locked, "ks", "0"))
			}
		})
		competitor(t, c, want)
	})
}

// When others get the lock of a holder that died at once: with the lease, the session,
// the session and the lock delay; never. spec: O-39
func TestHolderThatDies(t *testing.T) {
	each(t, [4]int{30, 30, 30, 0}, func(t *testing.T, c *topotest.Cluster, want int) {
		var host *sim.Host
		host = holder(t, c, func(env *sim.Env, _ *topo.Server, _ *sim.Context) {
			env.AfterFunc(100*time.Millisecond, "crash", func() { host.Crash() })
		})
		competitor(t, c, want)
	})
}

// A holder that stood still for a minute has lost its lock while another one got it; the
// check of zk2 does not tell. spec: O-36, O-39, O-97
func TestHolderThatPauses(t *testing.T) {
	each(t, [4]string{"node doesn't exist: lease", "", "lost channel closed", ""}, func(t *testing.T, c *topotest.Cluster, want string) {
		checked := false
		var host *sim.Host
		host = holder(t, c, func(env *sim.Env, ts *topo.Server, locked *sim.Context) {
			c.World.AddHost("pause", sim.HostOptions{}, func(env *sim.Env) {
				env.AfterFunc(100*time.Millisecond, "pause", host.Pause)
				env.AfterFunc(time.Minute, "resume", host.Resume)
			})
			env.Sleep(70 * time.Second)
			err := ts.CheckShardLocked(locked, "ks", "0")
			if checked = true; want == "" {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, want)
			}
		})
		c.Client("end", topo.Options{}, func(env *sim.Env, _ *topo.Server) {
			env.Sleep(5 * time.Minute)
			assert.True(t, checked)
		})
	})
}

// A holder that stood still for longer than consul's session lives has lost its lock, also while
// nobody else may have it yet: the session cannot be renewed in the delay after its end. The
// lease of etcd2 is twice as long. spec: O-36, O-39, O-97
func TestHolderThatPausesBriefly(t *testing.T) {
	each(t, [4]string{"", "", "lost channel closed", ""}, func(t *testing.T, c *topotest.Cluster, want string) {
		checked := false
		var host *sim.Host
		host = holder(t, c, func(env *sim.Env, ts *topo.Server, locked *sim.Context) {
			c.World.AddHost("pause", sim.HostOptions{}, func(env *sim.Env) {
				env.AfterFunc(100*time.Millisecond, "pause", host.Pause)
				env.AfterFunc(20*time.Second, "resume", host.Resume)
			})
			env.Sleep(26 * time.Second)
			err := ts.CheckShardLocked(locked, "ks", "0")
			if checked = true; want == "" {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, want)
			}
		})
		c.Client("end", topo.Options{}, func(env *sim.Env, _ *topo.Server) {
			env.Sleep(time.Minute)
			assert.True(t, checked)
		})
	})
}

// A lease that is expired by hand is lost at once. spec: O-97
func TestExpiredByHand(t *testing.T) {
	c := newCluster(0)
	holder(t, c, func(env *sim.Env, ts *topo.Server, locked *sim.Context) {
		env.Sleep(5 * time.Second)
		c.Store.ExpireLeases(c.Store.Keys("/vitess/global/keyspaces/ks/shards/0/locks/")[0])
		assert.EqualError(t, ts.CheckShardLocked(locked, "ks", "0"), "node doesn't exist: lease")
	})
	competitor(t, c, 5)
	runCluster(t, c)
}

// The first trouble of consul's servers counts as the loss of a lock that is in fact
// still held; the others' checks wait, or do not look. spec: O-36, O-93
func TestLockInAnElection(t *testing.T) {
	each(t, [4]string{"ok after 3 s", "ok after 0 s", "lost channel closed after 0 s", "ok after 0 s"}, func(t *testing.T, c *topotest.Cluster, want string) {
		withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
			ctx := env.Background()
			locked, unlock, err := ts.LockKeyspace(ctx, "ks", "test")
			assert.NoError(t, err)
			c.Store.Elect(4 * time.Second)
			env.Sleep(900 * time.Millisecond)
			assert.Equal(t, want, result(env, func() error { return ts.CheckKeyspaceLocked(locked, "ks") }))
			env.Sleep(30*time.Second - time.Duration(env.Now()))
			short, cancel := env.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			_, _, err = ts.LockKeyspace(short, "ks", "other")
			wantErr(t, err, topo.Timeout)
			unlock(&err)
		})
	})
}

// Two that try a free lock at the same moment see no lock, both queue, and one of them
// waits like anybody else. spec: O-40
func TestTryLockRace(t *testing.T) {
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		_, err := ts.GetOrCreateShard(env.Background(), "ks", "0")
		assert.NoError(t, err)
		group := env.NewWaitGroup("tries")
		var waited []time.Duration
		for range 2 {
			group.Go("try", func() {
				began := env.Now()
				_, unlock, err := ts.TryLockShard(env.Background(), "ks", "0", "try")
				assert.NoError(t, err, "it was not refused")
				waited = append(waited, env.Now().Sub(began).Truncate(time.Second))
				env.Sleep(10 * time.Second)
				unlock(&err)
			})
		}
		group.Wait()
		assert.Equal(t, []time.Duration{0, 10 * time.Second}, waited)
	})
	runCluster(t, c)
}

// A time to live counts in whole seconds and is looked at by etcd2 and consul only;
// of half a second nothing is left in etcd2. spec: O-38, O-41
func TestLockWithTTL(t *testing.T) {
	// When the next one gets the lock of a holder that died: 2.9 s count as 2 in etcd2; in
	// consul they are followed by the lock delay.
	each(t, [4]int{3, 31, 18, 0}, func(t *testing.T, c *topotest.Cluster, want int) {
		host := c.World.AddHost("dies", sim.HostOptions{}, func(env *sim.Env) {
			ts := topo.NewServer(env, c.Net.Node(env), topo.Options{Implementation: c.Implementation})
			_, err := ts.GetOrCreateShard(env.Background(), "ks", "0")
			assert.NoError(t, err)
			env.Sleep(time.Second)
			_, _, err = ts.LockKeyspaceWithTTL(env.Background(), "ks", "dies", 2900*time.Millisecond)
			assert.NoError(t, err)
			env.Sleep(47 * time.Hour)
		})
		c.Client("next", topo.Options{LockTimeout: 10 * time.Minute}, func(env *sim.Env, ts *topo.Server) {
			env.AfterFunc(1100*time.Millisecond, "crash", host.Crash)
			env.Sleep(1200 * time.Millisecond)
			_, _, err := ts.LockKeyspace(env.Background(), "ks", "next")
			if want == 0 {
				wantErr(t, err, topo.Timeout)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, want, int(time.Duration(env.Now())/time.Second))
		})
	})
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		_, _, err := ts.LockKeyspaceWithTTL(env.Background(), "ks", "short", 500*time.Millisecond)
		assert.EqualError(t, err, "node doesn't exist: lease")
	})
	runCluster(t, c)
}

// A named lock needs no record and outlives its holder for a day; the routing rules
// have a lock, too. spec: O-31, O-35, O-38
func TestNamedLocks(t *testing.T) {
	c := clusterOf(wire.Etcd2, 0)
	host := c.World.AddHost("dies", sim.HostOptions{}, func(env *sim.Env) {
		ts := topo.NewServer(env, c.Net.Node(env), topo.Options{})
		locked, _, err := ts.LockName(env.Background(), "copy", "dies")
		assert.NoError(t, err)
		assert.NoError(t, ts.CheckNameLocked(locked, "copy"))
		_, unlock, err := ts.LockRoutingRules(locked, "both")
		assert.NoError(t, err)
		unlock(&err)
		assert.NoError(t, err)
		env.Sleep(47 * time.Hour)
	})
	c.Client("next", topo.Options{LockTimeout: 47 * time.Hour}, func(env *sim.Env, ts *topo.Server) {
		env.Sleep(time.Second)
		host.Crash()
		_, _, err := ts.LockName(env.Background(), "copy", "next")
		assert.NoError(t, err)
		assert.Equal(t, 24*time.Hour, time.Duration(env.Now()).Truncate(time.Second))
		assert.EqualError(t, ts.CheckNameLocked(env.Background(), "copy"), "named copy is not locked (no locksInfo)")
	})
	runCluster(t, c)
}

// A leader whose lease is lost is told so by zk2 and consul, whose contexts end; that of
// etcd2 goes on leading in its own mind. spec: O-43
func TestLeaderLosesItsLease(t *testing.T) {
	each(t, [4]bool{false, true, true, false}, func(t *testing.T, c *topotest.Cluster, told bool) {
		c.Client("vtctld", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			conn, err := ts.ConnForCell(env.Background(), topo.GlobalCell)
			assert.NoError(t, err)
			p, err := conn.NewLeaderParticipation("vtctld", "me")
			assert.NoError(t, err)
			leading, err := p.WaitForLeadership()
			assert.NoError(t, err)
			env.Sleep(5 * time.Minute)
			assert.NoError(t, leading.Err(), "the lease is kept alive")
			c.Store.ExpireLeases("/vitess/global/elections/")
			env.Sleep(time.Minute)
			assert.Equal(t, told, leading.Err() != nil)
			p.Stop()
			assert.Error(t, leading.Err())
		})
	})
}

// Those who follow an election hear of each leader once, the present one first.
// spec: O-42
func TestNewLeaders(t *testing.T) {
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		conn, err := ts.ConnForCell(env.Background(), topo.GlobalCell)
		assert.NoError(t, err)
		var heard []string
		for _, id := range []string{"one", "two"} {
			p, err := conn.NewLeaderParticipation("vtctld", id)
			assert.NoError(t, err)
			_, err = p.WaitForLeadership()
			assert.NoError(t, err)
			if id == "one" {
				leaders, err := p.WaitForNewLeader(env.Background())
				assert.NoError(t, err)
				env.GoDaemon("follow", func() {
					for {
						leader, _ := leaders.Recv()
						heard = append(heard, leader)
					}
				})
				env.Sleep(time.Minute)
				p.Stop()
			}
		}
		env.Sleep(time.Minute)
		assert.Equal(t, []string{"one", "two"}, heard)
	})
	runCluster(t, c)
}
