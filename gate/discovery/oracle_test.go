package discovery_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/spec"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simtest"
)

// The keyspace event watcher and the reference model of its rules must agree on every event and
// every answer, for any messages, release and schedule.
//
// BUFSIM_NIGHTLY=1 tries 10,000 cases of each property instead of 200.

const normalCases, nightlyCases = 200, 10_000

// together are messages that come at one instant, in any order.
type together []spec.Message

// seen is what was observed at one instant: an answer for each message, and the events.
type seen struct {
	answers []spec.Answer
	events  []spec.KeyspaceEvent
}

func drawBehaviors(t *rapid.T) release.Behaviors {
	b := rapid.SampledFrom(release.All()).Draw(t, "release").Behaviors
	b.KeyspaceEventChannelCapacity = 1000 // here is no slow consumer
	return b
}

func drawMessage(t *rapid.T, kinds []spec.MessageKind, keyspaces []string) spec.Message {
	shard := rapid.SampledFrom([]string{"-80", "80-", "-80", "80-", "-80", "80-", "-80", "80-", "-", "0", "x-y"})
	m := spec.Message{
		Kind:     rapid.SampledFrom(kinds).Draw(t, "kind"),
		Keyspace: rapid.SampledFrom(keyspaces).Draw(t, "keyspace"), Shard: shard.Draw(t, "shard"),
	}
	switch m.Kind {
	case spec.Health:
		m.Tablet = rapid.SampledFrom([]string{"zone1-0000000001", "zone1-0000000002"}).Draw(t, "tablet")
		m.IsPrimary = rapid.IntRange(0, 7).Draw(t, "primary") > 0
		m.Serving = rapid.IntRange(0, 2).Draw(t, "serving") > 0
		m.Term = rapid.Int64Range(0, 4).Draw(t, "term")
	case spec.Marking:
		m.Reparent = rapid.Bool().Draw(t, "reparent")
	case spec.NewSrvKeyspace:
		m.Value = drawSrvKeyspace(t)
	case spec.NewDeniedTables:
		m.Tables = rapid.SampledFrom([][]string{nil, {"t1"}, {"t1"}, {"t2"}, {"t2", "t1"}}).Draw(t, "tables")
	case spec.NewVSchema:
		m.VSchema = drawVSchema(t)
	}
	return m
}

func drawSrvKeyspace(t *rapid.T) spec.SrvKeyspace {
	value := spec.SrvKeyspace{Primary: rapid.IntRange(0, 7).Draw(t, "partition") > 0}
	if value.Primary {
		value.Shards = rapid.SampledFrom([][]string{{"-80", "80-"}, {"-80", "80-"}, {"-80", "80-"}, {"-80", "80-"}, {"-"}, {"0"}, {"-80"}, nil}).Draw(t, "shards")
		value.Controls = rapid.SampledFrom([][]string{nil, nil, nil, nil, nil, {"-80"}}).Draw(t, "controls")
	}
	value.Replicas = rapid.SampledFrom([][]string{nil, {"-"}}).Draw(t, "replicas")
	return value
}

func drawVSchema(t *rapid.T) spec.VSchema {
	v := spec.VSchema{}
	for range rapid.IntRange(0, 2).Draw(t, "table rules") {
		v.Rules = append(v.Rules, spec.TableRule{
			From: rapid.SampledFrom([]string{"t1", "t1", "t2", "ks.t1"}).Draw(t, "from"),
			To:   rapid.SampledFrom([][]string{{"ks.t1"}, {"ks.t2"}, {"other.t1"}, nil}).Draw(t, "to"),
		})
	}
	if rapid.IntRange(0, 3).Draw(t, "shard rule") == 0 {
		v.ShardRules = []spec.ShardRule{{
			FromKeyspace: rapid.SampledFrom([]string{"ks", "other"}).Draw(t, "from"), ToKeyspace: "third",
			Shard: rapid.SampledFrom([]string{"-80", "80-"}).Draw(t, "shard"),
		}}
	}
	return v
}

// world plays messages to a watcher.
type world struct {
	env     *sim.Env
	topo    *gatetest.Topo
	updates *sim.Chan[*discovery.TabletHealth]
	watcher *discovery.KeyspaceEventWatcher
	seen    []seen
}

func (w *world) Subscribe(string) *sim.Chan[*discovery.TabletHealth] { return w.updates }

