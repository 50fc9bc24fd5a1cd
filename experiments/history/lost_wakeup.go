package history

import (
	"time"

	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// lostWakeup is a notice that comes between two looks of the thread that ends what takes too
// long: it has seen the queue empty, and has not yet asked what to wait for.
//
// The window is 2 s. The only held request gives up at t=1 s, and at the same instant another
// one comes. If that one enters between the two looks, the thread sleeps while it is held:
// nobody ends its window, and it waits for the end of the failover or for the maximum of 20 s.
func lostWakeup() Bug {
	return Bug{
		Name:      "lost-wakeup",
		Title:     "a request is held far beyond its window",
		Reports:   []string{"upstream's formal model of 2026"},
		Rules:     []string{"B-35", "B-39", "P-5", "P-13", "P-22", "X-37"},
		Switch:    "TimeoutNoticeRemembered",
		In:        func(b release.Behaviors) bool { return !b.TimeoutNoticeRemembered },
		Schedules: 400,
		play:      playLostWakeup,
	}
}

func playLostWakeup(t *teller, cfg sim.Config, b release.Behaviors) {
	const window = 2 * time.Second
	c := enabled()
	c.Window = window
	story := func(s *bufferWorld) {
		s.request(0, "the first client", vterr.ShuttingDown(), time.Second, 0, nil)
		s.request(time.Second, "the second client", nil, 0, 0, func(held time.Duration, _ error) {
			if held > window {
				t.found("a request was held for %s, its window is %s", held, window)
			}
		})
	}
	playBuffer(t, cfg, b, c, 30*time.Second, story, func(*bufferWorld) {})
}
