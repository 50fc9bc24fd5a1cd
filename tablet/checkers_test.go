package tablet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
)

// checker watches the events of a run for one invariant of section 14. It returns what is
// wrong, empty while all is well.
type checker struct {
	id, sentence string
	watch        func() func(e *trace.Event) string
}

// checkers are the invariants that can be seen in the events. T-153 and T-155 are also looked
// at from within (see disturb).
func checkers() []checker {
	return []checker{
		{"T-150", "A message says serving only while state and wish are Serving.", servingIsTrue},
		{"T-151", "After a drain no transaction is open, and no client's write is logged before the tablet serves again.", drainedIsQuiet},
		{"T-152", "An answered commit is on its server and, under semi-sync, on a replica that acknowledges.", answeredIsThere},
		{"T-153", "Executed sets only grow, except by RESET BINARY LOGS AND GTIDS.", executedGrows},
		{"T-154", "One transition at a time.", oneTransition},
		{"T-155", "Requests are never less than none.", requestsAreCounted},
		{"T-156", "The last message tells the present state.", lastMessageIsTrue},
		{"T-157", "Only a PRIMARY advertises a term, and its terms never go back within a process.", termsGoUp},
	}
}

// judge plays events to a checker and gives the first complaint.
func judge(c checker, events []trace.Event) string {
	watch := c.watch()
	for i := range events {
		if wrong := watch(&events[i]); wrong != "" {
			return fmt.Sprintf("%s %s: %s at %v on %s", c.id, c.sentence, wrong, time.Duration(events[i].Time), events[i].Host)
		}
	}
	return watch(nil)
}

// perHost keeps something for every process; a boot makes a new one.
type perHost[T any] map[string]*T

func (p perHost[T]) of(e *trace.Event) *T {
	if p[e.Host] == nil || e.Kind == trace.KindHost && e.Text("what") == "boot" {
		p[e.Host] = new(T)
	}
	return p[e.Host]
}

func servingIsTrue() func(*trace.Event) string {
	type process struct{ want, state string }
	hosts := perHost[process]{}
	return func(e *trace.Event) string {
		if e == nil {
			return ""
		}
		h := hosts.of(e)
		switch e.Kind {
		case tablet.KindWant:
			h.want = e.Text("state")
		case tablet.KindState:
			h.state = e.Text("state")
		case tablet.KindHealth:
			switch {
			case e.Number("serving") == 0:
			case h.want != "Serving" || h.state != "Serving":
				return "serving while " + h.state + ", wanted " + h.want
			case e.Text("error") != "":
				return "serving with an error"
			}
		}
		return ""
	}
}

func drainedIsQuiet() func(*trace.Event) string {
	type process struct{ drained bool }
	hosts := perHost[process]{}
	return func(e *trace.Event) string {
		if e == nil {
			return ""
		}
		h := hosts.of(e)
		switch e.Kind {
		case tablet.KindDrain:
			h.drained = e.Text("phase") == "end"
			if h.drained && e.Number("transactions") != 0 {
				return "transactions after the drain"
			}
		case tablet.KindState:
			h.drained = e.Text("state") != "Serving"
		case mysqld.KindBinlog:
			owner := hosts[strings.TrimPrefix(e.Host, "mysqld-")]
			if owner != nil && owner.drained && e.Text("table") == "t" {
				return e.Text("gtid") + " was logged after the drain"
			}
		}
		return ""
	}
}

