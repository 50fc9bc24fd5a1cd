package explain

import (
	"fmt"
	"slices"
	"time"

	"bufsim/experiments/runner"
)

// Saver is the smallest change of one thing that saves what failed, found by playing the same
// seed again and again with other values.
type Saver struct {
	// Knob is the name of what was changed, Text the remedy in words, such as
	// "--buffer-window >= 7.3s".
	Knob string `json:"knob"`
	Text string `json:"text"`
	// Rules are those of the change, if it is one that has rules of its own.
	Rules []string `json:"rules,omitempty"`
	// Flags are all flags that differ, those that had to follow included.
	Flags []string `json:"flags,omitempty"`
	// Runs counts the runs of the search.
	Runs int `json:"runs"`
	// Verified says that a last run with exactly this change saved it.
	Verified bool `json:"verified"`
	// Monotone says that between present and limit all values tried on this side of the found one
	// failed and all on the other side saved; Tried is how many values that were. A remedy that
	// is not monotone holds for its value only.
	Monotone bool `json:"monotone"`
	Tried    int  `json:"tried"`
	// Single says that the change has no degrees.
	Single bool `json:"single,omitempty"`
	// Outage is the write outage with the change, Before without it.
	Outage time.Duration `json:"outage_ns"`
	Before time.Duration `json:"outage_before_ns"`
	// Errors is how many statements fail with the change.
	Errors int `json:"errors"`
}

// Goal says of a run whether it is as wanted.
type Goal func(*runner.Result) bool

// Save is the goal that one statement does not fail: it must have been sent, and be over.
func Save(f *Failure) Goal {
	return func(r *runner.Result) bool {
		for _, s := range statements(r.Journal) {
			if s.Client == f.Client && s.number == f.Statement {
				return s.First == nil
			}
		}
		return false
	}
}

// SaveAll is the goal that no statement of a group fails, and that not more fails elsewhere than
// did: errors is how many statements failed in all.
func SaveAll(g *Group, errors int) Goal {
	type id struct{ client, statement int }
	members := map[id]bool{}
	for i := range g.Failures {
		members[id{g.Failures[i].Client, g.Failures[i].Statement}] = true
	}
	return func(r *runner.Result) bool {
		if r.Statements.Errors > errors-len(members) {
			return false
		}
		for _, s := range statements(r.Journal) {
			if s.First != nil && members[id{s.Client, s.number}] {
				return false
			}
		}
		return true
	}
}

// Search finds savers. Runs share nothing, and each is the same setting with one change.
type Search struct {
	Setting Setting
	// Before is the result without a change.
	Before *runner.Result
	// Play plays a setting; nil is [runner.Run].
	Play func(*Setting) (*runner.Result, error)
	// Most is how many savers are enough; 0 is 3.
	Most int
	// Progress is told after each run how many there were; nil is nobody.
	Progress func(runs int)

	runs int
}

// Savers tries what may help against a cause, the most direct first. Leaving a fault or an
// operation out is tried only if nothing else saves.
func (s *Search) Savers(c *Cause, goal Goal) ([]Saver, error) { return s.Try(c.try, goal) }

// Try tries changes by their names, as [Search.Savers] does.
func (s *Search) Try(names []string, goal Goal) ([]Saver, error) {
	most := s.Most
	if most == 0 {
		most = 3
	}
	var found []Saver
	for _, name := range names {
		if len(found) == most || len(found) > 0 && (name == "without-fault" || name == "without-operation") {
			break
		}
		for _, k := range s.Setting.knobs(name) {
			saver, ok, err := s.bisect(&k, goal)
			if err != nil {
				return nil, err
			}
			if ok {
				found = append(found, saver)
				break
			}
		}
	}
	return found, nil
}

// trial is the search along one knob.
type trial struct {
	search *Search
	knob   *knob
	goal   Goal
	runs   int
	tried  map[int64]bool
	last   *runner.Result
}

