package invariant

import (
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// liveTablets is T-154 and T-156.
func liveTablets() Invariant {
	return Invariant{
		ID:      "live-tablets-settled",
		Meaning: "Some time after faults have stopped, every tablet is in the state that it is meant to be in, and its last health message says so.",
		Rules:   []string{"T-154", "T-156"},
		Kinds:   []string{string(trace.KindHost), string(tablet.KindWant), string(tablet.KindState), string(tablet.KindHealth)},
		New: func(f Facts) Checker {
			return &liveTabletsChecker{cluster: newCluster(f), tablets: map[string]*settledView{}}
		},
		Fail: failLiveTablets,
	}
}

func failLiveTablets(t Reporter, v Violation) { t.Helper(); t.Fatalf("%s", v) }

type liveTabletsChecker struct {
	findings
	cluster *cluster
	tablets map[string]*settledView
}

// settledView is a tablet's wish, its reality, and what it told of them.
type settledView struct{ want, state, health trace.Event }

// Record implements Checker.
func (c *liveTabletsChecker) Record(e trace.Event) {
	t := c.tablets[e.Host]
	if t == nil || restarted(&e) {
		t = &settledView{}
		c.tablets[e.Host] = t
	}
	switch e.Kind {
	case tablet.KindWant:
		t.want = keep(e)
	case tablet.KindState:
		t.state = keep(e)
	case tablet.KindHealth:
		t.health = keep(e)
	}
}

// Finish implements Checker. spec: T-154, T-156
func (c *liveTabletsChecker) Finish(end End) {
	if !end.Recovered {
		return
	}
	for _, s := range c.cluster.shards {
		for _, v := range s.tablets {
			if t := c.tablets[v.host]; t != nil {
				c.judge(v.host, t, end)
			}
		}
	}
}

func (c *liveTabletsChecker) judge(host string, t *settledView, end End) {
	serving := t.state.Text("state") == servingState
	switch {
	case t.state.Text("state") != t.want.Text("state") || t.state.Text("type") != t.want.Text("type"):
		c.violate(host, end.Time, shown(t.want, t.state), "it is %s %s and is meant to be %s %s",
			t.state.Text("type"), t.state.Text("state"), t.want.Text("type"), t.want.Text("state"))
	case t.health.Text("type") != t.state.Text("type") || (t.health.Number("serving") != 0) != serving:
		c.violate(host, end.Time, shown(t.state, t.health), "its last health message says %s serving %d", t.health.Text("type"), t.health.Number("serving"))
	}
}
