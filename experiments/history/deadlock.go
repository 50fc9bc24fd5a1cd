package history

import (
	"time"

	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// deadlock is three parties that wait for each other for ever: a request that starts buffering
// holds the shard's lock and wants the keyspace's; the watcher holds the keyspace's and wants
// room for an event; the consumer of events, who would make room, wants the shard's.
//
// The primaries of the four shards of a keyspace report new terms again and again. Each report
// is an event of the keyspace, and the ten places for events are taken soon. At the same time
// writes meet read-only servers, so that buffering starts in every shard.
func deadlock() Bug {
	return Bug{
		Name:    "three-party-deadlock",
		Title:   "the gate is stuck until it is restarted",
		Reports: []string{"PR #20281", "PR #17013", "PR #15701"},
		Rules:   []string{"C-3", "C-9", "D-65", "D-67", "D-88", "P-25", "M-1"},
		Switch:  "MarkWindow",
		In: func(b release.Behaviors) bool {
			return b.MarkShardNotServing && b.KeyspaceEventSendBlocks && !b.MarkWindow
		},
		Schedules: 30,
		play:      playDeadlock,
	}
}

func playDeadlock(t *teller, cfg sim.Config, b release.Behaviors) {
	const shards, rounds, storm = 4, 24, 2 * time.Second
	keyspaces := oneKeyspace(shards)
	playGate(t, cfg, b, 35*time.Second, keyspaces, func(s *gateWorld) {
		var pairs []*pair
		waiting, rand := 0, s.env.Rand("writes")
		for _, shard := range keyspaces[0].shards {
			p := s.pair("ks", shard)
			pairs = append(pairs, p)
			s.at(time.Second, "read-only", func() { p.refuse(vterr.ServerReadOnly("--super-read-only", "", "")) })
			waiting++
			s.at(storm, "client", func() {
				for range rand.Intn(100) { // some come in the middle of the storm
					s.env.Yield()
				}
				_ = s.write("ks", shard) // whether it is answered counts, not how
				waiting--
			})
		}
		s.at(storm, "storm", func() {
			s.tell(s.now(), "%d primaries report new terms, %d times", shards, rounds)
			for round := range int64(rounds) {
				for _, p := range pairs {
					p.old.Say(true, 200+round)
				}
			}
		})
		s.at(30*time.Second, "look", func() {
			if waiting > 0 && !s.watcherAnswers(pairs) {
				s.tell(s.now(), "windows and maximum are over; writes without an answer: %d; the watcher is silent", waiting)
				t.found("stuck for good: the watcher, the consumer of events, and writes: %d", waiting)
			}
		})
	})
}

// watcherAnswers asks the watcher about every shard, and gives it a second.
func (s *gateWorld) watcherAnswers(pairs []*pair) bool {
	answered := false
	s.env.GoDaemon("ask", func() {
		for _, p := range pairs {
			s.watcher.TargetIsBeingResharded(p.old.Target())
		}
		answered = true
	})
	s.env.Sleep(time.Second)
	return answered
}
