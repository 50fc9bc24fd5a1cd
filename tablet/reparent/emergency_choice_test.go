package reparent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/reparent"
)

// failingAll makes several calls fail.
func failingAll(err error, calls ...string) func(*sim.Context, string) error {
	return func(_ *sim.Context, called string) error {
		for _, c := range calls {
			if c == called {
				return err
			}
		}
		return nil
	}
}

// Which tablets may stay unreached.
// spec
func TestEmergencySafety(t *testing.T) {
	boom := vterr.NewRPCError(vterr.Unavailable, "boom")
	const each = "error when getting replication status for alias zone1-0000000102: "
	const inner = each + "rpc error: code = Unavailable desc = boom"
	const inner101 = "error when getting replication status for alias zone1-0000000101: rpc error: code = Unavailable desc = boom"
	const tooFew = "could not reach sufficient tablets to guarantee safety"
	twice := func(s string) string { return s + "\n" + tooFew + ": " + tooFew + ": " + s }
	const stop = "failed to stop replication and build status maps: "
	const double = each + "rpc error: code = Unavailable desc = boom: rpc error: code = Unavailable desc = boom"
	for _, c := range []struct {
		name, release, policy string
		failed                []string
		text                  string
	}{
		{"the primary alone", "v24", "none", []string{"StopReplicationAndGetStatus 100"}, ""},
		{"a replica alone, safe by policy", "v24", "semi_sync", []string{"StopReplicationAndGetStatus 102"}, ""},
		{"a replica alone, unsafe", "v24", "none", []string{"StopReplicationAndGetStatus 102"}, stop + twice(inner)},
		{"a replica alone was good enough", "v23", "none", []string{"StopReplicationAndGetStatus 102"}, ""},
		{"and in v12", "v12", "none", []string{"StopReplicationAndGetStatus 102"}, ""},
		{
			"two", "v24", "semi_sync",
			[]string{"StopReplicationAndGetStatus 101", "StopReplicationAndGetStatus 102"},
			stop + twice(inner101+";"+inner),
		},
		{
			"two in v12", "v12", "semi_sync",
			[]string{"StopReplicationAndGetStatus 101", "StopReplicationAndGetStatus 102"},
			stop + "TWO",
		},
	} {
		s := threeTablets()
		s.keyspace.DurabilityPolicy = c.policy
		s.behave = failingAll(boom, c.failed...)
		out := s.ers(t, c.release, reparent.EmergencyOptions{})
		if c.text == stop+"TWO" {
			require.ErrorContains(t, out.err, "encountered more than 1 errors when trying to stop replication and get replication positions: ", c.name)
			require.ErrorContains(t, out.err, double, c.name)
			continue
		}
		require.Equal(t, c.text, out.text(), c.name)
	}
	s := threeTablets()
	s.behave = failing("DemotePrimary 100", boom)
	s.keyspace.DurabilityPolicy = "none"
	require.NoError(t, s.ers(t, "v24", reparent.EmergencyOptions{WaitForAllTablets: true}).err)
	s.tablets[1].Type, s.former = topodata.Primary, map[topodata.TabletAlias]bool{alias(101): true}
	s.behave, s.calls = failing("DemotePrimary 101", boom), nil
	require.ErrorContains(t, s.ers(t, "v24", reparent.EmergencyOptions{WaitForAllTablets: true}).err,
		"replica zone1-0000000101 thinks it's primary but we failed to demote it: rpc error: code = Unavailable desc = boom")
}

