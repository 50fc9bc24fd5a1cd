package hunt

import (
	"context"
	"fmt"

	"bufsim/experiments/invariant"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// NewInvariant makes an invariant for explorations of one's own: kinds are the events, or
// families of events, that it looks at; watch is called for each run and returns what sees its
// events. fail tells that it does not hold for an object.
func NewInvariant(id, meaning string, kinds []string, watch func(f invariant.Facts, fail func(object string, e *trace.Event, detail string)) func(e *trace.Event)) invariant.Invariant {
	return oracle(invariant.Invariant{ID: id, Meaning: meaning, Kinds: kinds}, func(f invariant.Facts, v *verdicts) (func(*trace.Event), func(invariant.End)) {
		see := watch(f, func(object string, e *trace.Event, detail string) { v.add(object, sim.Time(e.Time), detail, "", e) })
		return see, func(invariant.End) {}
	})
}

// Input draws the input of a seed: what Explore would play for it.
func (o *Options) Input(seed uint64) (*Input, error) {
	in, _, err := drawInput(o, seed)
	return in, err
}

// Judge plays an input, and fails the test with everything that plays it again if the run shows
// what it must not. It goes with tests by properties, which draw seeds and keep those that fail.
func (o *Options) Judge(t invariant.Reporter, in *Input) {
	t.Helper()
	o.JudgeSchedule(t, in, nil)
}

// JudgeSchedule is Judge with a chooser that decides instead of the input's own; nil leaves that
// to the input.
func (o *Options) JudgeSchedule(t invariant.Reporter, in *Input, chooser sim.Chooser) {
	t.Helper()
	p, err := safely(in, PlayOptions{Invariants: o.Invariants, Chooser: chooser})
	if err != nil {
		t.Fatalf("%s: %v", in.Line(), err)
		return
	}
	if list := p.findings(); len(list) > 0 {
		f := list[0]
		text, err := newCase(in, p, &f).Marshal()
		if err != nil {
			text = fmt.Appendf(nil, "the case cannot be written: %v", err)
		}
		t.Fatalf("%s at %s: %s\n%s\n\nthe case, for `bufsim replay` and `bufsim shrink`:\n%s", f.Signature, f.At, f.Detail, f.Meaning, text)
	}
}

// Check explores, and fails the test with the report if anything is found.
func Check(t invariant.Reporter, opts Options) {
	t.Helper()
	r, err := Explore(context.Background(), opts)
	switch {
	case err != nil:
		t.Fatalf("%v", err)
	case len(r.Findings) > 0:
		t.Fatalf("%s", r.Text())
	}
}
