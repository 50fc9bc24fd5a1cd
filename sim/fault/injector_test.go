package fault_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/fault"
	"bufsim/sim/trace"
)

// What each kind breaks, between whom, and that it is whole again afterwards: the
// silence between each pair that had one.
func TestWhatFaultsBreak(t *testing.T) {
	for plan, want := range map[string][]string{
		"at 1.05s crash a for 1s":                                                  {"b2>a 1.1s-2s", "b>a 1.1s-2s", "c>a 1.1s-2s"},
		"at 1.05s pause a for 300ms":                                               {"b2>a 1.1s-1.3s", "b>a 1.1s-1.3s", "c>a 1.1s-1.3s"},
		"at 1.05s clog a peer c for 1s":                                            {"a>c 1.1s-2s", "c>a 1.1s-2s"},
		"at 1.05s clog b peer c for 1s":                                            {"b2>c 1.1s-2s", "b>c 1.1s-2s", "c>b 1.1s-2s", "c>b2 1.1s-2s"},
		"at 1.05s clog a for 500ms":                                                {"a>b 1.1s-1.5s", "a>b2 1.1s-1.5s", "a>c 1.1s-1.5s", "b2>a 1.1s-1.5s", "b>a 1.1s-1.5s", "c>a 1.1s-1.5s"},
		"at 1.05s clog a peer c\nat 1.55s unclog c peer a":                         {"a>c 1.1s-1.5s", "c>a 1.1s-1.5s"},
		"at 1.05s mute a peer c method ask message response for 1s":                {"a>c 1.1s-2s", "c>a 1.1s-2s"},
		"at 1.05s mute a peer c message response way out for 1s":                   {"c>a 1.1s-2s"},
		"at 1.05s slow a peer c add 60ms for 1s":                                   {"a>c 1.1s-2s", "c>a 1.1s-2s"},
		"at 1.05s slow a peer c factor 200% for 1s":                                nil,
		"at 1.05s slow a peer c factor 3000% for 1s":                               {"a>c 1.1s-2s", "c>a 1.1s-2s"},
		"at 1.05s reset a peer c":                                                  nil,
		"at 1.0015s reset a peer c":                                                {"a>c 1s-1s", "c>a 1s-1s"},
		"at 1.05s refuse a for 1s":                                                 nil,
		"at 1.05s refuse a for 1s\nat 1.06s reset a peer c":                        {"c>a 1.1s-2s"},
		"at 1.05s clog a peer c\nat 1.55s heal":                                    {"a>c 1.1s-1.5s", "c>a 1.1s-1.5s"},
		"at 1.05s clog a for 1s\nat 1.55s heal c":                                  {"a>b 1.1s-2s", "a>b2 1.1s-2s", "a>c 1.1s-1.5s", "b2>a 1.1s-2s", "b>a 1.1s-2s", "c>a 1.1s-1.5s"},
		"at 1.05s mute a peer c message response for 1s\nat 1.55s unclog a peer c": {"a>c 1.1s-2s", "c>a 1.1s-2s"},
		"at 1.05s clog a for 1s\nat 1.55s unclog a peer c":                         {"a>b 1.1s-2s", "a>b2 1.1s-2s", "a>c 1.1s-1.5s", "b2>a 1.1s-2s", "b>a 1.1s-2s", "c>a 1.1s-1.5s"},
		"at 1.05s crash leader\nat 1.55s heal leader":                              {"b2>a 1.1s-1.5s", "b>a 1.1s-1.5s", "c>a 1.1s-1.5s"},
	} {
		t.Run(plan, func(t *testing.T) {
			r := newRig(t, plan, sim.Config{})
			r.play(t, 4*time.Second)
			require.Equal(t, want, r.gaps())
			for _, rec := range r.in.Records() {
				require.True(t, rec.Fired && rec.Ended, rec.Line)
				require.NoError(t, rec.Err)
			}
		})
	}
}

