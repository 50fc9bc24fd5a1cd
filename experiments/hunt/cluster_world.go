package hunt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim/trace"
)

// clusterWorld is a whole cluster with clients, an operator and faults, which ends with a
// recovery.
func clusterWorld() World {
	return World{
		Name: "cluster", Meaning: "A whole cluster under traffic, with reparents and faults, and a recovery at the end.",
		Draw: drawCluster, Kinds: clusterFamilies(), play: playCluster,
	}
}

func clusterFamilies() (list []trace.Kind) {
	for _, d := range runner.TraceKinds() {
		family, _, _ := strings.Cut(string(d.Kind), ".")
		if !slices.Contains(list, trace.Kind(family)) && family != string(trace.KindLog) {
			list = append(list, trace.Kind(family))
		}
	}
	return list
}

func playCluster(p *playing) error {
	if p.in.Scenario == nil {
		return fmt.Errorf("a cluster needs a scenario")
	}
	r, err := runner.Run(p.in.Scenario, runner.Options{
		Seed: p.in.Seed, Release: p.profile, Flags: p.flags, Chooser: p.chooser, Sink: p.sink, Pool: p.opts.Pool,
		Invariants: inClusters(p.opts.Invariants),
	})
	if err != nil {
		return err
	}
	p.played.Outcome, p.played.Decisions, p.played.Violations, p.played.Result = r.Outcome, r.Decisions, r.Violations, r
	return nil
}

// load makes a scenario whole: it goes through its written form, as a user's does.
func load(name string, text []byte) (*scenario.Scenario, error) {
	opts := scenario.VitessOptions()
	opts.CheckTrigger = runner.CheckTrigger
	return scenario.Load(name, text, opts)
}

// clusterDraw is the draw of one cluster.
type clusterDraw struct {
	*Draw
	in *Input
	s  *scenario.Scenario
	f  bufferFlags
}

// drawCluster draws a cluster, its load, what the operator does and what breaks.
func drawCluster(d *Draw, in *Input) {
	base, err := scenario.Builtin(scenario.DefaultName, scenario.VitessOptions())
	if err != nil {
		panic(err) // it is part of the program
	}
	c := &clusterDraw{Draw: d, in: in, s: base, f: drawBufferFlags(d, in)}
	base.Name, base.Title, base.Description, base.Release = "drawn", "", "", in.Release
	base.Thresholds, base.Timeline, base.Faults = scenario.Thresholds{}, nil, nil
	base.Flags = scenario.Flags{}
	c.shape()
	c.load()
	c.timings()
	c.rare()
	c.operations()
	c.faults()
	base.Duration = scenario.Duration(20 * time.Second)
	base.Recovery = scenario.Duration(time.Minute)
	base.Seeds = scenario.Seeds{First: in.Seed, Last: in.Seed}
	whole, err := load("drawn", base.Marshal())
	if err != nil {
		panic(fmt.Sprintf("hunt: a drawn scenario has mistakes: %v\n%s", err, base.Marshal()))
	}
	in.Scenario = whole
}

// shape draws cells, shards, tablets and gates.
func (c *clusterDraw) shape() {
	cluster := &c.s.Cluster
	cells := []string{"zone1"}
	if c.Feature("two cells", 25) {
		cells = append(cells, "zone2")
	}
	cluster.Cells = cells
	k := &cluster.Keyspaces[0]
	k.Durability = []scenario.Durability{scenario.DurabilityNone, scenario.DurabilitySemiSync, scenario.DurabilitySemiSync}[c.Intn(3)]
	names := []string{"0"}
	if c.Feature("many shards", 40) {
		names = nil
		for i, n := 0, c.In(2, 3); i < n; i++ {
			names = append(names, rangeName(i, n))
		}
	}
	k.Shards = nil
	for i, name := range names {
		sh := scenario.Shard{Name: scenario.ShardName(name)}
		for j := range c.In(2, 4) {
			t := scenario.Tablet{Alias: fmt.Sprintf("%s-%d", cells[j*c.Intn(2)%len(cells)], 100*(i+1)+j), Type: scenario.TypeReplica}
			if j == 0 {
				t.Type = scenario.TypePrimary
			}
			t.Cell, _, _ = strings.Cut(t.Alias, "-")
			sh.Tablets = append(sh.Tablets, t)
		}
		k.Shards = append(k.Shards, sh)
	}
	cluster.Gates = []scenario.GateGroup{{Cell: cells[0], Count: 1}}
	if c.Feature("two gates", 35) {
		cluster.Gates = append(cluster.Gates, scenario.GateGroup{Cell: cells[len(cells)-1], Count: 1})
	}
}

