package buffer_test

import (
	"fmt"
	"testing"
	"time"

	"bufsim/gate/buffer"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// episode is n requests that come within 3 s of a failover, one event that ends it, a drain of
// one at a time, and a shutdown.
func episode(env *sim.Env, n int) {
	cfg := buffer.DefaultConfig()
	cfg.Enabled, cfg.Size = true, n
	b := buffer.New(env, cfg, metrics.NewRegistry(env), release.Latest().Behaviors)
	cause := vterr.New(vterr.ClusterEvent, vterr.TextNotServing)
	ctx := env.Background()
	request := func() {
		done, err := b.WaitForFailoverEnd(ctx, "commerce", "0", nil, cause)
		env.Assert(err == nil && done != nil, "held")
		done()
	}
	// One callback actor makes all requests come.
	came := 0
	var arrivals *sim.Timer
	gap := 3 * time.Second / time.Duration(n)
	arrivals = env.NewTimer("arrivals", func() {
		env.Go("request", request)
		if came++; came < n {
			arrivals.Reset(gap)
		}
	})
	arrivals.Reset(0)
	env.Sleep(4 * time.Second)
	b.HandleKeyspaceEvent(&buffer.KeyspaceEvent{Keyspace: "commerce", Shards: []buffer.ShardEvent{{
		Target: query.Target{Keyspace: "commerce", Shard: "0"}, Serving: true,
		Primary: topodata.TabletAlias{Cell: "zone1", UID: 101},
	}}})
	b.Shutdown()
	env.Assert(came == n, "all-came")
}

func runEpisode(pool *sim.Pool, n int) sim.Outcome {
	w := sim.New(sim.Config{Pool: pool, MaxStepsPerInstant: 1 << 30})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) { episode(env, n) })
	return w.Run()
}

func BenchmarkEpisode(b *testing.B) {
	for _, n := range []int{1, 100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			pool := sim.NewPool()
			defer pool.Close()
			b.ReportAllocs()
			for b.Loop() {
				if out := runEpisode(pool, n); out.Kind != sim.Finished {
					b.Fatal(out.String(), out.Detail)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/request")
		})
	}
}
