package history

import (
	"strings"
	"time"

	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// restartAsReshard is a guess that was too simple: a keyspace that is not whole, in which
// another shard serves, is being resharded.
//
// Two of three shards are restarted, the second one for a long time. Clients of a shard that
// stays away read "current keyspace is being resharded", and nothing is. The second half of the
// report is in every release: the shard that is back early is told only when the whole
// keyspace is whole, so its clients wait out their windows.
func restartAsReshard() Bug {
	return Bug{
		Name:      "restart-taken-for-reshard",
		Title:     "a restart in a sharded keyspace is taken for a resharding, and shards wait for each other",
		Reports:   []string{"issue #9908", "issue #13854", "PR #13856"},
		Rules:     []string{"D-66", "D-71", "D-102", "G-24"},
		Switch:    "ReshardOverlapOnly",
		Schedules: 30,
		In:        func(b release.Behaviors) bool { return !b.ReshardOverlapOnly },
		play:      playRestartAsReshard,
	}
}

func playRestartAsReshard(t *teller, cfg sim.Config, b release.Behaviors) {
	keyspaces := []shape{{"ks", []string{"-40", "40-80", "80-"}}}
	playGate(t, cfg, b, 40*time.Second, keyspaces, func(s *gateWorld) {
		short, long := s.pair("ks", "-40"), s.pair("ks", "80-")
		s.pair("ks", "40-80")
		s.at(1*time.Second, "short down", short.stop)
		s.at(2*time.Second, "long down", long.stop)
		s.request(2100*time.Millisecond, "ks", "-40", nil)
		s.request(2200*time.Millisecond, "ks", "80-", func(_ time.Duration, err error) {
			if err != nil && strings.Contains(err.Error(), vterr.TextBeingResharded) {
				t.found("a client is told of a resharding, and there is none: %s", oneLine(err))
			}
		})
		s.at(4*time.Second, "short back", short.promote)
		s.at(17*time.Second, "long back", long.promote)
	})
}
