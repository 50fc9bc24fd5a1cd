package hunt

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"bufsim/experiments/invariant"
	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/model/release"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// said is what the tablets of a shard last said, and what the gate's buffer does meanwhile.
type said struct {
	serving bool
	term    int64
	// last is the last word, newer the last one of a later term.
	// served the last one that it serves.
	last, newer, down, served *trace.Event
	start                     *trace.Event // of the buffering under way, nil if there is none
	marked                    *trace.Event
}

// late says that the event that ended the buffering was sent before the shard was marked, and
// ends a failover that it knows nothing of: it waited in its channel, or the mark was still to
// come. That can happen in every release that has the mark. spec: D-65, D-67, M-1, M-4
func (s *said) late(event *trace.Event, b release.Behaviors) string {
	marked := s.marked != nil && s.marked.Step >= s.start.Step
	if b.MarkShardNotServing && event != nil && (!marked || s.marked.Step > event.Step) {
		return "the event was sent before the shard was marked"
	}
	return ""
}

// shardsSaid follows the shards of the gate world.
type shardsSaid map[string]*said

func (all shardsSaid) see(e *trace.Event) (s *said) {
	name := e.Text("shard")
	if e.Kind != kindSays {
		name = shardOf(e)
	}
	s = all[name]
	if s == nil {
		s = &said{serving: true, term: 100}
		all[name] = s
	}
	switch e.Kind {
	case kindSays:
		s.serving, s.last = e.Number("serving") == 1, keep(e)
		if s.serving {
			s.served = s.last
		} else {
			s.down = s.last
		}
		if t := e.Number("term"); s.serving && t > s.term {
			s.term, s.newer = t, s.last
		}
	case buffer.KindStart:
		s.start = keep(e)
	case discovery.KindMark:
		s.marked = keep(e)
	}
	return s
}

// earlyEnd is about another shard's doing. spec: B-17, B-57, D-92
func earlyEnd() invariant.Invariant {
	return oracle(invariant.Invariant{
		ID: "no-early-end", Meaning: "Buffering of a shard does not end as a failover that is over before a tablet of the shard has said that it serves.",
		Rules: []string{"B-17", "B-57", "D-92"}, Kinds: []string{string(kindSays), "buffer.start", "buffer.stop", string(discovery.KindMark), string(discovery.KindKeyspaceEvent)},
	}, func(f invariant.Facts, v *verdicts) (func(*trace.Event), func(invariant.End)) {
		shards, told, events := shardsSaid{}, false, map[string]*trace.Event{}
		return func(e *trace.Event) {
			if e.Kind == discovery.KindKeyspaceEvent {
				events[e.Text("keyspace")] = keep(e)
				return
			}
			s := shards.see(e)
			told = told || e.Kind == kindSays
			if e.Kind != buffer.KindStop {
				return
			}
			if told && e.Text("reason") == "NewPrimarySeen" && s.start != nil && s.silentSince(s.start, f.Slack) {
				v.add(e.Host+" "+shardOf(e), sim.Time(e.Time), "its primary said nothing since the buffering began",
					cmp.Or(s.late(events[e.Text("keyspace")], f.Release.Behaviors), disordered(f, e)), s.start, events[e.Text("keyspace")], e)
			}
			s.start = nil
		}, func(invariant.End) {}
	})
}

// silentSince reports whether no tablet of the shard has said since an event that it serves.
func (s *said) silentSince(e *trace.Event, slack func(begin, end sim.Time) time.Duration) bool {
	if s.served == nil {
		return true
	}
	served, now := sim.Time(s.served.Time), sim.Time(e.Time)
	return served < now && now.Sub(served) > slack(served, now)
}

// disordered excuses what depends on the order of news inside the gate in a run whose schedule
// has put procs aside: news that was sent first may come last. spec: P-22
func disordered(f invariant.Facts, e *trace.Event) string {
	if f.Slack(0, sim.Time(e.Time)) > 0 {
		return "the schedule stalled procs"
	}
	return ""
}

func noSlack(sim.Time, sim.Time) time.Duration { return 0 }

// promptEnd is about news that gets lost inside the gate. spec: D-48, D-67
func promptEnd() invariant.Invariant {
	return oracle(invariant.Invariant{
		ID: "buffering-ends-with-the-failover", Meaning: "Buffering of a shard ends within 3s after the primaries of all shards of its keyspace have said that they serve.",
		Rules: []string{"D-48", "D-66", "D-67"}, Kinds: []string{string(kindSays), "buffer.start", "buffer.stop", string(discovery.KindMark)},
	}, func(f invariant.Facts, v *verdicts) (func(*trace.Event), func(invariant.End)) {
		shards := shardsSaid{}
		return func(e *trace.Event) {
			s := shards.see(e)
			if e.Kind != buffer.KindStop {
				return
			}
			start := s.start
			s.start = nil
			if start == nil || e.Text("reason") != "MaxDurationExceeded" || s.silentSince(start, noSlack) {
				return
			}
			whole, excused := shards.whole(e.Text("keyspace"))
			since := max(whole, start.Time)
			if whole >= 0 && e.Time-since > int64(3*time.Second+f.Slack(sim.Time(since), sim.Time(e.Time))) {
				v.add(e.Host+" "+shardOf(e), sim.Time(e.Time), "all shards of its keyspace serve since "+sim.Time(since).String(), cmp.Or(excused, disordered(f, e)), start, s.last, e)
			}
		}, func(invariant.End) {}
	})
}

// whole says since when all shards of a keyspace serve, -1 if they do not. It is excused where
// Vitess is known not to hear of it: a primary that is the old one again, that said so before
// the shard was marked, or at the instant at which another tablet said that it does not serve.
// spec: D-65, D-90, D-91
func (all shardsSaid) whole(keyspace string) (since int64, excused string) {
	for _, name := range slices.Sorted(maps.Keys(all)) { // the excuse is that of the last one
		s := all[name]
		if !strings.HasPrefix(name, keyspace+"/") {
			continue
		}
		if !s.serving {
			return -1, ""
		}
		if s.last != nil {
			since = max(since, s.last.Time)
		}
		switch {
		case s.last == nil && s.marked == nil && s.down == nil:
		case s.newer == nil || s.newer != s.last:
			excused = "a shard has its old primary again"
		case s.marked != nil && s.marked.Time >= s.newer.Time:
			excused = "a shard was marked after its new primary was heard of"
		case s.down != nil && s.down.Time >= s.newer.Time:
			excused = "a shard's old primary spoke last"
		}
	}
	return since, excused
}
