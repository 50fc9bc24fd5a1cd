package gate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate"
	"bufsim/gate/gatetest"
	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
	"bufsim/topo"
	"bufsim/topo/srvtopo"
)

// The real topology fits.
var (
	_ gate.Topology = (*topo.Server)(nil)
	_ gate.SrvTopo  = (*srvtopo.ResilientServer)(nil)
)

// logSink collects log lines, and the fields of each kind of events.
type logSink struct {
	lines  []string
	fields map[trace.Kind]string
}

func (s *logSink) Record(e trace.Event) {
	if e.Kind == trace.KindLog {
		s.lines = append(s.lines, e.Text("text"))
	}
	if s.fields == nil {
		s.fields = map[trace.Kind]string{}
	}
	var keys []string
	for _, f := range e.Fields {
		keys = append(keys, f.Key)
	}
	s.fields[e.Kind] = strings.Join(keys, " ")
}

// cluster is a gate, tablets that do what a test says, and a client's node, in one world.
type cluster struct {
	world   *sim.World
	env     *sim.Env // of the client
	net     *simnet.Network
	client  *simnet.Node
	topo    *gatetest.Topo
	tablets map[string]*gatetest.Tablet
	gate    *gate.Gate
	log     *logSink
	startup error
}

// setup changes flags and release before the gate is made.
type setup func(*flags.Set, *release.Profile)

func buffering(f *flags.Set, _ *release.Profile) { f.VTGate.EnableBuffer = true }

func releaseNamed(name string) setup {
	return func(f *flags.Set, p *release.Profile) {
		profile, err := release.Lookup(name)
		if err != nil {
			panic(err)
		}
		*p, *f = profile, flags.Defaults(profile)
	}
}

// play builds a cluster with the tablets and runs story in the client's host, when the gate
// listens.
func play(t *testing.T, records []topodata.Tablet, shards []string, story func(c *cluster), setups ...setup) *cluster {
	t.Helper()
	return playUnder(t, sim.Config{Seed: 1}, gate.Timings{}, records, shards, story, setups...)
}

// playUnder is play with a schedule and with times that the gate's own work takes.
func playUnder(t require.TestingT, cfg sim.Config, timings gate.Timings, records []topodata.Tablet, shards []string, story func(c *cluster), setups ...setup) *cluster {
	c := &cluster{topo: gatetest.NewTopo("zone1"), tablets: map[string]*gatetest.Tablet{}, log: &logSink{}}
	profile := release.Latest()
	set := flags.Defaults(profile)
	for _, change := range setups {
		change(&set, &profile)
	}
	set.VTGate.TabletTypesToWait = "PRIMARY,REPLICA"
	c.topo.SetKeyspace("commerce", shards...)
	cfg.Sink, cfg.MaxTime = c.log, sim.Time(5*time.Minute)
	c.world = sim.New(cfg)
	c.world.AddHost("net", sim.HostOptions{}, func(env *sim.Env) {
		c.net = simnet.New(env, simnet.Options{Latency: sim.Constant(time.Millisecond)})
	})
	for _, record := range records {
		c.topo.Tablets = append(c.topo.Tablets, record)
		c.world.AddHost(record.Hostname, sim.HostOptions{}, func(env *sim.Env) {
			afterNetwork(env)
			tablet := gatetest.NewTablets(env).Add(record)
			c.tablets[record.Hostname] = tablet
			tablet.Serve(c.net.Node(env))
			if record.Type == topodata.Primary {
				tablet.Say(true, 1000)
			} else {
				tablet.Say(true, 0)
			}
		})
	}
	c.world.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		afterNetwork(env)
		c.gate = gate.New(env, c.net.Node(env), c.topo, c.topo, gate.Options{Cell: "zone1", CellsToWatch: []string{"zone1"}, Flags: set, Release: profile, Timings: timings})
		c.startup = c.gate.Start(env.Background())
	})
	c.world.AddHost("client", sim.HostOptions{}, func(env *sim.Env) {
		env.SleepUntil(sim.Time(time.Second))
		c.env, c.client = env, c.net.Node(env)
		story(c)
		env.Stop("story told")
	})
	out := c.world.Run()
	require.Equal(t, sim.Stopped, out.Kind, "%s\n%s", out.String(), out.Detail)
	require.NoError(t, c.startup)
	return c
}

// afterNetwork waits until the network is there, whatever host boots first.
func afterNetwork(env *sim.Env) { env.Sleep(time.Nanosecond) }

// unsharded are a primary and a replica of shard 0.
func unsharded() []topodata.Tablet {
	return []topodata.Tablet{
		gatetest.Record("zone1-100", "commerce", "0", topodata.Primary),
		gatetest.Record("zone1-101", "commerce", "0", topodata.Replica),
	}
}

// mysql is one client connection.
type mysql struct {
	c    *cluster
	conn *simnet.Conn
	id   int64
}

func (c *cluster) connect(database string) *mysql {
	m := &mysql{c: c, conn: c.client.Dial("gate-1", simnet.DialOptions{})}
	resp, err := m.conn.Call(c.env.Background(), query.MethodConnect, &query.ConnectRequest{User: "app", Database: database})
	if err != nil {
		panic(err)
	}
	m.id = resp.(*query.ConnectResponse).ConnectionID
	return m
}

// do runs a statement; the text of an error has its number in front.
func (m *mysql) do(verb query.Verb, more ...func(*query.Statement)) string {
	stmt := query.Statement{Verb: verb}
	switch verb {
	case query.VerbSelect, query.VerbInsert, query.VerbUpdate:
		stmt.Table, stmt.Key = "customer", 1
	}
	for _, change := range more {
		change(&stmt)
	}
	_, err := m.conn.Call(m.c.env.Background(), query.MethodComQuery, &query.ComQuery{ConnectionID: m.id, Statement: stmt})
	if err == nil {
		return "ok"
	}
	if own, isOwn := err.(*vterr.MySQLError); isOwn {
		return fmt.Sprintf("%d %s", own.Num, own.Text)
	}
	return err.Error()
}

// methods lists what reached a tablet, in short.
func methods(t *gatetest.Tablet) []string {
	var names []string
	for _, call := range t.Calls {
		names = append(names, call.Method[len("query."):])
	}
	return names
}