// Partitions drop: what was sent comes with a later retransmission, within 2s of the
// end. The inside of a machine stays whole.
func TestPartitions(t *testing.T) {
	for plan, want := range map[string][]string{
		"at 1.05s partition a peer c for 1s":         {"a>c", "c>a"},
		"at 1.05s partition a peer c way out for 1s": {"a>c", "c>a"}, // the answers go the same way as the questions of a
		"at 1.05s isolate b for 1s":                  {"a>b", "a>b2", "b2>a", "b2>c", "b>a", "b>c", "c>b", "c>b2"},
		"at 1.05s partition b peer b2 for 1s":        {"b2>b", "b>b2"},
		"at 1.05s loss a peer c share 100% for 1s":   {"a>c", "c>a"},
	} {
		t.Run(plan, func(t *testing.T) {
			r := newRig(t, plan, sim.Config{})
			r.play(t, 6*time.Second)
			var pairs []string
			for _, gap := range r.gaps() {
				pairs = append(pairs, gap[:len(gap)-len(" 1.1s-2.1s")])
			}
			for key, ticks := range r.silent {
				require.Equal(t, 11, ticks[0], key)
				require.GreaterOrEqual(t, ticks[len(ticks)-1], 20, key)
				require.LessOrEqual(t, ticks[len(ticks)-1], 40, key)
			}
			require.Equal(t, want, pairs)
		})
	}
}

// Clocks that are stepped or run at another rate, and what stays of it.
func TestClocks(t *testing.T) {
	for plan, want := range map[string]time.Duration{
		"at 1s clock-step a by -5s":                                         -5 * time.Second,
		"at 1s clock-step a by -5s for 1s":                                  0,
		"at 1s clock-drift a ppm 1000 for 2s":                               2 * time.Millisecond,
		"at 1s clock-drift a ppm -1000":                                     -3 * time.Millisecond,
		"at 1s clock-drift a ppm 1000\nat 2s clock-drift a ppm 1000 for 1s": 4 * time.Millisecond,
	} {
		r := newRig(t, plan, sim.Config{})
		r.play(t, 4*time.Second)
		require.Equal(t, map[string]time.Duration{"a": want, "b": 0, "b2": 0, "c": 0}, r.walls, plan)
	}
}

// Where faults overlap, the effect lasts as long as one of them does.
func TestOverlaps(t *testing.T) {
	for plan, want := range map[string][]string{
		"at 1.05s crash a for 2s\nat 1.55s crash a for 500ms":                                 {"b2>a 1.1s-3s", "b>a 1.1s-3s", "c>a 1.1s-3s"},
		"at 1.05s clog a peer c for 500ms\nat 1.35s clog c peer a for 700ms":                  {"a>c 1.1s-2s", "c>a 1.1s-2s"},
		"at 1.05s pause all for 500ms\nat 1.35s pause all for 200ms\n":                        {},
		"at 1.05s clog a peer c for 500ms\nat 1.35s mute a peer c message response for 700ms": {"a>c 1.1s-2s", "c>a 1.1s-2s"},
	} {
		r := newRig(t, plan, sim.Config{})
		r.play(t, 4*time.Second)
		if len(want) > 0 {
			require.Equal(t, want, r.gaps(), plan)
			continue
		}
		for _, rec := range r.in.Records() {
			require.True(t, rec.Ended)
		}
	}
}

// A process that others have started again is no longer held by an earlier crash.
func TestCrashEndsWithTheLife(t *testing.T) {
	r := newRig(t, "at 1.05s crash a\nat 2.05s crash a for 500ms\nat 4s heal", sim.Config{})
	r.world.Intervene(sim.Time(1550*time.Millisecond), r.hosts["a"].Restart)
	r.play(t, 5*time.Second)
	require.Equal(t, []int{11, 12, 13, 14, 15, 21, 22, 23, 24, 25}, r.silent["b>a"])
}

// ... and its own end does not end a later crash.
func TestCrashEndsNoOtherLife(t *testing.T) {
	r := newRig(t, "at 1.05s crash a for 2s\nat 2.05s crash a", sim.Config{})
	r.world.Intervene(sim.Time(1550*time.Millisecond), r.hosts["a"].Restart)
	r.play(t, 5*time.Second)
	require.True(t, r.hosts["a"].Down())
}

