package explore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
)

func TestDecisionsAsText(t *testing.T) {
	task := sim.Decision{Kind: sim.KindTask, N: 2}
	stall := sim.Decision{Kind: sim.KindStall, N: 77}
	for text, d := range map[string]explore.Decisions{
		";":                          {},
		"preempts ; t2*3 s3=1":       {Preempts: true, List: []sim.Decision{task, task, task, {Kind: sim.KindSwitch, N: 3, C: 1}}},
		"untimed ; (z77 t2)*2 z77=9": {Untimed: true, List: []sim.Decision{stall, task, stall, task, {Kind: sim.KindStall, N: 77, C: 9}}},
		"preempts untimed=gate-* ; w3=2 b4 c2 f2 d9 u0.2=1": {Preempts: true, Untimed: true, Pattern: "gate-*", List: []sim.Decision{
			{Kind: sim.KindWaiter, N: 3, C: 2},
			{Kind: sim.KindBarge, N: 4},
			{Kind: sim.KindSelect, N: 2},
			{Kind: sim.KindFault, N: 2},
			{Kind: sim.KindDelay, N: 9},
			{Kind: sim.KindUser, N: 2, C: 1},
		}},
	} {
		require.Equal(t, text, d.String())
		back, err := explore.ParseDecisions(text)
		require.NoError(t, err)
		require.Equal(t, d, back)
	}
}

func TestDecisionsThatCannotBeRead(t *testing.T) {
	for text, message := range map[string]string{
		"t2":            "decisions need a semicolon before the first one",
		"preempt ;":     `decisions: unknown word "preempt": want preempts or untimed`,
		"; t2 x3":       `decisions, part 2: "x3" is no decision: want something like s3=1`,
		"; t1":          `decisions, part 1: "t1" is no decision: want something like s3=1`,
		"; t2=2":        `decisions, part 1: "t2=2" is no decision: want something like s3=1`,
		"; u2":          `decisions, part 1: "u2" is no decision: want something like s3=1`,
		"; (t2 t2":      `decisions, part 1: "(t2 t2" is not closed`,
		"; t2*0":        `decisions, part 1: "*0" is no number of times`,
		"; t2*99999999": `decisions, part 1: "*99999999" is no number of times`,
	} {
		_, err := explore.ParseDecisions(text)
		require.EqualError(t, err, message)
	}
}

// A text that can be read is written as one that says the same.
func FuzzParseDecisions(f *testing.F) {
	for _, seed := range []string{";", "preempts ; (z77 s2)*3 t2=1", "untimed=h/* ; u3.9=2*4 w3", "; (t2 )*3(t2)*2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := explore.ParseDecisions(text)
		if err != nil || len(d.List) > 10_000 {
			return
		}
		back, err := explore.ParseDecisions(d.String())
		require.NoError(t, err, d.String())
		require.Equal(t, d, back)
	})
}

// What a run decided is recorded with what the world had to ask, and replays through the
// text form, strictly.
func TestRecordedDecisionsReplay(t *testing.T) {
	estimate := explore.Measure(func(c sim.Chooser) { busy(c).Run() })
	for _, s := range every(t) {
		for seed := range uint64(5) {
			c := s.Chooser(seed, estimate)
			w := busy(c)
			out := w.Run()
			d, err := explore.ParseDecisions(explore.Recorded(w, c).String())
			require.NoError(t, err)
			replay := d.StrictReplay()
			again := busy(replay)
			require.Equal(t, out.Hash, again.Run().Hash, "%s, seed %d", s, seed)
			require.Nil(t, replay.Misfit())
			require.Equal(t, d, explore.Recorded(again, replay))
		}
	}
}

// A strict replay stops where the program is not the one that was recorded; one that is not
// strict goes on.
func TestStrictReplayStops(t *testing.T) {
	w, _ := play(explore.NewRandom(7, true), 4)
	d := explore.Decisions{Preempts: true, List: w.Decisions()}
	strict := d.StrictReplay()
	_, out := play(strict, 5)
	require.Equal(t, sim.Stopped, out.Kind)
	require.Equal(t, explore.StopMisfit, out.ID)
	require.NotNil(t, strict.Misfit())
	require.Equal(t, strict.Misfit().Time, out.Time)
	lenient := d.Replay()
	_, out = play(lenient, 5)
	require.Equal(t, sim.Finished, out.Kind)
	require.Equal(t, strict.Misfit(), lenient.Misfit())
}

// An empty tape is the dull run; bytes are alternatives, and only high ones are stalls.
func TestTape(t *testing.T) {
	_, dull := play(explore.First{}, 4)
	_, empty := play(explore.NewTape(nil, false), 4)
	require.Equal(t, dull.Time, empty.Time)
	tape := explore.NewTape([]byte{0, 5, 1, 4, 178, 179, 255, 1}, true)
	require.True(t, tape.Stalls())
	require.Zero(t, tape.Choose(&sim.Point{Kind: sim.KindTask}, 3))
	require.Equal(t, 2, tape.Choose(&sim.Point{Kind: sim.KindSwitch}, 3))
	require.Equal(t, 260, tape.Choose(&sim.Point{Kind: sim.KindTask}, 300))
	require.Zero(t, tape.Choose(&sim.Point{Kind: sim.KindFault}, 3))
	for _, want := range []int{0, 0, 76} {
		require.Equal(t, want, tape.Choose(&sim.Point{Kind: sim.KindStall}, sim.StallChoices))
	}
	require.Equal(t, 1, tape.Choose(&sim.Point{Kind: sim.KindTask}, 2))
	require.Zero(t, tape.Choose(&sim.Point{Kind: sim.KindTask}, 2), "the tape is over")
}

// Anchored instants meet: equal, just before and just after one another and the deadlines.
func TestAnchors(t *testing.T) {
	const deadline, until = sim.Time(5e9), sim.Time(20e9)
	a := explore.NewAnchors(sim.NewRand(1, "anchors"), until, deadline)
	seen, count := map[sim.Time]int{}, map[string]int{}
	for range 400 {
		at := a.Draw()
		require.True(t, at >= 0 && at <= until)
		switch {
		case seen[at] > 0:
			count["equal"]++
		case seen[at-1] > 0:
			count["just after"]++
		case seen[at+1] > 0:
			count["just before"]++
		}
		if at == deadline {
			count["deadline"]++
		}
		seen[at]++
	}
	for _, what := range []string{"equal", "just after", "just before", "deadline"} {
		require.NotZero(t, count[what], what)
	}
	require.Greater(t, len(seen), 80, "free ones, too")
}
