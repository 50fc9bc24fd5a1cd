package hunt

import (
	"fmt"
	"slices"

	"bufsim/experiments/explain"
	"bufsim/experiments/invariant"
	"bufsim/experiments/runner"
	"bufsim/sim"
)

// Explanation is why a case fails: what happened, what its schedule did that the dull one would
// not have, and what would have saved it.
type Explanation struct {
	Signature string   `json:"signature"`
	Invariant string   `json:"invariant"`
	Meaning   string   `json:"meaning"`
	Rules     []string `json:"rules,omitempty"`
	Object    string   `json:"object"`
	At        sim.Time `json:"at_ns"`
	Detail    string   `json:"detail"`

	World    string   `json:"world"`
	Release  string   `json:"release"`
	Switches []string `json:"switches,omitempty"`
	Seed     uint64   `json:"seed"`
	Replay   string   `json:"replay"`
	Hash     string   `json:"hash"`
	// Chain is what led to it, Left how many things were left out before its first.
	Chain []explain.Link `json:"chain"`
	Left  int            `json:"left_out"`
	// Shown are the lines of the trace that show it.
	Shown    []string `json:"shown_by,omitempty"`
	Schedule Schedule `json:"schedule"`
	// Savers are remedies; Searched says that they were looked for.
	Savers   []explain.Saver `json:"savers"`
	Searched bool            `json:"searched"`
	// Account is what became of the requests.
	Account *explain.Account `json:"-"`
}

// NotShownError says that a case does not show its finding.
type NotShownError struct{ Signature string }

// Error implements error.
func (e *NotShownError) Error() string {
	return fmt.Sprintf("the case does not show %s any more; `bufsim replay` says what differs", e.Signature)
}

// ExplainOptions are how to explain a case.
type ExplainOptions struct {
	// Search says whether to look for what would have saved it.
	Search     bool
	Invariants []invariant.Invariant
	// Progress is told after each run how many there were; nil is nobody.
	Progress func(runs int)
}

// Explain explains a case. A schedule that departs from the dull one at many places is made
// simpler first, so that it can be told.
func Explain(c *Case, opts ExplainOptions) (*Explanation, error) {
	x := &explaining{opts: opts, pool: sim.NewPool()}
	defer x.pool.Close()
	recorded := c
	if c = x.simpler(c); c == nil {
		return nil, &NotShownError{recorded.Verdict.Signature}
	}
	x.from = c
	rec, err := record(c.Input, opts.Invariants)
	if err != nil {
		return nil, err
	}
	f, found := rec.played.finding(c.Verdict.Signature)
	if !found {
		return nil, &NotShownError{c.Verdict.Signature}
	}
	x.base = rec.played
	e := &Explanation{
		Signature: f.Signature, Invariant: f.Invariant, Meaning: f.Meaning, Object: f.Object, At: f.At, Detail: f.Detail,
		World: c.Input.World, Release: c.Input.Release, Switches: c.Input.Switches, Seed: c.Input.Seed, Hash: rec.played.Hash(),
		Shown: f.Events, Savers: []explain.Saver{}, Searched: opts.Search,
	}
	if inv, known := Lookup(f.Invariant); known {
		e.Rules = inv.Rules
	}
	e.Chain, e.Left = chainOf(rec, &f, c.Input)
	if e.Schedule, err = x.schedule(recorded); err != nil {
		return nil, err
	}
	played, err := c.Requests()
	if err != nil {
		return nil, err
	}
	if e.Account = played.Account; !opts.Search {
		return e, nil
	}
	e.Savers, err = x.savers()
	return e, err
}

// explaining is an explanation under way.
type explaining struct {
	opts ExplainOptions
	pool *sim.Pool
	// from is the case that is explained, base its run.
	from *Case
	base *Played
	// seeds are schedules by which the finding can be told, by how many of the case's decisions
	// they begin with.
	seeds map[int][]uint64
	runs  int
	// last is what came of the last run that a change made free; nil in small worlds.
	last *runner.Result
}

// finding is the one of a signature.
func (p *Played) finding(signature string) (Finding, bool) {
	list := p.findings()
	i := slices.IndexFunc(list, func(f Finding) bool { return f.Signature == signature })
	if i < 0 {
		return Finding{}, false
	}
	return list[i], true
}

func (x *explaining) play(in *Input) (*Played, error) {
	x.runs++
	if x.opts.Progress != nil {
		x.opts.Progress(x.runs)
	}
	return safely(in, PlayOptions{Invariants: x.opts.Invariants, Pool: x.pool, MaxSteps: 4*x.from.Steps + 100_000})
}

// RulesNamed lists all rules that an explanation names.
func (e *Explanation) RulesNamed() []string {
	rules := slices.Clone(e.Rules)
	for _, l := range e.Chain {
		rules = append(rules, l.Rules...)
	}
	for _, s := range e.Savers {
		rules = append(rules, s.Rules...)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}
