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

// Every implementation fulfils the contract and gives its column of the table of
// differences, also under random schedules, and does the same again with the same
// seed. spec: O-3, O-6, O-18, O-23, O-26, O-27, O-30, O-31, O-35, O-36, O-40, O-42, O-44
func TestContract(t *testing.T) {
	for _, implementation := range topo.Implementations() {
		for _, c := range topotest.Contract(implementation) {
			for seed := range uint64(10) {
				t.Run(fmt.Sprintf("%s/%s/%d", implementation, c.Name, seed), func(t *testing.T) {
					first := runCase(t, implementation, c, seed)
					require.Equal(t, first.Hash, runCase(t, implementation, c, seed).Hash)
				})
			}
		}
	}
}

func runCase(t *testing.T, implementation string, c topotest.Case, seed uint64) sim.Outcome {
	cfg := sim.Config{Seed: seed, MaxTime: sim.Time(time.Hour)}
	if seed > 0 {
		cfg.Chooser = explore.NewRandom(seed, true)
	}
	cluster := topotest.NewClusterOf(implementation, cfg, simnet.Options{Latency: sim.Uniform(100*time.Microsecond, 5*time.Millisecond)})
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