// A swizzle clogs one host after the other and frees them in another order; each seed
// has its own orders, and a fault elsewhere in the plan does not change them.
func TestSwizzle(t *testing.T) {
	const line = "at 1.05s swizzle-clog all over 600ms for 2s"
	play := func(plan string, seed uint64) []string {
		r := newRig(t, plan, sim.Config{Seed: seed})
		r.play(t, 5*time.Second)
		return r.gaps()
	}
	base := play(line, 1)
	require.Len(t, base, 10, "all pairs but those within a machine")
	var ends []string
	for _, gap := range base {
		require.Regexp(t, `^\S+ 1\.[1-7]s-(2\.[4-9]s|3s)$`, gap)
		ends = append(ends, gap[len("a>b "):])
	}
	slices.Sort(ends)
	require.Greater(t, len(slices.Compact(ends)), 3, "one after the other")
	require.Equal(t, base, play("at 4s clock-step c by 1s\n"+line, 1))
	require.NotEqual(t, base, play(line, 2))
}

// A trigger happens once, right after the step of exactly the event that it names.
func TestTriggers(t *testing.T) {
	for plan, want := range map[string]sim.Time{
		"when probe host=c to=a tick=13 crash a":             0,
		"when probe to=a nth 4 crash a":                      0,
		"after probe host=c to=a tick=13 wait 250ms crash a": 0,
		"when probe host=leader crash leader":                0,
	} {
		_ = want
		t.Run(plan, func(t *testing.T) {
			r := newRig(t, plan, sim.Config{})
			r.play(t, 4*time.Second)
			events := r.rec.Events()
			first := -1
			crashes := 0
			for i := range events {
				e := &events[i]
				if e.Kind == fault.KindInject {
					first = i
				}
				if e.Kind == trace.KindHost && e.Text("what") == "crash" {
					crashes++
				}
			}
			require.Equal(t, 1, crashes)
			require.Greater(t, first, 0)
			require.Equal(t, "a", events[first].Text("hosts"))
			cause := nthProbe(t, events, plan)
			wait := sim.Time(0)
			if plan[:5] == "after" {
				wait = sim.Time(250 * time.Millisecond)
			} else {
				require.Equal(t, events[cause].Step, events[first].Step, "in the step of the event")
			}
			require.EqualValues(t, wait, events[first].Time-events[cause].Time)
		})
	}
}

// nthProbe finds by hand the event that a plan of TestTriggers names.
func nthProbe(t *testing.T, events []trace.Event, plan string) int {
	t.Helper()
	n := 0
	for i := range events {
		e := &events[i]
		switch {
		case e.Kind != kindProbe:
		case plan == "when probe to=a nth 4 crash a":
			if e.Text("to") == "a" {
				n++
			}
			if n == 4 {
				return i
			}
		case plan == "when probe host=leader crash leader":
			if e.Host == "a" {
				return i
			}
		case e.Host == "c" && e.Text("to") == "a" && e.Number("tick") == 13:
			return i
		}
	}
	t.Fatal("no such event")
	return 0
}

// Roles are resolved when the fault happens, not when the plan is read.
func TestRolesAreResolvedWhenTheFaultHappens(t *testing.T) {
	r := newRig(t, "at 1s crash leader for 1s\nat 2s pause leader for 1s", sim.Config{})
	r.world.Intervene(sim.Time(1500*time.Millisecond), func() { r.role = "c" })
	r.play(t, 4*time.Second)
	recs := r.in.Records()
	require.Equal(t, []string{"a"}, recs[0].Hosts)
	require.Equal(t, []string{"c"}, recs[1].Hosts)
}

// What cannot be done is an error of the fault, not of the world.
func TestFaultsThatCannotHappen(t *testing.T) {
	r := newRig(t, "at 1s crash nobody\nat 1s partition a peer nobody\nat 1s knock a\nat 9s crash a\nwhen no.event crash a", sim.Config{})
	r.play(t, 4*time.Second)
	recs := r.in.Records()
	require.EqualError(t, recs[0].Err, "nobody names nobody at this time")
	require.EqualError(t, recs[1].Err, "nobody names nobody at this time")
	require.EqualError(t, recs[2].Err, `nothing here can do "knock"`)
	require.False(t, recs[3].Fired || recs[4].Fired)
	require.Empty(t, r.gaps())
}

