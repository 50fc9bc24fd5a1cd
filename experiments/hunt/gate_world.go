package hunt

import (
	"fmt"
	"time"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/gateway"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// gateWorld is health check, keyspace event watcher, buffer and gateway over tablets that do
// what the program says.
func gateWorld() World {
	return World{
		Name: "gate", Meaning: "Health check, keyspace event watcher, buffer and gateway over tablets that do what a program says.",
		Steps: []StepKind{
			{Do: "request", OnShard: true, Args: []string{"patience"}, Meaning: "A write for the shard's primary; its client gives up after its patience."},
			{Do: "refuse", OnShard: true, Args: []string{"cause"}, Meaning: "The primary refuses statements from now on, and its health messages say nothing of it."},
			{Do: "say-not-serving", OnShard: true, Meaning: "The primary says that it does not serve."},
			{Do: "promote", OnShard: true, Meaning: "The other tablet becomes primary with a later term, serves and says so."},
			{Do: "undo", OnShard: true, Meaning: "The primary serves again, with the term that it had, and says so."},
			{Do: "terms", OnShard: true, Args: []string{"rounds"}, Meaning: "The primary says one later term after the other."},
			{Do: "shutdown", Meaning: "The gate shuts its buffer down."},
		},
		Draw: drawGate, Kinds: []trace.Kind{"buffer", "discovery", "gateway", "world"},
		play: playGate,
	}
}

// gateUnderTest is everything of a gate below its sessions.
type gateUnderTest struct {
	env     *sim.Env
	tablets *gatetest.Tablets
	health  *discovery.HealthCheck
	buffer  *buffer.Buffer
	gateway *gateway.TabletGateway
	pairs   map[string]*pair
	asked   int
}

// pair is the primary of a shard and another tablet.
type pair struct {
	name           string
	primary, other *gatetest.Tablet
	term           int64
	serving        bool // what the primary said last
}

// repeatEvery is how often a tablet says again how it is. spec: T-72
const repeatEvery = 20 * time.Second

// repeat has all tablets say again what they said, for ever.
func (g *gateUnderTest) repeat(names []string) {
	for {
		g.env.Sleep(repeatEvery)
		for _, name := range names {
			p := g.pairs[name]
			p.primary.Say(p.serving, p.term)
			p.other.Say(true, 0)
		}
	}
}

func playGate(p *playing) error {
	return p.small(func(env *sim.Env) (program, error) {
		g := newGate(env, p)
		for i, name := range p.in.Shards {
			g.addPair(name, 100+2*i)
			env.Sleep(time.Millisecond)
		}
		env.GoDaemon("repeat", func() { g.repeat(p.in.Shards) })
		return g.do, nil
	})
}

func newGate(env *sim.Env, p *playing) *gateUnderTest {
	const cell = "zone1"
	b := p.profile.Behaviors
	topo := gatetest.NewTopo(cell)
	shards := map[string][]string{}
	for _, name := range p.in.Shards {
		keyspace, shard := splitShard(name)
		shards[keyspace] = append(shards[keyspace], shard)
		topo.SetKeyspace(keyspace, shards[keyspace]...)
	}
	g := &gateUnderTest{env: env, tablets: gatetest.NewTablets(env), pairs: map[string]*pair{}}
	reg := metrics.NewRegistry(env)
	g.buffer = buffer.New(env, buffer.ConfigOf(p.flags.VTGate), reg, b)
	g.health = discovery.NewHealthCheck(env, g.tablets, nil, reg, discovery.Options{LocalCell: cell, Behaviors: b})
	watcher := discovery.NewKeyspaceEventWatcher(env, topo, topo, g.health, cell, sim.Dist{}, b)
	g.gateway = gateway.New(env, g.health, watcher, g.buffer, gateway.Options{LocalCell: cell, RetryCount: 2, Behaviors: b})
	g.gateway.ConsumeKeyspaceEvents(env.Background(), watcher.Subscribe())
	return g
}

// addPair adds a shard's tablets, of which the first is the primary.
func (g *gateUnderTest) addPair(name string, uid int) {
	keyspace, shard := splitShard(name)
	add := func(uid int, kind topodata.TabletType) *gatetest.Tablet {
		t := g.tablets.Add(gatetest.Record(fmt.Sprintf("zone1-%d", uid), keyspace, shard, kind))
		g.health.AddTablet(t.Record)
		return t
	}
	p := &pair{name: name, primary: add(uid, topodata.Primary), other: add(uid+1, topodata.Replica), term: 100, serving: true}
	p.primary.Say(true, p.term)
	p.other.Say(true, 0)
	g.pairs[name] = p
}

// do is the program of the world.
func (g *gateUnderTest) do(s *Step) {
	if s.Do == "shutdown" {
		g.buffer.Shutdown()
		return
	}
	p := g.pairs[s.Shard]
	if p == nil {
		return // shrinking took the shard away
	}
	switch s.Do {
	case "request":
		g.asked++
		ask(g.env, s, g.asked, func(ctx *sim.Context) error { return g.write(ctx, s.Shard) })
	case "refuse":
		err := cause(s.Arg("cause"))
		p.primary.Answer = func(*sim.Context, string, any) (any, error) { return nil, err }
	case "say-not-serving":
		g.say(p, false)
	case "promote":
		p.primary.Type, p.other.Type = topodata.Replica, topodata.Primary
		p.primary, p.other = p.other, p.primary
		p.primary.Answer, p.other.Answer = nil, nil
		p.term += 100
		g.say(p, true)
		p.other.Say(true, 0)
	case "undo":
		p.primary.Answer = nil
		g.say(p, true)
	case "terms":
		for range s.Number("rounds", 1) {
			p.term++
			g.say(p, true)
		}
	}
}

// say has the primary say what it is, to gates and to the checkers.
func (g *gateUnderTest) say(p *pair, serving bool) {
	g.env.Emit(kindSays, trace.Str("shard", p.name), trace.Bool("serving", serving), trace.Int("term", p.term))
	p.serving = serving
	p.primary.Say(serving, p.term)
}

// write sends a write to a shard's primary and waits for its answer.
func (g *gateUnderTest) write(ctx *sim.Context, name string) error {
	keyspace, shard := splitShard(name)
	_, err := g.gateway.Execute(ctx, query.MethodExecute,
		&query.ExecuteRequest{Target: query.Target{Keyspace: keyspace, Shard: shard, TabletType: topodata.Primary}})
	return err
}

// drawGate draws failovers of some shards of a keyspace or of several, at once or one after
// the other.
func drawGate(d *Draw, in *Input) {
	f := drawBufferFlags(d, in)
	in.Shards = drawShards(d)
	begin := time.Second
	for range 1 + d.Intn(2) {
		g := gateFailover{Draw: d, in: in, flags: f, begin: begin, over: begin + d.Of(f.window/2, f.window, f.max, 2*time.Second)}
		g.together, g.silent = d.Feature("all at once", 50), d.Feature("silent primaries", 30)
		g.undone, g.stormy = d.Feature("undone failovers", 20), d.Feature("storms of terms", 15)
		g.impatient = d.Feature("impatient clients", 30)
		for _, name := range in.Shards {
			if len(in.Shards) == 1 || d.Chance(70) || g.together {
				g.shard(name)
			} else if d.Chance(30) {
				g.request(name)
			}
		}
		begin = g.over + f.gap + d.Of(time.Second, 10*time.Second)
	}
	if d.Feature("shutdown", 8) {
		in.Steps = append(in.Steps, Step{At: d.Near([]time.Duration{time.Second, 2 * time.Second, begin}), Do: "shutdown"})
	}
	sortSteps(in)
}

// drawShards draws names: one, some ranges of a keyspace, many, or one of each of several
// keyspaces.
func drawShards(d *Draw) (names []string) {
	switch n := []int{1, 2, 2, 3, 4, 8, 32}[d.Intn(7)]; {
	case n == 1:
		return []string{"ks/0"}
	case d.Feature("many keyspaces", 30):
		for i := range n {
			names = append(names, fmt.Sprintf("ks%d/0", i))
		}
	default:
		for i := range n {
			names = append(names, "ks/"+rangeName(i, n))
		}
	}
	return names
}

// rangeName names the i-th of n shards of about the same size.
func rangeName(i, n int) string {
	bound := func(i int) string {
		if i == 0 || i == n {
			return ""
		}
		return fmt.Sprintf("%02x", i*256/n)
	}
	return bound(i) + "-" + bound(i+1)
}

// gateFailover draws one failover.
type gateFailover struct {
	*Draw
	in          *Input
	flags       bufferFlags
	begin, over time.Duration

	together, silent, undone, stormy, impatient bool
}

func (g *gateFailover) add(at time.Duration, do, shard string, args ...Arg) {
	g.in.Steps = append(g.in.Steps, Step{At: at, Do: do, Shard: shard, Args: args})
}

// shard draws what a shard goes through.
func (g *gateFailover) shard(name string) {
	begin, over := g.begin, g.over
	if !g.together {
		begin += g.Of(0, 0, 500*time.Millisecond, time.Second)
		over += g.Of(0, 500*time.Millisecond, 2*time.Second, g.flags.max)
	}
	why := "shutting-down"
	if g.silent && g.Chance(60) {
		why = "read-only"
	}
	g.add(begin, "refuse", name, Arg{"cause", why})
	if why != "read-only" {
		g.add(begin+g.Of(0, time.Millisecond, time.Duration(1+g.Intn(900))*time.Microsecond, 600*time.Millisecond), "say-not-serving", name)
	}
	for range g.In(0, 2) {
		g.request(name)
	}
	if g.stormy {
		g.add(begin+time.Second, "terms", name, Arg{"rounds", fmt.Sprint(g.In(1, 24))})
		g.add(begin+time.Second, "request", name)
	}
	switch {
	case g.undone && g.Chance(50):
		g.add(over, "undo", name)
	default:
		g.add(over, "promote", name)
	}
}

// request draws a request during the failover.
func (g *gateFailover) request(name string) {
	ends := []time.Duration{g.begin, g.begin + time.Millisecond, g.begin + time.Second, g.over, g.begin + (g.over-g.begin)/2}
	var args []Arg
	if g.impatient && g.Chance(50) {
		args = append(args, Arg{"patience", g.Of(time.Second, g.flags.window, g.flags.max).String()})
	}
	g.add(g.Near(ends), "request", name, args...)
}
