package explain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/experiments/stats"
	"bufsim/gate/discovery"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// TimingOptions are how to look for the instants at which an operation makes a run fail.
type TimingOptions struct {
	// Operation is the operation to move; empty is the last of the timeline.
	Operation string
	// Seeds is how many seeds are played at each instant, from the setting's on; 0 is 20.
	Seeds int
	// Points is how many instants are looked at before the search narrows; 0 is 9.
	Points int
	// Progress is told after each run how many there were; nil is nobody.
	Progress func(runs int)
}

// Timing is how the share of runs that fail depends on when an operation happens.
type Timing struct {
	Scenario  string `json:"scenario"`
	Release   string `json:"release"`
	Operation string `json:"operation"`
	// After is the operation after whose end the moved one begins: then its times are pauses.
	After string `json:"after,omitempty"`
	// Own is the scenario's own time, FirstSeed and Seeds say which seeds were played.
	Own       time.Duration `json:"own_ns"`
	FirstSeed uint64        `json:"first_seed"`
	Seeds     int           `json:"seeds"`
	// Points are the times that were looked at, the earliest first; one is the scenario's own.
	Points []TimingPoint `json:"points"`
	// Nearest is the run with the other outcome than the setting's own that is nearest to it.
	Nearest *NearestRun `json:"nearest,omitempty"`
	Runs    int         `json:"runs"`
}

// TimingPoint is one time.
type TimingPoint struct {
	At     time.Duration `json:"at_ns"`
	Failed int           `json:"failed"`
	// Low and High bound the share of runs that fail (95 %, Wilson).
	Low  float64 `json:"low"`
	High float64 `json:"high"`

	failed map[uint64]bool // by seed
}

// NearestRun is a run that comes out otherwise than the setting's own.
type NearestRun struct {
	At    time.Duration `json:"at_ns"`
	Seed  uint64        `json:"seed"`
	Fails bool          `json:"fails"`
	// Own and Other are the first thing that happens in one of the runs and not in the other.
	Own   *Link `json:"own"`
	Other *Link `json:"other"`
}

// Fails says whether a run counts as failed: its clients saw errors, or it shows what it should
// not.
func Fails(r *runner.Result) bool {
	return r.Statements.Errors > 0 || r.Finding || r.Outcome.Failed()
}

// FindTiming moves an operation to and fro and plays many seeds each time. It ends early with
// the error of ctx.
func FindTiming(ctx context.Context, s Setting, opts TimingOptions) (*Timing, error) {
	opts.Seeds, opts.Points = cmp.Or(opts.Seeds, 20), cmp.Or(opts.Points, 9)
	i, err := s.operation(opts.Operation)
	if err != nil {
		return nil, err
	}
	o := s.Scenario.Timeline[i]
	m := &moving{ctx: ctx, setting: s, index: i, opts: opts, points: map[time.Duration]*TimingPoint{}, timing: &Timing{
		Scenario: s.Scenario.Name, Release: s.Release.Name, Operation: nameOf(&o, i), After: o.After, Own: timeOf(&o),
		FirstSeed: s.Seed, Seeds: opts.Seeds,
	}}
	low, high := m.reach()
	for k := range opts.Points {
		if err := m.look(low + (high-low)*time.Duration(k)/time.Duration(max(1, opts.Points-1))); err != nil {
			return nil, err
		}
	}
	if err := m.look(m.timing.Own); err != nil {
		return nil, err
	}
	if err := m.narrow(); err != nil {
		return nil, err
	}
	m.timing.Points = m.sorted()
	m.timing.Nearest, err = m.nearest()
	return m.timing, err
}

// operation finds the operation to move; the last one by default.
func (s *Setting) operation(name string) (int, error) {
	var names []string
	for i := range s.Scenario.Timeline {
		names = append(names, nameOf(&s.Scenario.Timeline[i], i))
	}
	switch i := slices.Index(names, name); {
	case len(names) == 0:
		return 0, errors.New("the scenario has no operation that could happen at another time")
	case name == "":
		return len(names) - 1, nil
	case i >= 0:
		return i, nil
	}
	return 0, fmt.Errorf("the scenario has no operation %q, but %s", name, strings.Join(names, ", "))
}

// timeOf is the instant of an operation, or its pause after another one.
func timeOf(o *scenario.Operation) time.Duration {
	if o.At != nil {
		return o.At.Std()
	}
	return o.Wait.Std()
}

// moving is the search under way.
type moving struct {
	ctx     context.Context
	setting Setting
	index   int
	opts    TimingOptions
	points  map[time.Duration]*TimingPoint
	timing  *Timing
}

// reach is the range of times that is looked at: a pause from none to well beyond what the buffer
// waits between two failovers, an instant to either side of its own.
func (m *moving) reach() (low, high time.Duration) {
	g, own := m.setting.Flags.VTGate, m.timing.Own
	if m.timing.After != "" {
		return 0, max(2*own, g.BufferMinTimeBetweenFailovers+g.BufferMaxFailoverDuration/2)
	}
	return own / 2, own + own/2
}

