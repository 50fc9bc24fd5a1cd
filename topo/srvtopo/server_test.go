package srvtopo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo"
	"bufsim/topo/srvtopo"
	"bufsim/topo/topotest"
)

// Inside a proc only assert is used: require would end the goroutine of the kernel.

var (
	errTopo  = topo.NewError(topo.Timeout, "SrvKeyspace")
	errOther = errors.New("connection refused")
	errGone  = topo.NewError(topo.NoNode, "SrvKeyspace")
)

const settle = 10 * time.Millisecond

// heard collects what a listener is told.
type heard struct {
	values []int // partitions of the value, -1 for none
	errs   []error
}

func (h *heard) listen(v *topodata.SrvKeyspace, err error) bool {
	n := -1
	if v != nil {
		n = len(v.Partitions)
	}
	h.values, h.errs = append(h.values, n), append(h.errs, err)
	return true
}

// spec: topo 9
func TestOptions(t *testing.T) {
	_, err := srvtopo.NewResilientServer(nil, nil, srvtopo.Options{CacheTTL: time.Second, CacheRefresh: 2 * time.Second})
	require.EqualError(t, err, "srv-topo-cache-refresh must be less than or equal to srv-topo-cache-ttl")
}

// The first read opens the watch and waits; while it runs, reads cost nothing and
// follow it, however old the value is. spec: O-58, D-79
func TestReadsFollowTheWatch(t *testing.T) {
	play(t, srvtopo.Options{}, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		ctx := env.Background()
		f.delay = 3 * time.Second
		v, err := r.GetSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		assert.Same(t, f.value, v)
		assert.Equal(t, sim.Time(3*time.Second), env.Now())
		env.Sleep(time.Minute)
		_, err = r.GetSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		assert.Equal(t, sim.Time(63*time.Second), env.Now())
		f.push(serving(2))
		env.Sleep(settle)
		v, err = r.GetSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		assert.Equal(t, serving(2), v)
		assert.Equal(t, 1, f.starts)
	})
}

// A reader does not wait for a slow topology beyond its own context. spec: O-59
func TestReadEndsWithItsContext(t *testing.T) {
	play(t, srvtopo.Options{}, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		f.delay = 15 * time.Second
		ctx, cancel := env.WithTimeout(env.Background(), time.Second)
		defer cancel()
		_, err := r.GetSrvKeyspace(ctx, "zone1", "ks")
		assert.Equal(t, ctx.Err(), errors.Unwrap(err))
		assert.Equal(t, sim.Time(time.Second), env.Now())
	})
}

// After a break the value is good for the TTL without waiting; then a read waits
// for the attempt. A topology error of an attempt drops a stale value, another
// error keeps it, NoNode drops it at once. spec: O-59, O-60, O-61, D-80
func TestBrokenWatch(t *testing.T) {
	for name, c := range map[string]struct {
		end, restart error
		late         any // nil: no value after the TTL
	}{
		"topology error at restart": {errOther, errTopo, nil},
		"other error at restart":    {errTopo, errOther, serving(1)},
		"wrapped error at restart":  {errTopo, errors.Join(errTopo), serving(1)},
		"deleted":                   {errGone, errGone, nil},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, srvtopo.Options{}, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
				ctx := env.Background()
				_, err := r.GetSrvKeyspace(ctx, "zone1", "ks")
				assert.NoError(t, err)
				env.Sleep(time.Minute)
				f.delay, f.failure = 5*time.Second, c.restart
				f.end(c.end)
				env.Sleep(900 * time.Millisecond)
				v, err := r.GetSrvKeyspace(ctx, "zone1", "ks")
				if c.end == errGone {
					assert.ErrorIs(t, err, errGone)
				} else {
					assert.NoError(t, err)
					assert.Equal(t, serving(1), v)
				}
				env.Sleep(200 * time.Millisecond)
				began := env.Now()
				v, err = r.GetSrvKeyspace(ctx, "zone1", "ks")
				assert.Equal(t, 5*time.Second, env.Now().Sub(began), "past the TTL a read waits for the attempt")
				if c.late == nil {
					assert.Nil(t, v)
					assert.Equal(t, c.restart, err)
				} else {
					assert.Equal(t, c.late, v)
					assert.NoError(t, err)
				}
			})
		})
	}
}

