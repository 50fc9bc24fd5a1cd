package reparent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
)

const nobody = "cannot find a tablet to reparent to"

// Who is elected, or why nobody is.
// spec, R-164a
func TestElection(t *testing.T) {
	far := func(uid uint32) *topodata.Tablet {
		return &topodata.Tablet{Alias: topodata.TabletAlias{Cell: "zone2", UID: uid}, Type: topodata.Replica}
	}
	otherCell := func(s *shard) {
		s.tablets = []*topodata.Tablet{primary(100, 7), far(201), far(202)}
		s.statuses = map[topodata.TabletAlias]tmclient.ReplicationStatus{far(201).Alias: status(9), far(202).Alias: status(10)}
	}
	change := func(uid uint32, edit func(*tmclient.ReplicationStatus)) func(*shard) {
		return func(s *shard) {
			st := s.statuses[alias(uid)]
			edit(&st)
			s.statuses[alias(uid)] = st
		}
	}
	both := func(edits ...func(*shard)) func(*shard) {
		return func(s *shard) {
			for _, edit := range edits {
				edit(s)
			}
		}
	}
	lagging := func(uid uint32) func(*shard) {
		return change(uid, func(st *tmclient.ReplicationStatus) { st.Lag = 7*time.Second + 300*time.Millisecond })
	}
	stopped := func(uid uint32) func(*shard) {
		return change(uid, func(st *tmclient.ReplicationStatus) { st.LagUnknown = true })
	}
	for _, c := range []struct {
		name, release string
		prepare       func(*shard)
		opts          reparent.PlannedOptions
		want          topodata.TabletAlias
		text          string
	}{
		{name: "the most advanced", want: alias(101)},
		{name: "the most advanced, other way round", prepare: change(102, func(st *tmclient.ReplicationStatus) { st.RelayLogPosition = upTo(12) }), want: alias(102)},
		{name: "equal, then more executed", prepare: both(
			change(101, func(st *tmclient.ReplicationStatus) { st.Position = upTo(5) }),
			change(102, func(st *tmclient.ReplicationStatus) { st.RelayLogPosition, st.Position = upTo(10), upTo(6) })), want: alias(102)},
		{name: "more received counts before more executed", prepare: both(
			change(101, func(st *tmclient.ReplicationStatus) { st.RelayLogPosition, st.Position = upTo(10), upTo(10) }),
			change(102, func(st *tmclient.ReplicationStatus) { st.RelayLogPosition, st.Position = upTo(11), upTo(1) })), want: alias(102)},
		{name: "each lacks something of the other", prepare: both(
			change(101, func(st *tmclient.ReplicationStatus) { st.RelayLogPosition = upTo(10) }),
			change(102, func(st *tmclient.ReplicationStatus) {
				st.RelayLogPosition = upTo(9)
				st.RelayLogPosition.AddRange(gtid.ServerUUID(102), 1, 50)
			})), want: alias(101)},
		{name: "executed does not matter before v23", release: "v22", prepare: both(
			change(101, func(st *tmclient.ReplicationStatus) { st.Position = upTo(5) }),
			change(102, func(st *tmclient.ReplicationStatus) { st.RelayLogPosition, st.Position = upTo(10), upTo(6) })), want: alias(101)},
		{name: "equal, then the warmer buffer pool", prepare: change(102, func(st *tmclient.ReplicationStatus) {
			*st = status(10)
			st.BufferPoolPages = 5
		}), want: alias(102)},
		{name: "buffer pools do not matter before v21", release: "v20", prepare: change(102, func(st *tmclient.ReplicationStatus) {
			*st = status(10)
			st.BufferPoolPages = 5
		}), want: alias(101)},
		{name: "a better promotion rule", prepare: func(s *shard) {
			otherCell(s)
			s.keyspace.DurabilityPolicy = "test"
			s.tablets[1] = far(199)
			s.tablets[2] = far(200)
			s.statuses = map[topodata.TabletAlias]tmclient.ReplicationStatus{far(199).Alias: status(10), far(200).Alias: status(10)}
		}, opts: reparent.PlannedOptions{AllowCrossCellPromotion: true}, want: far(200).Alias},
		{name: "other cells if allowed", prepare: otherCell, opts: reparent.PlannedOptions{AllowCrossCellPromotion: true}, want: far(202).Alias},
		{name: "other cells if named", prepare: otherCell, opts: reparent.PlannedOptions{NewPrimary: far(201).Alias}, want: far(201).Alias},
		{name: "other cells only", prepare: otherCell, text: nobody +
			"\nzone1-0000000100 matches the primary alias to avoid" +
			"\nzone2-0000000201 is not in the same cell as the previous primary" +
			"\nzone2-0000000202 is not in the same cell as the previous primary"},
		{name: "other cells only, v12", release: "v12", prepare: otherCell, text: nobody + " in the same cell as the current primary"},
		{name: "any type if named", prepare: func(s *shard) { s.tablets[2].Type = topodata.RDOnly }, opts: reparent.PlannedOptions{NewPrimary: alias(102)}, want: alias(102)},
		{name: "no replica", prepare: func(s *shard) { s.tablets[1].Type, s.tablets[2].Type = topodata.RDOnly, topodata.Spare }, text: nobody +
			"\nzone1-0000000100 matches the primary alias to avoid\nzone1-0000000101 is not a replica\nzone1-0000000102 is not a replica"},
		{name: "lag", prepare: both(lagging(101), lagging(102)), opts: reparent.PlannedOptions{TolerableReplicationLag: 6 * time.Second}, text: nobody +
			"\nzone1-0000000100 matches the primary alias to avoid" +
			"\nzone1-0000000101 has 7s replication lag which is more than the tolerable amount" +
			"\nzone1-0000000102 has 7s replication lag which is more than the tolerable amount"},
		{name: "tolerable lag", prepare: lagging(101), opts: reparent.PlannedOptions{TolerableReplicationLag: 7 * time.Second}, want: alias(101)},
		{name: "lag of one", prepare: lagging(101), opts: reparent.PlannedOptions{TolerableReplicationLag: 6 * time.Second}, want: alias(102)},
		{name: "lag of the named one", prepare: lagging(101), opts: reparent.PlannedOptions{NewPrimary: alias(101), TolerableReplicationLag: time.Second}, text: nobody +
			"\nzone1-0000000100 does not match the new primary alias provided" +
			"\nzone1-0000000101 has 7s replication lag which is more than the tolerable amount" +
			"\nzone1-0000000102 does not match the new primary alias provided"},
		{name: "replication stopped everywhere", prepare: both(stopped(101), stopped(102)), text: nobody +
			"\nzone1-0000000100 matches the primary alias to avoid" +
			"\nzone1-0000000101 position known but unknown replication status" +
			"\nzone1-0000000102 position known but unknown replication status"},
		{name: "replication stopped does not matter before v22", release: "v21", prepare: stopped(101), want: alias(101)},
		{name: "taking a backup", prepare: change(101, func(st *tmclient.ReplicationStatus) { st.TakingBackup = true }), want: alias(102)},
		{name: "both take a backup", prepare: both(
			change(101, func(st *tmclient.ReplicationStatus) { st.TakingBackup = true }),
			change(102, func(st *tmclient.ReplicationStatus) { st.TakingBackup = true })), text: nobody +
			"\nzone1-0000000100 matches the primary alias to avoid\nzone1-0000000101 is taking a backup\nzone1-0000000102 is taking a backup"},
		{name: "not a replica counts as empty", prepare: func(s *shard) {
			s.behave = failing("ReplicationStatus 101", vterr.NewRPCError(vterr.Unknown, "no replication status (errno 100) (sqlstate HY000)"))
		}, want: alias(102)},
		{name: "an error ends the election", prepare: func(s *shard) {
			s.behave = failing("ReplicationStatus 101", vterr.NewRPCError(vterr.Unavailable, "gone"))
		}, text: "rpc error: code = Unavailable desc = gone"},
		{name: "a single candidate is not asked", prepare: func(s *shard) {
			s.tablets[2].Type = topodata.RDOnly
			s.behave = failing("ReplicationStatus 101", errors.New("asked"))
		}, want: alias(101)},
		{
			name: "new is the one to avoid", opts: reparent.PlannedOptions{NewPrimary: alias(101), AvoidPrimary: alias(101)},
			text: "primary-elect tablet zone1-0000000101 is the same as the tablet to avoid",
		},
		{name: "avoid another than the primary", opts: reparent.PlannedOptions{AvoidPrimary: alias(101)}},
		{name: "not in the shard", opts: reparent.PlannedOptions{NewPrimary: alias(999)}, text: nobody +
			"\nzone1-0000000100 does not match the new primary alias provided" +
			"\nzone1-0000000101 does not match the new primary alias provided" +
			"\nzone1-0000000102 does not match the new primary alias provided"},
		{name: "not in the shard, v18", release: "v18", opts: reparent.PlannedOptions{NewPrimary: alias(999)}, text: "primary-elect tablet zone1-0000000999 is not in the shard"},
		{name: "expected", opts: reparent.PlannedOptions{ExpectedPrimary: alias(100)}, want: alias(101)},
		{name: "not expected", opts: reparent.PlannedOptions{ExpectedPrimary: alias(102)}, text: "primary zone1-0000000100 is not equal to expected alias zone1-0000000102"},
		{
			name: "cannot make progress", prepare: func(s *shard) { s.keyspace.DurabilityPolicy = "cross_cell" }, opts: reparent.PlannedOptions{NewPrimary: alias(101)},
			text: "primary-elect tablet zone1-0000000101 won't be able to make forward progress on promotion",
		},
		{
			name: "progress is not checked in v12", release: "v12", prepare: func(s *shard) { s.keyspace.DurabilityPolicy = "cross_cell" },
			opts: reparent.PlannedOptions{NewPrimary: alias(101)}, want: alias(101),
		},
		{
			name: "expected in v20", release: "v20", opts: reparent.PlannedOptions{ExpectedPrimary: alias(100)},
			text: "unknown flag: --expected-primary (PlannedReparentShard of v20 does not have it)",
		},
		{
			name: "lag in v18", release: "v18", opts: reparent.PlannedOptions{TolerableReplicationLag: time.Second},
			text: "unknown flag: --tolerable-replication-lag (PlannedReparentShard of v18 does not have it)",
		},
		{
			name: "cells in v20", release: "v20", opts: reparent.PlannedOptions{AllowCrossCellPromotion: true},
			text: "unknown flag: --allow-cross-cell-promotion (PlannedReparentShard of v20 does not have it)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := threeTablets()
			if c.prepare != nil {
				c.prepare(s)
			}
			if c.release == "" {
				c.release = "v24"
			}
			out := s.play(t, profile(t, c.release), c.opts, nil)
			require.Equal(t, c.text, out.text())
			require.Equal(t, c.want, out.result.PromotedPrimary)
			if c.text != "" || c.want.IsZero() {
				for _, method := range []string{"DemotePrimary", "PromoteReplica", "SetReplicationSource"} {
					require.Zero(t, s.count(method), "a failed election changes nothing")
				}
			}
			require.Equal(t, s.locked, s.unlocked)
		})
	}
}

// spec: R-52
func TestNothingToDoIsAnEvent(t *testing.T) {
	out := threeTablets().play(t, profile(t, "v24"), reparent.PlannedOptions{AvoidPrimary: alias(101)}, nil)
	require.NoError(t, out.err)
	require.Equal(t, []string{
		"reading tablet map", "current primary is different than tablet to avoid, nothing to do", "finished PlannedReparentShard",
	}, out.events())
}

// A candidate that does not answer costs one WRT.
// spec
func TestSilentCandidate(t *testing.T) {
	s := threeTablets()
	s.behave = s.hanging("ReplicationStatus 102")
	out := s.play(t, profile(t, "v24"), reparent.PlannedOptions{WaitReplicasTimeout: 4 * time.Second}, nil)
	require.EqualError(t, out.err, expired)
	require.InDelta(t, 4, out.took.Seconds(), 0.05)
	require.Equal(t, 1, s.unlocked)
}
