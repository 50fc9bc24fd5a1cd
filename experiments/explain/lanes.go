package explain

import (
	"cmp"
	"slices"

	"bufsim/sim"
)

// Outcome is what a lane shows of a request.
type Outcome string

// The outcomes.
const (
	Answered     Outcome = "answered"       // at once
	HeldAnswered Outcome = "held, answered" // after a stay in the buffer
	HeldFailed   Outcome = "held, failed"
	Refused      Outcome = "failed" // without a stay in the buffer
	Unanswered   Outcome = "unanswered"
)

// Lane is the timeline of one connection of a client.
type Lane struct {
	Gate       string `json:"gate"`
	Connection int64  `json:"connection"`
	// Client is the client that had the connection first, of those that are known; -1 if none is.
	Client int   `json:"client"`
	Bars   []Bar `json:"bars"`
}

// Bar is one request on a lane.
type Bar struct {
	Request string `json:"request"`
	// From is when the gate had it, To when it was answered, or its gate died, or the run ended.
	From sim.Time `json:"from_ns"`
	To   sim.Time `json:"to_ns"`
	// Held are its stays in the buffer, Calls when it was sent to a tablet: the first is the
	// first try, the others are retries.
	Held    []Stretch  `json:"held,omitempty"`
	Calls   []sim.Time `json:"calls_ns,omitempty"`
	Outcome Outcome    `json:"outcome"`
	// Cause is the cause's ID if the client saw an error because of this request.
	Cause string `json:"cause,omitempty"`
}

// Stretch is a piece of time.
type Stretch struct {
	From sim.Time `json:"from_ns"`
	To   sim.Time `json:"to_ns"`
}

// Lanes gives one lane for each connection in order of client, gate and connection, with its
// requests in order of time. Requests of one connection do not overlap.
func (a *Account) Lanes() []Lane {
	causes := map[*Request]string{}
	for _, f := range a.Failures {
		if f.Request != nil {
			causes[f.Request] = f.Cause.ID
		}
	}
	end := a.Result.Outcome.Time
	index := map[connection]int{}
	var lanes []Lane
	for _, q := range a.Requests {
		at := connection{gate: q.Gate, inc: q.incarnation, id: q.Connection}
		i, known := index[at]
		if !known {
			i = len(lanes)
			index[at] = i
			lanes = append(lanes, Lane{Gate: q.Gate, Connection: q.Connection, Client: q.Client})
		}
		if lanes[i].Client < 0 {
			lanes[i].Client = q.Client
		}
		bar := q.bar(a.lostAt(q, end))
		bar.Cause = causes[q]
		lanes[i].Bars = append(lanes[i].Bars, bar)
	}
	slices.SortStableFunc(lanes, func(x, y Lane) int {
		return cmp.Or(cmp.Compare(x.Client, y.Client), cmp.Compare(x.Gate, y.Gate), cmp.Compare(x.Connection, y.Connection))
	})
	return lanes
}

// lostAt is when a request can have no answer any more: when its gate died, or the run ended.
func (a *Account) lostAt(q *Request, end sim.Time) sim.Time {
	for _, m := range a.watch.moments {
		if m.host == q.Gate && m.what == "crash" && m.at >= q.From {
			return m.at
		}
	}
	return end
}

// bar is the request on its lane; end is when there can be no answer any more.
func (r *Request) bar(end sim.Time) Bar {
	b := Bar{Request: r.ID, From: r.From, To: end}
	if r.Answered {
		b.To = r.To
	}
	for _, p := range r.Passes {
		for _, c := range p.Calls {
			b.Calls = append(b.Calls, c.At)
		}
		if h := p.Hold; h != nil {
			s := Stretch{h.From, h.To}
			if h.How == "" {
				s.To = end
			}
			b.Held = append(b.Held, s)
		}
	}
	for _, c := range r.Direct {
		b.Calls = append(b.Calls, c.At)
	}
	b.Outcome = r.outcome(len(b.Held) > 0)
	return b
}

func (r *Request) outcome(held bool) Outcome {
	switch {
	case !r.Answered:
		return Unanswered
	case held && r.Errno != 0:
		return HeldFailed
	case held:
		return HeldAnswered
	case r.Errno != 0:
		return Refused
	}
	return Answered
}
