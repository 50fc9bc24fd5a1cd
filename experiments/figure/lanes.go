package figure

import (
	"cmp"
	"fmt"
	"slices"

	"bufsim/experiments/plotstyle"
	"bufsim/gate"
	"bufsim/gate/gateway"
)

// The kinds of bars of a lane, in the order of [laneKinds].
const (
	answered = iota
	heldAnswered
	heldFailed
	failed
)

func laneKinds() []string {
	return []string{"answered, not held", "held, then answered", "held, then failed", "failed, not held"}
}

// request is one statement as its gate saw it.
type request struct {
	client       int64
	from, to     float64
	held, failed bool
}

func (r request) kind() int {
	switch {
	case r.held && r.failed:
		return heldFailed
	case r.held:
		return heldAnswered
	case r.failed:
		return failed
	}
	return answered
}

// drawLanes shows the requests of each connection. A client that reconnects after an error
// keeps its lane; statements of one client that overlap get lanes of their own.
func drawLanes(r *Run) (plotstyle.Figure, error) {
	from, to, err := r.scene()
	if err != nil {
		return plotstyle.Figure{}, err
	}
	requests := slices.DeleteFunc(r.requests(), func(q request) bool { return q.to < from || q.from > to })
	slices.SortStableFunc(requests, func(a, b request) int {
		return cmp.Or(cmp.Compare(a.client, b.client), cmp.Compare(a.from, b.from))
	})
	body := plotstyle.Lanes{
		X: plotstyle.Axis{Title: "time", Unit: "s"}, Y: plotstyle.Axis{Title: "connection"},
		Kinds: laneKinds(), Spans: r.outages(), From: from, To: to,
	}
	client, first := int64(-1), 0
	for _, q := range requests {
		if q.client != client {
			client, first = q.client, len(body.Lanes)
		}
		i := freeLane(body.Lanes, first, q.from)
		if i == len(body.Lanes) {
			body.Lanes = append(body.Lanes, plotstyle.Lane{Name: fmt.Sprint(len(body.Lanes) + 1)})
		}
		body.Lanes[i].Bars = append(body.Lanes[i].Bars, plotstyle.Bar{From: q.from, To: q.to, Kind: q.kind()})
	}
	return plotstyle.Figure{Title: r.Title, Caption: r.caption(), Body: body}, nil
}

// freeLane is the first lane from one on whose last bar has ended.
func freeLane(lanes []plotstyle.Lane, first int, at float64) int {
	for i := first; i < len(lanes); i++ {
		if bars := lanes[i].Bars; bars[len(bars)-1].To <= at {
			return i
		}
	}
	return len(lanes)
}

// requests puts the events of each statement together. The upper half of a row's key is
// the number of the client that it belongs to.
func (r *Run) requests() []request {
	var list []request
	index := map[string]int{}
	end := seconds(int64(r.Result.Time))
	for i := range r.Events {
		e := &r.Events[i]
		id := e.Text("request")
		at, known := index[id]
		switch e.Kind {
		case gate.KindStatement:
			index[id] = len(list)
			list = append(list, request{client: e.Number("key") >> 32, from: seconds(e.Time), to: end})
		case gateway.KindEnd:
			if known && e.Number("held") == 1 {
				list[at].held = true
			}
		case gate.KindAnswer:
			if known {
				list[at].to, list[at].failed = seconds(e.Time), e.Number("errno") != 0
			}
		}
	}
	return list
}
