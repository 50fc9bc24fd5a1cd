package gate_test

import (
	"errors"
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
)

// start runs only the start of a gate, with one tablet, and says when it was over.
func start(t *testing.T, change func(*flags.Set, *gatetest.Topo, *gatetest.Tablet)) (at sim.Time, log *logSink, err error) {
	t.Helper()
	set := flags.Defaults(release.Latest())
	set.VTGate.TabletTypesToWait, set.VTGate.Cell, set.VTGate.CellsToWatch, set.VTGate.EnableBuffer = "PRIMARY", "zone1", "zone1", true
	record := gatetest.Record("zone1-100", "commerce", "0", topodata.Primary)
	world, sink := gatetest.NewTopo("zone1"), &logSink{}
	world.SetKeyspace("commerce", "0")
	world.Tablets = []topodata.Tablet{record}
	w := sim.New(sim.Config{Sink: sink})
	var net *simnet.Network
	w.AddHost("net", sim.HostOptions{}, func(env *sim.Env) { net = simnet.New(env, simnet.Options{}) })
	w.AddHost("zone1-100", sim.HostOptions{}, func(env *sim.Env) {
		tablet := gatetest.NewTablets(env).Add(record)
		change(&set, world, tablet)
		tablet.Serve(net.Node(env))
	})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		err = gate.New(env, net.Node(env), world, world, gate.Options{Flags: set, Release: release.Latest()}).Start(env.Background())
		at = env.Now()
		env.Stop("started")
	})
	out := w.Run()
	require.Equal(t, sim.Stopped, out.Kind, out.Detail)
	return at, sink, err
}

// spec: G-80, G-80a, G-80b, D-85
func TestStartWaitsForTablets(t *testing.T) {
	at, _, err := start(t, func(_ *flags.Set, _ *gatetest.Topo, tablet *gatetest.Tablet) { tablet.Say(true, 1000) })
	require.NoError(t, err)
	require.LessOrEqual(t, at, sim.Time(200*time.Millisecond))
}

// spec: G-81, G-82
func TestStartGivesUpWaiting(t *testing.T) {
	at, log, err := start(t, func(*flags.Set, *gatetest.Topo, *gatetest.Tablet) {})
	require.NoError(t, err)
	require.Equal(t, sim.Time(30*time.Second), at)
	require.Contains(t, log.lines, "Timeout waiting for all keyspaces / shards to have healthy tablets of types [PRIMARY], may be in degraded mode")
}

// A shard table control keeps the keyspace inconsistent for ever. spec: G-82
func TestStartWaitsForConsistency(t *testing.T) {
	at, _, err := start(t, func(_ *flags.Set, world *gatetest.Topo, tablet *gatetest.Tablet) {
		tablet.Say(true, 1000)
		value := gatetest.SrvKeyspace("0")
		value.Partitions[0].ShardTabletControls = []topodata.ShardTabletControl{{Name: "0"}}
		world.SetSrvKeyspace("commerce", value)
	})
	require.NoError(t, err)
	require.Equal(t, sim.Time(30*time.Second), at)
}

// spec: G-5, O-75
func TestStartRefusals(t *testing.T) {
	for want, change := range map[string]func(*flags.Set, *gatetest.Topo){
		"cells_to_watch validation failed: topo server should have at least one cell":            func(_ *flags.Set, w *gatetest.Topo) { w.Cells = nil },
		"cells_to_watch validation failed: cell flag must be set":                                func(f *flags.Set, _ *gatetest.Topo) { f.VTGate.Cell = "" },
		"cells_to_watch validation failed: cell:[zone9] does not exist in topo":                  func(f *flags.Set, _ *gatetest.Topo) { f.VTGate.Cell = "zone9" },
		"cells_to_watch validation failed: cells_to_watch flag cannot be empty":                  func(f *flags.Set, _ *gatetest.Topo) { f.VTGate.CellsToWatch = "" },
		"cells_to_watch validation failed: cell: [zone9] is not valid. Available cells: [zone1]": func(f *flags.Set, _ *gatetest.Topo) { f.VTGate.CellsToWatch = "zone1,zone9" },
		"tablet-types-to-wait must contain at least one serving tablet type":                     func(f *flags.Set, _ *gatetest.Topo) { f.VTGate.TabletTypesToWait = "SPARE" },
		"unknown TabletType LEADER":                          func(f *flags.Set, _ *gatetest.Topo) { f.VTGate.TabletTypesToWait = "PRIMARY,LEADER" },
		"unknown TabletType FOLLOWER":                        func(f *flags.Set, _ *gatetest.Topo) { f.VTGate.AllowedTabletTypes = "FOLLOWER" },
		"cells_to_watch validation failed: topo is down":     func(_ *flags.Set, w *gatetest.Topo) { w.Err = errors.New("topo is down") },
		"keyspaces are unreadable":                           func(_ *flags.Set, w *gatetest.Topo) { w.NamesErr = errors.New("keyspaces are unreadable") },
		"buffer-window must be >= 1s (specified value: 1ms)": func(f *flags.Set, _ *gatetest.Topo) { f.VTGate.BufferWindow = time.Millisecond },
	} {
		_, _, err := start(t, func(f *flags.Set, w *gatetest.Topo, _ *gatetest.Tablet) { change(f, w) })
		require.ErrorContains(t, err, strings.TrimPrefix(want, "buffer-window"))
	}
}

