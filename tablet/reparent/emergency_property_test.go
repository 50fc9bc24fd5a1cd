package reparent_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
)

// Whatever fails and however procs are scheduled: an emergency gives its lock up exactly if it
// took it, makes no call afterwards, leaves only repointing under way and only on success,
// promotes at most one tablet, which it has stopped or demoted before, and never undoes.
// spec
func TestEmergencyAlwaysInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShard(t)
		for _, tablet := range s.tablets {
			if rapid.IntRange(0, 9).Draw(t, "errant") == 0 {
				s.has(tablet.Alias.UID, set(100, 9, int64(tablet.Alias.UID), 1), upTo(4), 100)
			}
		}
		drawTrouble(t, s, 3,
			"StopReplicationAndGetStatus", "DemotePrimary", "WaitForPosition", "ReadReparentJournalInfo", "PrimaryPosition",
			"PromoteReplica", "InitPrimary", "PopulateReparentJournal", "SetReplicationSource", "CheckShardLocked", "LockShard")
		opts := reparent.EmergencyOptions{WaitForAllTablets: rapid.Bool().Draw(t, "all")}
		if rapid.Bool().Draw(t, "named") {
			opts.NewPrimary = s.tablets[rapid.IntRange(0, len(s.tablets)-1).Draw(t, "new")].Alias
		}
		if rapid.IntRange(0, 3).Draw(t, "ignoring") == 0 {
			opts.IgnoreReplicas = []topodata.TabletAlias{s.tablets[len(s.tablets)-1].Alias}
		}
		after := rapid.SampledFrom([]time.Duration{0, 0, 0, time.Millisecond, 3 * time.Millisecond, 5 * time.Millisecond, time.Second}).Draw(t, "cancel")
		cfg := sim.Config{Seed: 1, Chooser: explore.NewRandom(rapid.Uint64().Draw(t, "schedule"), true)}
		p := reparent.Options{Release: profileOf(t, rapid.SampledFrom([]string{"v12", "v15", "v17", "v19", "v22", "v24"}).Draw(t, "release"))}
		out := s.run(t, cfg, p, func(env *sim.Env, cancel, _ func()) {
			if after > 0 {
				env.Sleep(after)
				cancel()
			}
		}, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
			return r.EmergencyReparentShard(ctx, "commerce", "0", opts)
		})

		require.True(t, out.ended)
		require.Equal(t, s.locked, s.unlocked, "lock")
		require.Zero(t, s.afterUnlock, "calls after the lock was given up")
		require.Zero(t, s.count("UndoDemotePrimary"))
		if out.err != nil {
			require.Zero(t, s.underWay, "calls under way after a failure")
		}
		require.LessOrEqual(t, s.underWay, s.count("SetReplicationSource"))
		requireStoppedBeforePromotion(t, s, out, opts)
	})
}

func requireStoppedBeforePromotion(t *rapid.T, s *shard, out outcome, opts reparent.EmergencyOptions) {
	promotions := s.count("PromoteReplica") + s.count("InitPrimary")
	require.LessOrEqual(t, promotions, 1, "promotions")
	if out.err == nil {
		require.Equal(t, 1, promotions)
	}
	if promotions == 0 {
		return
	}
	elect := out.result.PromotedPrimary
	if !opts.NewPrimary.IsZero() {
		require.Equal(t, opts.NewPrimary, elect)
	}
	require.NotContains(t, opts.IgnoreReplicas, elect)
	require.True(t, slices.ContainsFunc(s.calls, func(c call) bool {
		return c.err == nil && c.ended && (c.what == method("StopReplicationAndGetStatus", elect) || c.what == method("DemotePrimary", elect))
	}), "the elect was stopped")
}

// What happens to the old primary before an emergency.
const (
	nothing   = "nothing"
	noTablet  = "its vttablet dies"
	noMySQL   = "its mysqld dies"
	noMachine = "its machine dies"
	noNetwork = "all others lose it"
)

