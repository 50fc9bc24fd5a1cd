package srvtopo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/topo"
	"bufsim/topo/srvtopo"
)

// fakeTopo is a topology whose answers a test decides.
type fakeTopo struct {
	env     *sim.Env
	delay   time.Duration // before each answer
	failure error         // of starts and queries
	value   *topodata.SrvKeyspace
	names   []string
	starts  int
	queries int
	changes *sim.Chan[topo.SrvKeyspaceWatch] // of the last watch
}

func (f *fakeTopo) WatchSrvKeyspace(*sim.Context, string, string) (*topodata.SrvKeyspace, *sim.Chan[topo.SrvKeyspaceWatch], error) {
	f.starts++
	f.env.Sleep(f.delay)
	if f.failure != nil {
		return nil, nil, f.failure
	}
	f.changes = sim.NewChan[topo.SrvKeyspaceWatch](f.env, "changes", sim.Unbounded)
	return f.value, f.changes, nil
}

func (f *fakeTopo) WatchSrvVSchema(*sim.Context, string) (*topodata.SrvVSchema, *sim.Chan[topo.SrvVSchemaWatch], error) {
	return nil, nil, topo.NewError(topo.NoNode, "SrvVSchema")
}

func (f *fakeTopo) GetSrvKeyspaceNames(ctx *sim.Context, _ string) ([]string, error) {
	f.queries++
	if err := f.env.SleepCtx(ctx, f.delay); err != nil {
		return nil, topo.NewError(topo.Timeout, "names")
	}
	return f.names, f.failure
}

// end ends the watch with an error.
func (f *fakeTopo) end(err error) {
	f.changes.Send(topo.SrvKeyspaceWatch{Err: err})
	f.changes.Close()
}

// push sends a new value.
func (f *fakeTopo) push(v *topodata.SrvKeyspace) { f.changes.Send(topo.SrvKeyspaceWatch{Value: v}) }

// play runs fn with a cache over a fake topology, on the plain schedule and on
// random ones.
func play(t *testing.T, opts srvtopo.Options, fn func(env *sim.Env, f *fakeTopo, r *srvtopo.ResilientServer)) {
	t.Helper()
	for seed := range uint64(10) {
		cfg := sim.Config{Seed: seed, MaxTime: sim.Time(time.Hour)}
		if seed > 0 {
			cfg.Chooser = explore.NewRandom(seed, true)
		}
		w := sim.New(cfg)
		var newErr error
		w.AddHost("gate", sim.HostOptions{}, func(env *sim.Env) {
			f := &fakeTopo{env: env, value: serving(1)}
			r, err := srvtopo.NewResilientServer(env, f, opts)
			if newErr = err; err == nil {
				fn(env, f, r)
			}
		})
		out := w.Run()
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		require.NoError(t, newErr)
	}
}

func serving(n int) *topodata.SrvKeyspace {
	return &topodata.SrvKeyspace{Partitions: make([]topodata.Partition, n)}
}
