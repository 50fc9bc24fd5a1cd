package reparent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

// command runs a command on the fake shard.
func (s *shard) command(t *testing.T, run func(r *reparent.Reparenter, ctx *sim.Context) error) outcome {
	t.Helper()
	for _, tablet := range s.tablets {
		tablet.Keyspace, tablet.Shard = "commerce", "0"
	}
	return s.run(t, sim.Config{Seed: 1}, reparent.Options{Release: profile(t, "v24")}, nil, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		return nil, run(r, ctx)
	})
}

// spec
func TestCommandsOnOneTablet(t *testing.T) {
	reparentTablet := func(uid uint32) func(*reparent.Reparenter, *sim.Context) error {
		return func(r *reparent.Reparenter, ctx *sim.Context) error { return r.ReparentTablet(ctx, alias(uid)) }
	}
	start := func(uid uint32) func(*reparent.Reparenter, *sim.Context) error {
		return func(r *reparent.Reparenter, ctx *sim.Context) error { return r.StartReplication(ctx, alias(uid)) }
	}
	writable := func(uid uint32, on bool) func(*reparent.Reparenter, *sim.Context) error {
		return func(r *reparent.Reparenter, ctx *sim.Context) error { return r.SetWritable(ctx, alias(uid), on) }
	}
	stop := func(uid uint32) func(*reparent.Reparenter, *sim.Context) error {
		return func(r *reparent.Reparenter, ctx *sim.Context) error { return r.StopReplication(ctx, alias(uid)) }
	}
	inconsistent := func(s *shard) { s.tablets[0].Type = topodata.Replica }
	orphan := func(s *shard) { s.record.PrimaryAlias = topodata.TabletAlias{} }
	lost := func(s *shard) { s.record.PrimaryAlias = alias(107) }
	for _, c := range []struct {
		name    string
		prepare func(s *shard)
		run     func(*reparent.Reparenter, *sim.Context) error
		call    string
		text    string
	}{
		{"writable", nil, writable(100, true), "SetReadWrite 100", ""},
		{"read-only", nil, writable(100, false), "SetReadOnly 100", ""},
		{"writable, unknown", nil, writable(107, true), "", "node doesn't exist: zone1-0000000107"},
		{"stop", nil, stop(101), "StopReplication 101", ""},
		{"stop, unknown", nil, stop(107), "", "node doesn't exist: zone1-0000000107"},
		{"start", nil, start(101), "StartReplication 101 semiSync=true", ""},
		{"start as no acker", func(s *shard) { s.tablets[1].Type = topodata.RDOnly }, start(101), "StartReplication 101 semiSync=false", ""},
		{"start, no primary", orphan, start(101), "", "no primary tablet for shard commerce/0"},
		{"start, lost primary", lost, start(101), "", "cannot lookup primary tablet zone1-0000000107 for shard commerce/0: node doesn't exist: zone1-0000000107"},
		{"start, inconsistent", inconsistent, start(101), "", "TopologyServer has incosistent state for shard primary zone1-0000000100"},
		{"reparent", nil, reparentTablet(101), "SetReplicationSource 101 to 100 journal=false wait=false force=false semiSync=true", ""},
		{"reparent, no primary", orphan, reparentTablet(101), "", "no primary tablet for shard commerce/0"},
		{"reparent onto itself", nil, reparentTablet(100), "", "cannot ReparentTablet current shard primary (zone1-0000000100) onto itself"},
		{"reparent, inconsistent", inconsistent, reparentTablet(101), "", "TopologyServer has incosistent state for shard primary zone1-0000000100"},
		{
			"the tablet fails", func(s *shard) { s.behave = failing("SetReadWrite 100", vterr.NewRPCError(vterr.Unavailable, "boom")) }, writable(100, true),
			"SetReadWrite 100", "rpc error: code = Unavailable desc = boom",
		},
	} {
		s := threeTablets()
		if c.prepare != nil {
			c.prepare(s)
		}
		require.Equal(t, c.text, s.command(t, c.run).text(), c.name)
		var want []string
		if c.call != "" {
			want = []string{c.call}
		}
		require.Equal(t, want, s.made(), c.name)
		require.Zero(t, s.locked, c.name)
	}
}

// A command waits for its tablet as long as the action timeout lets it.
// spec: R-7
func TestCommandsTimeout(t *testing.T) {
	s := threeTablets()
	s.dead(100)
	out := s.command(t, func(r *reparent.Reparenter, ctx *sim.Context) error { return r.SetWritable(ctx, alias(100), true) })
	require.Error(t, out.err)
	require.Equal(t, time.Hour, out.took)
}