// play plays the messages, a millisecond between instants, to a watcher that begins with
// keyspace ks of two shards.
func play(b release.Behaviors, story []together, chooser sim.Chooser) ([]seen, error) {
	w := &world{topo: gatetest.NewTopo("zone1")}
	w.topo.SetSrvKeyspace("ks", srvKeyspace(firstKeyspace()))
	world := sim.New(sim.Config{Chooser: chooser})
	world.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		w.env, w.updates = env, sim.NewChan[*discovery.TabletHealth](env, "updates", sim.Unbounded)
		w.watcher = discovery.NewKeyspaceEventWatcher(env, w.topo, w.topo, w, "zone1", sim.Dist{}, b)
		events := w.watcher.Subscribe()
		env.GoDaemon("events", func() {
			for ev, ok := events.Recv(); ok; ev, ok = events.Recv() {
				now := &w.seen[env.Now()/sim.Time(time.Millisecond)-1]
				now.events = append(now.events, eventOf(ev))
			}
		})
		for i, messages := range story {
			w.seen = append(w.seen, seen{answers: make([]spec.Answer, len(messages))})
			for j, m := range messages {
				env.Go(fmt.Sprint("message ", i, "/", j), func() {
					env.SleepUntil(sim.Time(i+1) * sim.Time(time.Millisecond))
					w.seen[i].answers[j] = w.take(m)
				})
			}
		}
		env.Sleep(time.Duration(len(story)+1) * time.Millisecond)
	})
	if out := world.Run(); out.Kind != sim.Finished {
		return nil, fmt.Errorf("%s\n%s", out.String(), out.Detail)
	}
	return w.seen, nil
}

func firstKeyspace() spec.SrvKeyspace {
	return spec.SrvKeyspace{Primary: true, Shards: []string{"-80", "80-"}}
}

func (w *world) take(m spec.Message) (a spec.Answer) {
	target := query.Target{Keyspace: m.Keyspace, Shard: m.Shard, TabletType: topodata.Primary}
	switch m.Kind {
	case spec.Health:
		if !m.IsPrimary {
			target.TabletType = topodata.Replica
		}
		alias, _ := topodata.ParseTabletAlias(m.Tablet)
		w.updates.Send(&discovery.TabletHealth{Tablet: topodata.Tablet{Alias: alias}, Target: target, Serving: m.Serving, PrimaryTermStartTime: m.Term})
	case spec.NewSrvKeyspace:
		w.topo.SetSrvKeyspace(m.Keyspace, srvKeyspace(m.Value))
	case spec.SrvKeyspaceGone:
		w.topo.SetSrvKeyspace(m.Keyspace, nil)
	case spec.NewDeniedTables:
		w.topo.Shards[m.Keyspace+"/"+m.Shard] = deny(m.Tables...)
	case spec.NewVSchema:
		w.topo.SetVSchema(vschemaOf(m.VSchema))
	case spec.Marking:
		a.Yes = w.watcher.MarkShardNotServing(m.Keyspace, m.Shard, m.Reparent)
	case spec.AskResharded:
		a.Yes = w.watcher.TargetIsBeingResharded(target)
	case spec.AskShouldBuffer:
		var primary topodata.TabletAlias
		primary, a.Yes = w.watcher.ShouldStartBufferingForTarget(target)
		a.Primary = aliasText(primary)
	case spec.AskServing:
		a.Keyspaces = w.watcher.ServingKeyspaces()
	}
	return a
}

func srvKeyspace(s spec.SrvKeyspace) *topodata.SrvKeyspace {
	partition := func(kind topodata.TabletType, shards []string) topodata.Partition {
		p := topodata.Partition{ServedType: kind}
		for _, name := range shards {
			p.ShardReferences = append(p.ShardReferences, topodata.ShardReference{Name: name})
		}
		return p
	}
	value := &topodata.SrvKeyspace{}
	if s.Primary {
		p := partition(topodata.Primary, s.Shards)
		for _, name := range s.Controls {
			p.ShardTabletControls = append(p.ShardTabletControls, topodata.ShardTabletControl{Name: name})
		}
		value.Partitions = append(value.Partitions, p)
	}
	if len(s.Replicas) > 0 {
		value.Partitions = append(value.Partitions, partition(topodata.Replica, s.Replicas))
	}
	return value
}

