package history

import (
	"time"

	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// slotLeak is the first bug of the buffer's history: a request whose client gave up while it
// was held never gave its slot back.
//
// Ten slots. During one failover ten clients give up after a second. The next failover comes a
// good minute later: its first request finds no slot, although nobody is held.
func slotLeak() Bug {
	return Bug{
		Name:      "slot-leak",
		Title:     "slots leak when buffered requests are cancelled",
		Reports:   []string{"PR #2599"},
		Rules:     []string{"B-27", "P-2"},
		Switch:    "CancelLeaksSlot",
		Schedules: 30,
		In:        func(b release.Behaviors) bool { return b.CancelLeaksSlot },
		play:      playSlotLeak,
	}
}

func playSlotLeak(t *teller, cfg sim.Config, b release.Behaviors) {
	story := func(s *bufferWorld) {
		for range 10 {
			s.request(0, "an impatient client", vterr.ShuttingDown(), time.Second, 0, nil)
		}
		s.request(81*time.Second, "a client of the next failover", vterr.ShuttingDown(), 0, 0, func(_ time.Duration, err error) {
			if err != nil {
				t.found("the buffer is full though nobody is held: %s", err)
			}
		})
	}
	playBuffer(t, cfg, b, enabled(), 110*time.Second, story, func(s *bufferWorld) {
		if n := s.buffer.Status().SlotsInUse; n > 0 {
			t.found("%d slots are in use at the end", n)
		}
	})
}
