package conform_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/conform"
	"bufsim/model/spec"
)

// modelWatch plays a vector in the model of the watcher; it gives every allowed outcome.
func modelWatch(t *testing.T, v conform.DiscoveryVector) []conform.DiscoveryOutcome {
	type branch struct {
		watcher spec.Watcher
		outcome conform.DiscoveryOutcome
	}
	branches := []branch{{watcher: spec.NewWatcher(conform.Recorded())}}
	step := func(s conform.DiscoveryStep, m spec.Message, use func(*conform.Answer, spec.Answer)) {
		var next []branch
		for _, b := range branches {
			for _, r := range b.watcher.Step(m) {
				out := b.outcome
				for _, ev := range r.Events {
					out.Events = append(out.Events[:len(out.Events):len(out.Events)], modelEvent(s.At, ev))
				}
				if use != nil && len(out.Answers) > 0 {
					out.Answers = append([]conform.Answer(nil), out.Answers...)
					use(&out.Answers[len(out.Answers)-1], r.Answer)
				}
				next = append(next, branch{r.Watcher, out})
			}
		}
		branches = next
	}
	steps := v.Steps
	for len(steps) > 0 && steps[0].At == 0 && steps[0].Op == "srv_keyspace" { // in force before the watcher starts
		step(steps[0], modelMessage(t, steps[0]), nil)
		steps = steps[1:]
	}
	for _, name := range v.Config.KeyspacesAtStart {
		step(conform.DiscoveryStep{}, spec.Message{Kind: spec.Mention, Keyspace: name}, nil)
	}
	for _, s := range steps {
		m := modelMessage(t, s)
		if s.Op != "query" && s.Op != "mark_not_serving" {
			step(s, m, nil)
			continue
		}
		for i := range branches {
			branches[i].outcome.Answers = append(branches[i].outcome.Answers, conform.Answer{At: s.At, Op: s.Op})
		}
		if s.Op == "mark_not_serving" {
			step(s, m, func(to *conform.Answer, a spec.Answer) { to.Marked = a.Yes })
			continue
		}
		m.Kind = spec.AskResharded
		step(s, m, func(to *conform.Answer, a spec.Answer) { to.BeingResharded = a.Yes })
		m.Kind = spec.AskShouldBuffer
		step(s, m, func(to *conform.Answer, a spec.Answer) { to.ShouldStartBuffering, to.Primary = a.Yes, a.Primary })
		m.Kind = spec.AskServing
		step(s, m, func(to *conform.Answer, a spec.Answer) { to.ServingKeyspaces = a.Keyspaces })
	}
	var all []conform.DiscoveryOutcome
	for _, b := range branches {
		all = append(all, b.outcome)
	}
	return all
}

func modelMessage(t *testing.T, s conform.DiscoveryStep) spec.Message {
	m := spec.Message{
		Keyspace: s.Ks, Shard: s.Shard, Tablet: s.Tablet, IsPrimary: s.Type == "primary", Serving: s.Serving, Term: s.Term, Reparent: s.Reparent,
		Value:  spec.SrvKeyspace{Primary: len(s.PrimaryShards) > 0, Shards: s.PrimaryShards, Controls: s.ControlledShards},
		Tables: s.DeniedTables,
	}
	kinds := map[string]spec.MessageKind{
		"health": spec.Health, "srv_keyspace": spec.NewSrvKeyspace, "vschema": spec.NewVSchema, "denied_tables": spec.NewDeniedTables,
		"mark_not_serving": spec.Marking, "query": spec.AskServing, "srv_keyspace_error": spec.SrvKeyspaceError,
	}
	var known bool
	m.Kind, known = kinds[s.Op]
	require.True(t, known, s.Op)
	if s.Error == "no_node" {
		m.Kind = spec.SrvKeyspaceGone
	}
	for _, r := range s.RoutingRules {
		m.VSchema.Rules = append(m.VSchema.Rules, spec.TableRule{From: r.From, To: r.To})
	}
	for _, r := range s.ShardRoutingRules {
		m.VSchema.ShardRules = append(m.VSchema.ShardRules, spec.ShardRule(r))
	}
	return m
}

func modelEvent(at conform.Seconds, ev spec.KeyspaceEvent) conform.EventOutcome {
	out := conform.EventOutcome{At: at, Ks: ev.Keyspace}
	switch {
	case ev.MoveTables.ByShard:
		out.MoveTablesType = "shard_by_shard"
	case ev.MoveTables.Regular:
		out.MoveTablesType = "regular"
	}
	if out.MoveTablesType != "" {
		out.MoveTablesState = map[bool]string{true: "switched", false: "switching"}[ev.MoveTables.Switched]
	}
	for _, s := range ev.Shards {
		out.Shards = append(out.Shards, conform.EventShard{Shard: s.Shard, Serving: s.Serving, Primary: s.Primary})
	}
	return out
}

func TestModelGivesRecordedKeyspaceEvents(t *testing.T) {
	several := 0
	for file, count := range map[string]int{"hand-keyspace-events.jsonl": 51, "random-keyspace-events.jsonl.gz": 300} {
		for _, v := range loadDiscovery(t, file, count) {
			allowed := modelWatch(t, v)
			matched := false
			for _, out := range allowed {
				matched = matched || len(conform.Compare(*v.Expect, out, nil)) == 0
			}
			require.True(t, matched, "%s: %v", v.ID, conform.Compare(*v.Expect, allowed[0], nil))
			if len(allowed) > 1 {
				several++
			}
		}
	}
	t.Logf("%d vectors with more than one allowed outcome", several)
	require.LessOrEqual(t, several, 5)
}