// Which candidate wins, and why a requested one may not.
// spec
func TestEmergencyChoice(t *testing.T) {
	replicaIn := func(s *shard, i int, cell string) {
		s.tablets[i].Alias.Cell = cell
		s.statuses[s.tablets[i].Alias] = status(9)
	}
	far := topodata.TabletAlias{Cell: "zone2", UID: 102}
	for _, c := range []struct {
		name, release string
		prepare       func(s *shard)
		opts          reparent.EmergencyOptions
		want          topodata.TabletAlias
		text          string
	}{
		{name: "the most advanced", release: "v24", prepare: func(s *shard) { s.has(102, upTo(12), upTo(12), 100) }, want: alias(102)},
		{
			name: "more executed among equals", release: "v24",
			prepare: func(s *shard) { s.has(101, upTo(12), upTo(5), 100); s.has(102, upTo(12), upTo(12), 100) }, want: alias(102),
		},
		{
			name: "not in v22", release: "v22",
			prepare: func(s *shard) { s.has(101, upTo(12), upTo(5), 100); s.has(102, upTo(12), upTo(12), 100) }, want: alias(101),
		},
		{
			name: "the requested among equals", release: "v24", prepare: func(s *shard) { s.has(102, upTo(10), upTo(10), 100) },
			opts: reparent.EmergencyOptions{NewPrimary: alias(102)}, want: alias(102),
		},
		{
			name: "the requested catches up", release: "v24", prepare: func(*shard) {},
			opts: reparent.EmergencyOptions{NewPrimary: alias(102)}, want: alias(102),
		},
		{
			name: "not in v12", release: "v12", prepare: func(*shard) {}, opts: reparent.EmergencyOptions{NewPrimary: alias(102)},
			text: "requested primary elect: zone1-0000000102 at position " + upTo(9).String() + ", is not fully caught up. Winning position: " + upTo(10).String(),
		},
		{
			name: "split brain", release: "v24",
			prepare: func(s *shard) {
				s.has(101, set(100, 10, 101, 1), upTo(10), 101)
				s.has(102, set(100, 10, 102, 1), upTo(10), 102)
			},
			text: "split brain detected between servers - zone1-0000000101 and zone1-0000000102",
		},
		{
			name: "must not", release: "v24", prepare: func(s *shard) { s.tablets[2].Type = topodata.RDOnly; s.keyspace.DurabilityPolicy = "none" },
			opts: reparent.EmergencyOptions{NewPrimary: alias(102)}, text: "proposed primary zone1-0000000102 has a must not promotion rule",
		},
		{
			name: "another cell", release: "v24", prepare: func(s *shard) { replicaIn(s, 2, "zone2") },
			opts: reparent.EmergencyOptions{NewPrimary: far, PreventCrossCellPromotion: true},
			text: "proposed primary zone2-0000000102 is is a different cell as the previous primary",
		},
		{
			name: "another cell is fine", release: "v24", prepare: func(s *shard) { replicaIn(s, 2, "zone2") },
			opts: reparent.EmergencyOptions{NewPrimary: far}, want: far,
		},
		{
			name: "the own cell", release: "v24",
			prepare: func(s *shard) { replicaIn(s, 1, "zone2"); s.statuses[s.tablets[1].Alias] = status(12) },
			opts:    reparent.EmergencyOptions{PreventCrossCellPromotion: true}, want: alias(102),
		},
		{
			name: "no progress", release: "v24", prepare: func(s *shard) { s.keyspace.DurabilityPolicy = "cross_cell" },
			opts: reparent.EmergencyOptions{NewPrimary: alias(102)}, text: "proposed primary zone1-0000000102 will not be able to make forward progress on being promoted",
		},
		{
			name: "no progress for anybody", release: "v24", prepare: func(s *shard) { s.keyspace.DurabilityPolicy = "cross_cell" },
			text: "no valid candidates for emergency reparent",
		},
		{
			name: "two tablets under semi-sync", release: "v24", prepare: func(s *shard) { s.tablets = s.tablets[:2] },
			text: "no valid candidates for emergency reparent",
		},
		{
			name: "backups only if there is nobody else", release: "v24",
			prepare: func(s *shard) { st := status(10); st.TakingBackup = true; s.statuses[alias(101)] = st }, want: alias(102),
		},
		{
			name: "then they are taken", release: "v24",
			prepare: func(s *shard) {
				for uid, n := range map[uint32]int64{101: 10, 102: 9} {
					st := status(n)
					st.TakingBackup = true
					s.statuses[alias(uid)] = st
				}
			},
			want: alias(101),
		},
		{name: "idle types", release: "v24", prepare: func(s *shard) { s.tablets[1].Type = topodata.Drained; s.keyspace.DurabilityPolicy = "none" }, want: alias(102)},
		{
			name: "only idle types", release: "v24", prepare: func(s *shard) { s.tablets[1].Type, s.tablets[2].Type = topodata.Backup, topodata.Restore },
			text: "no valid candidates for emergency reparent",
		},
		{
			name: "nothing received", release: "v24", prepare: func(s *shard) { s.has(102, set(), set(), 100) },
			text: "encountered tablet zone1-0000000102 with no relay log position, when at least one other tablet in the status map has GTID based relay log positions",
		},
		{
			name: "a requested one in backup is gone", release: "v24", prepare: func(s *shard) { s.tablets[2].Type = topodata.Backup },
			opts: reparent.EmergencyOptions{NewPrimary: alias(102)}, text: "requested primary elect zone1-0000000102 has errant GTIDs",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := threeTablets()
			c.prepare(s)
			s.dead(100)
			out := s.ers(t, c.release, c.opts)
			require.Equal(t, c.text, out.text())
			if c.text == "" {
				require.Equal(t, c.want, out.result.PromotedPrimary)
				require.Equal(t, 1, s.count("PromoteReplica"))
			} else {
				require.Zero(t, s.count("PromoteReplica"))
			}
		})
	}
}

