package reparent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/reparent"
)

// isp runs one InitShardPrimary on the fake shard.
func (s *shard) isp(t *testing.T, name string, opts reparent.InitOptions) outcome {
	t.Helper()
	return s.run(t, sim.Config{Seed: 1}, reparent.Options{Release: profile(t, name)}, nil, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		return r.InitShardPrimary(ctx, "commerce", "0", opts)
	})
}

// freshShard has three replicas and nothing else.
func freshShard() *shard {
	s := threeTablets()
	s.record, s.tablets[0] = topodata.Shard{}, replica(100)
	return s
}

// spec: R-125, O-86
func TestInitCallByCall(t *testing.T) {
	s := freshShard()
	out := s.isp(t, "v24", reparent.InitOptions{NewPrimary: alias(100), Force: true})
	require.NoError(t, out.err)
	require.Equal(t, []string{
		"LockShard commerce/0 InitShardPrimary(zone1-0000000100)",
		"ResetReplication 100", "ResetReplication 101", "ResetReplication 102",
		"InitPrimary 100 semiSync=true",
		"PopulateReparentJournal 100 InitShardPrimary zone1-0000000100 10 transactions",
		"InitReplica 101 of 100 at 10 transactions semiSync=true", "InitReplica 102 of 100 at 10 transactions semiSync=true",
		"UpdateShardFields",
		"ExecuteFetchAsDba 100 CREATE DATABASE IF NOT EXISTS `vt_commerce`", "RefreshState 100",
	}, s.made())
	require.Equal(t, alias(100), s.record.PrimaryAlias)
	require.Equal(t, []string{
		"reading tablet map", "resetting replication on all tablets", "initializing primary", "reparenting all tablets", "finished InitShardPrimary",
	}, out.events())
	require.Equal(t, []reparent.PhaseName{
		reparent.PhasePreflight, reparent.PhaseReset, reparent.PhasePromotion, reparent.PhaseRepointing, reparent.PhaseJournal, reparent.PhaseDatabase,
	}, out.phases())
	require.Equal(t, 1, s.unlocked)

	s = threeTablets()
	require.NoError(t, s.isp(t, "v24", reparent.InitOptions{NewPrimary: alias(100)}).err)
	require.Zero(t, s.count("UpdateShardFields"), "the record is right already")
}

// Without force only a tablet that is the one primary already may be initialised.
// spec: R-125, O-86
func TestInitNeedsForce(t *testing.T) {
	for _, c := range []struct {
		elect   uint32
		prepare func(s *shard)
		text    string
	}{
		{107, func(*shard) {}, "primary-elect tablet zone1-0000000107 is not in the shard"},
		{101, func(*shard) {}, "primary-elect tablet zone1-0000000101 is not the shard primary, use -force to proceed anyway"},
		{100, func(s *shard) { s.tablets[0].Type = topodata.Replica }, "primary-elect tablet zone1-0000000100 is not a primary in the shard, use -force to proceed anyway"},
		{100, func(s *shard) { s.tablets[1] = primary(101, 6) }, "primary-elect tablet zone1-0000000100 is not the only primary in the shard, use -force to proceed anyway"},
	} {
		s := threeTablets()
		c.prepare(s)
		require.Equal(t, c.text, s.isp(t, "v24", reparent.InitOptions{NewPrimary: alias(c.elect)}).text())
		require.Zero(t, s.count("ResetReplication"))
		require.Equal(t, 1, s.unlocked)
		if c.elect != 107 {
			out := s.isp(t, "v24", reparent.InitOptions{NewPrimary: alias(c.elect), Force: true})
			require.NoError(t, out.err)
			require.Contains(t, logTexts(out.result)[0], ", proceeding anyway as -force was used")
		}
	}
}

// spec, O-86
func TestInitFails(t *testing.T) {
	boom := errors.New("boom")
	const deadline = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
	for _, c := range []struct {
		name    string
		trouble func(s *shard)
		text    string
		last    string
		took    time.Duration
	}{
		{
			"reset", func(s *shard) { s.behave = failing("ResetReplication 102", boom) },
			"tablet zone1-0000000102 ResetReplication failed (either fix it, or Scrap it): Code: UNKNOWN\nboom\n", "ResetReplication 102", 0,
		},
		{
			"dead tablet", func(s *shard) { s.dead(102) },
			"tablet zone1-0000000102 ResetReplication failed (either fix it, or Scrap it): Code: DEADLINE_EXCEEDED\n" + deadline + "\n", "ResetReplication 102", 30 * time.Second,
		},
		{"lock", func(s *shard) { s.behave = failing("CheckShardLocked 1", boom) }, "lost topology lock, aborting: boom", "ResetReplication 102", 0},
		{"promotion", func(s *shard) { s.behave = failing("InitPrimary 100", boom) }, "boom", "InitPrimary 100", 0},
		{"lock later", func(s *shard) { s.behave = failing("CheckShardLocked 2", boom) }, "lost topology lock, aborting: boom", "InitPrimary 100", 0},
		{
			"journal", func(s *shard) { s.behave = s.hanging("PopulateReparentJournal 100") },
			"failed to PopulateReparentJournal on primary: Code: DEADLINE_EXCEEDED\n" + deadline + "\n", "InitReplica 102", 30 * time.Second,
		},
		{"record", func(s *shard) { s.behave = failing("UpdateShardFields", boom) }, "failed to update shard primary record: boom", "UpdateShardFields", 0},
		{
			"replica", func(s *shard) { s.behave = failing("InitReplica 101", boom) },
			"tablet zone1-0000000101 InitReplica failed: Code: UNKNOWN\nboom\n", "UpdateShardFields", 0,
		},
		{"database", func(s *shard) { s.behave = failing("ExecuteFetchAsDba 100", boom) }, "failed to create database: Code: UNKNOWN\nboom\n", "ExecuteFetchAsDba 100", 0},
		{
			"database hangs", func(s *shard) { s.behave = s.hanging("ExecuteFetchAsDba 100") },
			"failed to create database: Code: DEADLINE_EXCEEDED\n" + deadline + "\n", "ExecuteFetchAsDba 100", time.Hour,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := freshShard()
			c.trouble(s)
			out := s.isp(t, "v24", reparent.InitOptions{NewPrimary: alias(100), Force: true})
			require.Equal(t, c.text, out.text())
			require.Equal(t, c.last, s.calls[len(s.calls)-1].what)
			require.InDelta(t, c.took.Seconds(), out.took.Seconds(), 0.1)
			require.Equal(t, 1, s.unlocked)
			require.Zero(t, s.underWay)
		})
	}
	s := freshShard()
	s.behave = failing("RefreshState 100", boom)
	out := s.isp(t, "v24", reparent.InitOptions{NewPrimary: alias(100), Force: true})
	require.NoError(t, out.err)
	require.Contains(t, logTexts(out.result), "RefreshState failed: boom")
}
