package reparent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/reparent"
)

// An emergency without the primary, call by call.
// spec: R-100..R-110, R-5, R-39, R-170
func TestEmergencyCallByCall(t *testing.T) {
	stopped := []string{
		"StopReplicationAndGetStatus 100", "StopReplicationAndGetStatus 101", "StopReplicationAndGetStatus 102",
		"WaitForPosition 101 10 transactions", "WaitForPosition 102 9 transactions",
	}
	journals := []string{"ReadReparentJournalInfo 101", "ReadReparentJournalInfo 102"}
	promote := "PromoteReplica 101 semiSync=true"
	attach := []string{
		"SetReplicationSource 100 to 101 journal=false wait=false force=false semiSync=true",
		"SetReplicationSource 102 to 101 journal=false wait=false force=true semiSync=true",
	}
	journal := "PopulateReparentJournal 101 EmergencyReparentShard zone1-0000000101 10 transactions"
	for _, c := range []struct {
		release string
		calls   [][]string
	}{
		{"v24", [][]string{{"LockShard commerce/0 EmergencyReparentShard"}, stopped, journals, {promote}, attach, {journal}}},
		{"v19", [][]string{{"LockShard commerce/0 EmergencyReparentShard"}, stopped, {promote}, attach, {journal}}},
		{"v15", [][]string{{"LockShard commerce/0 EmergencyReparentShard"}, stopped, {promote}, {journal}, attach}},
		{"v12", [][]string{{"LockShard commerce/0 EmergencyReparentShard"}, stopped, {promote}, {journal}, attach}},
	} {
		t.Run(c.release, func(t *testing.T) {
			s := deadPrimary()
			s.has(101, upTo(10), upTo(10), 100)
			s.has(102, upTo(9), upTo(9), 100)
			out := s.ers(t, c.release, reparent.EmergencyOptions{})
			require.NoError(t, out.err)
			var want []string
			for _, calls := range c.calls {
				want = append(want, calls...)
			}
			require.Equal(t, want, s.made())
			require.Equal(t, alias(101), out.result.PromotedPrimary)
			require.Equal(t, alias(100), out.result.OldPrimary)
			require.Equal(t, []string{
				"reading all tablets", "stop replication on all replicas", "reparenting all tablets", "finished EmergencyReparentShard",
			}, out.events())
			require.Less(t, out.took, 20*time.Millisecond, "nobody waits for the dead")
			require.Equal(t, 1, s.unlocked)
			require.Equal(t, []reparent.Count{{Operation: "EmergencyReparentShard", Shard: "commerce/0", Success: true, Number: 1, Took: out.counts[0].Took}}, out.counts)
		})
	}
}

// The phases of an emergency.
func TestEmergencyPhases(t *testing.T) {
	s := deadPrimary()
	out := s.ers(t, "v24", reparent.EmergencyOptions{})
	require.NoError(t, out.err)
	require.Equal(t, []reparent.PhaseName{
		reparent.PhasePreflight, reparent.PhaseStopReplication, reparent.PhaseRelayLogs, reparent.PhaseErrantCheck, reparent.PhaseElection,
		reparent.PhaseRepointing, reparent.PhasePromotion, reparent.PhaseJournal,
	}, out.phases())
	require.Equal(t, []string{
		"will initiate emergency reparent shard in keyspace - commerce, shard - 0",
		"getting replication position from zone1-0000000100", "getting replication position from zone1-0000000101",
		"getting replication position from zone1-0000000102",
		"failed to get replication status from zone1-0000000100: rpc error: code = Canceled desc = context canceled",
		"intermediate source selected - zone1-0000000101", "found better candidate - zone1-0000000101",
		"intermediate source is ideal candidate- true",
		"setting new primary on replica zone1-0000000100", "setting new primary on replica zone1-0000000102",
		"starting promotion for the new primary - zone1-0000000101", "populating reparent journal on new primary zone1-0000000101",
	}, logTexts(out.result))
	require.Equal(t, "emergency_reparenter.go", out.result.Log[0].File)
}

