package discovery_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

func behaviors(name string) release.Behaviors {
	profile, err := release.Lookup(name)
	if err != nil {
		panic(err)
	}
	return profile.Behaviors
}

// check is a health check with some tablets, and what its subscriber was told.
type check struct {
	env      *sim.Env
	hc       *discovery.HealthCheck
	registry *metrics.Registry
	tablets  *gatetest.Tablets
	updates  []string
}

// inWorld plays a story with a health check of cell zone1 and gives what was told, one line
// for each update: time, tablet, type, serving or not, term, error.
func inWorld(t *testing.T, cfg sim.Config, opts discovery.Options, story func(c *check)) *check {
	t.Helper()
	c := &check{}
	w := sim.New(cfg)
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		opts.LocalCell = "zone1"
		if opts.Behaviors == (release.Behaviors{}) {
			opts.Behaviors = behaviors("main")
		}
		c.env, c.tablets, c.registry = env, gatetest.NewTablets(env), metrics.NewRegistry(env)
		c.hc = discovery.NewHealthCheck(env, c.tablets, nil, c.registry, opts)
		told := c.hc.Subscribe("test")
		env.GoDaemon("record", func() {
			for {
				h, open := told.Recv()
				if !open {
					return
				}
				c.updates = append(c.updates, line(env, h))
			}
		})
		story(c)
		env.Sleep(time.Millisecond)
		env.Stop("story told")
	})
	out := w.Run()
	require.Equal(t, sim.Stopped, out.Kind, "%s\n%s", out.String(), out.Detail)
	return c
}

func line(env *sim.Env, h *discovery.TabletHealth) string {
	text := fmt.Sprintf("%v %s-%d %s %t %d", time.Duration(env.Now()), h.Alias().Cell, h.Alias().UID, h.Target.TabletType, h.Serving, h.PrimaryTermStartTime)
	if h.LastError != nil {
		text += " " + h.LastError.Error()
	}
	return text
}

// add makes a tablet of shard 0 and has it checked.
func (c *check) add(alias string, kind topodata.TabletType) *gatetest.Tablet {
	t := c.tablets.Add(gatetest.Record(alias, "ks", "0", kind))
	c.hc.AddTablet(t.Record)
	return t
}

// healthy lists the tablets that may be used for a type.
func (c *check) healthy(kind topodata.TabletType) string {
	var names []string
	for _, h := range c.hc.HealthyTablets(query.Target{Keyspace: "ks", Shard: "0", TabletType: kind}) {
		names = append(names, fmt.Sprint(h.Alias().UID))
	}
	return strings.Join(names, " ")
}

func (c *check) sleep() { c.env.Sleep(time.Millisecond) }

// A dead tablet is tried again after 2, 4, 8 ... ms, at most the time-out, with one update for
// each try; a message, not a connection, starts this anew. spec: D-10, D-11, D-12, D-14, DI-10
func TestBackOff(t *testing.T) {
	var streams []sim.Time
	c := inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
		tablet := c.add("zone1-100", topodata.Primary)
		tablet.Down = true
		c.env.Sleep(3200 * time.Millisecond)
		tablet.Down = false
		tablet.Say(true, 100)
		c.env.Sleep(time.Second)
		tablet.EndStreams(vterr.New(vterr.Unavailable, "gone"))
		c.env.Sleep(10 * time.Millisecond)
		streams = tablet.Streams
	})
	var at []int64
	for _, s := range streams {
		at = append(at, int64(s)/1e6)
	}
	require.Equal(t, []int64{0, 2, 6, 14, 30, 62, 126, 254, 510, 1022, 2046, 4094, 4202}, at[:13])
	require.Equal(t, "0s zone1-100 PRIMARY false 0", c.updates[0])
	require.Equal(t, "2ms zone1-100 PRIMARY false 0 vttablet: rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp zone1-100:15991: connect: connection refused\"", c.updates[2])
	require.Equal(t, "4.094s zone1-100 PRIMARY true 100", c.updates[12])
	require.Equal(t, "4.2s zone1-100 PRIMARY false 100 gone", c.updates[13])
	require.EqualValues(t, 12, c.registry.Snapshot().Map()[`vtgate_healthcheck_errors{keyspace="ks",shard_name="0",tablet_type="primary"}`])
}

// spec: D-11
func TestBackOffIsCapped(t *testing.T) {
	var streams []sim.Time
	inWorld(t, sim.Config{}, discovery.Options{RetryDelay: time.Second, Timeout: 3 * time.Second}, func(c *check) {
		tablet := c.add("zone1-100", topodata.Replica)
		tablet.Down = true
		c.env.Sleep(10 * time.Second)
		streams = tablet.Streams
	})
	require.Equal(t, []sim.Time{0, 1e9, 3e9, 6e9, 9e9}, streams)
}