// An effect that blocks runs in a proc of its own; so does what takes it back, and a
// heal waits for it.
func TestEffectsThatBlock(t *testing.T) {
	var log []string
	note := func(e *sim.Env, what string) { log = append(log, e.Now().String()+" "+what) }
	r := newRig(t, "at 1s knock a for 1s\nat 5s knock a", sim.Config{})
	r.custom = map[string]fault.Effect{"knock": func(x *fault.Shot) ([]fault.Part, error) {
		x.Env.Sleep(300 * time.Millisecond)
		note(x.Env, "done")
		return []fault.Part{{Hosts: []string{"a"}, Undo: func(e *sim.Env) error {
			e.Sleep(200 * time.Millisecond)
			note(e, "undone")
			return errors.New("it creaks")
		}}}, nil
	}}
	r.env.Go("operator", func() {
		r.env.Sleep(3 * time.Second)
		f, err := fault.Parse("at 0s knock a for 100ms", testKinds())
		require.NoError(t, err)
		rec := r.in.Do(r.env, f)
		note(r.env, rec.Line)
		require.EqualError(t, rec.Err, "it creaks")
		r.env.SleepUntil(sim.Time(5500 * time.Millisecond))
		require.EqualError(t, r.in.HealAll(r.env), "it creaks")
		note(r.env, "healed")
	})
	r.play(t, 8*time.Second)
	require.Equal(t, []string{"1.3s done", "2.5s undone", "3.3s done", "3.6s undone", "3.6s knock a for 100ms", "5.3s done", "5.7s undone", "5.7s healed"}, log)
}

// HealAll ends the plan: what is under way is over, and nothing happens any more, not
// even what an effect was about to do.
func TestHealAllEndsThePlan(t *testing.T) {
	r := newRig(t, "at 1s clog a\nat 1s crash c\nat 1.4s knock b\nat 3s crash b\nwhen probe tick=30 crash a", sim.Config{})
	undone := false
	r.custom = map[string]fault.Effect{"knock": func(x *fault.Shot) ([]fault.Part, error) {
		x.Env.Sleep(time.Second)
		return []fault.Part{{Undo: func(*sim.Env) error { undone = true; return nil }}}, nil
	}}
	r.env.Go("judge", func() {
		r.env.Sleep(2 * time.Second)
		require.NoError(t, r.in.HealAll(r.env))
	})
	r.play(t, 5*time.Second)
	require.True(t, undone)
	for i, rec := range r.in.Records() {
		require.Equal(t, i < 3, rec.Fired, rec.Line)
		require.Equal(t, i < 3, rec.Ended, rec.Line)
	}
	for key, ticks := range r.silent {
		require.LessOrEqual(t, ticks[len(ticks)-1], 20, key)
	}
}

// A fault that does not happen leaves no trace: hash, decisions and draws are those of
// a run without it; and a fault that happens makes no choice of its own.
func TestFaultsThatDoNotHappenChangeNothing(t *testing.T) {
	play := func(plan string) (sim.Outcome, []sim.Decision, []string) {
		r := newRig(t, plan, sim.Config{Seed: 5, Chooser: explore.NewRandom(5, true)})
		out := r.play(t, 3*time.Second)
		return out, r.world.Decisions(), r.gaps()
	}
	const real = "at 1.05s clog a peer c for 500ms\n"
	base, decisions, gaps := play(real)
	out, got, again := play(real + "at 9s crash a\nwhen probe to=nobody crash b\nafter probe tick=29 wait 1s pause c\n")
	require.Equal(t, base.Hash, out.Hash)
	require.Equal(t, decisions, got)
	require.Equal(t, gaps, again)

	plain, decisions, _ := play("")
	stepped, got, _ := play("at 1s clock-step a by 1s\nat 1.5s clock-drift b ppm 5 for 1s")
	require.Equal(t, plain.Steps, stepped.Steps)
	require.Equal(t, decisions, got)
}
