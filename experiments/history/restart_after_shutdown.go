package history

import (
	"time"

	"bufsim/gate/buffer"
	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// restartAfterShutdown is a request that had looked at the flag before the shutdown set it, and
// takes the shard's lock when the shutdown is over.
//
// At one instant a request comes with a failover error and the gate shuts its buffer down. If
// the request is the slower one between its two looks, it starts buffering in a buffer that
// nobody will end: it waits out its window, and a thread outlives the shutdown.
func restartAfterShutdown() Bug {
	return Bug{
		Name:      "restart-after-shutdown",
		Title:     "buffering starts again after Shutdown has returned",
		Reports:   []string{"issue #19927", "PR #19954"},
		Rules:     []string{"B-14", "B-64", "B-66", "P-6", "X-32"},
		Switch:    "StoppedRecheck, StoppedFlagFirst",
		In:        func(b release.Behaviors) bool { return !b.StoppedRecheck || !b.StoppedFlagFirst },
		Schedules: 100,
		play:      playRestartAfterShutdown,
	}
}

func playRestartAfterShutdown(t *teller, cfg sim.Config, b release.Behaviors) {
	story := func(s *bufferWorld) {
		s.request(time.Second, "a client", vterr.ShuttingDown(), 0, 0, nil)
		s.at(time.Second, "shutdown", s.buffer.Shutdown)
	}
	playBuffer(t, cfg, b, enabled(), 5*time.Second, story, func(s *bufferWorld) {
		for _, shard := range s.buffer.Status().Shards {
			if shard.State != buffer.Idle {
				t.tell(s.now(), "4s after the shutdown %s/%s is %s", shard.Keyspace, shard.Shard, shard.State)
				t.found("4s after Shutdown returned, a shard is %s", shard.State)
			}
		}
	})
}