// A silent stream gives two updates and two errors. spec: D-13, D-16
func TestSilence(t *testing.T) {
	c := inWorld(t, sim.Config{}, discovery.Options{Timeout: time.Minute}, func(c *check) {
		tablet := c.add("zone1-100", topodata.Primary)
		tablet.Say(true, 100)
		c.env.Sleep(59 * time.Second)
		tablet.Say(true, 100)
		c.env.Sleep(60*time.Second + 500*time.Microsecond)
		c.env.Assert(c.healthy(topodata.Primary) == "", "gone")
	})
	require.Equal(t, []string{
		"0s zone1-100 PRIMARY false 0",
		"0s zone1-100 PRIMARY true 100",
		"59s zone1-100 PRIMARY true 100",
		"1m59s zone1-100 PRIMARY false 100 context canceled",
		"1m59s zone1-100 PRIMARY false 100 healthcheck timed out (latest 2026-01-01 00:00:59 +0000 UTC)",
	}, c.updates[:5])
}

// A stream that ends cleanly, and a dial that fails, change nothing. spec: D-15
func TestCleanEndIsNoUpdate(t *testing.T) {
	c := inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
		tablet := c.add("zone1-100", topodata.Primary)
		tablet.Say(true, 100)
		c.sleep()
		tablet.EndStreams(nil)
		c.env.Sleep(time.Second)
		c.env.Assert(c.healthy(topodata.Primary) == "100", "still-listed")
		c.env.Assert(len(tablet.Streams) == 2, "opened-again")
		c.tablets.DialErr = gatetest.ErrApplication()
		other := c.tablets.Add(gatetest.Record("zone1-101", "ks", "0", topodata.Replica))
		c.hc.AddTablet(other.Record)
		c.env.Sleep(time.Second)
		c.env.Assert(len(other.Streams) == 0, "never-dialled")
	})
	require.Len(t, c.updates, 3)
}

// spec: D-10, O-78
func TestIgnoredRecords(t *testing.T) {
	c := inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
		noPort := gatetest.Record("zone1-99", "ks", "0", topodata.Replica)
		noPort.PortMap.GRPC = 0
		c.hc.AddTablet(noPort)
		tablet := c.add("zone1-100", topodata.Replica)
		c.hc.AddTablet(tablet.Record)
	})
	require.Equal(t, []string{"0s zone1-100 REPLICA false 0"}, c.updates)
}

// spec: D-17, D-18, D-40
func TestMessages(t *testing.T) {
	c := inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
		tablet := c.add("zone1-100", topodata.Replica)
		c.sleep()
		_, err := c.hc.TabletByAlias(tablet.Record.Alias)
		c.env.Assert(err == nil, "has-a-connection")
		good := query.StreamHealthResponse{Target: tablet.Target(), Serving: true, TabletAlias: tablet.Record.Alias, RealtimeStats: &query.RealtimeStats{}}

		sick := good
		sick.RealtimeStats = &query.RealtimeStats{HealthError: "replication is not running"}
		tablet.Send(&sick)
		c.sleep()
		c.env.Assert(c.healthy(topodata.Replica) == "", "sick")

		odd := good
		odd.RealtimeStats = nil
		tablet.Send(&odd)
		tablet.Send(&good)
		c.env.Sleep(10 * time.Millisecond)
		c.env.Assert(c.healthy(topodata.Replica) == "100", "well-again")

		foreign := good
		foreign.TabletAlias.UID = 7
		tablet.Send(&foreign)
		c.env.Sleep(time.Minute)
		c.env.Assert(len(tablet.Streams) == 2, "never-again")
		_, err = c.hc.TabletByAlias(tablet.Record.Alias)
		c.env.Assert(err.Error() == "tablet: zone1-0000000100 is either down or nonexistent", "forgotten")
	})
	require.Len(t, c.updates, 4)
	require.Contains(t, c.updates[1], "false 0 vttablet error: replication is not running")
	require.Contains(t, c.updates[2], "health stats is not valid: ")
	require.Contains(t, c.updates[3], "REPLICA true 0")
}

