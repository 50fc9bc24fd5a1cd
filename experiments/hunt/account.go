package hunt

import (
	"bufsim/experiments/explain"
	"bufsim/experiments/runner"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// Setting is the case as a setting that package explain plays and changes. Only clusters have a
// scenario.
func (c *Case) Setting() (explain.Setting, error) {
	in := c.Input
	p, err := in.profile()
	if err != nil {
		return explain.Setting{}, err
	}
	set, err := in.flagSet(p)
	if err != nil {
		return explain.Setting{}, err
	}
	if _, _, err := in.chooser(); err != nil {
		return explain.Setting{}, err
	}
	return explain.Setting{Scenario: in.Scenario, Release: p, Flags: set, Seed: in.Seed, Chooser: func() sim.Chooser {
		chooser, _, _ := in.chooser() // it was made once
		return chooser
	}}, nil
}

// Requests plays a case and says what became of its requests. What would have saved one of them
// can be looked for in clusters only.
func (c *Case) Requests() (*explain.Played, error) {
	s, err := c.Setting()
	if err != nil {
		return nil, err
	}
	if s.Scenario != nil {
		return explain.Play(s)
	}
	r := newRequests()
	p, err := safely(c.Input, PlayOptions{Sink: r})
	if err != nil {
		return nil, err
	}
	result := &runner.Result{
		Scenario: c.Input.World, Release: c.Input.Release, Seed: c.Input.Seed, Hash: p.Hash(), Steps: p.Outcome.Steps,
		Time: p.Outcome.Time.Duration(), Outcome: p.Outcome, Journal: &r.journal,
		Statements: runner.Statements{Total: len(r.journal.Records)},
	}
	return &explain.Played{Account: explain.NewAccount(r.watch, result, s.Flags), Search: explain.Search{Setting: s, Before: result}}, nil
}

// Record plays a case and has a sink see all events.
func (c *Case) Record(sink trace.Sink) error {
	_, err := safely(c.Input, PlayOptions{Sink: sink})
	return err
}

// Follow is a sink that passes on what belongs to some requests of a run of any world.
func Follow(requests []string, to trace.Sink) trace.Sink {
	return &explain.Follow{Requests: requests, To: to, Opens: kindAsk, Closes: kindAnswer}
}

// Glyphs are the characters of the events of small worlds for a grid.
func Glyphs() []trace.Glyph {
	says := func(serving int64) func(*trace.Event) bool {
		return func(e *trace.Event) bool { return e.Kind == kindSays && e.Number("serving") == serving }
	}
	return []trace.Glyph{
		{Sign: "s", Meaning: "request comes", Fits: func(e *trace.Event) bool { return e.Kind == kindAsk }},
		{Sign: "·", Meaning: "answered", Fits: func(e *trace.Event) bool { return e.Kind == kindAnswer && e.Text("error") == "" }},
		{Sign: "E", Meaning: "error to the client", Fits: func(e *trace.Event) bool { return e.Kind == kindAnswer }},
		{Sign: "P", Meaning: "primary says: serving", Fits: says(1)},
		{Sign: "N", Meaning: "primary says: not serving", Fits: says(0)},
	}
}
