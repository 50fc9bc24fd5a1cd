package reparent_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/gtid"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/reparent"
)

const expired = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"

// The failure table F1 to F11: what stops the operation, what it says, how long it takes, and
// what it has done by then.
// spec
func TestFailures(t *testing.T) {
	journalTime := "ts=1767225600" // the default epoch, then the fraction
	behind := vterr.NewRPCError(vterr.DeadlineExceeded, "TabletManager.WaitForPosition on zone1-0000000101: WaitSourcePos failed: timed out waiting for position "+upTo(10).String())
	errant := vterr.NewRPCError(vterr.FailedPrecondition, "Errant GTID detected - x")
	for _, c := range []struct {
		name, release string
		behave        func(s *shard) func(*sim.Context, string) error
		text          []string // parts of the error, in order
		took          time.Duration
		count         map[string]int
	}{
		{
			name: "F1 no lock", release: "v24",
			behave: func(*shard) func(*sim.Context, string) error {
				return failing("LockShard", errors.New("deadline exceeded: /locks"))
			},
			text:  []string{"deadline exceeded: /locks"},
			count: map[string]int{"GetGlobalStatusVars": 0},
		},
		{
			name: "F1 a cell cannot be read", release: "v24",
			behave: func(*shard) func(*sim.Context, string) error {
				return failing("GetTabletMapForShard", errors.New("partial result: x"))
			},
			text:  []string{"partial result: x"},
			count: map[string]int{"GetGlobalStatusVars": 0},
		},
		{
			name: "F1 a tablet does not answer", release: "v24",
			behave: func(s *shard) func(*sim.Context, string) error { return s.hanging("GetGlobalStatusVars 102") },
			text:   []string{expired}, took: 15 * time.Second,
			count: map[string]int{"PrimaryPosition": 0},
		},
		{
			name: "F1 the primary does not answer", release: "v12",
			behave: func(s *shard) func(*sim.Context, string) error { return s.hanging("PrimaryPosition 100") },
			text: []string{
				"cannot get replication position on current primary zone1-0000000100; current primary must be healthy to perform PlannedReparent: ", expired,
			},
			took: 30 * time.Second, count: map[string]int{"SetReplicationSource": 0},
		},
		{
			name: "F1 phase A", release: "v24",
			behave: func(s *shard) func(*sim.Context, string) error { return s.hanging("SetReplicationSource 101") },
			text: []string{
				"replication on primary-elect zone1-0000000101 did not catch up in time; replication must be healthy to perform PlannedReparent: ", expired,
			},
			took: 15 * time.Second, count: map[string]int{"DemotePrimary": 0},
		},
		{
			name: "F2 the demotion takes too long", release: "v24",
			behave: func(s *shard) func(*sim.Context, string) error { return s.hanging("DemotePrimary 100") },
			text: []string{
				"failed to DemotePrimary on current primary zone1-0000000100: Code: DEADLINE_EXCEEDED\n" + expired + "\n: " + expired,
			},
			took: 15 * time.Second, count: map[string]int{"UndoDemotePrimary": 0, "WaitForPosition": 0},
		},
		{
			name: "F2 in v12", release: "v12",
			behave: func(s *shard) func(*sim.Context, string) error { return s.hanging("DemotePrimary 100") },
			text:   []string{"failed to DemotePrimary on current primary zone1-0000000100: " + expired + ": " + expired},
			took:   30 * time.Second, count: map[string]int{"UndoDemotePrimary": 0, "WaitForPosition": 0},
		},
		{
			name: "F4 the elect is behind", release: "v24",
			behave: func(*shard) func(*sim.Context, string) error { return failing("WaitForPosition 101", behind) },
			text: []string{
				"primary-elect tablet zone1-0000000101 failed to catch up with replication " + gtid.EncodePosition(upTo(10)) +
					": rpc error: code = DeadlineExceeded desc = TabletManager.WaitForPosition on zone1-0000000101: WaitSourcePos failed: timed out waiting for position ",
			},
			count: map[string]int{"UndoDemotePrimary 100": 1, "PromoteReplica": 0},
		},
		{
			name: "F5 and the undo fails", release: "v24",
			behave: func(s *shard) func(*sim.Context, string) error {
				return func(ctx *sim.Context, what string) error {
					if what == "UndoDemotePrimary 100" {
						return s.untilDone(ctx)
					}
					return failing("WaitForPosition 101", behind)(ctx, what)
				}
			},
			text: []string{
				"encountered error while performing UndoDemotePrimary(zone1-0000000100): Code: DEADLINE_EXCEEDED\n" + expired + "\n" +
					": primary-elect tablet zone1-0000000101 failed to catch up with replication ",
			},
			took: 15 * time.Second, count: map[string]int{"PromoteReplica": 0},
		},
		{
			name: "F7 the promotion fails", release: "v24",
			behave: func(s *shard) func(*sim.Context, string) error {
				return func(ctx *sim.Context, what string) error {
					switch what {
					case "PromoteReplica 101":
						return vterr.NewRPCError(vterr.Internal, "boom")
					case "SetReplicationSource 100", "SetReplicationSource 102":
						return s.untilDone(ctx)
					}
					return nil
				}
			},
			text: []string{
				"failed PromoteReplica(primary=zone1-0000000101, " + journalTime,
				"): Code: INTERNAL\nrpc error: code = Internal desc = boom\n: rpc error: code = Internal desc = boom",
			},
			count: map[string]int{"UndoDemotePrimary": 0, "PopulateReparentJournal": 0, "SetReplicationSource 102": 1},
		},
		{
			name: "F7 in v12", release: "v12",
			behave: func(*shard) func(*sim.Context, string) error {
				return failing("PromoteReplica 101", errors.New("boom"))
			},
			text:  []string{"primary-elect tablet zone1-0000000101 failed to be promoted to primary; please try again: boom"},
			count: map[string]int{"UndoDemotePrimary": 0, "SetReplicationSource 102": 0},
		},
		{
			name: "F9 no replica acknowledges", release: "v24",
			behave: func(s *shard) func(*sim.Context, string) error {
				return func(ctx *sim.Context, what string) error {
					switch what {
					case "PopulateReparentJournal 101", "SetReplicationSource 100", "SetReplicationSource 102":
						return s.untilDone(ctx)
					}
					return nil
				}
			},
			text: []string{
				"failed PopulateReparentJournal(primary=zone1-0000000101, " + journalTime, ", pos=" + gtid.EncodePosition(upTo(10)) +
					"): Code: DEADLINE_EXCEEDED\n" + expired + "\n: " + expired,
			},
			took: 15 * time.Second, count: map[string]int{"PromoteReplica": 1, "UndoDemotePrimary": 0},
		},
		{
			name: "F10 a replica lags", release: "v24",
			behave: func(s *shard) func(*sim.Context, string) error { return s.hanging("SetReplicationSource 102") },
			text: []string{
				"some replicas failed to reparent; retry PlannedReparentShard with the same new primary alias (zone1-0000000101) to retry failed replicas: " +
					"tablet zone1-0000000102 failed to SetReplicationSource(zone1-0000000101): Code: DEADLINE_EXCEEDED\n" + expired + "\n: " + expired,
			},
			took: 15 * time.Second, count: map[string]int{"PromoteReplica": 1, "PopulateReparentJournal": 1},
		},
		{
			name: "F11 the old primary has an errant transaction", release: "v24",
			behave: func(s *shard) func(*sim.Context, string) error {
				return func(_ *sim.Context, what string) error {
					if what == "SetReplicationSource 100" || what == "SetReplicationSource 102" {
						return errant
					}
					return nil
				}
			},
			text: []string{
				"tablet zone1-0000000100 failed to SetReplicationSource(zone1-0000000101): Code: FAILED_PRECONDITION\n",
				"Errant GTID detected - x;tablet zone1-0000000102 failed to SetReplicationSource(zone1-0000000101): ",
			},
			count: map[string]int{"PromoteReplica": 1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := threeTablets()
			s.behave = c.behave(s)
			out := s.play(t, profile(t, c.release), reparent.PlannedOptions{NewPrimary: alias(101)}, nil)
			require.Error(t, out.err)
			rest := out.text()
			for _, part := range c.text {
				_, after, found := strings.Cut(rest, part)
				require.True(t, found, "%q in %q", part, rest)
				rest = after
			}
			require.InDelta(t, c.took.Seconds(), out.took.Seconds(), 0.05)
			for name, n := range c.count {
				require.Equal(t, n, s.count(name), name)
			}
			require.Equal(t, s.locked, s.unlocked, "the lock is given up")
		})
	}
}

