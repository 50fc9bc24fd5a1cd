package reparent_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/reparent"
)

// A healthy switch, call by call.
// spec: R-50, R-53a, R-54, R-55, R-56, R-57, R-59, R-5
func TestGracefulSwitch(t *testing.T) {
	for _, c := range []struct {
		release string
		calls   []string
		phases  []reparent.PhaseName
	}{
		{
			release: "v24",
			calls: []string{
				"LockShard commerce/0 PlannedReparentShard(zone1-0000000101, AvoidPrimary = <nil>)",
				"GetGlobalStatusVars 100", "GetGlobalStatusVars 101", "GetGlobalStatusVars 102",
				"PrimaryPosition 100",
				"SetReplicationSource 101 to 100 journal=false wait=true force=true semiSync=true",
				"DemotePrimary 100 force=false",
				"WaitForPosition 101 10 transactions",
				"PromoteReplica 101 semiSync=true",
				"SetReplicationSource 100 to 101 journal=true wait=false force=false semiSync=true",
				"SetReplicationSource 102 to 101 journal=true wait=false force=false semiSync=true",
				"PopulateReparentJournal 101 PlannedReparentShard zone1-0000000101 10 transactions",
			},
			phases: []reparent.PhaseName{
				reparent.PhasePreflight, reparent.PhaseElection, reparent.PhaseCandidateCheck, reparent.PhaseDemotion, reparent.PhaseCatchUp,
				reparent.PhaseRepointing, reparent.PhasePromotion, reparent.PhaseJournal,
			},
		},
		{
			release: "v12",
			calls: []string{
				"LockShard commerce/0 PlannedReparentShard(zone1-0000000101, AvoidPrimary = <nil>)",
				"PrimaryPosition 100",
				"SetReplicationSource 101 to 100 journal=false wait=true force=true semiSync=true",
				"DemotePrimary 100 force=false",
				"WaitForPosition 101 10 transactions",
				"PromoteReplica 101 semiSync=true",
				"PopulateReparentJournal 101 PlannedReparentShard zone1-0000000101 10 transactions",
				"SetReplicationSource 100 to 101 journal=true wait=false force=false semiSync=true",
				"SetReplicationSource 102 to 101 journal=true wait=false force=false semiSync=true",
			},
			phases: []reparent.PhaseName{
				reparent.PhasePreflight, reparent.PhaseElection, reparent.PhaseCandidateCheck, reparent.PhaseDemotion, reparent.PhaseCatchUp,
				reparent.PhasePromotion, reparent.PhaseRepointing, reparent.PhaseJournal,
			},
		},
	} {
		t.Run(c.release, func(t *testing.T) {
			s := threeTablets()
			out := s.play(t, profile(t, c.release), reparent.PlannedOptions{NewPrimary: alias(101)}, nil)
			require.NoError(t, out.err)
			require.Equal(t, c.calls, s.made())
			require.Equal(t, c.phases, out.phases())
			require.Equal(t, alias(101), out.result.PromotedPrimary)
			require.Equal(t, 1, s.unlocked)
			for _, p := range out.result.Phases {
				require.LessOrEqual(t, p.Begin, p.End, p.Name)
			}
		})
	}
}

// spec: R-170, R-53a
func TestEvents(t *testing.T) {
	out := threeTablets().play(t, profile(t, "v24"), reparent.PlannedOptions{}, nil)
	require.Equal(t, []string{
		"reading tablet map", "electing a primary candidate", "elected new primary candidate", "demoting old primary",
		"reparenting all tablets", "finished PlannedReparentShard",
	}, out.events())

	s := threeTablets()
	s.behave = failing("PrimaryPosition 100", errors.New("boom"))
	out = s.play(t, profile(t, "v24"), reparent.PlannedOptions{}, nil)
	require.Equal(t, []string{
		"reading tablet map", "electing a primary candidate", "elected new primary candidate",
		"failed PlannedReparentShard: cannot get replication position on current primary zone1-0000000100; " +
			"current primary must be healthy to perform PlannedReparent: boom",
	}, out.events())
}