// Under semi-sync no acknowledged write is lost whatever happened to the primary, also if the
// operator's process dies at any moment and another emergency follows (from v22 on); and two tablets take
// writes at a time only if one is the old primary that the emergency did not reach, until its
// term ends.
// spec, T-83
func TestEmergencyLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fault := rapid.SampledFrom([]string{nothing, noTablet, noMySQL, noMachine, noNetwork}).Draw(t, "fault")
		p := profileOf(t, rapid.SampledFrom([]string{"v12", "v15", "v19", "v22", "v24"}).Draw(t, "release"))
		kill := time.Duration(0)
		// Up to v21 a second emergency takes the first primary's writes for errant on a replica that
		// follows the second primary already, unless it reached that one too, and may
		// promote one that lacks them.
		if p.Behaviors.ERSJournalErrants {
			kill = rapid.SampledFrom([]time.Duration{0, 0, 0, 5, 20, 30, 40, 60, 80, 100, 130, 160, 3000}).Draw(t, "kill") * time.Millisecond
		}
		behind := rapid.SampledFrom([]uint32{0, 101, 102}).Draw(t, "behind")
		delay := rapid.SampledFrom([]time.Duration{0, 0, 1, 3}).Draw(t, "delay") * time.Second
		w := newWitness()
		w.excused = alias(100).String()
		cfg := sim.Config{
			Seed: rapid.Uint64().Draw(t, "seed"), Sink: w,
			Chooser: explore.NewRandom(rapid.Uint64().Draw(t, "schedule"), true),
		}
		c := runCluster(t, cfg, p, "semi_sync", func(x *cluster) {
			x.errantStarts = true
			x.write(3, 150*time.Millisecond)
			x.env.Sleep(300 * time.Millisecond)
			x.setBack(behind, delay)
			x.env.Sleep(400 * time.Millisecond)
			x.hit(fault)
			x.env.Sleep(100 * time.Millisecond)
			first := x.ers("vtctld-1", reparent.EmergencyOptions{})
			if kill > 0 {
				x.env.Sleep(kill)
				first.host.Crash()
				first = x.ers("vtctld-2", reparent.EmergencyOptions{})
			}
			first.over.Wait()
			x.env.Sleep(5 * time.Second)
			x.repair(fault)
			x.env.Sleep(31 * time.Second) // a retry of the end of a term
			if fault == noNetwork || flags.Defaults(p).VTTablet.ShutdownGracePeriod == 0 {
				x.env.Sleep(70 * time.Second) // it hears of its end late; a hung write drains for as long as it may hang
			}
			if kill == 0 {
				require.NoError(x, first.err)
				requireOnlyPrimary(x, first.result.PromotedPrimary.UID)
				return
			}
			// Whoever the dead operator left as primary may hang without an acknowledgement
			// and resist its demotion; the record names the last who was promoted.
			record, err := x.topo.GetShard(x.env.Background(), "commerce", "0")
			require.NoError(x, err)
			require.Empty(x, x.lost(record.PrimaryAlias.UID), "acknowledged writes")
		})
		require.NotEmpty(t, c.acknowledged)
		if kill == 0 {
			require.Empty(t, w.broken, "with %s", fault)
		}
	})
}

// setBack lets the replicas apply late, and one of them receive nothing.
func (c *cluster) setBack(behind uint32, delay time.Duration) {
	for _, uid := range []uint32{101, 102} {
		c.mysql[uid].SetTimings(func(tm *mysqld.Timings) { tm.SourceDelay = delay })
	}
	if behind != 0 {
		c.net.Partition(mysqld.HostName(alias(behind)), mysqld.HostName(alias(100)))
	}
}

// hit does something to the primary.
func (c *cluster) hit(fault string) {
	name := alias(100).String()
	switch fault {
	case noTablet, noMachine:
		c.hosts[name].Crash()
	}
	switch fault {
	case noMySQL, noMachine:
		c.hosts["mysqld-"+name].Crash()
	case noNetwork:
		for _, host := range others() {
			c.net.Partition(name, host)
			c.net.Partition("mysqld-"+name, host)
		}
	}
}

func others() []string {
	return []string{
		"topo", "vtctld-1", "vtctld-2", alias(101).String(), alias(102).String(), "mysqld-" + alias(101).String(), "mysqld-" + alias(102).String(),
	}
}

// repair brings the old primary back.
func (c *cluster) repair(fault string) {
	name := alias(100).String()
	c.net.HealAll()
	switch fault {
	case noMySQL, noMachine:
		c.hosts["mysqld-"+name].Restart()
	}
	switch fault {
	case noTablet, noMachine:
		c.hosts[name].Restart()
	}
}

// requireOnlyPrimary checks that the emergency's choice is the one primary, that writes go on
// and that no acknowledged one is lost.
func requireOnlyPrimary(c *cluster, elect uint32) {
	require.Equal(c, []uint32{elect}, c.servingPrimaries())
	record, err := c.topo.GetShard(c.env.Background(), "commerce", "0")
	require.NoError(c, err)
	require.Equal(c, alias(elect), record.PrimaryAlias)
	before := len(c.answers)
	c.env.Sleep(time.Second)
	require.Greater(c, len(c.answers), before, "writes go on")
	c.quiet = true
	c.env.Sleep(time.Second)
	require.Empty(c, c.lost(elect), "acknowledged writes")
}
