package groundtruth

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"bufsim/sim/trace"
	"bufsim/tablet"
)

// healthEvent is what a subscriber of a tablet's health stream got; ended is the stream's end.
type healthEvent struct {
	at      float64
	tablet  string
	primary bool
	serving bool
	ended   bool
}

// healthEvents reads the record's messages.
func (m *Measured) healthEvents() []healthEvent {
	var list []healthEvent
	for _, h := range m.Health {
		if len(h) < 4 {
			continue
		}
		e := healthEvent{}
		e.at, _ = h[0].(float64)
		e.tablet, _ = h[1].(string)
		kind, _ := h[2].(string)
		e.primary, e.ended = kind == "PRIMARY", kind == "stream ended"
		e.serving, _ = h[3].(bool)
		list = append(list, e)
	}
	return list
}

// simulatedHealth reads the broadcasts of a simulated run and the ends of the processes.
func simulatedHealth(events []trace.Event) []healthEvent {
	var list []healthEvent
	for i := range events {
		e := &events[i]
		h := healthEvent{at: time.Duration(e.Time).Seconds(), tablet: shortAlias(e.Host)}
		switch {
		case !aliasPattern.MatchString(e.Host) || strings.HasPrefix(e.Host, "mysqld"):
			continue // not a tablet
		case e.Kind == tablet.KindHealth && e.Text("type") == "PRIMARY" && e.Number("pts_s") <= 0:
			continue // T-143: the last message of a shutdown does not arrive
		case e.Kind == tablet.KindHealth:
			h.primary, h.serving = e.Text("type") == "PRIMARY", e.Number("serving") == 1
		case e.Kind == trace.KindHost && e.Text("what") == "crash", e.Kind == tablet.KindLife && e.Text("what") == "stopped":
			h.ended = true
		default:
			continue
		}
		list = append(list, h)
	}
	return list
}

// shortAlias is an alias without the zeros.
func shortAlias(host string) string {
	cell, uid, found := strings.Cut(host, "-")
	if !found {
		return host
	}
	return cell + "-" + strings.TrimLeft(uid, "0")
}

// healthFigures are the states that each tablet went through, and the time in which none was a
// serving primary. Who is elected is open, so tablets are told apart by what they did.
func healthFigures(f figures, events []healthEvent, end float64) {
	states := map[string][]string{}
	for _, e := range events {
		if s := e.state(); s != "" && !endsWith(states[e.tablet], s) {
			states[e.tablet] = append(states[e.tablet], s)
		}
	}
	var stories []string
	for _, list := range states {
		stories = append(stories, strings.Join(list, " → "))
	}
	sort.Strings(stories)
	f[aboutHealth+"states of each tablet"] = value{text: strings.Join(stories, "; ")}
	f.add(aboutNoServer, withoutPrimary(events, end))
}

func endsWith(list []string, s string) bool { return len(list) > 0 && list[len(list)-1] == s }

func (e healthEvent) state() string {
	if e.ended {
		return "gone"
	}
	kind := "REPLICA"
	if e.primary {
		kind = "PRIMARY"
	}
	if !e.serving {
		return fmt.Sprintf("%s not serving", kind)
	}
	return kind
}

// withoutPrimary is how long no tablet was known as a serving primary, from the first until
// the end of the load.
func withoutPrimary(events []healthEvent, end float64) float64 {
	var serving []string
	sum, since, seen := 0.0, 0.0, false
	for _, e := range events {
		if e.at > end {
			break
		}
		before := len(serving)
		serving = slices.DeleteFunc(serving, func(t string) bool { return t == e.tablet })
		if e.primary && e.serving && !e.ended {
			serving, seen = append(serving, e.tablet), true
		}
		switch {
		case seen && before > 0 && len(serving) == 0:
			since = e.at
		case seen && before == 0 && len(serving) > 0 && since > 0:
			sum, since = sum+e.at-since, 0
		}
	}
	if since > 0 {
		sum += end - since
	}
	return sum
}