// A tablet that says it is no replica is demoted, and is a candidate like others; it is not
// waited for.
// spec
func TestEmergencyDemotesFormerPrimary(t *testing.T) {
	for name, force := range map[string]string{"v24": "true", "v19": "false"} {
		s := threeTablets()
		s.positions[alias(100)] = upTo(12)
		out := s.ers(t, name, reparent.EmergencyOptions{WaitForAllTablets: true})
		require.NoError(t, out.err)
		require.Contains(t, s.made(), "DemotePrimary 100 force="+force)
		require.NotContains(t, s.made(), "WaitForPosition 100 12 transactions")
		require.Equal(t, alias(100), out.result.PromotedPrimary, "it has the most")
		require.Contains(t, s.made(), "SetReplicationSource 101 to 100 journal=false wait=false force=true semiSync=true")
	}
}

// All but one tablet are enough, all are needed if the operator says so, and the requested
// one must answer in any case.
// spec
func TestEmergencyWaitsForAllButOne(t *testing.T) {
	slow := func(s *shard, uid uint32) {
		s.behave = func(ctx *sim.Context, what string) error {
			if what == method("StopReplicationAndGetStatus", alias(uid)) {
				if err := s.env.SleepCtx(ctx, 5*time.Second); err != nil {
					return vterr.NewRPCError(vterr.CodeOf(err), err.Error())
				}
			}
			return nil
		}
	}
	for _, c := range []struct {
		name string
		slow uint32
		opts reparent.EmergencyOptions
		took time.Duration
	}{
		{"all but one", 100, reparent.EmergencyOptions{}, 0},
		{"all", 100, reparent.EmergencyOptions{WaitForAllTablets: true}, 5 * time.Second},
		{"the requested one", 102, reparent.EmergencyOptions{NewPrimary: alias(102)}, 5 * time.Second},
		{"the ignored one is not asked", 102, reparent.EmergencyOptions{IgnoreReplicas: []topodata.TabletAlias{alias(102)}, WaitForAllTablets: true}, 0},
	} {
		s := threeTablets()
		slow(s, c.slow)
		out := s.ers(t, "v24", c.opts)
		phase, _ := out.result.Phase(reparent.PhaseStopReplication)
		require.InDelta(t, c.took.Seconds(), phase.End.Sub(phase.Begin).Seconds(), 0.01, c.name)
	}
	s := threeTablets()
	s.keyspace.DurabilityPolicy = "none"
	slow(s, 102)
	out := s.ers(t, "v24", reparent.EmergencyOptions{IgnoreReplicas: []topodata.TabletAlias{alias(102)}})
	require.NoError(t, out.err)
	require.Zero(t, s.count("StopReplicationAndGetStatus 102")+s.count("SetReplicationSource 102"))
}

// Relay logs are waited for, all of them: one slow applier fails the operation.
// spec: R-105
func TestEmergencySlowApplier(t *testing.T) {
	s := deadPrimary()
	hang := s.hanging("WaitForPosition 102")
	before := s.behave
	s.behave = func(ctx *sim.Context, what string) error {
		if err := hang(ctx, what); err != nil {
			return err
		}
		return before(ctx, what)
	}
	out := s.ers(t, "v24", reparent.EmergencyOptions{WaitReplicasTimeout: 5 * time.Second})
	const cause = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
	require.Equal(t, "could not apply all relay logs within the provided waitReplicasTimeout (5s): "+cause+": "+cause, out.text())
	require.InDelta(t, 5, out.took.Seconds(), 0.1)
	require.Zero(t, s.count("PromoteReplica"))
	require.Equal(t, 1, s.unlocked)
}

