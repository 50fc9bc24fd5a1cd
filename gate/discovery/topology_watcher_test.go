package discovery_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/metrics"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/topo"
)

// recorder writes down what topology watchers say.
type recorder struct {
	env *sim.Env
	log []string
}

func (r *recorder) add(what string, alias topodata.TabletAlias) {
	r.log = append(r.log, fmt.Sprintf("%v %s %s", time.Duration(r.env.Now()), what, alias))
}
func (r *recorder) AddTablet(t topodata.Tablet)             { r.add("add", t.Alias) }
func (r *recorder) RemoveTablet(alias topodata.TabletAlias) { r.add("remove", alias) }
func (r *recorder) ReplaceTablet(old topodata.TabletAlias, _ topodata.Tablet) {
	r.add("replace", old)
}

// watch plays a story beside the watchers of the cells, which look every minute.
func watch(t *testing.T, opts discovery.WatcherOptions, cells []string, story func(env *sim.Env, world *gatetest.Topo, load *sim.Chan[discovery.KeyspaceShard])) []string {
	t.Helper()
	var r *recorder
	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		r = &recorder{env: env}
		world := gatetest.NewTopo(cells...)
		for i, alias := range []string{"zone1-100", "zone1-101", "zone2-200"} {
			world.Tablets = append(world.Tablets, gatetest.Record(alias, fmt.Sprintf("ks%d", i%2), "0", topodata.Replica))
		}
		load := sim.NewChan[discovery.KeyspaceShard](env, "load", 8)
		stop := discovery.StartTopologyWatchers(env, world, r, load, cells, metrics.NewRegistry(env), opts)
		env.Sleep(time.Millisecond)
		story(env, world, load)
		stop()
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	return r.log
}

// spec: D-73
func TestWatcherFollowsTheTopology(t *testing.T) {
	log := watch(t, discovery.WatcherOptions{Behaviors: behaviors("main")}, []string{"zone1"}, func(env *sim.Env, world *gatetest.Topo, _ *sim.Chan[discovery.KeyspaceShard]) {
		world.Tablets[0].Type = topodata.Primary // no change for the watcher
		world.Tablets[1].Hostname = "elsewhere"
		env.Sleep(time.Minute)
		world.Tablets = append(world.Tablets[:1], gatetest.Record("zone1-102", "ks0", "0", topodata.Replica))
		env.Sleep(time.Minute)
	})
	require.Equal(t, []string{
		"0s add zone1-0000000100", "0s add zone1-0000000101", "1m0s replace zone1-0000000101",
		"2m0s add zone1-0000000102", "2m0s remove zone1-0000000101",
	}, log)
}

// An error keeps everything; a partial result removes nothing, from v20 on. spec: D-73
func TestWatcherErrors(t *testing.T) {
	for _, row := range []struct {
		release string
		err     error
		want    int
	}{
		{"main", errors.New("connection refused"), 2},
		{"main", topo.NewError(topo.PartialResult, "cell"), 2},
		{"v19", topo.NewError(topo.PartialResult, "cell"), 3},
	} {
		log := watch(t, discovery.WatcherOptions{Behaviors: behaviors(row.release)}, []string{"zone1"}, func(env *sim.Env, world *gatetest.Topo, _ *sim.Chan[discovery.KeyspaceShard]) {
			world.Err, world.Tablets = row.err, world.Tablets[:1]
			env.Sleep(time.Minute)
		})
		require.Len(t, log, row.want, "%s %v: %v", row.release, row.err, log)
	}
}

// spec: D-74, gateway 2 (--keyspaces-to-watch)
func TestWatcherFilters(t *testing.T) {
	log := watch(t, discovery.WatcherOptions{KeepKnown: true, Keyspaces: []string{"ks0"}, Behaviors: behaviors("main")}, []string{"zone1", "zone2"}, func(env *sim.Env, world *gatetest.Topo, _ *sim.Chan[discovery.KeyspaceShard]) {
		world.Tablets[0].Hostname = "elsewhere"
		env.Sleep(time.Minute)
	})
	require.Equal(t, []string{"0s add zone1-0000000100", "0s add zone2-0000000200"}, log)
}

// A shard without a primary is looked at before the next tick: only it, and only for what is
// new; before v22 the whole cell. spec: D-32, D-75, D-100
func TestLoadTrigger(t *testing.T) {
	for name, want := range map[string][]string{
		"main": {"1ms add zone1-0000000102"},
		"v21":  {"1ms add zone1-0000000102", "1ms add zone1-0000000103", "1ms remove zone1-0000000100"},
	} {
		log := watch(t, discovery.WatcherOptions{Behaviors: behaviors(name)}, []string{"zone1"}, func(env *sim.Env, world *gatetest.Topo, load *sim.Chan[discovery.KeyspaceShard]) {
			world.Tablets = append(world.Tablets[1:], gatetest.Record("zone1-102", "ks0", "0", topodata.Primary), gatetest.Record("zone1-103", "ks1", "0", topodata.Replica))
			load.Send(discovery.KeyspaceShard{Keyspace: "ks0", Shard: "0"})
			env.Sleep(time.Second)
		})
		require.Equal(t, want, log[2:], name)
	}
}