// The end of the whole command, as opposed to that of one wait, has a text of its own; the
// undo does not care.
// spec
func TestActionTimeoutDuringCatchUp(t *testing.T) {
	s := threeTablets()
	s.behave = func(_ *sim.Context, what string) error {
		if what == "WaitForPosition 101" {
			s.env.Sleep(4 * time.Second) // answers well, and too late
		}
		return nil
	}
	vtctld := flags.Defaults(profile(t, "v24")).VTCtld
	vtctld.ActionTimeout = 3 * time.Second
	out := s.playIn(t, sim.Config{Seed: 1}, reparent.Options{VTCtld: vtctld}, reparent.PlannedOptions{}, nil)
	require.EqualError(t, out.err, "PlannedReparent timed out; please try again")
	require.Equal(t, vterr.DeadlineExceeded, vterr.CodeOf(out.err))
	require.Equal(t, 1, s.count("UndoDemotePrimary"))
	require.False(t, s.failed("UndoDemotePrimary"))
}

// spec: R-58
func TestActionTimeoutAfterPromotion(t *testing.T) {
	s := threeTablets()
	s.behave = func(_ *sim.Context, what string) error {
		if what == "PromoteReplica 101" {
			s.env.Sleep(4 * time.Second)
		}
		return nil
	}
	vtctld := flags.Defaults(profile(t, "v12")).VTCtld
	vtctld.ActionTimeout = 3 * time.Second
	out := s.playIn(t, sim.Config{Seed: 1}, reparent.Options{Release: profile(t, "v12"), VTCtld: vtctld}, reparent.PlannedOptions{NewPrimary: alias(101)}, nil)
	require.EqualError(t, out.err, "PLannedReparent timed out after successfully promoting primary-elect zone1-0000000101; please re-run to fix up the replicas")
}