func vschemaOf(v spec.VSchema) *topodata.SrvVSchema {
	out := &topodata.SrvVSchema{}
	for _, r := range v.Rules {
		out.RoutingRules = append(out.RoutingRules, topodata.RoutingRule{FromTable: r.From, ToTables: r.To})
	}
	for _, r := range v.ShardRules {
		out.ShardRoutingRules = append(out.ShardRoutingRules, topodata.ShardRoutingRule(r))
	}
	return out
}

func eventOf(ev *buffer.KeyspaceEvent) spec.KeyspaceEvent {
	out := spec.KeyspaceEvent{Keyspace: ev.Keyspace, MoveTables: spec.MoveTables{
		ByShard: ev.MoveTables.Type == buffer.MoveTablesShardByShard, Regular: ev.MoveTables.Type == buffer.MoveTablesRegular,
		Switched: ev.MoveTables.State == buffer.MoveTablesSwitched,
	}}
	for _, s := range ev.Shards {
		out.Shards = append(out.Shards, spec.Record{Shard: s.Target.Shard, Primary: aliasText(s.Primary), Serving: s.Serving})
	}
	return out
}

func aliasText(a topodata.TabletAlias) string {
	if a.IsZero() {
		return ""
	}
	return a.String()
}

// judge says whether the model allows what was seen, whatever the order at each instant was.
func judge(b release.Behaviors, story []together, observed []seen) error {
	start := spec.NewWatcher(b)
	start = start.Step(spec.Message{Kind: spec.NewSrvKeyspace, Keyspace: "ks", Value: firstKeyspace()})[0].Watcher
	start = start.Step(spec.Message{Kind: spec.Mention, Keyspace: "ks"})[0].Watcher
	states := []spec.Watcher{start}
	for i, messages := range story {
		var next []spec.Watcher
		for _, w := range states {
			next = after(next, w, messages, make([]bool, len(messages)), observed[i])
		}
		if len(next) == 0 {
			return fmt.Errorf("instant %d: of %+v\nthe watcher made %+v\nwhich is not allowed; one that is: %s", i, messages, observed[i], anAllowed(states[0], messages))
		}
		states = next
	}
	return nil
}

// after adds the states that can follow the messages that are not done, in any order, if they give
// what was seen.
func after(found []spec.Watcher, w spec.Watcher, messages together, done []bool, left seen) []spec.Watcher {
	if !slices.Contains(done, false) {
		same := func(o spec.Watcher) bool { return reflect.DeepEqual(w, o) }
		if len(left.events) == 0 && !slices.ContainsFunc(found, same) {
			found = append(found, w)
		}
		return found
	}
	for j, m := range messages {
		if done[j] {
			continue
		}
		for _, r := range w.Step(m) {
			if reflect.DeepEqual(r.Answer, left.answers[j]) && begins(left.events, r.Events) {
				done[j] = true
				found = after(found, r.Watcher, messages, done, seen{left.answers, left.events[len(r.Events):]})
				done[j] = false
			}
		}
	}
	return found
}

// begins reports whether the observed events begin with these; those of one message are of
// different keyspaces and in any order.
func begins(observed, events []spec.KeyspaceEvent) bool {
	if len(observed) < len(events) {
		return false
	}
	first := slices.Clone(observed[:len(events)])
	slices.SortFunc(first, func(a, b spec.KeyspaceEvent) int { return cmp.Compare(a.Keyspace, b.Keyspace) })
	return len(events) == 0 || reflect.DeepEqual(first, events)
}

// anAllowed tells what the model does with the messages in their order.
func anAllowed(w spec.Watcher, messages together) string {
	text := ""
	for _, m := range messages {
		r := w.Step(m)[0]
		text += fmt.Sprintf("\n%+v %+v", r.Answer, r.Events)
		w = r.Watcher
	}
	return text
}

