package figure

import (
	"cmp"
	"fmt"
	"slices"

	"bufsim/experiments/explain"
	"bufsim/experiments/plotstyle"
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

// kindOf is the kind of the bar of a request. One without an answer failed: its gate died, or the
// run ended before it.
func kindOf(b *explain.Bar) int {
	switch held := len(b.Held) > 0; {
	case b.Outcome == explain.Answered:
		return answered
	case b.Outcome == explain.HeldAnswered:
		return heldAnswered
	case held:
		return heldFailed
	}
	return failed
}

// drawLanes shows the requests of each connection. A client that reconnects after an error
// keeps its lane; statements of one client that overlap get lanes of their own.
func drawLanes(r *Run) (plotstyle.Figure, error) {
	from, to, err := r.scene()
	if err != nil {
		return plotstyle.Figure{}, err
	}
	body := plotstyle.Lanes{
		X: plotstyle.Axis{Title: "time", Unit: "s"}, Y: plotstyle.Axis{Title: "connection"},
		Kinds: laneKinds(), Spans: r.outages(), From: from, To: to,
	}
	for _, bars := range r.byClient() {
		first := len(body.Lanes)
		for _, b := range bars {
			bar := plotstyle.Bar{From: seconds(int64(b.From)), To: seconds(int64(b.To)), Kind: kindOf(&b)}
			if bar.To < from || bar.From > to {
				continue
			}
			i := freeLane(body.Lanes, first, bar.From)
			if i == len(body.Lanes) {
				body.Lanes = append(body.Lanes, plotstyle.Lane{Name: fmt.Sprint(len(body.Lanes) + 1)})
			}
			body.Lanes[i].Bars = append(body.Lanes[i].Bars, bar)
		}
	}
	return plotstyle.Figure{Title: r.Title, Caption: r.caption(), Body: body}, nil
}

// byClient joins the lanes of the connections that one client had, one after the other.
func (r *Run) byClient() (clients [][]explain.Bar) {
	client := -2 // none
	for _, lane := range r.Account.Lanes() {
		if lane.Client != client {
			client = lane.Client
			clients = append(clients, nil)
		}
		last := len(clients) - 1
		clients[last] = append(clients[last], lane.Bars...)
	}
	for _, bars := range clients {
		slices.SortStableFunc(bars, func(a, b explain.Bar) int { return cmp.Compare(a.From, b.From) })
	}
	return clients
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
