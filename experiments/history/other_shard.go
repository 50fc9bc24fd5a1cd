package history

import (
	"time"

	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// otherShard is an end of buffering that another shard brought about.
//
// Two shards are reparented together. MySQL of the second shard has been set read-only, and
// its tablet still says that it serves. A write meets the read-only error and is held. Then the
// first shard is done: as far as the watcher knows all shards serve, so the keyspace is whole,
// and the event ends the buffering of both. The held write goes to the read-only server again.
func otherShard() Bug {
	return Bug{
		Name:      "other-shard-ends-buffering",
		Title:     "a reparent of another shard ends buffering too early",
		Reports:   []string{"issue #16438", "PR #17013"},
		Rules:     []string{"B-17", "B-57", "D-65", "D-92", "X-14", "X-36"},
		Switch:    "MarkShardNotServing",
		Schedules: 30,
		In:        func(b release.Behaviors) bool { return !b.MarkShardNotServing },
		play:      playOtherShard,
	}
}

func playOtherShard(t *teller, cfg sim.Config, b release.Behaviors) {
	keyspaces := []shape{{"ks", []string{"-80", "80-"}}}
	playGate(t, cfg, b, 30*time.Second, keyspaces, func(s *gateWorld) {
		low, high := s.pair("ks", "-80"), s.pair("ks", "80-")
		s.at(1*time.Second, "demote low", low.stop)
		s.at(1500*time.Millisecond, "read-only", func() { high.refuse(vterr.ServerReadOnly("--super-read-only", "", "")) })
		s.request(2*time.Second, "ks", "80-", func(took time.Duration, err error) {
			if err != nil {
				t.found("after %s a held write failed, though its shard had a new primary 3s after it came: %s", took, oneLine(err))
			}
		})
		s.at(3*time.Second, "promote low", low.promote)
		s.at(5*time.Second, "promote high", high.promote)
	})
}