// The health check asks for that when the last known primary of a shard is one no longer.
// spec: D-32
func TestPrimaryLostTriggersLoad(t *testing.T) {
	for name, want := range map[string]int{"main": 1, "v16": 0} {
		inWorld(t, sim.Config{}, discovery.Options{Behaviors: behaviors(name)}, func(c *check) {
			tablet, other := c.add("zone1-100", topodata.Primary), c.add("zone1-101", topodata.Primary)
			tablet.Say(true, 1)
			other.Say(true, 1)
			c.sleep()
			for _, t := range []*gatetest.Tablet{tablet, other} {
				t.Type = topodata.Replica
				t.Say(true, 0)
				c.sleep()
			}
			c.env.Assert(c.hc.LoadTrigger().Len() == want, "triggers")
		})
	}
}

// A look at one shard that fails is told and changes nothing, not even the counters.
// spec: D-75, D-77
func TestLoadTriggerFails(t *testing.T) {
	log := watch(t, discovery.WatcherOptions{Behaviors: behaviors("main")}, []string{"zone1"}, func(env *sim.Env, world *gatetest.Topo, load *sim.Chan[discovery.KeyspaceShard]) {
		world.Tablets, world.Err = append(world.Tablets, gatetest.Record("zone1-102", "ks0", "0", topodata.Primary)), errors.New("topo is down")
		load.Send(discovery.KeyspaceShard{Keyspace: "ks0", Shard: "0"})
		env.Sleep(time.Second)
		world.Err = nil
		for range 3 {
			load.Send(discovery.KeyspaceShard{Keyspace: "ks1", Shard: "0"})
		}
		env.Sleep(time.Minute)
	})
	require.Equal(t, []string{"1m0s add zone1-0000000102"}, log[2:])
}

// A tick empties the trigger: what it asks for has just been read. Whether the tick or a request
// comes first, when both are there, is left to chance. spec: D-75
func TestTickEmptiesTheTrigger(t *testing.T) {
	emptied := 0
	for seed := range uint64(20) {
		var world *slowReader
		w := sim.New(sim.Config{Chooser: explore.NewRandom(seed, true)})
		w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
			world = &slowReader{Topo: gatetest.NewTopo("zone1"), env: env}
			load := sim.NewChan[discovery.KeyspaceShard](env, "load", 8)
			stop := discovery.StartTopologyWatchers(env, world, &recorder{env: env}, load, []string{"zone1"}, metrics.NewRegistry(env), discovery.WatcherOptions{Behaviors: behaviors("main")})
			env.SleepUntil(sim.Time(59500 * time.Millisecond))
			for range 4 {
				load.Send(discovery.KeyspaceShard{Keyspace: "ks0", Shard: "0"})
			}
			env.SleepUntil(sim.Time(150 * time.Second))
			stop()
		})
		out := w.Run()
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		require.Equal(t, []string{"0s all", "59.5s shard"}, world.reads[:2])
		rest := world.reads[2:]
		tick := slices.IndexFunc(rest, func(read string) bool { return strings.HasSuffix(read, " all") })
		for _, read := range rest[tick:] {
			require.True(t, strings.HasSuffix(read, " all"), "%v", rest)
		}
		if tick == 0 {
			emptied++
		}
	}
	require.Positive(t, emptied)
}

// slowReader takes ten seconds for each read of a shard, and notes all reads.
type slowReader struct {
	*gatetest.Topo
	env   *sim.Env
	reads []string
}

func (s *slowReader) note(what string) {
	s.reads = append(s.reads, fmt.Sprint(time.Duration(s.env.Now()), " ", what))
}

func (s *slowReader) GetTabletsByCell(ctx *sim.Context, cell string) ([]*topodata.Tablet, error) {
	s.note("all")
	return s.Topo.GetTabletsByCell(ctx, cell)
}

func (s *slowReader) GetTabletsByShardCell(ctx *sim.Context, keyspace, shard, cell string) ([]*topodata.Tablet, error) {
	s.note("shard")
	s.env.Sleep(10 * time.Second)
	return s.Topo.GetTabletsByShardCell(ctx, keyspace, shard, cell)
}

// A look that takes longer than the interval is followed by one more at once; the other ticks
// that it missed are lost. spec: D-73
func TestSlowLooks(t *testing.T) {
	var at []string
	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		world := &slowReader{Topo: gatetest.NewTopo("zone1"), env: env}
		slow := &slowCells{world, 35 * time.Second}
		load := sim.NewChan[discovery.KeyspaceShard](env, "load", 8)
		stop := discovery.StartTopologyWatchers(env, slow, &recorder{env: env}, load, []string{"zone1"}, metrics.NewRegistry(env), discovery.WatcherOptions{RefreshInterval: 10 * time.Second, Behaviors: behaviors("main")})
		env.Sleep(55 * time.Second)
		stop()
		at = world.reads
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, []string{"0s all", "35s all", "40s all", "50s all"}, at)
}

// slowCells takes its time for the first read of a cell.
type slowCells struct {
	*slowReader
	take time.Duration
}

func (s *slowCells) GetTabletsByCell(ctx *sim.Context, cell string) ([]*topodata.Tablet, error) {
	defer s.env.Sleep(s.take)
	s.take = 0
	return s.slowReader.GetTabletsByCell(ctx, cell)
}
