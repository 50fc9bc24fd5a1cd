package history

import (
	"fmt"
	"time"

	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// droppedHealth is a health update that found no room on its way to the watcher.
//
// Thirty-two shards of a keyspace are reparented at once. All new primaries report within an
// instant; the way from the health check to the watcher has room for two reports, and more are
// thrown away. So the watcher does not learn that the keyspace is whole: all shards stay in
// BUFFERING, and their clients wait out their windows although every primary serves.
func droppedHealth() Bug {
	return Bug{
		Name:      "health-updates-dropped",
		Title:     "buffering ends by timeout though all primaries have reported",
		Reports:   []string{"issue #17629", "PR #17634", "PR #17821"},
		Rules:     []string{"D-48", "D-49", "D-98"},
		Switch:    "HealthCheckChannelCapacity",
		In:        func(b release.Behaviors) bool { return b.HealthCheckChannelCapacity < 32 },
		Schedules: 10,
		play: func(t *teller, cfg sim.Config, b release.Behaviors) {
			playManyReparents(t, cfg, b, oneKeyspace(32), "health-update-dropped")
		},
	}
}

// droppedEvents is a keyspace event that found no room on its way to the buffer.
//
// Eight keyspaces are reparented at once. Each is whole again within an instant, and each has
// an event; the way to the buffer has room for two, and more are thrown away. The buffer never
// learns that the keyspaces of the lost events are whole.
func droppedEvents() Bug {
	return Bug{
		Name:      "keyspace-events-dropped",
		Title:     "the event that ends buffering is lost",
		Reports:   []string{"issue #15707", "PR #15701"},
		Rules:     []string{"D-67", "D-69"},
		Switch:    "KeyspaceEventSendBlocks",
		In:        func(b release.Behaviors) bool { return !b.KeyspaceEventSendBlocks },
		Schedules: 40,
		play: func(t *teller, cfg sim.Config, b release.Behaviors) {
			playManyReparents(t, cfg, b, oneShardEach(8), "keyspace-event-dropped")
		},
	}
}

func oneKeyspace(shards int) []shape {
	k := shape{keyspace: "ks"}
	for i := range shards {
		k.shards = append(k.shards, fmt.Sprintf("s%02d", i))
	}
	return []shape{k}
}

func oneShardEach(n int) (all []shape) {
	for i := range n {
		all = append(all, shape{fmt.Sprintf("ks%d", i), []string{"0"}})
	}
	return all
}

// playManyReparents demotes the primaries of all shards and promotes new ones at t=3 s, with
// one held write in each shard. The bug shows if something of the given kind was dropped and a
// write was held for longer than the reparent.
func playManyReparents(t *teller, cfg sim.Config, b release.Behaviors, keyspaces []shape, dropped string) {
	const demoted, write, promoted = time.Second, 1500 * time.Millisecond, 3 * time.Second
	check := func(took time.Duration, _ error) {
		if n := t.marks[dropped]; took > promoted-write && n > 0 {
			t.found("a write took %s; its shard had a new primary after %s; messages that were dropped: %d", took, promoted-write, n)
		}
	}
	playGate(t, cfg, b, 30*time.Second, keyspaces, func(s *gateWorld) {
		for _, k := range keyspaces {
			for _, shard := range k.shards {
				p := s.pair(k.keyspace, shard)
				s.at(demoted, "demote", func() { p.refuse(vterr.ShuttingDown()) })
				s.request(write, k.keyspace, shard, check)
				// One after the other, so that the watcher hears of each.
				late := time.Duration(s.next) * time.Microsecond
				s.at(write+late, "say so", p.sayNotServing)
				s.at(promoted, "promote", p.promote)
			}
		}
	})
}