// A tablet that must not be primary, but has the most, hands it on: the others replicate from
// it, and the chosen one catches up.
// spec: R-109
func TestEmergencyIntermediateSource(t *testing.T) {
	withMost := func() *shard {
		s := threeTablets()
		s.keyspace.DurabilityPolicy = "none"
		s.tablets = append(s.tablets, replica(103))
		s.has(103, upTo(12), upTo(12), 100)
		s.tablets[3].Type = topodata.RDOnly
		s.positions[alias(103)] = upTo(12)
		s.dead(100)
		return s
	}
	s := withMost()
	out := s.ers(t, "v24", reparent.EmergencyOptions{})
	require.NoError(t, out.err)
	made := s.made()
	require.Equal(t, alias(101), out.result.PromotedPrimary)
	require.Equal(t, []string{
		"SetReplicationSource 101 to 103 journal=false wait=false force=true semiSync=false",
		"SetReplicationSource 102 to 103 journal=false wait=false force=true semiSync=false",
		"PrimaryPosition 103", "WaitForPosition 101 12 transactions", "PromoteReplica 101 semiSync=false",
		"SetReplicationSource 100 to 101 journal=false wait=false force=false semiSync=false",
	}, made[len(made)-9:len(made)-3])
	require.Contains(t, out.events(), "reparenting all tablets")
	_, was := out.result.Phase(reparent.PhaseIntermediate)
	require.True(t, was)

	boom := vterr.NewRPCError(vterr.Unavailable, "boom")
	for _, c := range []struct {
		name  string
		fails []string
		opts  reparent.EmergencyOptions
		want  uint32
		text  string
	}{
		{name: "one does not follow", fails: []string{"SetReplicationSource 101"}, want: 102},
		{
			name: "the requested one does not follow", fails: []string{"SetReplicationSource 102"}, opts: reparent.EmergencyOptions{NewPrimary: alias(102)},
			text: "requested candidate zone1-0000000102 is not in valid candidates list",
		},
		{
			name: "nobody follows", fails: []string{"SetReplicationSource 101", "SetReplicationSource 102"},
			text: "no valid candidates for emergency reparent",
		},
		{name: "the position is unknown", fails: []string{"PrimaryPosition 103"}, text: "rpc error: code = Unavailable desc = boom"},
	} {
		s := withMost()
		before := s.behave
		s.behave = func(ctx *sim.Context, what string) error {
			if err := failingAll(boom, c.fails...)(ctx, what); err != nil {
				return err
			}
			return before(ctx, what)
		}
		out := s.ers(t, "v24", c.opts)
		require.Equal(t, c.text, out.text(), c.name)
		if c.text == "" {
			require.Equal(t, alias(c.want), out.result.PromotedPrimary, c.name)
		}
	}
}