// Losing the lock stops the operation at each of its checks.
// spec: R-4
func TestEmergencyLostLock(t *testing.T) {
	for check, last := range map[string]string{
		"CheckShardLocked 1": "StopReplicationAndGetStatus 102", "CheckShardLocked 2": "ReadReparentJournalInfo 102",
	} {
		s := threeTablets()
		s.behave = failing(check, errors.New("gone"))
		out := s.ers(t, "v24", reparent.EmergencyOptions{})
		require.Equal(t, "lost topology lock, aborting: gone", out.text())
		require.Contains(t, []string{last, "DemotePrimary 100", "ReadReparentJournalInfo 100"}, s.calls[len(s.calls)-1].what)
		require.Zero(t, s.count("PromoteReplica"))
		require.Equal(t, 1, s.unlocked)
	}
	s := threeTablets()
	s.keyspace.DurabilityPolicy, s.tablets[2].Type = "none", topodata.RDOnly
	s.has(102, upTo(11), upTo(11), 100)
	s.behave = failing("CheckShardLocked 3", errors.New("gone"))
	out := s.ers(t, "v24", reparent.EmergencyOptions{})
	require.Equal(t, "lost topology lock, aborting: gone", out.text())
	require.Equal(t, "WaitForPosition 101", s.calls[len(s.calls)-1].what, "the check after the intermediate source")
}

// A shard without a primary in its record gets one by InitPrimary.
// spec: R-110
func TestEmergencyOfFreshShard(t *testing.T) {
	s := threeTablets()
	s.record, s.tablets[0].Type = topodata.Shard{}, topodata.Replica
	s.has(100, upTo(10), upTo(10), 100)
	out := s.ers(t, "v24", reparent.EmergencyOptions{NewPrimary: alias(101)})
	require.NoError(t, out.err)
	require.Equal(t, 1, s.count("InitPrimary 101"))
	require.Zero(t, s.count("PromoteReplica"))
	require.Contains(t, s.made(), "PopulateReparentJournal 101 EmergencyReparentShard(zone1-0000000101) zone1-0000000101 10 transactions")
	require.True(t, out.result.OldPrimary.IsZero())
}

// Records: the old primary's must exist, the expected primary must be right, the release must
// have the option.
// spec
func TestEmergencyPreflight(t *testing.T) {
	for _, c := range []struct {
		name, release string
		opts          reparent.EmergencyOptions
		prepare       func(s *shard)
		text          string
	}{
		{"expected", "v24", reparent.EmergencyOptions{ExpectedPrimary: alias(102)}, nil, "primary zone1-0000000100 is not equal to expected alias zone1-0000000102"},
		{"old release", "v19", reparent.EmergencyOptions{ExpectedPrimary: alias(100)}, nil, "unknown flag: --expected-primary (EmergencyReparentShard of v19 does not have it)"},
		{"older release", "v12", reparent.EmergencyOptions{PreventCrossCellPromotion: true}, nil, "unknown flag: --prevent-cross-cell-promotion (EmergencyReparentShard of v12 does not have it)"},
		{"no record", "v24", reparent.EmergencyOptions{}, func(s *shard) { s.record.PrimaryAlias = alias(107) }, "node doesn't exist: zone1-0000000107"},
		{"policy", "v24", reparent.EmergencyOptions{}, func(s *shard) { s.keyspace.DurabilityPolicy = "strict" }, "durability policy strict not found"},
		{
			"map", "v24",
			reparent.EmergencyOptions{},
			func(s *shard) { s.behave = failing("GetTabletMapForShard", errors.New("partial result: x")) },
			"failed to get tablet map for commerce/0: partial result: x: partial result: x",
		},
		{"lock", "v24", reparent.EmergencyOptions{}, func(s *shard) { s.behave = failing("LockShard", errors.New("deadline exceeded: y")) }, "deadline exceeded: y"},
	} {
		s := threeTablets()
		if c.prepare != nil {
			c.prepare(s)
		}
		require.Equal(t, c.text, s.ers(t, c.release, c.opts).text(), c.name)
		require.Zero(t, s.count("StopReplicationAndGetStatus"), c.name)
		require.Equal(t, s.locked, s.unlocked, c.name)
	}
}