// load draws the clients.
func (c *clusterDraw) load() {
	w := *c.s.Workload[0].Closed
	w.Clients = c.In(1, 6)
	ms := time.Millisecond
	w.Think = scenario.Uniform(c.Of(5*ms, 50*ms, 200*ms), c.Of(200*ms, 400*ms))
	w.OnError = []scenario.OnError{scenario.OnErrorFast, scenario.OnErrorRetry, scenario.OnErrorKeep}[c.Intn(3)]
	w.RetryWait = scenario.Duration(100 * ms)
	w.ReadTimeout = scenario.Duration(40 * time.Second)
	if c.Feature("impatient clients", 30) {
		w.ReadTimeout = scenario.Duration(c.Of(time.Second, c.f.window))
	}
	w.Statements = scenario.Statements{Insert: 3, Select: 3, Update: 2, Delete: 1}
	if c.Feature("only writes", 25) {
		w.Statements = scenario.Statements{Insert: 1}
	}
	c.s.Workload[0].Closed = &w
}

// timings draws lag, latencies and the lengths of a reparent's steps.
func (c *clusterDraw) timings() {
	cluster := &c.s.Cluster
	if c.Feature("lag", 30) {
		cluster.MySQL.ReplicationDelay = scenario.Duration(c.Of(500*time.Millisecond, 2*time.Second, 8*time.Second, 20*time.Second))
	}
	if c.Feature("long promotion", 30) {
		// Below the 15 s that a call may take: else no promotion would ever succeed.
		cluster.Steps.PromoteDelay = scenario.Constant(min(c.Near([]time.Duration{time.Second, c.f.window, c.f.max}), 12*time.Second))
	}
	if c.Feature("slow watcher", 30) {
		cluster.CPU.WatcherDelay = scenario.Lognormal(5*time.Millisecond, 100*time.Millisecond)
	} else {
		cluster.CPU.WatcherDelay = scenario.Constant(0)
	}
	if c.Feature("far cells", 30) {
		cluster.Network.BetweenCells = scenario.Uniform(5*time.Millisecond, 30*time.Millisecond)
	}
}

// begin is when the first thing happens in a drawn cluster.
const begin = 4 * time.Second

// anchors are the instants around which things happen.
func (c *clusterDraw) anchors() []time.Duration {
	return []time.Duration{begin, begin, begin + time.Second, begin + c.f.window, min(begin+c.f.max, 18*time.Second)}
}

func (c *clusterDraw) instant() time.Duration { return min(c.Near(c.anchors()), 18*time.Second) }

func (c *clusterDraw) aShard() (name scenario.ShardName, tablets []scenario.Tablet) {
	shards := c.s.Cluster.Keyspaces[0].Shards
	sh := shards[c.Intn(len(shards))]
	return sh.Name, sh.Tablets
}

// operations draws reparents.
func (c *clusterDraw) operations() {
	n := 1
	if c.Feature("double reparents", 35) {
		n = c.In(2, 3)
	}
	emergency := c.Feature("emergencies", 30)
	for i := range n {
		at := scenario.Duration(c.instant())
		if i == 0 {
			at = scenario.Duration(begin)
		}
		o := scenario.Operation{ID: fmt.Sprintf("op%d", i+1), At: &at, Do: scenario.DoPlannedReparentShard, Outcome: scenario.OutcomeAny}
		if emergency && c.Chance(50) {
			o.Do = scenario.DoEmergencyReparentShard
		}
		var tablets []scenario.Tablet
		o.Args.Keyspace = c.s.Cluster.Keyspaces[0].Name
		o.Args.Shard, tablets = c.aShard()
		if c.Chance(30) {
			o.Args.NewPrimary = tablets[1+c.Intn(len(tablets)-1)].Alias
		}
		if c.Chance(30) {
			wait := scenario.Duration(c.Of(time.Second, 3*time.Second, 15*time.Second))
			o.Args.WaitReplicasTimeout = &wait
		}
		c.s.Timeline = append(c.s.Timeline, o)
	}
}
