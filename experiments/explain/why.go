package explain

import (
	"fmt"
	"strings"

	"bufsim/experiments/runner"
)

// Why is the explanation of a run, or of one request of it.
type Why struct {
	Scenario string `json:"scenario"`
	Title    string `json:"title,omitempty"`
	Release  string `json:"release"`
	Seed     uint64 `json:"seed"`
	Replay   string `json:"replay"`
	Hash     string `json:"hash"`
	// Statements and Failed count what clients saw, Held the requests that were in the buffer.
	Statements int `json:"statements"`
	Failed     int `json:"failed"`
	Held       int `json:"held"`
	// Stories are the causes of failures, the most frequent first.
	Stories []Story `json:"stories"`
	// Plain is the story of a request that did not fail.
	Plain *Plain `json:"plain,omitempty"`
}

// Story is one cause, or one failed statement, and what would have saved it.
type Story struct {
	Cause *Cause `json:"cause"`
	// Count is how many statements the story is about.
	Count int `json:"count"`
	// Example is the statement that the chain is about.
	Example Failure `json:"example"`
	Chain   []Link  `json:"chain"`
	// Savers are remedies; Searched says that they were looked for.
	Savers   []Saver  `json:"savers"`
	Searched bool     `json:"searched"`
	Members  []string `json:"members"`
}

// Plain is the story of a request without an error.
type Plain struct {
	Request *Request `json:"request"`
	Chain   []Link   `json:"chain"`
}

// Played is a run that was watched.
type Played struct {
	*Account
	Search Search
}

// Play plays a setting and watches it.
func Play(s Setting) (*Played, error) {
	w := NewWatch()
	opts := s.options()
	opts.Sink = w
	r, err := runner.Run(s.Scenario, opts)
	if err != nil {
		return nil, err
	}
	return &Played{Account: NewAccount(w, r, s.Flags), Search: Search{Setting: s, Before: r}}, nil
}

// UnknownRequestError says that there is no such request.
type UnknownRequestError struct{ Name, First, Last string }

// Error implements error.
func (e *UnknownRequestError) Error() string {
	if e.First == "" {
		return fmt.Sprintf("no request %q: no statement reached a gate", e.Name)
	}
	return fmt.Sprintf("no request %q: the run has %s to %s", e.Name, e.First, e.Last)
}

// The choices of [Played.Why] besides the name of a request.
const (
	ByCause = ""      // one story for each cause
	First   = "first" // the statement that failed first
	All     = "all"   // one story for each failed statement
	Slowest = "slowest"
)

// Why tells the stories that are chosen: by cause, or of requests. A request is named as its
// gate names it (gate-1/r42), or r42 if there is one gate. search says whether to look for
// what would have saved them; there is nothing to change in a run that is none of a scenario.
func (p *Played) Why(choice string, search bool) (*Why, error) {
	r := p.Result
	search = search && p.Search.Setting.Scenario != nil
	w := &Why{
		Scenario: r.Scenario, Title: p.Search.Setting.title(), Release: r.Release, Seed: r.Seed, Hash: r.Hash,
		Statements: r.Statements.Total, Failed: len(p.Failures), Held: p.held(), Stories: []Story{},
	}
	groups, plain, err := p.choose(choice)
	if err != nil {
		return nil, err
	}
	if plain != nil {
		w.Plain = &Plain{plain, p.ChainOf(plain)}
	}
	for i := range groups {
		story, err := p.story(&groups[i], search)
		if err != nil {
			return nil, err
		}
		w.Stories = append(w.Stories, story)
	}
	return w, nil
}

// choose gives the failures that are asked for in groups of one story each, or a request that
// did not fail.
func (p *Played) choose(choice string) ([]Group, *Request, error) {
	switch choice {
	case ByCause:
		return p.Groups(), nil, nil
	case First, All:
		var list []Group
		for _, f := range p.Failures {
			if list = append(list, Group{f.Cause, []Failure{f}}); choice == First {
				break
			}
		}
		return list, nil, nil
	case Slowest:
		if q := p.slowest(); q != nil {
			choice = q.ID
		}
	}
	for _, f := range p.Failures {
		if f.Request != nil && named(f.Request, choice) {
			return []Group{{f.Cause, []Failure{f}}}, nil, nil
		}
	}
	for _, q := range p.Requests {
		if named(q, choice) {
			return nil, q, nil
		}
	}
	e := &UnknownRequestError{Name: choice}
	if n := len(p.Requests); n > 0 {
		e.First, e.Last = p.Requests[0].ID, p.Requests[n-1].ID
	}
	return nil, nil, e
}

func named(q *Request, name string) bool { return q.ID == name || strings.HasSuffix(q.ID, "/"+name) }

// slowest is the request that took longest, answered or not.
func (p *Played) slowest() *Request {
	var slow *Request
	took := func(q *Request) int64 {
		if !q.Answered {
			return int64(p.Result.Outcome.Time - q.From)
		}
		return int64(q.To - q.From)
	}
	for _, q := range p.Requests {
		if slow == nil || took(q) > took(slow) {
			slow = q
		}
	}
	return slow
}

func (p *Played) held() int {
	n := 0
	for _, q := range p.Requests {
		for _, pass := range q.Passes {
			if pass.Hold != nil {
				n++
				break
			}
		}
	}
	return n
}

func (p *Played) story(g *Group, search bool) (Story, error) {
	example := &g.Failures[0]
	s := Story{Cause: g.Cause, Count: len(g.Failures), Example: *example, Chain: p.Chain(example), Savers: []Saver{}}
	for i := range g.Failures {
		s.Members = append(s.Members, g.Failures[i].name())
	}
	if !search {
		return s, nil
	}
	s.Searched = true
	goal := Save(example)
	if s.Count > 1 {
		goal = SaveAll(g, len(p.Failures))
	}
	savers, err := p.Search.Savers(g.Cause, goal)
	if savers != nil {
		s.Savers = savers
	}
	return s, err
}

// name is the request's, or the statement's of a client if none reached a gate.
func (f *Failure) name() string {
	if f.Request != nil {
		return f.Request.ID
	}
	return fmt.Sprintf("%s#%d", f.Name, f.Statement)
}