// The lock is checked before the demotion, before the repointing and, in newer releases,
// after the election; losing it stops the operation there, and nothing is undone.
// spec: R-4, F6
func TestLostLock(t *testing.T) {
	for _, c := range []struct {
		release, check, text string
		last                 string // the last call
	}{
		{"v24", "CheckShardLocked 1", "lost topology lock, aborting: node doesn't exist: lease", "GetGlobalStatusVars 102"},
		{"v24", "CheckShardLocked 2", "lost topology lock, aborting: node doesn't exist: lease", "SetReplicationSource 101"},
		{"v24", "CheckShardLocked 3", "lost topology lock, aborting: node doesn't exist: lease", "WaitForPosition 101"},
		{"v12", "CheckShardLocked 1", "lost topology lock; aborting: node doesn't exist: lease", "SetReplicationSource 101"},
		{"v12", "CheckShardLocked 2", "lost topology lock; aborting: node doesn't exist: lease", "PromoteReplica 101"},
	} {
		s := threeTablets()
		s.behave = failing(c.check, errors.New("node doesn't exist: lease"))
		out := s.play(t, profile(t, c.release), reparent.PlannedOptions{NewPrimary: alias(101)}, nil)
		require.Equal(t, c.text, out.text(), c)
		require.Equal(t, c.last, s.calls[len(s.calls)-1].what, c)
		require.Zero(t, s.count("UndoDemotePrimary"), c)
		require.Equal(t, 1, s.unlocked, c)
	}
}

// A check of the lock blocks while the topology is down; the operation goes on afterwards.
// spec: R-4, O-36, F6a
func TestTopologyOutageDuringSwitch(t *testing.T) {
	s := threeTablets()
	s.behave = func(_ *sim.Context, what string) error {
		if what == "CheckShardLocked 3" {
			s.env.Sleep(20 * time.Second)
		}
		return nil
	}
	out := s.play(t, profile(t, "v24"), reparent.PlannedOptions{}, nil)
	require.NoError(t, out.err)
	require.Greater(t, out.took, 20*time.Second)
}

// spec: R-50
func TestContextMayHoldTheLock(t *testing.T) {
	s := threeTablets()
	w := sim.New(sim.Config{Seed: 1})
	defer w.Close()
	var err error
	w.AddHost("vtctld", sim.HostOptions{}, func(env *sim.Env) {
		s.env = env
		ctx := env.WithValue(env.Background(), "lock", true)
		_, err = reparent.New(env, s, s, reparent.Options{}).PlannedReparentShard(ctx, "commerce", "0", reparent.PlannedOptions{})
	})
	run := w.Run()
	require.Equal(t, sim.Finished, run.Kind, run.Detail)
	require.NoError(t, err)
	require.Zero(t, s.locked)
	require.Zero(t, s.unlocked)
}

