package hunt

import (
	"context"
	"errors"
	"slices"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// TippingOptions are how to look for the decision that made a case fail.
type TippingOptions struct {
	// Continuations is the number of random continuations of each beginning; 0 is 20.
	Continuations int
	// Points is how many beginnings are looked at before the search narrows; 0 is 9.
	Points int
	// Progress is told after each run how many there were; nil is nobody.
	Progress func(runs int)
}

// Tipping is how the probability that a case fails grows while its decisions are made.
type Tipping struct {
	Signature     string `json:"signature"`
	Decisions     int    `json:"decisions"`
	Continuations int    `json:"continuations"`
	// Points are the beginnings that were looked at, the shortest first.
	Points []TippingPoint `json:"points"`
	// Likely and Certain are the shortest beginnings looked at from which on more than half, or
	// all, continuations fail, at every longer one, too; -1 if there is none. Certain is no
	// proof: more continuations might find one that passes.
	Likely  int `json:"likely"`
	Certain int `json:"certain"`
	// Tip is the decision after which more than half fail, "" without one, TipMeans what it is in
	// words. TipAt is its time.
	Tip      string   `json:"tip,omitempty"`
	TipMeans string   `json:"tip_means,omitempty"`
	TipAt    sim.Time `json:"tip_at_ns,omitempty"`
	// Nearest is the run that passes and follows the case longest, nil if none passed.
	Nearest *Nearest `json:"nearest_pass,omitempty"`
	Runs    int      `json:"runs"`
}

// TippingPoint is one beginning of the case.
type TippingPoint struct {
	// Prefix is its number of decisions, Time when the next one was due.
	Prefix int      `json:"prefix"`
	Time   sim.Time `json:"time_ns"`
	Failed int      `json:"failed"`
}

// Nearest is a run that differs as late as possible from the case and passes.
type Nearest struct {
	// Differs is the number of the first decision that is another one, Case and Pass what the
	// two runs decided.
	Differs int    `json:"differs_at"`
	Case    string `json:"case"`
	Pass    string `json:"pass"`
	// At is when it was made, CaseMeans and PassMeans are the two in words.
	At        sim.Time `json:"at_ns"`
	CaseMeans string   `json:"case_means,omitempty"`
	PassMeans string   `json:"pass_means,omitempty"`

	pass int // the alternative that the passing run took; -1 if it was over
}

// tipping is the search under way.
type tipping struct {
	in        *Input
	signature string
	opts      TippingOptions
	points    map[int]TippingPoint
	nearest   *Nearest
	runs      int
}

// FindTipping plays beginnings of a case with random continuations and finds where the failure
// became likely, and where certain. It ends early with the error of ctx.
func FindTipping(ctx context.Context, c *Case, opts TippingOptions) (*Tipping, error) {
	if opts.Continuations == 0 {
		opts.Continuations = 20
	}
	if opts.Points == 0 {
		opts.Points = 9
	}
	n := len(c.Input.Choices)
	if n == 0 {
		return nil, errors.New("the case has no recorded decisions: it fails under the default schedule")
	}
	t := &tipping{in: c.Input, signature: c.Verdict.Signature, opts: opts, points: map[int]TippingPoint{}}
	for i := range opts.Points {
		if err := t.look(ctx, i*n/max(1, opts.Points-1)); err != nil {
			return nil, err
		}
	}
	likely, err := t.narrow(ctx, n, func(p TippingPoint) bool { return 2*p.Failed > opts.Continuations })
	if err != nil {
		return nil, err
	}
	certain, err := t.narrow(ctx, n, func(p TippingPoint) bool { return p.Failed == opts.Continuations })
	if err != nil {
		return nil, err
	}
	r := &Tipping{
		Signature: t.signature, Decisions: n, Continuations: opts.Continuations, Points: t.sorted(),
		Likely: likely, Certain: certain, Nearest: t.nearest, Runs: t.runs,
	}
	if likely > 0 {
		r.Tip, r.TipAt = choiceWord(c.Input.Choices[likely-1]), t.points[likely-1].Time
		w, err := c.Input.witnessed(likely-1, 0)
		if err != nil {
			return nil, err
		}
		r.TipMeans = w.taken
	}
	return r, t.tellNearest()
}

// tellNearest puts the decision in words with which the nearest run that passes leaves the case.
func (t *tipping) tellNearest() error {
	if t.nearest == nil {
		return nil
	}
	w, err := t.in.witnessed(t.nearest.Differs, t.nearest.pass)
	t.nearest.At, t.nearest.CaseMeans = w.at, w.taken
	if t.nearest.pass >= 0 {
		t.nearest.PassMeans = w.instead
	}
	return err
}

// narrow finds the shortest beginning from which on all that were looked at are as wanted: it
// looks between that one and the one before until they are neighbours.
func (t *tipping) narrow(ctx context.Context, n int, wanted func(TippingPoint) bool) (int, error) {
	for {
		points := t.sorted()
		first := len(points)
		for first > 0 && wanted(points[first-1]) {
			first--
		}
		if first == len(points) {
			return -1, nil
		}
		if first == 0 {
			return 0, nil
		}
		below, at := points[first-1].Prefix, points[first].Prefix
		if at-below <= 1 {
			return at, nil
		}
		if err := t.look(ctx, below+(at-below)/2); err != nil {
			return 0, err
		}
	}
}

func (t *tipping) sorted() []TippingPoint {
	var list []TippingPoint
	for _, p := range t.points {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b TippingPoint) int { return a.Prefix - b.Prefix })
	return list
}

// look plays one beginning with all continuations.
func (t *tipping) look(ctx context.Context, prefix int) error {
	point := TippingPoint{Prefix: prefix}
	for k := range t.opts.Continuations {
		if err := ctx.Err(); err != nil {
			return err
		}
		in := t.in.clone()
		in.via = func(r *explore.Replay) sim.Chooser {
			return &branch{Replay: r, length: prefix, left: &point.Time, rest: explore.NewRandom(uint64(k)+1, true)}
		}
		p, err := safely(in, PlayOptions{})
		if err != nil {
			return err
		}
		t.runs++
		if t.opts.Progress != nil {
			t.opts.Progress(t.runs)
		}
		if p.shows(t.signature) {
			point.Failed++
			continue
		}
		t.passes(p.Decisions)
	}
	t.points[prefix] = point
	return nil
}

// passes compares a run that passes with the case.
func (t *tipping) passes(log []sim.Decision) {
	recorded := t.in.Choices
	at := 0
	for at < len(log) && at < len(recorded) && log[at] == recorded[at] {
		at++
	}
	if t.nearest != nil && at <= t.nearest.Differs {
		return
	}
	t.nearest = &Nearest{Differs: at, Case: wordAt(recorded, at), Pass: wordAt(log, at), pass: -1}
	if at < len(log) {
		t.nearest.pass = int(log[at].C)
	}
}

func wordAt(log []sim.Decision, i int) string {
	if i >= len(log) {
		return "(over)"
	}
	return choiceWord(log[i])
}