// Who is listed as the primary. spec: D-33, D-34, D-36, D-94, DI-1, DI-2
func TestPrimaryList(t *testing.T) {
	inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
		a, b := c.add("zone1-100", topodata.Replica), c.add("zone1-101", topodata.Replica)
		expect := func(id, want string) {
			c.sleep()
			got := c.healthy(topodata.Primary)
			c.env.Assert(got == want, id+" got "+got)
		}
		a.Type, b.Type = topodata.Primary, topodata.Primary
		a.Say(true, 100)
		expect("first", "100")
		b.Say(true, 99)
		expect("older-term-refused", "100")
		b.Say(true, 100)
		expect("equal-term-last-wins", "101")
		a.Say(false, 100)
		expect("other-alias-not-serving", "101")
		b.Type = topodata.Replica
		b.Say(true, 0)
		expect("stale-primary-stays", "101")
		a.Say(true, 99)
		expect("smaller-term-does-not-replace-it", "101")
		b.Type = topodata.Primary
		b.Say(false, 100)
		expect("not-serving-clears", "")
		a.Say(true, 99)
		expect("any-term-when-empty", "100")
		c.hc.RemoveTablet(a.Record.Alias)
		expect("removed", "")
	})
}

// Removal is silent. Before v18 it made the primary list anew, with all that serve.
// spec: D-37, D-97
func TestRemoval(t *testing.T) {
	for name, want := range map[string]string{"main": "", "v17": "100 101"} {
		c := inWorld(t, sim.Config{}, discovery.Options{Behaviors: behaviors(name)}, func(c *check) {
			for _, alias := range []string{"zone1-100", "zone1-101", "zone1-102"} {
				c.add(alias, topodata.Primary).Say(true, 100)
				c.sleep()
			}
			c.hc.RemoveTablet(topodata.TabletAlias{Cell: "zone1", UID: 102})
			got := c.healthy(topodata.Primary)
			c.env.Assert(got == want, "got "+got)
		})
		require.Len(t, c.updates, 6, "three adds and three messages")
	}
}

// The loop of a replaced tablet may speak once more; newer releases do not listen. spec: D-96
func TestStaleLoop(t *testing.T) {
	for name, want := range map[string]int{"main": 4, "v24": 5} {
		c := inWorld(t, sim.Config{}, discovery.Options{Behaviors: behaviors(name)}, func(c *check) {
			tablet := c.add("zone1-100", topodata.Replica)
			tablet.Say(true, 0)
			c.sleep()
			c.hc.ReplaceTablet(tablet.Record.Alias, tablet.Record)
			c.sleep()
		})
		require.Len(t, c.updates, want, "%s: %v", name, c.updates)
	}
}

// A full channel loses messages, never their order. spec: D-48, D-49, DI-5
func TestDroppedUpdates(t *testing.T) {
	var got []int64
	c := inWorld(t, sim.Config{}, discovery.Options{Behaviors: release.Behaviors{HealthCheckChannelCapacity: 2, HealthCheckDropCounted: true}}, func(c *check) {
		slow := c.hc.Subscribe("slow")
		tablet := c.add("zone1-100", topodata.Primary)
		for term := range int64(5) {
			tablet.Say(true, 1+term)
			c.sleep()
		}
		for slow.Len() > 0 {
			h, _ := slow.Recv()
			got = append(got, h.PrimaryTermStartTime)
		}
		tablet.Say(true, 9)
		c.sleep()
		h, _ := slow.Recv()
		got = append(got, h.PrimaryTermStartTime)
	})
	require.Equal(t, []int64{0, 1, 9}, got)
	require.EqualValues(t, 4, c.registry.Snapshot().Map()["vtgate_health_check_channel_full_errors"])
}

// Replicas come from the local cell and its friends, primaries from everywhere.
// spec: D-35, D-42, G-50
func TestCells(t *testing.T) {
	w := sim.New(sim.Config{})
	var replicas, primaries, asked int
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		tablets := gatetest.NewTablets(env)
		friends := &friendlyCells{}
		hc := discovery.NewHealthCheck(env, tablets, friends, metrics.NewRegistry(env), discovery.Options{LocalCell: "zone1", Behaviors: behaviors("main")})
		for _, alias := range []string{"zone1-100", "zone2-200", "far-300"} {
			tablet := tablets.Add(gatetest.Record(alias, "ks", "0", topodata.Replica))
			hc.AddTablet(tablet.Record)
			tablet.Say(true, 0)
		}
		env.Sleep(time.Millisecond)
		replicas = len(hc.HealthyTablets(query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Replica}))
		far := tablets.Add(gatetest.Record("far-301", "ks", "0", topodata.Primary))
		hc.AddTablet(far.Record)
		far.Say(true, 5)
		env.Sleep(time.Millisecond)
		primaries = len(hc.HealthyTablets(query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Primary}))
		asked = friends.asked
		hc.Close()
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, []int{2, 1, 3}, []int{replicas, primaries, asked})
}