// The operator's client goes away: the running call is cancelled, and only a failed catch-up
// is undone.
// spec, F2
func TestCallerCancels(t *testing.T) {
	for _, c := range []struct {
		during, text string
		undone       int
	}{
		{"SetReplicationSource 101", "replication on primary-elect zone1-0000000101 did not catch up in time; ", 0},
		{"DemotePrimary 100", "failed to DemotePrimary on current primary zone1-0000000100: ", 0},
		{"WaitForPosition 101", "primary-elect tablet zone1-0000000101 failed to catch up with replication ", 1},
		{"PromoteReplica 101", "failed PromoteReplica(primary=zone1-0000000101, ", 0},
	} {
		s := threeTablets()
		s.behave = s.hanging(c.during)
		out := s.play(t, profile(t, "v24"), reparent.PlannedOptions{NewPrimary: alias(101)}, func(env *sim.Env, cancel, _ func()) {
			env.Sleep(2 * time.Second)
			cancel()
		})
		require.ErrorContains(t, out.err, c.text)
		require.ErrorContains(t, out.err, "code = Canceled desc = context canceled")
		require.InDelta(t, 2, out.took.Seconds(), 0.05)
		require.Equal(t, c.undone, s.count("UndoDemotePrimary"))
		require.False(t, s.failed("UndoDemotePrimary"))
		require.Equal(t, 1, s.unlocked)
	}
}

// A killed vtctld undoes nothing and does not give the lock up: its lease must end.
// spec, F2a, F3
func TestKilledProcessDoesNothingMore(t *testing.T) {
	for _, during := range []string{"SetReplicationSource 101", "DemotePrimary 100", "WaitForPosition 101", "PromoteReplica 101", "PopulateReparentJournal 101"} {
		s := threeTablets()
		s.behave = s.hanging(during)
		made := 0
		out := s.play(t, profile(t, "v24"), reparent.PlannedOptions{NewPrimary: alias(101)}, func(env *sim.Env, _, kill func()) {
			env.Sleep(2 * time.Second)
			made = len(s.calls)
			kill()
		})
		require.False(t, out.ended, during)
		require.Equal(t, made, len(s.calls), during)
		require.Positive(t, s.count(during), during)
		require.Equal(t, 1, s.locked, during)
		require.Zero(t, s.unlocked, during)
	}
}

// The first tablet that cannot be reached ends the probe for all; a tablet that comes back in
// time is waited for.
// spec: R-51
func TestProbe(t *testing.T) {
	s := threeTablets()
	s.behave = func(ctx *sim.Context, what string) error {
		switch what {
		case "GetGlobalStatusVars 101":
			return vterr.NewRPCError(vterr.Unavailable, "gone")
		case "GetGlobalStatusVars 102":
			return s.untilDone(ctx)
		}
		return nil
	}
	out := s.play(t, profile(t, "v24"), reparent.PlannedOptions{}, nil)
	require.EqualError(t, out.err, "rpc error: code = Unavailable desc = gone")
	require.Less(t, out.took, time.Second)

	s = threeTablets()
	s.behave = func(_ *sim.Context, what string) error {
		if what == "GetGlobalStatusVars 102" {
			s.env.Sleep(10 * time.Second)
		}
		return nil
	}
	out = s.play(t, profile(t, "v24"), reparent.PlannedOptions{}, nil)
	require.NoError(t, out.err)
	phase, _ := out.result.Phase(reparent.PhasePreflight)
	require.InDelta(t, 10, phase.End.Sub(phase.Begin).Seconds(), 0.05)
}