// What the cell lacks is rebuilt. spec: G-83
func TestStartRebuildsServingRecords(t *testing.T) {
	var world *gatetest.Topo
	_, _, err := start(t, func(_ *flags.Set, w *gatetest.Topo, tablet *gatetest.Tablet) {
		world = w
		tablet.Say(true, 1000)
		w.SetSrvKeyspace("lost", nil)
	})
	require.NoError(t, err)
	require.Equal(t, []string{"lost", "vschema"}, world.Rebuilt)
}

// What cannot be rebuilt is told, and the gate starts. A cell whose routing rules know all its
// keyspaces needs no new ones. spec: G-83
func TestStartRebuildFails(t *testing.T) {
	var world *gatetest.Topo
	_, log, err := start(t, func(_ *flags.Set, w *gatetest.Topo, tablet *gatetest.Tablet) {
		world = w
		tablet.Say(true, 1000)
		w.RebuildErr = errors.New("read-only topology")
		w.SetSrvKeyspace("lost", nil)
	})
	require.NoError(t, err)
	require.Contains(t, log.lines, "vtgate: failed to rebuild keyspace lost: read-only topology")
	require.Contains(t, log.lines, "vtgate: failed to rebuild srv vschema: read-only topology")
	_, _, err = start(t, func(_ *flags.Set, w *gatetest.Topo, tablet *gatetest.Tablet) {
		world = w
		tablet.Say(true, 1000)
		w.SetVSchema(&topodata.SrvVSchema{Keyspaces: []string{"commerce"}})
	})
	require.NoError(t, err)
	require.Empty(t, world.Rebuilt)
}

// The older implementation of buffering ends with the health check's channel. spec: G-87, L-1
func TestShutdownInV12(t *testing.T) {
	var late string
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce")
		c.gate.Shutdown()
		late = m.do(query.VerbSelect)
	}, releaseNamed("v12"), buffering)
	require.Equal(t, "2013 Lost connection to MySQL server during query", late)
}

// A stopping gate waits for the statements that it holds, and refuses idle clients.
// spec: G-86, G-87
func TestShutdownDuringFailover(t *testing.T) {
	var held, idle, inTx, late string
	var took time.Duration
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		idler, transaction := c.connect("commerce"), c.connect("commerce")
		transaction.do(query.VerbBegin)
		transaction.do(query.VerbInsert)
		c.tablets["zone1-100"].Answer = refusing(vterr.ShuttingDown())
		c.env.Go("held", func() { held = c.connect("commerce").do(query.VerbInsert) })
		c.env.AfterFunc(3*time.Second, "promote", func() { promote(c.tablets["zone1-101"], 2000) })
		c.env.Sleep(time.Second)
		c.env.Go("shutdown", func() {
			began := c.env.Now()
			c.gate.Shutdown()
			took = c.env.Now().Sub(began)
		})
		c.env.Sleep(time.Second)
		idle, inTx = idler.do(query.VerbSelect), transaction.do(query.VerbSelect)
		_, err := c.client.Dial("gate-1", simnet.DialOptions{}).Call(c.env.Background(), query.MethodConnect, &query.ConnectRequest{})
		late = err.Error()
		c.env.Sleep(5 * time.Second)
	}, buffering)
	require.Equal(t, "ok", held)
	require.Equal(t, "1053 Server shutdown in progress", idle)
	require.Contains(t, inTx, "VT15001")
	require.Contains(t, late, "connection refused")
	require.InDelta(t, 2*time.Second, took, float64(200*time.Millisecond))
	require.NotContains(t, methods(c.tablets["zone1-100"]), "Commit")
}

// Without a new primary the wait ends after ten seconds, and held statements are given free.
// spec: G-86, G-87, G-88
func TestShutdownWithoutPrimary(t *testing.T) {
	var held string
	var took time.Duration
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		c.tablets["zone1-100"].Say(false, 1000)
		c.env.Sleep(100 * time.Millisecond)
		c.env.Go("held", func() { held = c.connect("commerce").do(query.VerbInsert) })
		c.env.Sleep(time.Second)
		began := c.env.Now()
		c.gate.Shutdown()
		took = c.env.Now().Sub(began)
		c.env.Sleep(time.Second)
	}, buffering, func(f *flags.Set, _ *release.Profile) { f.VTGate.BufferWindow = 15 * time.Second })
	require.Equal(t, "1105 target: commerce.0.primary: primary is not serving, there may be a reparent operation in progress", held)
	require.InDelta(t, 10*time.Second, took, float64(100*time.Millisecond))
}

// With --mysql-server-drain-onterm the gate waits until its clients have left. spec: G-86
func TestShutdownDrains(t *testing.T) {
	var used string
	var took time.Duration
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce")
		c.env.AfterFunc(4500*time.Millisecond, "leave", func() { m.conn.Close() })
		c.env.Go("use", func() {
			c.env.Sleep(time.Second)
			used = m.do(query.VerbSelect)
		})
		began := c.env.Now()
		c.gate.Shutdown()
		took = c.env.Now().Sub(began)
	}, func(f *flags.Set, _ *release.Profile) { f.VTGate.MySQLServerDrainOnTerm = true })
	require.Equal(t, "ok", used)
	require.Equal(t, 5*time.Second, took)
}