// saves plays one value. What cannot be set does not save.
func (t *trial) saves(n int64) (bool, error) {
	if ok, known := t.tried[n]; known {
		return ok, nil
	}
	setting := t.search.Setting.copy()
	if t.knob.set(setting, n) != nil {
		t.tried[n] = false
		return false, nil
	}
	r, err := t.search.play(setting)
	if err != nil {
		return false, fmt.Errorf("with %s: %w", t.knob.remedy(n), err)
	}
	t.runs++
	t.last = r
	t.tried[n] = t.goal(r)
	return t.tried[n], nil
}

func (s *Search) play(setting *Setting) (*runner.Result, error) {
	if s.runs++; s.Progress != nil {
		s.Progress(s.runs)
	}
	if s.Play != nil {
		return s.Play(setting)
	}
	return runner.Run(setting.Scenario, setting.options())
}

// bisect finds the value nearest to the present one that saves. The present one fails.
func (s *Search) bisect(k *knob, goal Goal) (Saver, bool, error) {
	t := &trial{search: s, knob: k, goal: goal, tried: map[int64]bool{k.now: false}}
	if k.now == k.limit || k.now > k.limit && k.now <= 0 {
		return Saver{}, false, nil
	}
	bad, good, found, err := t.bracket()
	if err != nil || !found {
		return Saver{}, false, err
	}
	for distance(bad, good) > 1 {
		middle := bad + (good-bad)/2
		ok, err := t.saves(middle)
		if err != nil {
			return Saver{}, false, err
		}
		if ok {
			good = middle
		} else {
			bad = middle
		}
	}
	return t.verify(good)
}

// bracket steps away from the present value, to twice or half of it each time, to the first that
// saves. The limit need not save: flags that have to follow may do harm there.
func (t *trial) bracket() (bad, good int64, found bool, err error) {
	for bad = t.knob.now; bad != t.knob.limit; bad = good {
		if good = min(max(2*bad, bad+1), t.knob.limit); t.knob.limit < t.knob.now {
			good = max(bad/2, t.knob.limit)
		}
		if found, err = t.saves(good); err != nil || found {
			return bad, good, found, err
		}
	}
	return 0, 0, false, nil
}

// verify plays the found value once more, and some beyond it to see that they save, too.
func (t *trial) verify(n int64) (Saver, bool, error) {
	for part := int64(1); part <= 2; part++ {
		if _, err := t.saves(n + (t.knob.limit-n)*part/3); err != nil {
			return Saver{}, false, err
		}
	}
	delete(t.tried, n)
	ok, err := t.saves(n)
	if err != nil || !ok {
		return Saver{}, false, err
	}
	final := t.search.Setting.copy()
	if err := t.knob.set(final, n); err != nil {
		return Saver{}, false, err
	}
	saver := Saver{
		Knob: t.knob.name, Text: t.knob.remedy(n), Flags: changed(&t.search.Setting, final), Runs: t.runs, Verified: true,
		Monotone: t.monotone(n), Tried: len(t.tried), Single: distance(t.knob.now, t.knob.limit) == 1,
		Outage: t.last.WriteOutage(), Before: t.search.Before.WriteOutage(), Errors: t.last.Statements.Errors,
	}
	if t.knob.name == "prs" {
		saver.Text = fmt.Sprintf("a reparent with a write outage of at most %s (now %s)", show(saver.Outage), show(saver.Before))
	}
	return saver, true, nil
}

// monotone looks at all values that were tried.
func (t *trial) monotone(n int64) bool {
	values := make([]int64, 0, len(t.tried))
	for v := range t.tried {
		values = append(values, v)
	}
	return !slices.ContainsFunc(values, func(v int64) bool {
		return t.tried[v] != (distance(t.knob.now, v) >= distance(t.knob.now, n))
	})
}

func distance(a, b int64) int64 { return abs(a - b) }

func abs(n int64) int64 { return max(n, -n) }