// spec
func TestBranches(t *testing.T) {
	v24, v12 := "v24", "v12"
	for _, c := range []struct {
		name, release string
		prepare       func(s *shard)
		want          []string // calls after the probe, without the repointing
		text          string
	}{
		{
			name: "partial", release: v24, prepare: func(*shard) {},
			want: []string{"SetReadWrite 100", "PrimaryPosition 100", "PopulateReparentJournal 100"},
		},
		{
			name: "initial", release: v24,
			prepare: func(s *shard) { s.record, s.tablets[0].Type = topodata.Shard{}, topodata.Replica },
			want:    []string{"InitPrimary 100", "PopulateReparentJournal 100", "RefreshState 100"},
		},
		{
			name: "initial, not in v12", release: v12,
			prepare: func(s *shard) { s.record, s.tablets[0].Type = topodata.Shard{}, topodata.Replica },
			text:    "the shard has no current primary, use EmergencyReparentShard instead",
		},
		{
			name: "contested", release: v24, prepare: func(s *shard) { s.tablets[0].Type = topodata.Replica },
			want: []string{"DemotePrimary 100", "DemotePrimary 101", "DemotePrimary 102", "PromoteReplica 100", "PopulateReparentJournal 100"},
		},
		{
			name: "a tie is contested", release: v12, prepare: func(s *shard) { s.tablets[1] = primary(101, 7) },
			want: []string{"DemotePrimary 100", "DemotePrimary 101", "DemotePrimary 102", "PromoteReplica 100", "PopulateReparentJournal 100"},
		},
		{
			name: "an older term is no tie", release: v24, prepare: func(s *shard) { s.tablets[1] = primary(101, 6) },
			want: []string{"SetReadWrite 100", "PrimaryPosition 100", "PopulateReparentJournal 100"},
		},
		{
			name: "contested and behind", release: v24,
			prepare: func(s *shard) { s.tablets[0].Type, s.positions[alias(102)] = topodata.Replica, upTo(11) },
			want:    []string{"DemotePrimary 100", "DemotePrimary 101", "DemotePrimary 102"},
			text: "tablet zone1-0000000102 (position: " + upTo(11).String() + ") contains transactions not found in primary-elect zone1-0000000100 (position: " +
				upTo(10).String() + ")",
		},
		{
			name: "contested and unreachable", release: v24,
			prepare: func(s *shard) {
				s.tablets[0].Type = topodata.Replica
				s.behave = failing("DemotePrimary 102", vterr.NewRPCError(vterr.Unavailable, "gone"))
			},
			want: []string{"DemotePrimary 100", "DemotePrimary 101", "DemotePrimary 102"},
			text: "failed to demote all tablets: DemotePrimary(zone1-0000000102) failed on contested primary: rpc error: code = Unavailable desc = gone",
		},
		{
			name: "contested without the lock, v12", release: v12,
			prepare: func(s *shard) {
				s.tablets[0].Type = topodata.Replica
				s.behave = failing("CheckShardLocked 1", errors.New("gone"))
			},
			want: []string{"DemotePrimary 100", "DemotePrimary 101", "DemotePrimary 102"},
			text: "lost topology lock; aborting: gone",
		},
		{
			name: "contested without the lock", release: v24,
			prepare: func(s *shard) {
				s.tablets[0].Type = topodata.Replica
				s.behave = failing("CheckShardLocked 2", errors.New("gone"))
			},
			want: []string{"DemotePrimary 100", "DemotePrimary 101", "DemotePrimary 102"},
			text: "lost topology lock, aborting: gone",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := threeTablets()
			c.prepare(s)
			out := s.play(t, profile(t, c.release), reparent.PlannedOptions{NewPrimary: alias(100)}, nil)
			require.Equal(t, c.text, out.text())
			var got []string
			for _, call := range s.calls {
				if call.what != "LockShard" && !slices.Contains([]string{"SetReplicationSource", "GetGlobalStatusVars"}, call.what[:len(call.what)-4]) {
					got = append(got, call.what)
				}
			}
			require.Equal(t, c.want, got)
			if c.text == "" {
				require.Equal(t, 2, s.count("SetReplicationSource"), "the others are repointed")
			}
			require.Zero(t, s.count("UndoDemotePrimary"))
			require.Equal(t, 1, s.unlocked)
		})
	}
}

// RefreshState after a first promotion is a courtesy.
// spec: R-58
func TestRefreshMayFail(t *testing.T) {
	s := threeTablets()
	s.record, s.tablets[0].Type = topodata.Shard{}, topodata.Replica
	s.behave = failing("RefreshState 100", errors.New("boom"))
	require.NoError(t, s.play(t, profile(t, "v24"), reparent.PlannedOptions{NewPrimary: alias(100)}, nil).err)
}

