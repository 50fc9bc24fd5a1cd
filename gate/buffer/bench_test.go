package buffer_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
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
func episode(env *sim.Env, behaviors release.Behaviors, n int) {
	cfg := buffer.DefaultConfig()
	cfg.Enabled, cfg.Size = true, n
	b := buffer.New(env, cfg, metrics.NewRegistry(env), behaviors)
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

func runEpisode(pool *sim.Pool, behaviors release.Behaviors, n int) sim.Outcome {
	w := sim.New(sim.Config{Pool: pool, MaxStepsPerInstant: 1 << 30})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) { episode(env, behaviors, n) })
	return w.Run()
}

func BenchmarkEpisode(b *testing.B) {
	behaviors := release.Latest().Behaviors
	for _, n := range []int{1, 100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			pool := sim.NewPool()
			defer pool.Close()
			b.ReportAllocs()
			for b.Loop() {
				if out := runEpisode(pool, behaviors, n); out.Kind != sim.Finished {
					b.Fatal(out.String(), out.Detail)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/request")
		})
	}
}

// BenchmarkEpisodeInSleeps reports what an episode of 100 requests costs in sleep events of
// testing/synctest, measured in turns in the same process: the medians of several rounds.
func BenchmarkEpisodeInSleeps(b *testing.B) {
	behaviors := release.Latest().Behaviors
	pool := sim.NewPool()
	defer pool.Close()
	const rounds, episodes, sleeps = 15, 100, 40_000
	var ours, peer []float64
	for range rounds {
		start := time.Now()
		for range episodes {
			runEpisode(pool, behaviors, 100)
		}
		ours = append(ours, float64(time.Since(start))/episodes)
		start = time.Now()
		synctestSleeps(100, sleeps/100)
		peer = append(peer, float64(time.Since(start))/sleeps)
	}
	slices.Sort(ours)
	slices.Sort(peer)
	b.ReportMetric(ours[rounds/2], "episode-ns")
	b.ReportMetric(peer[rounds/2], "synctest-sleep-ns")
	b.ReportMetric(ours[rounds/2]/peer[rounds/2], "sleeps/episode")
	b.ReportMetric(0, "ns/op")
}

// synctestSleeps lets goroutines sleep a number of times each in a bubble.
func synctestSleeps(goroutines, times int) {
	bubble := func(t *testing.T) {
		synctest.Test(t, func(*testing.T) {
			var all sync.WaitGroup
			for i := range goroutines {
				all.Go(func() {
					for r := range times {
						time.Sleep(time.Duration(1000 + (i*7919+r*104729)%1_000_000))
					}
				})
			}
			all.Wait()
		})
	}
	testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "peer", F: bubble}})
}