// friendlyCells are two cells with one alias and a third one.
type friendlyCells struct{ asked int }

func (f *friendlyCells) AliasOfCell(_ *sim.Context, cell string) string {
	f.asked++
	if strings.HasPrefix(cell, "zone") {
		return "region"
	}
	return cell
}

// A creeping lag never recomputes the list. spec: D-19, discovery 13.17
func TestTrivialUpdates(t *testing.T) {
	c := inWorld(t, sim.Config{}, discovery.Options{LagHigh: 100 * time.Second, ServingMin: 1}, func(c *check) {
		tablet := c.add("zone1-100", topodata.Replica)
		for lag := uint32(40); lag < 200; lag += lag / 11 {
			tablet.SayLag(lag)
			c.sleep()
		}
		c.env.Assert(c.healthy(topodata.Replica) == "100", "still-listed")
		tablet.SayLag(300)
		c.sleep()
		c.env.Assert(c.healthy(topodata.Replica) == "", "dropped")
	})
	require.Greater(t, len(c.updates), 15)
}

// Which replicas are used. spec: D-45, D-46
func TestLagFilter(t *testing.T) {
	minute := uint32(60)
	for _, row := range []struct {
		legacy bool
		lags   []uint32
		want   string
	}{
		{false, []uint32{5, 10, 15, 120}, "0 1 2"},
		{false, []uint32{5, 30, 31, 10}, "0 1 3"}, // the low limit is low
		{false, []uint32{7200, 7201}, "0"},        // the high one may be used
		{false, []uint32{120, 5}, "0 1"},
		{false, []uint32{30 * minute, 35 * minute, 40 * minute, 45 * minute}, "0 1"},
		{false, []uint32{120 * minute, 180 * minute, 240 * minute, 300 * minute}, "0"},
		{true, []uint32{5, 10, 15, 20}, "0 1 2 3"},
		{true, []uint32{5, 10, 15, 120}, "0 1 2"},
		{true, []uint32{30 * minute, 35 * minute, 40 * minute, 45 * minute}, "0 1 2 3"},
		{true, []uint32{240 * minute, 300 * minute}, "0 1"},
		{true, []uint32{7200 * minute}, "0"},
		{true, []uint32{5, 10, 15, 40, 10000}, "0 1 2"}, // the filter runs twice
		{true, []uint32{1, 100}, "0 1"},                 // too few are left
		{true, []uint32{10, 8000}, "0"},                 // and not all of the rest will do
		{true, []uint32{8000, 7200 * minute}, "0 1"},    // or none
		{true, []uint32{30, 1, 1}, "0 1 2"},             // the low limit is low here, too
		{true, []uint32{10, 7200}, "0 1"},               // and the high one will do
		{true, []uint32{1600, 700, 700}, "1 2"},         // seven tenths are not more than seven tenths
	} {
		inWorld(t, sim.Config{}, discovery.Options{LegacyLagAlgorithm: row.legacy}, func(c *check) {
			for i, lag := range row.lags {
				c.add(fmt.Sprintf("zone1-%d", i+1), topodata.Replica).SayLag(lag)
			}
			c.sleep()
			var got []string
			for i := range row.lags {
				if strings.Contains(" "+c.healthy(topodata.Replica)+" ", fmt.Sprintf(" %d ", i+1)) {
					got = append(got, fmt.Sprint(i))
				}
			}
			c.env.Assert(strings.Join(got, " ") == row.want, fmt.Sprintf("%v: got %v", row, got))
		})
	}
}

// Close ends the loops and the subscribers' channels. spec: D-86
func TestClose(t *testing.T) {
	inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
		c.add("zone1-100", topodata.Primary).Say(true, 1)
		other := c.hc.Subscribe("other")
		c.sleep()
		c.hc.Close()
		for range 2 {
			other.Recv()
		}
		_, open := other.Recv()
		c.env.Assert(!open, "closed")
	})
}

// Who has read a list keeps it as it was, with a connection that may be closed by now.
// spec: D-39
func TestListsAreSnapshots(t *testing.T) {
	inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
		tablet := c.add("zone1-100", topodata.Primary)
		tablet.Say(true, 100)
		c.sleep()
		list := c.hc.HealthyTablets(tablet.Target())
		tablet.Crash()
		c.sleep()
		c.env.Assert(c.healthy(topodata.Primary) == "", "gone by now")
		c.env.Assert(len(list) == 1 && list[0].Serving && list[0].Conn != nil && list[0].PrimaryTermStartTime == 100, "as it was")
	})
}
