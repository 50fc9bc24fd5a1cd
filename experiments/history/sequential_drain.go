package history

import (
	"time"

	"bufsim/gate/buffer"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// sequentialDrain is a flag that was read by nobody: --buffer-drain-concurrency.
//
// Eight requests are held, four may be retried at a time, and each retry takes a second. The
// drain should be over after two seconds; it takes eight.
func sequentialDrain() Bug {
	return Bug{
		Name:      "sequential-drain",
		Title:     "--buffer-drain-concurrency has no effect",
		Reports:   []string{"issue #11684", "PR #14545", "PR #15042"},
		Rules:     []string{"B-45", "B-46", "P-15"},
		Switch:    "DrainConcurrencyHonoured",
		Schedules: 30,
		In:        func(b release.Behaviors) bool { return !b.DrainConcurrencyHonoured },
		play:      playSequentialDrain,
	}
}

func playSequentialDrain(t *teller, cfg sim.Config, b release.Behaviors) {
	const held, concurrency, retry = 8, 4, time.Second
	c := enabled()
	c.DrainConcurrency = concurrency
	ended := time.Second
	story := func(s *bufferWorld) {
		for range held {
			s.request(0, "a client", vterr.ShuttingDown(), 0, retry, func(waited time.Duration, _ error) {
				if late := waited - ended; late > (held/concurrency-1)*retry {
					t.found("a request waits %s for its turn after the failover is over; with %d at a time nobody waits longer than %s",
						late, concurrency, (held/concurrency-1)*retry)
				}
			})
		}
		s.at(ended, "event", func() { s.buffer.HandleKeyspaceEvent(promoted()) })
	}
	playBuffer(t, cfg, b, c, 20*time.Second, story, func(*bufferWorld) {})
}

// promoted is the event that ends a failover of a bufferWorld.
func promoted() *buffer.KeyspaceEvent {
	return &buffer.KeyspaceEvent{Cell: "zone1", Keyspace: "ks", Shards: []buffer.ShardEvent{{
		Primary: topodata.TabletAlias{Cell: "zone1", UID: 101}, Serving: true,
		Target: query.Target{Keyspace: "ks", Shard: shardName, TabletType: topodata.Primary},
	}}}
}