// agree is the property: a drawn story under a drawn schedule is allowed.
func agree(t *testing.T, draw func(*rapid.T) []together) {
	simtest.Checks(t, normalCases, nightlyCases)
	rapid.Check(t, func(t *rapid.T) {
		b, story := drawBehaviors(t), draw(t)
		chooser, _ := explore.Mixed(rapid.Uint64Range(0, 1<<32).Draw(t, "schedule"))
		observed, err := play(b, story, chooser)
		if err == nil {
			err = judge(b, story, observed)
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
	})
}

// drawSequence draws messages of all kinds about two keyspaces, one after the other.
func drawSequence(t *rapid.T) []together {
	kinds := []spec.MessageKind{
		spec.Health, spec.Health, spec.Health, spec.Health, spec.Health, spec.Health, spec.Health, spec.Health, spec.Marking, spec.NewSrvKeyspace,
		spec.SrvKeyspaceGone, spec.NewVSchema, spec.NewVSchema, spec.NewDeniedTables, spec.AskResharded, spec.AskShouldBuffer, spec.AskServing,
	}
	var story []together
	for range rapid.IntRange(1, 60).Draw(t, "messages") {
		story = append(story, together{drawMessage(t, kinds, []string{"ks", "ks", "ks", "other"})})
	}
	return story
}

// spec: D-51, D-52, D-54..D-66, D-68, D-70..D-72
func TestWatcherAgreesWithTheModel(t *testing.T) { agree(t, drawSequence) }

// drawCoincidences draws messages about one keyspace, several at each instant, at most one of them
// from the topology.
func drawCoincidences(t *rapid.T) []together {
	kinds := []spec.MessageKind{spec.Health, spec.Health, spec.Health, spec.Marking, spec.AskResharded, spec.AskShouldBuffer, spec.AskServing}
	topology := []spec.MessageKind{spec.NewSrvKeyspace, spec.NewVSchema, spec.NewDeniedTables}
	var story []together
	for range rapid.IntRange(1, 12).Draw(t, "instants") {
		var now together
		if rapid.IntRange(0, 2).Draw(t, "topology") == 0 {
			now = append(now, drawMessage(t, topology, []string{"ks"}))
		}
		for range rapid.IntRange(1, 3).Draw(t, "messages") {
			now = append(now, drawMessage(t, kinds, []string{"ks"}))
		}
		story = append(story, now)
	}
	return story
}

// spec: D-53, D-83
func TestWatcherAgreesWhateverTheOrder(t *testing.T) { agree(t, drawCoincidences) }

// The stories must be rich: events of every kind come up, and both answers to every question.
func TestStoriesAreRich(t *testing.T) {
	draws := rapid.Custom(drawSequence)
	newest := release.All()[len(release.All())-1].Behaviors
	count := map[string]int{}
	for i := range 1500 {
		story := draws.Example(i)
		observed, err := play(newest, story, nil)
		require.NoError(t, err)
		for j, now := range observed {
			m := story[j][0]
			if m.Kind >= spec.Marking {
				count[fmt.Sprint("answer to ", m.Kind, ": ", now.answers[0].Yes || len(now.answers[0].Keyspaces) > 0)]++
			}
			for _, ev := range now.events {
				count[fmt.Sprint("event by ", m.Kind)]++
				count[fmt.Sprintf("event with %+v", ev.MoveTables)]++
				for _, s := range ev.Shards {
					count[fmt.Sprint("shard in event, serving ", s.Serving)]++
				}
			}
		}
	}
	t.Log(count)
	for _, what := range []string{
		"event by 1", "event by 2", "event by 5", "shard in event, serving true", "shard in event, serving false",
		"event with {ByShard:true Regular:false Switched:true}", "event with {ByShard:false Regular:true Switched:true}",
		"answer to 7: true", "answer to 7: false", "answer to 8: true", "answer to 8: false",
		"answer to 9: true", "answer to 9: false", "answer to 10: true", "answer to 10: false",
	} {
		require.NotZero(t, count[what], what)
	}
}

// The model must see: each of these differences shows in some story.
func TestModelSeesOtherWatchers(t *testing.T) {
	draws := rapid.Custom(drawSequence)
	newest := release.All()[len(release.All())-1].Behaviors
	for name, change := range map[string]func(*release.Behaviors){
		"no MoveTables state":             func(b *release.Behaviors) { b.MoveTablesState = false },
		"MoveTables of others count":      func(b *release.Behaviors) { b.MoveTablesStateGated = false },
		"any other serving shard reshard": func(b *release.Behaviors) { b.ReshardOverlapOnly = false },
	} {
		t.Run(name, func(t *testing.T) {
			different := newest
			change(&different)
			found := false
			for i := 0; i < 2000 && !found; i++ {
				story := draws.Example(i)
				observed, err := play(different, story, nil)
				require.NoError(t, err)
				found = judge(newest, story, observed) != nil
			}
			require.True(t, found)
		})
	}
}
