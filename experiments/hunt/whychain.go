package hunt

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"bufsim/experiments/explain"
	"bufsim/gate/discovery"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// linksMax is how many links a chain has at most: more is searched, not read.
const linksMax = 40

// chainOf tells what led to a finding: what happened to its object and to those around it, up to
// when it showed. left is how many links of the beginning are left out.
func chainOf(rec *recording, f *Finding, in *Input) (chain []explain.Link, left int) {
	t := &telling{about: aboutOf(f, in)}
	if len(in.Steps) > 0 {
		t.setUp = sim.Time(in.Steps[0].At)
	}
	t.tellSilent(in)
	for i := range rec.events {
		e := &rec.events[i]
		if sim.Time(e.Time) > f.At+sim.Time(time.Millisecond) {
			break
		}
		t.tell(e, in.Scenario == nil)
	}
	for _, w := range rec.played.Outcome.Waiting {
		if w.Holder != "" {
			t.add(explain.Link{At: rec.played.Outcome.Time, Text: fmt.Sprintf("to the end, %s waits for %s, which %s holds", w.Proc, w.Object, w.Holder)})
		}
	}
	for i := range t.links {
		if n := t.more[i]; n > 0 {
			t.links[i].Text += fmt.Sprintf(" (and %d more like it)", n)
		}
	}
	left = max(0, len(t.links)-linksMax)
	return t.links[left:], left
}

// telling is a chain under way.
type telling struct {
	about about
	// setUp is when the first thing happens.
	setUp sim.Time
	links []explain.Link
	// silent are links of what emits no event, in order.
	silent []explain.Link
	// heard is what gates heard last, by gate and tablet.
	heard map[string]string
	// more counts what is left out, by the link that it is like.
	more map[int]int
}

// tell adds what an event says.
func (t *telling) tell(e *trace.Event, small bool) {
	for len(t.silent) > 0 && t.silent[0].At <= sim.Time(e.Time) {
		t.add(t.silent[0])
		t.silent = t.silent[1:]
	}
	var l explain.Link
	ok := false
	if small {
		l, ok = tellProgram(e)
	}
	if !ok {
		l, ok = explain.Tell(e)
	}
	if ok && (small || t.about.concerns(e)) && t.news(e, l.Text) {
		t.add(l)
	}
}

// news says that a gate hears something else than before: tablets repeat themselves.
func (t *telling) news(e *trace.Event, text string) bool {
	if e.Kind != discovery.KindHealth {
		return true
	}
	if t.heard == nil {
		t.heard = map[string]string{}
	}
	place := e.Host + " " + e.Text("tablet")
	before := t.heard[place]
	t.heard[place] = text
	return before != text
}

// tellSilent adds what a program does without an event.
func (t *telling) tellSilent(in *Input) {
	for _, s := range in.Steps {
		if err := cause(s.Arg("cause")); s.Do == "refuse" && err != nil {
			t.silent = append(t.silent, explain.Link{At: sim.Time(s.At), Text: fmt.Sprintf("the primary of %s begins to refuse statements: %s", s.Shard, err.Error())})
		}
	}
}

// add adds a link, or counts it to one of the same instant, or of the world's making, that differs
// in numbers only.
func (t *telling) add(l explain.Link) {
	for i := len(t.links) - 1; i >= 0 && (t.links[i].At == l.At || l.At < t.setUp); i-- {
		if digits.ReplaceAllString(t.links[i].Text, "") == digits.ReplaceAllString(l.Text, "") {
			if t.more == nil {
				t.more = map[int]int{}
			}
			t.more[i]++
			return
		}
	}
	t.links = append(t.links, l)
}

// tellProgram tells the steps of a small world's program.
func tellProgram(e *trace.Event) (explain.Link, bool) {
	text := ""
	switch e.Kind {
	case kindAsk:
		text = fmt.Sprintf("request %s comes for %s", e.Text("request"), e.Text("shard"))
	case kindAnswer:
		text = fmt.Sprintf("request %s is answered", e.Text("request"))
		if err := e.Text("error"); err != "" {
			text += " with an error: " + oneLine(err)
		}
	case kindSays:
		text = fmt.Sprintf("the primary of %s says that it serves, term %d", e.Text("shard"), e.Number("term"))
		if e.Number("serving") == 0 {
			text = fmt.Sprintf("the primary of %s says that it does not serve", e.Text("shard"))
		}
	default:
		return explain.Link{}, false
	}
	return explain.Link{At: sim.Time(e.Time), Text: text}, true
}

// about is what a finding in a cluster is about: gates, shards and tablets. What is about nothing
// of that sort concerns everything.
type about struct{ gates, shards, tablets []string }

var (
	aGate   = regexp.MustCompile(`\bgate-\d+\b`)
	aTablet = regexp.MustCompile(`\b[a-z]+\d*-0*(\d{3,})\b`)
	aShard  = regexp.MustCompile(`\b[a-z]+\d*/[0-9a-f]*-?[0-9a-f]*`)
)

// aboutOf reads it from a finding's words; the tablets of its shards and the shards of its
// tablets belong to it.
func aboutOf(f *Finding, in *Input) (a about) {
	words := f.Object + " " + f.Detail
	a.gates, a.shards = aGate.FindAllString(words, -1), aShard.FindAllString(f.Object, -1)
	if in.Scenario == nil {
		return a
	}
	named := map[string]bool{}
	for _, m := range aTablet.FindAllStringSubmatch(words, -1) {
		named[m[1]] = true
	}
	for _, k := range in.Scenario.Cluster.Keyspaces {
		for _, sh := range k.Shards {
			name := string(k.Name) + "/" + string(sh.Name)
			for _, t := range sh.Tablets {
				if named[number(t.Alias)] && !slices.Contains(a.shards, name) {
					a.shards = append(a.shards, name)
				}
			}
			if !slices.Contains(a.shards, name) {
				continue
			}
			for _, t := range sh.Tablets {
				a.tablets = append(a.tablets, number(t.Alias))
			}
		}
	}
	return a
}

// number is the last part of a tablet's name without zeros in front: zone1-0000000100 and
// zone1-100 are one tablet.
func number(host string) string {
	_, n, _ := strings.Cut(host, "-")
	return strings.TrimLeft(n, "0")
}

// concerns says that an event is about the same gates, shards or tablets. Operations, faults and
// recoveries concern all.
func (a *about) concerns(e *trace.Event) bool {
	if len(a.shards) > 0 {
		shard := e.Text("shard")
		if k := e.Text("keyspace"); k != "" && shard != "" {
			shard = k + "/" + shard
		}
		if shard != "" && !slices.Contains(a.shards, shard) {
			return false
		}
	}
	if len(a.gates) > 0 && aGate.MatchString(e.Host) && !slices.Contains(a.gates, e.Host) {
		return false
	}
	of := aTablet.FindStringSubmatch(e.Host)
	return len(a.tablets) == 0 || of == nil || slices.Contains(a.tablets, of[1])
}
