package discovery_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// listened is a serving topology whose listeners a test calls itself.
type listened struct {
	*gatetest.Topo
	onKeyspace func(*topodata.SrvKeyspace, error) bool
	onVSchema  func(*topodata.SrvVSchema, error) bool
}

func (l *listened) WatchSrvKeyspace(_, _ string, listener func(*topodata.SrvKeyspace, error) bool) {
	l.onKeyspace = listener
}

func (l *listened) WatchSrvVSchema(_ string, listener func(*topodata.SrvVSchema, error) bool) {
	l.onVSchema = listener
}

// What each kind of answer of the topology does, and whether the listener stays.
// spec: D-52, D-61, D-62, D-81
func TestAnswersOfTheTopology(t *testing.T) {
	var log []string
	sink := linesOf(&log)
	w := sim.New(sim.Config{Sink: sink})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		world := &listened{Topo: gatetest.NewTopo("zone1")}
		tablets := gatetest.NewTablets(env)
		hc := discovery.NewHealthCheck(env, tablets, nil, metrics.NewRegistry(env), discovery.Options{LocalCell: "zone1", Behaviors: behaviors("main")})
		kew := discovery.NewKeyspaceEventWatcher(env, world, world, hc, "zone1", sim.Dist{}, behaviors("main"))
		events := kew.Subscribe()
		a := tablets.Add(gatetest.Record("zone1-100", "ks", "0", topodata.Primary))
		hc.AddTablet(a.Record)
		a.Say(true, 100)
		env.Sleep(time.Millisecond)
		expect := func(what string, stays bool, sent int) {
			env.Sleep(time.Millisecond)
			env.Assert(stays, what+": the listener stays")
			env.Assert(events.Len() == sent, what+": events")
		}
		expect("nothing was received yet", true, 0)
		expect("an error", world.onKeyspace(nil, errors.New("connection refused")), 0)
		expect("no value", world.onKeyspace(nil, nil), 0)
		expect("the first value", world.onKeyspace(gatetest.SrvKeyspace("0"), nil), 1)
		expect("an error later", world.onKeyspace(nil, errors.New("connection refused")), 1)
		expect("the same again", world.onKeyspace(gatetest.SrvKeyspace("0"), nil), 1)
		replicas := gatetest.SrvKeyspace("0")
		replicas.Partitions[1].ShardReferences = nil
		expect("only replicas differ", world.onKeyspace(replicas, nil), 1)
		controlled := gatetest.SrvKeyspace("0")
		controlled.Partitions[0].ShardTabletControls = []topodata.ShardTabletControl{{Name: "0"}}
		expect("controls appear", world.onKeyspace(controlled, nil), 1)
		expect("controls vanish", world.onKeyspace(gatetest.SrvKeyspace("0"), nil), 2)
		expect("no partition", world.onKeyspace(&topodata.SrvKeyspace{}, nil), 2)
		expect("no shards: nothing can be missing, but 0 is too many", world.onKeyspace(gatetest.SrvKeyspace(), nil), 2)
		expect("no rules", world.onVSchema(nil, errors.New("shutting down")), 2)
		expect("rules and an error", world.onVSchema(&topodata.SrvVSchema{}, errors.New("stale")), 2)
		expect("whole again", world.onKeyspace(gatetest.SrvKeyspace("0"), nil), 3)
		env.Assert(!world.onKeyspace(nil, topo.NewError(topo.NoNode, "ks")), "a deleted keyspace needs no listener")
		env.Assert(!world.onVSchema(&topodata.SrvVSchema{}, nil), "nor for its rules")
		env.Assert(len(kew.ServingKeyspaces()) == 1, "nobody has looked it up yet")
		env.Assert(!kew.TargetIsBeingResharded(query.Target{Keyspace: "ks", Shard: "0"}), "deleted")
		env.Assert(len(kew.ServingKeyspaces()) == 0, "forgotten")
		kew.TargetIsBeingResharded(query.Target{Keyspace: "ks", Shard: "0"}) // made anew
		kew.Close()
		env.Assert(!world.onKeyspace(gatetest.SrvKeyspace("0"), nil), "a closed watcher listens no longer")
		hc.Close()
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, "%s\n%s", out.String(), out.Detail)
	require.Contains(t, log, `error while watching keyspace "ks": connection refused`)
	require.Contains(t, log, `keyspace "ks" deleted`)
	require.Contains(t, log, `onSrvVSchema: keyspace ks failed to get move tables status: <nil>`)
}

// A keyspace without a shard in its PRIMARY partition is whole from the start.
// spec: D-61, D-66, discovery 13.19
func TestKeyspaceWithoutShards(t *testing.T) {
	f := followed(t, sim.Config{}, behaviors("main"), nil, func(f *watcher) {
		f.env.Assert(f.consistent(), "vacuously")
	})
	require.Equal(t, []string{""}, f.events)
}

// Without names the watcher learns of keyspaces from health messages and questions alone.
// spec: D-51, D-84
func TestNamesCannotBeRead(t *testing.T) {
	f := followed(t, sim.Config{}, behaviors("main"), []string{"0"}, func(f *watcher) {
		f.world.NamesErr = errors.New("topo is down")
		f.sleep()
		f.env.Assert(len(f.kew.ServingKeyspaces()) == 0, "unknown")
		f.say(f.of("0", "zone1-100", primary), primary, true, 100)
		f.env.Assert(len(f.kew.ServingKeyspaces()) == 1, "known")
		_, err := discovery.FindTargets(f.env.Background(), f.env, f.world, "zone1", nil, []topodata.TabletType{primary})
		f.env.Assert(errors.Is(err, f.world.NamesErr), "no targets either")
	})
	require.Equal(t, []string{"0:100:true"}, f.events)
}

// brokenTopo fails with an error of its own for one keyspace.
type brokenTopo struct {
	*gatetest.Topo
	keyspace string
}

func (b brokenTopo) GetSrvKeyspace(ctx *sim.Context, cell, keyspace string) (*topodata.SrvKeyspace, error) {
	if keyspace == b.keyspace {
		return nil, context.DeadlineExceeded
	}
	return b.Topo.GetSrvKeyspace(ctx, cell, keyspace)
}

// What a gate waits for at its start. spec: G-80
func TestTargetsOfTheStart(t *testing.T) {
	var targets, limited []query.Target
	var broken error
	var log []string
	w := sim.New(sim.Config{Sink: linesOf(&log)})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		world := gatetest.NewTopo("zone1")
		world.SetKeyspace("a", "-80", "80-")
		world.SetSrvKeyspace("gone", nil)
		world.SetKeyspace("b", "0")
		ctx, types := env.Background(), []topodata.TabletType{primary, replica}
		targets, _ = discovery.FindTargets(ctx, env, world, "zone1", nil, types)
		limited, _ = discovery.FindTargets(ctx, env, world, "zone1", []string{"b"}, types[:1])
		_, broken = discovery.FindTargets(ctx, env, brokenTopo{world, "b"}, "zone1", nil, types)
	})
	require.Equal(t, sim.Finished, w.Run().Kind)
	var names []string
	for _, target := range targets {
		names = append(names, target.Lower())
	}
	require.Equal(t, []string{"a.-80.primary", "a.80-.primary", "a.-80.replica", "a.80-.replica", "b.0.primary", "b.0.replica"}, names)
	require.Equal(t, []query.Target{{Keyspace: "b", Shard: "0", TabletType: primary, Cell: "zone1"}}, limited)
	require.ErrorIs(t, broken, context.DeadlineExceeded)
	require.Contains(t, log, "srvKeyspace not found in cell zone1 for keyspace gone")
}
