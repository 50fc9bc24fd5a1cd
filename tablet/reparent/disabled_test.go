package reparent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
)

// Where active reparents are disabled, every command that would reparent says so and does
// nothing; an external tool's word is still taken.
// spec: R-165
func TestActiveReparentsDisabled(t *testing.T) {
	p := profile(t, "v24")
	options := reparent.Options{Release: p, Common: flags.Defaults(p).Common}
	options.Common.DisableActiveReparents = true
	for name, run := range map[string]func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error){
		"PlannedReparentShard": func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
			return r.PlannedReparentShard(ctx, "commerce", "0", reparent.PlannedOptions{})
		},
		"EmergencyReparentShard": func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
			return r.EmergencyReparentShard(ctx, "commerce", "0", reparent.EmergencyOptions{})
		},
		"InitShardPrimary": func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
			return r.InitShardPrimary(ctx, "commerce", "0", reparent.InitOptions{NewPrimary: alias(100)})
		},
		"ReparentTablet": func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
			return nil, r.ReparentTablet(ctx, alias(101))
		},
	} {
		s := threeTablets()
		out := s.run(t, sim.Config{Seed: 1}, options, nil, run)
		require.EqualError(t, out.err, "active reparent commands disabled (unset the -disable_active_reparents flag to enable)", name)
		require.Empty(t, s.calls, name)
		require.Zero(t, s.locked, name)
	}
	s := threeTablets()
	out := s.run(t, sim.Config{Seed: 1}, options, nil, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		return r.TabletExternallyReparented(ctx, alias(101))
	})
	require.NoError(t, out.err)
	require.Equal(t, 1, s.count("ChangeType 101"))
}

// Each end of an operation counts, by its result, with the time that it took.
// spec: R-171
func TestCounts(t *testing.T) {
	s := threeTablets()
	out := s.run(t, sim.Config{Seed: 1}, reparent.Options{Release: profile(t, "v24")}, nil, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		for range 2 {
			if _, err := r.PlannedReparentShard(ctx, "commerce", "0", reparent.PlannedOptions{NewPrimary: alias(101)}); err != nil {
				return nil, err
			}
		}
		_, _ = r.PlannedReparentShard(ctx, "commerce", "0", reparent.PlannedOptions{NewPrimary: alias(107)})
		_, err := r.EmergencyReparentShard(ctx, "commerce", "0", reparent.EmergencyOptions{})
		return nil, err
	})
	require.NoError(t, out.err)
	type count struct {
		operation string
		success   bool
		number    int64
	}
	var got []count
	for _, c := range out.counts {
		require.Equal(t, "commerce/0", c.Shard)
		require.Positive(t, c.Took)
		got = append(got, count{c.Operation, c.Success, c.Number})
	}
	require.Equal(t, []count{
		{"EmergencyReparentShard", true, 1}, {"PlannedReparentShard", true, 2}, {"PlannedReparentShard", false, 1},
	}, got)
}

// The election takes positions while replication runs: who was ahead when he was asked is
// elected, though another may be ahead by the time of the promotion.
// spec
func TestElectionRacesWithWrites(t *testing.T) {
	s := threeTablets()
	s.statuses[alias(101)], s.statuses[alias(102)] = status(9), status(8)
	s.behave = func(_ *sim.Context, what string) error {
		if what == "ReplicationStatus 102" {
			s.env.Go("writes", func() {
				s.env.Sleep(5 * time.Millisecond)
				s.statuses[alias(102)] = status(20)
			})
		}
		return nil
	}
	out := s.play(t, profile(t, "v24"), reparent.PlannedOptions{}, nil)
	require.NoError(t, out.err)
	require.Equal(t, alias(101), out.result.PromotedPrimary)
}

// Both clients print a tablet as the guides show it. The one of 2016 had no term, and its
// words for types were older; the rest of the line is the same.
// spec
func TestListingsOfTheGuides(t *testing.T) {
	tablet := &topodata.Tablet{
		Alias: topodata.TabletAlias{Cell: "asiaeast1c", UID: 100}, Keyspace: "test_keyspace", Shard: "0", Type: topodata.Primary,
		Hostname: "10.0.2.8", MySQLHostname: "10.0.2.8", MySQLPort: 3306, PortMap: topodata.PortMap{VT: 15002},
		PrimaryTermStartTime: topodata.Timestamp(wall(t, "2021-12-21T19:44:29.7Z")),
	}
	spare := tablet.Clone()
	spare.Type, spare.PrimaryTermStartTime, spare.Keyspace, spare.Shard = topodata.Spare, 0, "", ""
	spare.Tags = map[string]string{"b": "2", "a": "x y"}
	require.Equal(t, "asiaeast1c-0000000100 test_keyspace 0 primary 10.0.2.8:15002 10.0.2.8:3306 [] 2021-12-21T19:44:29Z\n"+
		`asiaeast1c-0000000100 <null> <null> spare 10.0.2.8:15002 10.0.2.8:3306 [a: "x y" b: "2"] <null>`+"\n",
		reparent.FormatTablets([]*topodata.Tablet{tablet, &spare}))
	positions := []reparent.TabletPosition{{Tablet: tablet, Position: upTo(12)}, {Tablet: tablet, Unreachable: true}}
	const line = "asiaeast1c-0000000100 test_keyspace 0 primary 10.0.2.8:15002 10.0.2.8:3306 [] 2021-12-21T19:44:29Z"
	first := line + " MySQL56/" + upTo(12).String() + " 0\n"
	require.Equal(t, first+line+" <err> <err> <err>\n", reparent.FormatPositions(reparent.VTCtlClient, positions))
	require.Equal(t, first+line+"<err> <err> <err>\n", reparent.FormatPositions(reparent.VTCtldClient, positions))
}

// The tablets' part: where active reparents are disabled, a tablet starts no replication, and a
// primary whose term has ended changes its type and leaves MySQL alone.
// spec: R-165, T-83, T-87
func TestTabletsWithoutActiveReparents(t *testing.T) {
	runShard(t, sim.Config{Seed: 5}, profile(t, "v24"), func(c *cluster, durability string) {
		c.passive = true
		c.bootstrap(durability)
	}, "semi_sync", func(x *cluster) {
		x.switchMySQL(100, 101, true)
		require.NoError(x, x.tm().ChangeType(x.env.Background(), alias(101), topodata.Primary, true))
		x.env.Sleep(5 * time.Second)
		require.Equal(x, "REPLICA serving=true read_only=true super=true source=true record=REPLICA, no source", x.look(100))
		require.NoError(x, x.tm().SetReplicationSource(x.env.Background(), alias(102), tmclient.SetReplicationSourceRequest{Parent: alias(101), SemiSync: true}))
		x.hosts[alias(100).String()].Crash()
		x.hosts[alias(100).String()].Restart()
		x.env.Sleep(5 * time.Second)
		require.Equal(x, "REPLICA serving=true read_only=true super=true source=true record=REPLICA, no source", x.look(100))
	})
}