// answeredIsThere knows every server's executed and received sets from the events.
func answeredIsThere() func(*trace.Event) string {
	executed, received := map[string]gtid.Set{}, map[string]gtid.Set{}
	how := map[string]string{}
	add := func(sets map[string]gtid.Set, host, text string) {
		set, err := gtid.ParseSet(text)
		if err != nil {
			panic(err)
		}
		sets[host] = sets[host].Union(set)
	}
	return func(e *trace.Event) string {
		if e == nil {
			return ""
		}
		switch e.Kind {
		case mysqld.KindCommit:
			add(executed, e.Host, e.Text("gtid"))
			how[e.Text("gtid")] = e.Text("how")
		case mysqld.KindApply, mysqld.KindGTIDs:
			add(executed, e.Host, e.Text("gtids"))
		case mysqld.KindReceive:
			if e.Number("semi_sync") != 0 {
				add(received, e.Host, e.Text("gtids"))
			}
		case tablet.KindCommit:
			return answered(e, executed, received, how)
		}
		return ""
	}
}

func answered(e *trace.Event, executed, received map[string]gtid.Set, how map[string]string) string {
	text := e.Text("gtid")
	set, err := gtid.ParseSet(text)
	switch {
	case err != nil:
		return err.Error()
	case e.Text("outcome") != "ok":
		return ""
	case !executed["mysqld-"+e.Host].Contains(set):
		return text + " is not on its server"
	case how[text] != "acked":
		return ""
	}
	for _, has := range received { // order-free: any one will do
		if has.Contains(set) {
			return ""
		}
	}
	return text + " is on no replica"
}

func executedGrows() func(*trace.Event) string {
	sets := map[string]gtid.Set{}
	return func(e *trace.Event) string {
		if e == nil {
			return ""
		}
		switch e.Kind {
		case mysqld.KindReset:
			delete(sets, e.Host)
		case mysqld.KindCommit, mysqld.KindApply:
			set, err := gtid.ParseSet(e.Text("gtid") + e.Text("gtids"))
			if err != nil {
				return err.Error()
			}
			if twice := sets[e.Host].Intersect(set); !twice.IsEmpty() {
				return twice.String() + " was committed twice: it must have been lost in between"
			}
			sets[e.Host] = sets[e.Host].Union(set)
		}
		return ""
	}
}

func oneTransition() func(*trace.Event) string {
	type process struct{ draining bool }
	hosts := perHost[process]{}
	return func(e *trace.Event) string {
		if e == nil {
			return ""
		}
		h := hosts.of(e)
		switch e.Kind {
		case tablet.KindDrain:
			if begin := e.Text("phase") == "begin"; begin {
				if h.draining {
					return "a drain began within a drain"
				}
				h.draining = true
			} else if e.Text("phase") == "end" {
				h.draining = false
			}
		case tablet.KindState:
			if h.draining {
				return "a state was reached within a drain"
			}
		}
		return ""
	}
}

func requestsAreCounted() func(*trace.Event) string {
	return func(e *trace.Event) string {
		if e != nil && e.Kind == tablet.KindDrain && (e.Number("outstanding") < 0 || e.Number("transactions") < 0) {
			return "less than none"
		}
		return ""
	}
}

// lastMessageIsTrue looks at the end whether every process's last message is later than its
// last state; messages have a moment for it.
func lastMessageIsTrue() func(*trace.Event) string {
	type process struct {
		state, told string
		at          int64
		alive       bool
	}
	hosts, now := perHost[process]{}, int64(0)
	return func(e *trace.Event) string {
		if e != nil {
			now = e.Time
			h := hosts.of(e)
			switch e.Kind {
			case tablet.KindLife:
				h.alive = e.Text("what") == "started"
			case trace.KindHost:
				h.alive = h.alive && e.Text("what") != "crash"
			case tablet.KindState:
				h.state, h.at = e.Text("type"), e.Time
			case tablet.KindHealth:
				h.told = e.Text("type")
			}
			return ""
		}
		for host, h := range hosts {
			if h.alive && h.state != h.told && now-h.at > int64(time.Second) {
				return host + " is " + h.state + " and said " + h.told
			}
		}
		return ""
	}
}

