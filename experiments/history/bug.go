package history

import (
	"bufsim/model/release"
	"bufsim/sim"
	"bufsim/sim/explore"
)

// Bug is a fault of Vitess that has a story here.
type Bug struct {
	// Name is that of its page in docs/bugs and of its test.
	Name string
	// Title is the symptom in one line.
	Title string
	// Reports are the issues and pull requests.
	Reports []string
	// Rules are the rules that the fault breaks, or that describe it.
	Rules []string
	// Switch names the field of release.Behaviors that is the fix, or brought the fault.
	Switch string
	// In reports whether a release with these switches has the bug.
	In func(release.Behaviors) bool
	// Schedules is how many random schedules a hunt tries after the default one.
	Schedules uint64

	play func(*teller, sim.Config, release.Behaviors)
}

// Run is one play of a bug's story.
type Run struct {
	// Schedule is the name of the schedule.
	Schedule string
	// Seen is what shows the bug; empty if nothing does.
	Seen string
	// Timeline is what happened, one line each, in order.
	Timeline []string
}

// All are the bugs, in the order of the rules that they are about.
func All() []Bug {
	return []Bug{
		slotLeak(), restartAfterShutdown(), lostWakeup(), sequentialDrain(), deadlock(),
		otherShard(), restartAsReshard(), droppedHealth(), droppedEvents(),
	}
}

// Hunt plays the story under the default schedule and then under random ones until the bug
// shows. If it does not, found is false and the run is that of the default schedule.
func (b Bug) Hunt(behaviors release.Behaviors) (run Run, found bool) {
	for n := range b.Schedules + 1 {
		r := b.Play(behaviors, n)
		if n == 0 {
			run = r
		}
		if r.Seen != "" {
			return r, true
		}
	}
	return run, false
}

// Play plays the story once, under the n-th schedule of a search; 0 is the default one.
func (b Bug) Play(behaviors release.Behaviors, n uint64) Run {
	chooser, name := explore.Mixed(n)
	t := &teller{}
	b.play(t, sim.Config{Seed: n, Chooser: chooser, Sink: t}, behaviors)
	return Run{Schedule: name, Seen: t.seen, Timeline: t.timeline()}
}