// Semi-sync follows the durability policy.
// spec: R-13
func TestSemiSyncFollowsThePolicy(t *testing.T) {
	s := threeTablets()
	s.keyspace.DurabilityPolicy = "none"
	require.NoError(t, s.play(t, profile(t, "v24"), reparent.PlannedOptions{NewPrimary: alias(101)}, nil).err)
	require.Contains(t, s.made(), "PromoteReplica 101 semiSync=false")
	require.Contains(t, s.made(), "SetReplicationSource 100 to 101 journal=true wait=false force=false semiSync=false")

	s = threeTablets()
	s.tablets[2].Type = topodata.RDOnly
	require.NoError(t, s.play(t, profile(t, "v24"), reparent.PlannedOptions{NewPrimary: alias(101)}, nil).err)
	require.Contains(t, s.made(), "PromoteReplica 101 semiSync=true")
	require.Contains(t, s.made(), "SetReplicationSource 100 to 101 journal=true wait=false force=false semiSync=true")
	require.Contains(t, s.made(), "SetReplicationSource 102 to 101 journal=true wait=false force=false semiSync=false")

	s = threeTablets()
	s.keyspace.DurabilityPolicy = "cross_cell"
	s.tablets[2].Alias.Cell = "zone2"
	require.NoError(t, s.play(t, profile(t, "v24"), reparent.PlannedOptions{NewPrimary: s.tablets[2].Alias}, nil).err)
	require.Contains(t, s.made(), "SetReplicationSource 102 to 100 journal=false wait=true force=true semiSync=true")
	require.Contains(t, s.made(), "SetReplicationSource 101 to 102 journal=true wait=false force=false semiSync=true")

	s = threeTablets()
	s.keyspace.DurabilityPolicy = "strict"
	require.EqualError(t, s.play(t, profile(t, "v24"), reparent.PlannedOptions{}, nil).err, "durability policy strict not found")
}

// A timeout of zero takes the flag: 15 s, 30 s in old releases; without a flag the server
// takes 30 s.
// spec
func TestWaitReplicasTimeout(t *testing.T) {
	unset := flags.Defaults(profile(t, "v24")).VTCtld
	unset.WaitReplicasTimeout = 0
	for _, c := range []struct {
		release string
		vtctld  flags.VTCtld
		opts    reparent.PlannedOptions
		want    time.Duration
	}{
		{release: "v24", want: 15 * time.Second},
		{release: "v12", want: 30 * time.Second},
		{release: "v24", vtctld: unset, want: 30 * time.Second},
		{release: "v24", opts: reparent.PlannedOptions{WaitReplicasTimeout: 5 * time.Second}, want: 5 * time.Second},
	} {
		s := threeTablets()
		s.behave = s.hanging("WaitForPosition 101")
		out := s.playIn(t, sim.Config{Seed: 1}, reparent.Options{Release: profile(t, c.release), VTCtld: c.vtctld}, c.opts, nil)
		require.Error(t, out.err)
		phase, ok := out.result.Phase(reparent.PhaseCatchUp)
		require.True(t, ok)
		require.Equal(t, c.want, phase.End.Sub(phase.Begin))
	}
}

// spec: R-14
func TestTiedPrimariesAreNamed(t *testing.T) {
	s := threeTablets()
	s.tablets[1] = primary(101, 7)
	out := s.play(t, profile(t, "v24"), reparent.PlannedOptions{NewPrimary: alias(102)}, nil)
	require.NoError(t, out.err)
	require.Contains(t, logTexts(out.result), "Multiple primaries (zone1-0000000100 and zone1-0000000101) are tied for PrimaryTermStartTime; can't determine the true primary.")
}

// A tie of older terms is none: the tablet of the latest term is the primary, wherever it
// stands, and alone is demoted.
// spec
func TestTiedOlderTerms(t *testing.T) {
	for latest := range 3 {
		s := threeTablets()
		elect := (latest + 1) % 3
		for i := range s.tablets {
			term := int64(7)
			if i == latest {
				term++
			}
			s.tablets[i] = primary(uint32(100+i), term)
		}
		out := s.play(t, profile(t, "v24"), reparent.PlannedOptions{NewPrimary: alias(uint32(100 + elect))}, nil)
		require.NoError(t, out.err)
		require.Equal(t, 1, s.count("DemotePrimary"))
		require.Equal(t, 1, s.count(fmt.Sprintf("DemotePrimary %d", 100+latest)))
	}
}

func logTexts(r *reparent.Result) []string {
	var out []string
	for _, l := range r.Log {
		out = append(out, l.Text)
	}
	return out
}
