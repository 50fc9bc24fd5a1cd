package topotest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simnet"
	"bufsim/topo"
	"bufsim/topo/topotest"
)

// The simulated etcd fulfils the contract, also under random schedules, and does
// the same again with the same seed.
func TestContract(t *testing.T) {
	for _, c := range topotest.Contract() {
		for seed := range uint64(20) {
			t.Run(fmt.Sprintf("%s/%d", c.Name, seed), func(t *testing.T) {
				first := runCase(t, c, seed)
				require.Equal(t, first.Hash, runCase(t, c, seed).Hash)
			})
		}
	}
}

func runCase(t *testing.T, c topotest.Case, seed uint64) sim.Outcome {
	cfg := sim.Config{Seed: seed, MaxTime: sim.Time(time.Hour)}
	if seed > 0 {
		cfg.Chooser = explore.NewRandom(seed, true)
	}
	cluster := topotest.NewCluster(cfg, simnet.Options{Latency: sim.Uniform(100*time.Microsecond, 5*time.Millisecond)})
	var err error
	cluster.Client("client", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
		conn, connErr := ts.ConnForCell(env.Background(), topo.GlobalCell)
		if err = connErr; err == nil {
			err = c.Check(env, conn)
		}
	})
	out, ok := cluster.Run()
	require.True(t, ok, "%v\n%s", out, out.Detail)
	require.NoError(t, err)
	return out
}
