package srvtopo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"bufsim/sim"
	"bufsim/topo/srvtopo"
)

// lifetimes are options in which no two durations are equal.
var lifetimes = srvtopo.Options{CacheTTL: 10 * time.Second, CacheRefresh: 2 * time.Second}

// asking calls ask every 100 ms, at whole tenths, up to an instant.
func asking(env *sim.Env, until time.Duration, ask func(at time.Duration)) {
	for {
		at := time.Duration(env.Now()).Round(time.Millisecond)
		if at > until {
			return
		}
		ask(at)
		env.Sleep(100*time.Millisecond - time.Duration(env.Now())%(100*time.Millisecond))
	}
}

// While queries fail, a list of names is good until it is just as old as the lifetime; where
// stale ones will do, two refresh intervals longer; then the error is told.
// spec: O-64, D-82
func TestLifetimeOfNames(t *testing.T) {
	for staleOK, until := range map[bool]time.Duration{false: 10 * time.Second, true: 14 * time.Second} {
		play(t, lifetimes, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
			f.names = []string{"a"}
			_, err := r.GetSrvKeyspaceNames(env.Background(), "zone1", staleOK)
			assert.NoError(t, err)
			f.failure = errOther
			asking(env, 20*time.Second, func(at time.Duration) {
				names, err := r.GetSrvKeyspaceNames(env.Background(), "zone1", staleOK)
				if at < until {
					assert.NoError(t, err, at)
					assert.Equal(t, []string{"a"}, names, at)
				} else {
					assert.ErrorIs(t, err, errOther, at)
				}
			})
		})
	}
}

// A query may begin when the last one began more than a refresh interval ago, however long it
// took; an error is told until the next one has ended, not for a lifetime.
// spec: O-64, D-82
func TestQueriesOfNames(t *testing.T) {
	play(t, lifetimes, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		f.delay, f.failure = 1500*time.Millisecond, errOther
		var began []time.Duration
		env.Go("watch", func() {
			for n := 0; ; env.Sleep(10 * time.Millisecond) {
				if f.queries > n {
					n, began = f.queries, append(began, time.Duration(env.Now()).Truncate(100*time.Millisecond))
				}
				if env.Now() > sim.Time(11*time.Second) {
					return
				}
			}
		})
		asking(env, 10*time.Second, func(time.Duration) {
			env.Go("ask", func() { _, _ = r.GetSrvKeyspaceNames(env.Background(), "zone1", false) })
		})
		assert.Len(t, began, 5, "%v", began)
		for i := 1; i < len(began); i++ {
			assert.InDelta(t, 2100, (began[i] - began[i-1]).Milliseconds(), 10)
		}
		f.delay, f.failure, f.names = 0, nil, []string{"b"}
		env.Sleep(2500 * time.Millisecond)
		names, err := r.GetSrvKeyspaceNames(env.Background(), "zone1", false)
		assert.NoError(t, err)
		assert.Equal(t, []string{"b"}, names)
	})
}

// After its watch broke a value is good until it is just as old as the lifetime; then a read
// waits for the attempt.
// spec: O-59, O-60
func TestLifetimeOfAValue(t *testing.T) {
	play(t, lifetimes, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		_, err := r.GetSrvKeyspace(env.Background(), "zone1", "ks")
		assert.NoError(t, err)
		env.Sleep(time.Minute)
		f.delay = time.Hour // the attempt hangs
		f.end(errOther)
		broke := env.Now()
		asking(env, time.Duration(broke)+11*time.Second, func(at time.Duration) {
			ctx, cancel := env.WithTimeout(env.Background(), time.Millisecond)
			defer cancel()
			v, err := r.GetSrvKeyspace(ctx, "zone1", "ks")
			if age := at - time.Duration(broke); age < 10*time.Second {
				assert.NoError(t, err, age)
				assert.Equal(t, serving(1), v, age)
			} else {
				assert.Error(t, err, age)
			}
		})
	})
}

// Without listeners a watch that could not be opened is tried again by the first read that
// comes more than a refresh interval after the failure; how long values live does not matter.
// spec: O-59
func TestAttemptsOfReads(t *testing.T) {
	play(t, lifetimes, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		f.failure = errOther
		asking(env, 9900*time.Millisecond, func(at time.Duration) {
			_, err := r.GetSrvKeyspace(env.Background(), "zone1", "ks")
			assert.ErrorIs(t, err, errOther)
			assert.Equal(t, 1+int(at/(2100*time.Millisecond)), f.starts, at)
		})
	})
}

// A watch whose channel closes without an error has ended: the value lives for its time, and a
// read opens the watch again.
// spec: O-26, O-60
func TestClosedWithoutAnError(t *testing.T) {
	play(t, lifetimes, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		_, err := r.GetSrvKeyspace(env.Background(), "zone1", "ks")
		assert.NoError(t, err)
		f.changes.Close()
		env.Sleep(3 * time.Second)
		assert.Equal(t, 1, f.starts, "nobody asked")
		v, err := r.GetSrvKeyspace(env.Background(), "zone1", "ks")
		assert.NoError(t, err)
		assert.Equal(t, serving(1), v)
		f.value = serving(2)
		env.Sleep(settle)
		assert.Equal(t, 2, f.starts)
		f.push(serving(3))
		env.Sleep(settle)
		v, err = r.GetSrvKeyspace(env.Background(), "zone1", "ks")
		assert.NoError(t, err)
		assert.Equal(t, serving(3), v, "it follows the new watch")
	})
}