// Without listeners only reads open the watch again, at most once per refresh
// interval. spec: O-59
func TestNoListenerNoRetry(t *testing.T) {
	play(t, srvtopo.Options{}, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		f.failure = errOther
		for range 100 {
			_, err := r.GetSrvKeyspace(env.Background(), "zone1", "ks")
			assert.Equal(t, errOther, err)
			env.Sleep(100 * time.Millisecond)
		}
		assert.InDelta(t, 10, f.starts, 1)
		env.Sleep(time.Minute)
		assert.InDelta(t, 10, f.starts, 1)
	})
}

// With a listener the watch is opened again after each refresh interval. The
// listener hears of values, and of errors only if nothing is cached.
// spec: O-62, D-80, D-81
func TestListeners(t *testing.T) {
	play(t, srvtopo.Options{}, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		var h heard
		r.WatchSrvKeyspace("zone1", "ks", h.listen)
		env.Sleep(settle)
		f.failure = errOther
		f.end(errTopo)
		env.Sleep(3*time.Second + 500*time.Millisecond)
		assert.Equal(t, 4, f.starts)
		assert.Equal(t, []int{1, 1}, h.values, "the first value comes by the watch and by the registration")
		f.failure, f.value = nil, serving(2)
		env.Sleep(time.Second)
		assert.Equal(t, []int{1, 1, 2}, h.values)
		var second heard
		r.WatchSrvKeyspace("zone1", "ks", second.listen)
		assert.Equal(t, []int{2}, second.values, "a new listener is told at once")
		f.end(errGone)
		env.Sleep(settle)
		assert.Equal(t, []int{1, 1, 2, -1}, h.values)
		assert.ErrorIs(t, h.errs[3], errGone)
		assert.EqualError(t, h.errs[3], "ResilientWatch stream failed for zone1.ks: node doesn't exist: SrvKeyspace")
	})
}

// A value gets its full TTL again when its watch breaks; only an attempt that fails
// after that drops it. spec: O-60, D-80
func TestValueLivesForTheTTL(t *testing.T) {
	opts := srvtopo.Options{CacheTTL: 2 * time.Second, CacheRefresh: 500 * time.Millisecond}
	play(t, opts, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		var h heard
		r.WatchSrvKeyspace("zone1", "ks", h.listen)
		env.Sleep(time.Minute)
		f.failure = errTopo
		f.end(errTopo)
		env.Sleep(2400 * time.Millisecond)
		assert.Equal(t, []int{1, 1}, h.values)
		env.Sleep(200 * time.Millisecond)
		assert.Equal(t, []int{1, 1, -1}, h.values)
		assert.Equal(t, errTopo, h.errs[2])
	})
}

// Older releases told listeners at every failed attempt. spec: O-62, D-81
func TestTellEveryError(t *testing.T) {
	play(t, srvtopo.Options{TellEveryError: true}, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		var h heard
		r.WatchSrvKeyspace("zone1", "ks", h.listen)
		env.Sleep(settle)
		f.failure = errOther
		f.end(errTopo)
		env.Sleep(2*time.Second + 500*time.Millisecond)
		assert.Equal(t, []int{1, 1, 1, 1, 1}, h.values)
	})
}

// Registering waits for the first attempt, and tells of its failure. spec: D-51
func TestRegistrationWaits(t *testing.T) {
	play(t, srvtopo.Options{}, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		f.delay, f.failure = 3*time.Second, errGone
		var h heard
		r.WatchSrvKeyspace("zone1", "ks", h.listen)
		assert.Equal(t, sim.Time(3*time.Second), env.Now())
		assert.Equal(t, []error{errGone, errGone}, h.errs)
	})
}

