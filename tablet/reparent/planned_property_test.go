package reparent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
)

// trouble is what befalls a call.
type trouble string

const (
	fails     trouble = "fails"
	hangs     trouble = "hangs"
	isSlow    trouble = "is slow"
	lateError trouble = "fails late"
)

// drawShard draws a shard of one to five tablets, with no, one or two primaries.
func drawShard(t *rapid.T) *shard {
	s := &shard{
		statuses: map[topodata.TabletAlias]tmclient.ReplicationStatus{},
		keyspace: topodata.Keyspace{DurabilityPolicy: rapid.SampledFrom([]string{"none", "semi_sync", "cross_cell"}).Draw(t, "policy")},
	}
	n := rapid.Uint32Range(1, 5).Draw(t, "tablets")
	for uid := range n {
		tablet := replica(100 + uid)
		tablet.Alias.Cell = rapid.SampledFrom([]string{"zone1", "zone1", "zone1", "zone2"}).Draw(t, "cell")
		if uid > 0 {
			tablet.Type = rapid.SampledFrom([]topodata.TabletType{topodata.Replica, topodata.Replica, topodata.RDOnly}).Draw(t, "type")
		}
		s.tablets = append(s.tablets, tablet)
		s.statuses[tablet.Alias] = status(rapid.Int64Range(5, 10).Draw(t, "status"))
	}
	switch rapid.SampledFrom([]string{"one", "one", "one", "none", "two"}).Draw(t, "primaries") {
	case "two":
		s.tablets[n-1].Type, s.tablets[n-1].PrimaryTermStartTime = topodata.Primary, 7
		fallthrough
	case "one":
		s.tablets[0].Type, s.tablets[0].PrimaryTermStartTime = topodata.Primary, 7
	}
	if rapid.IntRange(0, 4).Draw(t, "fresh") > 0 {
		s.record = topodata.Shard{PrimaryAlias: s.tablets[0].Alias, PrimaryTermStartTime: 7}
	}
	return s
}

// drawTrouble makes some calls of the methods go wrong, each in its own way whenever it is
// made; checks is how often the lock is checked.
func drawTrouble(t *rapid.T, s *shard, checks int, methods ...string) {
	kinds := map[string]trouble{}
	for range rapid.IntRange(0, 3).Draw(t, "troubles") {
		name := rapid.SampledFrom(methods).Draw(t, "method")
		switch name {
		case "CheckShardLocked":
			name = fmt.Sprintf("CheckShardLocked %d", rapid.IntRange(1, checks).Draw(t, "check"))
		case "LockShard":
		default:
			name = method(name, s.tablets[rapid.IntRange(0, len(s.tablets)-1).Draw(t, "tablet")].Alias)
		}
		kinds[name] = rapid.SampledFrom([]trouble{fails, hangs, isSlow, lateError}).Draw(t, "trouble")
	}
	s.behave = func(ctx *sim.Context, what string) error {
		switch kinds[what] {
		case fails:
			return vterr.NewRPCError(vterr.Internal, "boom")
		case hangs:
			return s.untilDone(ctx)
		case isSlow, lateError:
			if err := s.env.SleepCtx(ctx, 3*time.Second); err != nil {
				return vterr.NewRPCError(vterr.CodeOf(err), err.Error())
			}
			if kinds[what] == lateError {
				return vterr.NewRPCError(vterr.Internal, "boom")
			}
		}
		return nil
	}
}

// Whatever fails and however procs are scheduled: the lock is given up exactly if it was
// taken, no call is under way or made afterwards, a demotion is taken back exactly if the
// elect did not catch up, and at most one tablet is promoted.
// spec
func TestAlwaysInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawShard(t)
		drawTrouble(t, s, 4,
			"GetGlobalStatusVars", "ReplicationStatus", "PrimaryPosition", "DemotePrimary", "UndoDemotePrimary", "WaitForPosition",
			"PromoteReplica", "InitPrimary", "SetReadWrite", "PopulateReparentJournal", "SetReplicationSource", "CheckShardLocked", "LockShard")
		p := reparent.Options{Release: profileOf(t, rapid.SampledFrom([]string{"v12", "v15", "v17", "v19", "v22", "v24"}).Draw(t, "release"))}
		opts := reparent.PlannedOptions{}
		if rapid.Bool().Draw(t, "named") {
			opts.NewPrimary = s.tablets[rapid.IntRange(0, len(s.tablets)-1).Draw(t, "new")].Alias
		}
		after := rapid.SampledFrom([]time.Duration{0, 0, 0, time.Millisecond, 3 * time.Millisecond, 5 * time.Millisecond, time.Second, 16 * time.Second}).Draw(t, "cancel")
		cfg := sim.Config{Seed: 1, Chooser: explore.NewRandom(rapid.Uint64().Draw(t, "schedule"), true)}
		out := s.playIn(t, cfg, p, opts, func(env *sim.Env, cancel, _ func()) {
			if after > 0 {
				env.Sleep(after)
				cancel()
			}
		})

		require.True(t, out.ended)
		require.Equal(t, s.locked, s.unlocked, "lock")
		require.Zero(t, s.afterUnlock, "calls after the lock was given up")
		require.Zero(t, s.underWay, "calls under way when the lock was given up")
		requireUndoIffBehind(t, s)
		requireOnePromotion(t, s, out)
		last := out.result.Events
		if s.locked > 0 {
			verdict := "finished PlannedReparentShard"
			if out.err != nil {
				verdict = "failed PlannedReparentShard: " + out.err.Error()
			}
			require.Equal(t, verdict, last[len(last)-1].Text)
		}
		for _, phase := range out.result.Phases {
			require.LessOrEqual(t, phase.Begin, phase.End, "phase %s", phase.Name)
		}
	})
}

// testingT is a test or a property.
type testingT interface {
	require.TestingT
	Fatal(args ...any)
}

func profileOf(t testingT, name string) release.Profile {
	p, err := release.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func requireUndoIffBehind(t *rapid.T, s *shard) {
	wantUndo := 0
	if s.failed("WaitForPosition") {
		wantUndo = 1
	}
	require.Equal(t, wantUndo, s.count("UndoDemotePrimary"), "undo")
	if wantUndo == 1 {
		require.Zero(t, s.count("PromoteReplica"), "no promotion after an undo")
	}
}

func requireOnePromotion(t *rapid.T, s *shard, out outcome) {
	require.LessOrEqual(t, s.count("PromoteReplica")+s.count("InitPrimary"), 1, "promotions")
	if s.count("PromoteReplica") == 0 {
		return
	}
	demoted, promoted := -1, -1
	for i, c := range s.calls {
		switch {
		case strings.HasPrefix(c.what, "DemotePrimary ") && c.err == nil && c.ended:
			demoted = i
		case strings.HasPrefix(c.what, "PromoteReplica "):
			promoted = i
		}
	}
	require.Greater(t, promoted, demoted)
	require.GreaterOrEqual(t, demoted, 0, "a promotion follows a demotion that succeeded")
	require.False(t, slices.ContainsFunc(s.calls[:promoted], func(c call) bool {
		return strings.HasPrefix(c.what, "DemotePrimary ") && c.err != nil
	}), "no promotion after a failed demotion")
	require.Equal(t, method("PromoteReplica", out.result.PromotedPrimary), s.calls[promoted].what)
}