// moved is the setting with the operation at another time.
func (m *moving) moved(at time.Duration) *Setting {
	s := m.setting.copy()
	o := &s.Scenario.Timeline[m.index]
	if d := scenario.Duration(at); o.At != nil {
		o.At = &d
	} else {
		o.Wait = d
	}
	s.Scenario.Duration += scenario.Duration(max(0, at-m.timing.Own))
	return s
}

// look plays all seeds at one time.
func (m *moving) look(at time.Duration) error {
	at = at.Round(time.Millisecond)
	if m.points[at] != nil {
		return nil
	}
	p := &TimingPoint{At: at, failed: map[uint64]bool{}}
	s := m.moved(at)
	for k := range m.opts.Seeds {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		s.Seed = m.setting.Seed + uint64(k)
		r, err := runner.Run(s.Scenario, s.options())
		if err != nil {
			return err
		}
		m.timing.Runs++
		if m.opts.Progress != nil {
			m.opts.Progress(m.timing.Runs)
		}
		if Fails(r) {
			p.failed[s.Seed] = true
			p.Failed++
		}
	}
	share, err := stats.Wilson(p.Failed, m.opts.Seeds, 0.95)
	p.Low, p.High, m.points[at] = share.Low, share.High, p
	return err
}

func (m *moving) sorted() (list []TimingPoint) {
	for _, p := range m.points {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b TimingPoint) int { return cmp.Compare(a.At, b.At) })
	return list
}

// narrow looks closer where the failure becomes likely, or unlikely, nearest to the own time.
func (m *moving) narrow() error {
	low, high := m.reach()
	for {
		list, best := m.sorted(), -1
		for i := 1; i < len(list); i++ {
			turns := (2*list[i-1].Failed > m.opts.Seeds) != (2*list[i].Failed > m.opts.Seeds)
			if turns && (best < 0 || m.from(list[i].At) < m.from(list[best].At)) {
				best = i
			}
		}
		if best < 0 || list[best].At-list[best-1].At <= max(fine, (high-low)/256) {
			return nil
		}
		if err := m.look((list[best-1].At + list[best].At) / 2); err != nil {
			return err
		}
	}
}

// from is how far a time is from the own one.
func (m *moving) from(at time.Duration) time.Duration { return (at - m.timing.Own).Abs() }

// nearest is the run with the other outcome at the nearest time, of the same seed if there is one.
func (m *moving) nearest() (*NearestRun, error) {
	own := m.points[m.timing.Own.Round(time.Millisecond)].failed[m.setting.Seed]
	var best *NearestRun
	further := func(n *NearestRun) bool {
		if same := n.Seed == m.setting.Seed; same != (best.Seed == m.setting.Seed) {
			return !same
		}
		return m.from(n.At) >= m.from(best.At)
	}
	for _, p := range m.sorted() {
		for k := range m.opts.Seeds {
			n := &NearestRun{At: p.At, Seed: m.setting.Seed + uint64(k), Fails: !own}
			if p.failed[n.Seed] != own && (best == nil || !further(n)) {
				best = n
			}
		}
	}
	if best == nil {
		return nil, nil
	}
	other := m.moved(best.At)
	other.Seed = best.Seed
	a, err := story(&m.setting)
	if err != nil {
		return nil, err
	}
	b, err := story(other)
	if err != nil {
		return nil, err
	}
	best.Own, best.Other = firstDifference(a, b)
	return best, nil
}

// story is what a run tells, without what is told of its making, and without what gates hear again
// and again.
func story(s *Setting) ([]Link, error) {
	rec := trace.NewRecorder(trace.Filter{})
	o := s.options()
	o.Sink = rec
	if _, err := runner.Run(s.Scenario, o); err != nil {
		return nil, err
	}
	var list []Link
	heard := map[string]string{}
	for _, e := range rec.Events() {
		l, ok := Tell(&e)
		if !ok || l.At < sim.Time(time.Second) {
			continue
		}
		if at := e.Host + " " + e.Text("tablet"); e.Kind == discovery.KindHealth {
			if heard[at] == l.Text {
				continue
			}
			heard[at] = l.Text
		}
		list = append(list, l)
	}
	return list, nil
}

// firstDifference is where two stories part. That the same happens at another time is none.
func firstDifference(a, b []Link) (x, y *Link) {
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return nil, &b[i]
		case i >= len(b):
			return &a[i], nil
		case withoutNumbers(a[i].Text) != withoutNumbers(b[i].Text):
			return &a[i], &b[i]
		}
	}
	return nil, nil
}

// withoutNumbers is a text without what differs from run to run: times, terms, counts.
func withoutNumbers(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || strings.ContainsRune(".µmns", r) {
			return -1
		}
		return r
	}, text)
}