// A listener that returns false hears no more; the others do. spec: O-63
func TestListenerLeaves(t *testing.T) {
	play(t, srvtopo.Options{}, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		var stays heard
		calls := 0
		r.WatchSrvKeyspace("zone1", "ks", func(*topodata.SrvKeyspace, error) bool { calls++; return calls < 4 })
		r.WatchSrvKeyspace("zone1", "ks", stays.listen)
		env.Sleep(settle)
		for n := 2; n < 6; n++ {
			f.push(serving(n))
			env.Sleep(settle)
		}
		assert.Equal(t, 4, calls)
		assert.Equal(t, []int{1, 2, 3, 4, 5}, stays.values)
	})
}

// spec: O-64, D-82
func TestKeyspaceNames(t *testing.T) {
	play(t, srvtopo.Options{}, func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer) {
		ctx := env.Background()
		get := func(staleOK bool) ([]string, error) { return r.GetSrvKeyspaceNames(ctx, "zone1", staleOK) }
		f.names = []string{"a"}
		names, err := get(false)
		assert.NoError(t, err)
		assert.Equal(t, f.names, names)
		_, _ = get(false)
		assert.Equal(t, 1, f.queries, "fresh for the TTL")

		f.delay, f.failure = 10*time.Second, errOther // the query is limited to 5 s
		env.Sleep(2 * time.Second)
		began := env.Now()
		names, err = get(true)
		assert.NoError(t, err)
		assert.Equal(t, f.names, names)
		assert.Equal(t, began, env.Now(), "stale reads do not wait")
		_, err = get(false)
		wantTimeout := topo.IsErrType(err, topo.Timeout)
		assert.True(t, wantTimeout, "%v", err)
		assert.Equal(t, 5*time.Second, env.Now().Sub(began), "the reader waits for the query under way")
		assert.Equal(t, 2, f.queries)
		_, err = get(true)
		assert.Error(t, err, "an error hides an old value")
	})
}

// Over a real topology: an outage of the server does not end the watch, so routing
// goes on; changes are heard when the server is back. spec: I-O5, O-61
func TestOutageOfTheServer(t *testing.T) {
	c := topotest.NewCluster(sim.Config{Seed: 1, MaxTime: sim.Time(time.Hour)}, simnet.Options{Latency: sim.Constant(time.Millisecond)})
	c.Client("gate", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		assert.NoError(t, ts.CreateCellInfo(ctx, "zone1", &topodata.CellInfo{ServerAddress: "topo", Root: "/vitess/zone1"}))
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(1)))
		assert.NoError(t, ts.UpdateSrvVSchema(ctx, "zone1", &topodata.SrvVSchema{Keyspaces: []string{"ks"}}))
		r, err := srvtopo.NewResilientServer(env, ts, srvtopo.Options{})
		assert.NoError(t, err)
		var h heard
		r.WatchSrvKeyspace("zone1", "ks", h.listen)
		vschema, err := r.GetSrvVSchema(ctx, "zone1")
		assert.NoError(t, err)
		assert.Equal(t, []string{"ks"}, vschema.Keyspaces)
		env.AfterFunc(0, "crash", c.Topo.Crash)
		for range 120 {
			env.Sleep(time.Second)
			began := env.Now()
			v, err := r.GetSrvKeyspace(ctx, "zone1", "ks")
			assert.NoError(t, err)
			assert.Equal(t, serving(1), v)
			assert.Equal(t, began, env.Now())
		}
		c.Topo.Restart()
		assert.NoError(t, ts.UpdateSrvKeyspace(ctx, "zone1", "ks", serving(2)))
		env.Sleep(5 * time.Minute)
		v, err := r.GetSrvKeyspace(ctx, "zone1", "ks")
		assert.NoError(t, err)
		assert.Equal(t, serving(2), v)
		assert.NotContains(t, h.values, -1)
	})
	out, ok := c.Run()
	require.True(t, ok, "%v\n%s", out, out.Detail)
}
