package discovery_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/discovery"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// The limits of the lag filter are flags; so is how many replicas must be left.
// spec: D-45, D-46
func TestLimitsOfTheLagFilter(t *testing.T) {
	for _, row := range []struct {
		opts discovery.Options
		lags []uint32
		want string
	}{
		{discovery.Options{ServingMin: 1}, []uint32{5, 120}, "1"},
		{discovery.Options{ServingMin: 3}, []uint32{240, 5, 120, 180}, "2 3 4"},
		{discovery.Options{ServingMin: 1, LagLow: 100 * time.Second}, []uint32{5, 100, 101}, "1 2"},
		{discovery.Options{ServingMin: 3, LagHigh: 100 * time.Second}, []uint32{5, 100, 101}, "1 2"},
		{discovery.Options{LegacyLagAlgorithm: true, ServingMin: 1}, []uint32{10, 8000}, "1"},
		{discovery.Options{LegacyLagAlgorithm: true, ServingMin: 3}, []uint32{5, 10, 15, 10000}, "1 2 3"},
		{discovery.Options{LegacyLagAlgorithm: true, LagLow: 1000 * time.Second}, []uint32{5, 10, 15, 1000}, "1 2 3 4"},
	} {
		inWorld(t, sim.Config{}, row.opts, func(c *check) {
			for i, lag := range row.lags {
				c.add(fmt.Sprintf("zone1-%d", i+1), topodata.Replica).SayLag(lag)
			}
			c.sleep()
			got := c.healthy(topodata.Replica)
			c.env.Assert(len(got) == len(row.want), fmt.Sprintf("%v: got %s", row, got))
			for _, name := range row.want {
				c.env.Assert(name == ' ' || containsRune(got, name), fmt.Sprintf("%v: got %s", row, got))
			}
		})
	}
}

func containsRune(text string, r rune) bool {
	for _, other := range text {
		if other == r {
			return true
		}
	}
	return false
}

// The gauge counts the tablets that serve without an error, listed or not. spec: D-43
func TestConnectionsAreCounted(t *testing.T) {
	c := inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
		c.add("zone1-1", topodata.Primary).Say(true, 1)
		c.add("zone1-2", topodata.Replica).SayLag(1)
		c.add("zone1-3", topodata.Replica).SayLag(8000)
		c.add("zone2-4", topodata.Replica).SayLag(1)
		c.add("zone1-5", topodata.Replica).Say(false, 0)
		sick := c.add("zone1-6", topodata.Replica)
		sick.Send(&query.StreamHealthResponse{
			Target: sick.Target(), Serving: true, TabletAlias: sick.Record.Alias, RealtimeStats: &query.RealtimeStats{HealthError: "sick"},
		})
		c.add("zone1-7", topodata.RDOnly)
		c.sleep()
		c.hc.CountConnections()
	})
	got := c.registry.Snapshot().Map()
	for kind, want := range map[string]int64{"primary": 1, "replica": 3, "rdonly": 0} {
		require.Equal(t, want, got[fmt.Sprintf(`vtgate_healthcheck_connections{keyspace="ks",shard_name="0",tablet_type="%s"}`, kind)], kind)
	}
}

// A record that says PRIMARY is enough to know of a primary: nobody is asked to look for one.
// spec: D-10, D-32
func TestKnownRecordOfAPrimary(t *testing.T) {
	for _, second := range []bool{true, false} {
		inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
			tablet := c.add("zone1-100", topodata.Primary)
			tablet.Say(true, 1)
			if second {
				c.add("zone1-101", topodata.Primary) // it says nothing yet
			}
			c.sleep()
			tablet.Type = topodata.Replica
			tablet.Say(true, 0)
			c.sleep()
			c.env.Assert((c.hc.LoadTrigger().Len() == 0) == second, "triggers")
		})
	}
}

// Who is listed as the primary, message by message: the term decides, of equal ones the last
// message, and only the listed tablet itself can leave the list. spec: D-33, D-34, D-36, D-37
func TestListedPrimary(t *testing.T) {
	inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
		a, b := c.add("zone1-1", topodata.Primary), c.add("zone1-2", topodata.Primary)
		listed := func(want string) {
			c.sleep()
			c.env.Assert(c.healthy(topodata.Primary) == want, "want "+want+", got "+c.healthy(topodata.Primary))
		}
		a.Say(true, 100)
		listed("1")
		a.Say(true, 90) // refused, and still listed as it was
		listed("1")
		b.Say(true, 99)
		listed("1")
		b.Say(true, 100)
		listed("2")
		a.Say(true, 100)
		listed("1")
		b.Say(true, 101)
		listed("2")
		a.Say(false, 100)
		listed("2")
		a.Say(true, 100)
		listed("2")
		b.Say(false, 101)
		listed("")
		a.Say(true, 100)
		listed("1")
		b.Say(true, 101)
		listed("2")
		c.hc.RemoveTablet(a.Record.Alias)
		listed("2")
		b.Type = topodata.Replica
		b.Say(true, 0) // without having said that it does not serve
		listed("2")
	})
}

// A tablet of another type leaves the list of the type that it had. spec: D-31, D-35
func TestTypeChangeLeavesTheOldList(t *testing.T) {
	inWorld(t, sim.Config{}, discovery.Options{}, func(c *check) {
		other, tablet := c.add("zone1-1", topodata.Replica), c.add("zone1-2", topodata.Replica)
		other.Say(true, 0)
		tablet.Say(true, 0)
		is := func(replicas, rdonly, primary string) {
			c.sleep()
			got := fmt.Sprint(c.healthy(topodata.Replica), "|", c.healthy(topodata.RDOnly), "|", c.healthy(topodata.Primary))
			c.env.Assert(got == fmt.Sprint(replicas, "|", rdonly, "|", primary), got)
		}
		is("1 2", "", "")
		tablet.Type = topodata.RDOnly
		tablet.Say(true, 0)
		is("1", "2", "")
		tablet.Type = topodata.Primary
		tablet.Say(true, 7)
		is("1", "", "2")
		tablet.Say(false, 7)
		is("1", "", "")
		tablet.Type = topodata.Replica
		tablet.Say(true, 0)
		is("1 2", "", "")
		other.Crash()
		is("2", "", "")
	})
}