// listed is a shard whose tablets have all that a listing shows.
func listed(t *testing.T) *shard {
	s := threeTablets()
	for _, tablet := range s.tablets {
		tablet.Hostname, tablet.PortMap.VT = "10.64.1.6", 15002
		tablet.MySQLHostname, tablet.MySQLPort = mysqld.HostName(tablet.Alias), 3306
	}
	s.tablets[0].PrimaryTermStartTime = topodata.Timestamp(wall(t, "2026-11-22T00:36:35.123456Z"))
	s.tablets[1].Tags = map[string]string{"zone": "a b", "ab": "1"}
	return s
}

// spec: R-160
func TestListingOfTablets(t *testing.T) {
	list := func(s *shard, cell string) string {
		var text string
		out := s.command(t, func(r *reparent.Reparenter, ctx *sim.Context) error {
			tablets, err := r.GetTablets(ctx, cell)
			text = reparent.FormatTablets(tablets)
			return err
		})
		require.NoError(t, out.err)
		return text
	}
	const line102 = "zone1-0000000102 commerce 0 replica 10.64.1.6:15002 mysqld-zone1-0000000102:3306 [] <null>\n"
	s := listed(t)
	require.Equal(t, "zone1-0000000100 commerce 0 primary 10.64.1.6:15002 mysqld-zone1-0000000100:3306 [] 2026-11-22T00:36:35Z\n"+
		"zone1-0000000101 commerce 0 replica 10.64.1.6:15002 mysqld-zone1-0000000101:3306 [ab: \"1\" zone: \"a b\"] <null>\n"+line102, list(s, ""))
	require.Empty(t, list(s, "zone2"))

	// After an emergency past a dead MySQL the old primary's record is stale.
	s.tablets[1].Type, s.tablets[1].PrimaryTermStartTime, s.tablets[1].Tags = topodata.Primary, s.tablets[0].PrimaryTermStartTime+2_000_000_000, nil
	require.Equal(t, "zone1-0000000100 commerce 0 unknown 10.64.1.6:15002 mysqld-zone1-0000000100:3306 [] 2026-11-22T00:36:35Z\n"+
		"zone1-0000000101 commerce 0 primary 10.64.1.6:15002 mysqld-zone1-0000000101:3306 [] 2026-11-22T00:36:37Z\n"+line102, list(s, "zone1"))
	require.Equal(t, topodata.Primary, s.tablets[0].Type, "only the listing says so")

	require.Equal(t, "zone1-0000000103 <null> <null> spare :0 :0 [] <null>\n",
		reparent.FormatTablets([]*topodata.Tablet{{Alias: alias(103), Type: topodata.Spare}}))
}

// spec: R-161
func TestListingOfPositions(t *testing.T) {
	positions := func(s *shard, client reparent.Client) (string, outcome) {
		var text string
		out := s.command(t, func(r *reparent.Reparenter, ctx *sim.Context) error {
			list, err := r.ShardReplicationPositions(ctx, "commerce", "0")
			text = reparent.FormatPositions(client, list)
			return err
		})
		return text, out
	}
	s := listed(t)
	lagging := status(9)
	lagging.Lag = 3700 * time.Millisecond
	s.statuses[alias(102)] = lagging
	s.tablets = append(s.tablets, &topodata.Tablet{Alias: alias(103), Type: topodata.Drained}, replica(104), &topodata.Tablet{Alias: alias(105), Type: topodata.RDOnly})
	s.statuses[alias(104)], s.statuses[alias(105)] = status(10), status(1)
	s.dead(101)
	text, out := positions(s, reparent.VTCtldClient)
	require.NoError(t, out.err)
	require.InDelta(t, 15, out.took.Seconds(), 0.01)
	const uuid = "00000064-0000-11ec-8000-000000000064"
	rest := "zone1-0000000100 commerce 0 primary 10.64.1.6:15002 mysqld-zone1-0000000100:3306 [] 2026-11-22T00:36:35Z MySQL56/" + uuid + ":1-10 0\n" +
		"zone1-0000000102 commerce 0 replica 10.64.1.6:15002 mysqld-zone1-0000000102:3306 [] <null> MySQL56/" + uuid + ":1-9 3\n" +
		"zone1-0000000104 commerce 0 replica :0 :0 [] <null> MySQL56/" + uuid + ":1-10 0\n" +
		"zone1-0000000105 commerce 0 rdonly :0 :0 [] <null> MySQL56/" + uuid + ":1 0\n"
	const dead = "zone1-0000000101 commerce 0 replica 10.64.1.6:15002 mysqld-zone1-0000000101:3306 [ab: \"1\" zone: \"a b\"] <null>"
	require.Equal(t, dead+"<err> <err> <err>\n"+rest, text)
	text, _ = positions(s, reparent.VTCtlClient)
	require.Equal(t, dead+" <err> <err> <err>\n"+rest, text)

	s.behave = failing("ReplicationStatus 102", vterr.NewRPCError(vterr.Unavailable, "boom"))
	_, out = positions(s, reparent.VTCtldClient)
	require.ErrorContains(t, out.err, "boom", "any other error fails the command")
}