func termsGoUp() func(*trace.Event) string {
	const noTerm = -62135596800 // T-143
	type process struct{ pts int64 }
	hosts := perHost[process]{}
	return func(e *trace.Event) string {
		if e == nil || e.Kind != tablet.KindHealth {
			if e != nil {
				hosts.of(e)
			}
			return ""
		}
		h, pts := hosts.of(e), e.Number("pts_s")
		switch {
		case e.Text("type") != "PRIMARY" && pts != 0:
			return fmt.Sprintf("%s with the term %d", e.Text("type"), pts)
		case e.Text("type") != "PRIMARY" || pts == noTerm:
			return ""
		case pts < h.pts:
			return fmt.Sprintf("the term %d after %d", pts, h.pts)
		}
		h.pts = pts
		return ""
	}
}

// Every checker complains about a run made by hand that breaks its invariant, and about
// nothing before that.
// spec: T-150, T-151, T-152, T-153, T-154, T-155, T-156, T-157
func TestCheckersSee(t *testing.T) {
	const host, server = "zone1-0000000100", "mysqld-zone1-0000000100"
	one := gtid.ServerUUID(100).String() + ":1"
	ev := func(host string, kind trace.Kind, fields ...trace.Field) trace.Event {
		return trace.Event{Host: host, Kind: kind, Fields: fields}
	}
	state := func(text string) trace.Event {
		return ev(host, tablet.KindState, trace.Str("type", "PRIMARY"), trace.Str("state", text))
	}
	health := func(kind string, serving bool, pts int64) trace.Event {
		return ev(host, tablet.KindHealth, trace.Str("type", kind), trace.Bool("serving", serving), trace.Int("pts_s", pts), trace.Str("error", ""))
	}
	drain := func(phase string, outstanding, transactions int64) trace.Event {
		return ev(host, tablet.KindDrain, trace.Str("phase", phase), trace.Int("outstanding", outstanding), trace.Int("transactions", transactions))
	}
	binlog := ev(server, mysqld.KindBinlog, trace.Str("gtid", one), trace.Str("table", "t"))
	commit := func(how string) trace.Event {
		return ev(server, mysqld.KindCommit, trace.Str("gtid", one), trace.Str("how", how))
	}
	ok := ev(host, tablet.KindCommit, trace.Str("gtid", one), trace.Str("outcome", "ok"))
	late := ev(host, tablet.KindKill)
	late.Time = int64(time.Minute)
	for _, c := range []struct {
		id   string
		runs [][]trace.Event
	}{
		{"T-150", [][]trace.Event{{state("Serving"), health("PRIMARY", true, 1)}, {ev(host, tablet.KindWant, trace.Str("state", "Serving")), health("PRIMARY", true, 1)}}},
		{"T-151", [][]trace.Event{{drain("end", 0, 1)}, {drain("end", 0, 0), binlog}, {state("Not Serving"), binlog}}},
		{"T-152", [][]trace.Event{{ok}, {commit("acked"), ok}}},
		{"T-153", [][]trace.Event{{commit("async"), commit("async")}}},
		{"T-154", [][]trace.Event{{drain("begin", 0, 0), drain("begin", 0, 0)}, {drain("begin", 0, 0), state("Serving")}}},
		{"T-155", [][]trace.Event{{drain("requests", -1, 0)}}},
		{"T-156", [][]trace.Event{{ev(host, tablet.KindLife, trace.Str("what", "started")), health("REPLICA", true, 0), state("Serving"), late}}},
		{"T-157", [][]trace.Event{{health("REPLICA", true, 1)}, {health("PRIMARY", true, 2), health("PRIMARY", true, 1)}}},
	} {
		for i, events := range c.runs {
			for _, check := range checkers() {
				if check.id != c.id {
					continue
				}
				require.NotEmpty(t, judge(check, events), "%s %d", c.id, i)
				if len(events) > 1 && c.id != "T-156" {
					require.Empty(t, judge(check, events[:len(events)-1]), "%s %d", c.id, i)
				}
			}
		}
	}
}
