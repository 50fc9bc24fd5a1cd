package vtorc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/durability"
	"bufsim/model/flags"
	"bufsim/model/gtid"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/tmclient"
	"bufsim/tablet/vtorc"
)

// now is when the snapshots of the table are analysed; everybody was asked a second before.
const now = sim.Time(100 * time.Second)

func criteria(t require.TestingT, name string) vtorc.Criteria {
	p, err := release.Lookup(name)
	require.NoError(t, err)
	return vtorc.Criteria{Behaviors: p.Behaviors, Flags: flags.Defaults(p).VTOrc, Now: now}
}

// healthy is a shard under semi_sync with a primary 100 and two replicas, all well.
func healthy() *vtorc.Snapshot {
	semiSync, _ := durability.Lookup("semi_sync")
	s := &vtorc.Snapshot{
		Keyspace: "commerce", Shard: "0", Policy: semiSync,
		Record: topodata.Shard{PrimaryAlias: alias(100), PrimaryTermStartTime: 7},
	}
	var all gtid.Set
	all.AddRange(gtid.ServerUUID(100), 1, 50)
	for uid := uint32(100); uid <= 102; uid++ {
		i := vtorc.Instance{
			Tablet: topodata.Tablet{Alias: alias(uid), Keyspace: "commerce", Shard: "0", Type: topodata.Replica},
			Check:  vtorc.Check{Attempted: now - second, Seen: now - second, Ever: true},
			Status: tmclient.FullStatus{
				Alias: alias(uid), TabletType: topodata.Replica, ServerUUID: gtid.ServerUUID(uid), ReadOnly: true, SuperReadOnly: true,
				Primary:                tmclient.PrimaryStatus{Position: all.Clone(), ServerUUID: gtid.ServerUUID(uid)},
				Replication:            &tmclient.ReplicationStatus{Source: alias(100), IOState: tmclient.ThreadRunning, SQLState: tmclient.ThreadRunning},
				SemiSyncReplicaEnabled: true, SourceHeartbeat: 4 * time.Second, ReplicaNetTimeout: 8 * time.Second,
			},
			StillSince: now - second,
		}
		if uid == 100 {
			i.Tablet.Type, i.Tablet.PrimaryTermStartTime = topodata.Primary, 7
			i.Status.TabletType, i.Status.ReadOnly, i.Status.SuperReadOnly, i.Status.Replication = topodata.Primary, false, false, nil
			i.Status.SemiSyncPrimaryEnabled, i.Status.SemiSyncAckers = true, 2
		}
		s.Instances = append(s.Instances, i)
	}
	return s
}

const second = sim.Time(time.Second)

// The changes of the table. Instances stand in the order of their aliases.
type change func(s *vtorc.Snapshot, c *vtorc.Criteria)

func failed(places ...int) change {
	return func(s *vtorc.Snapshot, _ *vtorc.Criteria) {
		for _, i := range places {
			s.Instances[i].Check.Failed = true
		}
	}
}

func stopped(thread string, places ...int) change {
	return func(s *vtorc.Snapshot, _ *vtorc.Criteria) {
		for _, i := range places {
			r := *s.Instances[i].Status.Replication
			switch thread {
			case "io":
				r.IOState = tmclient.ThreadStopped
			case "connecting":
				r.IOState = tmclient.ThreadConnecting
			default:
				r.SQLState = tmclient.ThreadStopped
			}
			s.Instances[i].Status.Replication = &r
		}
	}
}

func instance(place int, do func(i *vtorc.Instance)) change {
	return func(s *vtorc.Snapshot, _ *vtorc.Criteria) { do(&s.Instances[place]) }
}

func status(place int, do func(st *tmclient.FullStatus)) change {
	return instance(place, func(i *vtorc.Instance) { do(&i.Status) })
}

func policy(name string) change {
	return func(s *vtorc.Snapshot, _ *vtorc.Criteria) { s.Policy, _ = durability.Lookup(name) }
}

func set(do func(f *flags.VTOrc)) change {
	return func(_ *vtorc.Snapshot, c *vtorc.Criteria) { do(&c.Flags) }
}

func errant(place int) change {
	return status(place, func(st *tmclient.FullStatus) {
		position := st.Primary.Position.Clone()
		position.Add(st.ServerUUID, 1)
		st.Primary.Position = position
	})
}

func unpinged(place, times int) change {
	return status(place, func(st *tmclient.FullStatus) { st.PrimaryPinged, st.PrimaryPingFailures = alias(100), times })
}

func wantQuorum(f *flags.VTOrc) { f.EmergencyReparentOnPrimaryTabletUnreachable = true }

func failures(ages ...time.Duration) change {
	return instance(0, func(i *vtorc.Instance) {
		for _, age := range ages {
			i.Check.Failures = append(i.Check.Failures, now.Add(-age))
		}
	})
}

// TestAnalyses goes through the rows of the rule: what is stored, what VTOrc makes of it, and
// what it does.
// spec, T-126
func TestAnalyses(t *testing.T) {
	for _, c := range []struct {
		name    string
		release string // v24 if empty
		changes []change
		want    []string // analysis, place, recovery
	}{
		{"all is well", "", nil, nil},
		{"nobody replicates from a primary that fails", "", []change{failed(0), stopped("connecting", 1, 2)}, []string{"DeadPrimary 100 RecoverDeadPrimary"}},
		{"appliers that stand count as dead, too", "", []change{failed(0), stopped("sql", 1), stopped("io", 2)}, []string{"DeadPrimary 100 RecoverDeadPrimary"}},
		{"a primary that hangs is as dead", "", []change{instance(0, func(i *vtorc.Instance) { i.Check.Seen = now - 6*second - 1 }), stopped("io", 1, 2)}, []string{"DeadPrimary 100 RecoverDeadPrimary"}},
		{"for 5 s it may hang", "", []change{instance(0, func(i *vtorc.Instance) { i.Check.Seen = now - 6*second })}, nil},
		{"it was never heard of", "", []change{instance(0, func(i *vtorc.Instance) { i.Check = vtorc.Check{Attempted: now} }), stopped("io", 1, 2)}, []string{"DeadPrimary 100 RecoverDeadPrimary"}},
		{"nor do its replicas complain", "", []change{instance(0, func(i *vtorc.Instance) { i.Check = vtorc.Check{Attempted: now} })}, nil},
		{"some replicas are gone with it", "", []change{failed(0, 2), stopped("io", 1)}, []string{"DeadPrimaryAndSomeReplicas 100 RecoverDeadPrimary"}},
		{"all replicas are gone with it", "", []change{failed(0, 1, 2)}, []string{"DeadPrimaryAndReplicas 100 "}},
		{"it has no replicas", "", []change{failed(0), func(s *vtorc.Snapshot, _ *vtorc.Criteria) { s.Instances = s.Instances[:1] }}, []string{"DeadPrimaryWithoutReplicas 100 "}},
		{"nothing is known yet", "", []change{func(s *vtorc.Snapshot, _ *vtorc.Criteria) {
			for i := range s.Instances {
				s.Instances[i].Check = vtorc.Check{Attempted: now}
			}
		}}, nil},
		{"its replicas still hear of it", "", []change{failed(0)}, []string{"UnreachablePrimary 100 RestartArbitraryDirectReplica"}},
		{"before v24 that is left alone", "v23", []change{failed(0)}, []string{"UnreachablePrimary 100 "}},
		{"one of its replicas does not", "", []change{failed(0), stopped("connecting", 2)}, []string{"UnreachablePrimaryWithBrokenReplicas 100 RestartAllDirectReplicas", "ReplicationStopped 102 FixReplica"}},
		{"commits hang", "", []change{status(0, func(st *tmclient.FullStatus) { st.SemiSyncBlocked = true })}, []string{"PrimarySemiSyncBlocked 100 RecoverDeadPrimary"}},
		{"commits hang since nobody is set up to acknowledge", "", []change{
			status(0, func(st *tmclient.FullStatus) { st.SemiSyncBlocked = true }),
			status(1, func(st *tmclient.FullStatus) { st.SemiSyncReplicaEnabled = false }), failed(2),
		}, []string{"ReplicaSemiSyncMustBeSet 101 FixReplica"}},
		{"before v22 nobody looks at hanging commits", "v21", []change{status(0, func(st *tmclient.FullStatus) { st.SemiSyncBlocked = true })}, nil},
		{"the disk stalls", "", []change{failed(0), instance(0, func(i *vtorc.Instance) { i.DiskStalled = true }), set(func(f *flags.VTOrc) { f.EnablePrimaryDiskStalledRecovery = true })}, []string{"PrimaryDiskStalled 100 RecoverDeadPrimary"}},
		{"the disk stalls, and nobody asked for a recovery", "", []change{failed(0), instance(0, func(i *vtorc.Instance) { i.DiskStalled = true })}, []string{"UnreachablePrimary 100 RestartArbitraryDirectReplica"}},
		{"before v22 nobody could ask", "v21", []change{failed(0), instance(0, func(i *vtorc.Instance) { i.DiskStalled = true }), set(func(f *flags.VTOrc) { f.EnablePrimaryDiskStalledRecovery = true })}, []string{"UnreachablePrimary 100 "}},
		{"it fails again and again and answers Ping", "", []change{failed(0), failures(25*time.Second, 15*time.Second, time.Second), instance(0, func(i *vtorc.Instance) { i.Check.Pings = true })}, []string{"IncapacitatedPrimary 100 RecoverIncapacitatedPrimary"}},
		{"before v24 that is unreachable", "v23", []change{failed(0), failures(25*time.Second, 15*time.Second, time.Second), instance(0, func(i *vtorc.Instance) { i.Check.Pings = true })}, []string{"UnreachablePrimary 100 "}},
		{"it does not answer Ping", "", []change{failed(0), failures(25*time.Second, 15*time.Second, time.Second)}, []string{"UnreachablePrimary 100 RestartArbitraryDirectReplica"}},
		{"it failed only twice of late", "", []change{failed(0), failures(50*time.Second, 15*time.Second, time.Second), instance(0, func(i *vtorc.Instance) { i.Check.Pings = true })}, []string{"UnreachablePrimary 100 RestartArbitraryDirectReplica"}},
		{"replicas cannot reach its vttablet either", "main", []change{failed(0), unpinged(1, 3), unpinged(2, 5), set(wantQuorum)}, []string{"PrimaryTabletUnreachableByQuorum 100 RecoverDeadPrimary"}},
		{"one of them can", "main", []change{failed(0), unpinged(1, 3), unpinged(2, 2), set(wantQuorum)}, []string{"UnreachablePrimary 100 RestartArbitraryDirectReplica"}},
		{"one of two is no majority", "main", []change{failed(0, 2), unpinged(1, 3), unpinged(2, 3), set(wantQuorum)}, []string{"UnreachablePrimary 100 RestartArbitraryDirectReplica"}},
		{"nobody asked for that", "main", []change{failed(0), unpinged(1, 3), unpinged(2, 5)}, []string{"UnreachablePrimary 100 RestartArbitraryDirectReplica"}},
		{"no release can do it", "v24", []change{failed(0), unpinged(1, 3), unpinged(2, 5), set(wantQuorum)}, []string{"UnreachablePrimary 100 RestartArbitraryDirectReplica"}},
		{"VTOrc can reach it", "main", []change{unpinged(1, 3), unpinged(2, 5), set(wantQuorum)}, nil},
		{"there never was a primary", "", []change{instance(0, toReplica), func(s *vtorc.Snapshot, _ *vtorc.Criteria) { s.Record = topodata.Shard{} }}, []string{"ClusterHasNoPrimary 100 ElectNewPrimary"}},
		{"the primary's record is gone", "", []change{func(s *vtorc.Snapshot, _ *vtorc.Criteria) { s.Instances = s.Instances[1:] }}, []string{"PrimaryTabletDeleted 101 RecoverPrimaryTabletDeleted"}},
		{"the primary replicates", "", []change{status(0, func(st *tmclient.FullStatus) { st.Replication = &tmclient.ReplicationStatus{Source: alias(102)} })}, []string{"PrimaryHasPrimary 100 RecoverPrimaryHasPrimary"}},
		{"the primary is read-only", "", []change{status(0, func(st *tmclient.FullStatus) { st.ReadOnly = true })}, []string{"PrimaryIsReadOnly 100 FixPrimary"}},
		{"the primary's process is a replica", "", []change{status(0, func(st *tmclient.FullStatus) { st.TabletType = topodata.Replica })}, []string{"PrimaryCurrentTypeMismatch 100 FixPrimary"}},
		{"semi-sync is off on the primary", "", []change{status(0, func(st *tmclient.FullStatus) { st.SemiSyncPrimaryEnabled = false })}, []string{"PrimarySemiSyncMustBeSet 100 FixPrimary"}},
		{"semi-sync is on everywhere, without need", "", []change{policy("none")}, []string{
			"PrimarySemiSyncMustNotBeSet 100 FixPrimary", "ReplicaSemiSyncMustNotBeSet 101 FixReplica", "ReplicaSemiSyncMustNotBeSet 102 FixReplica",
		}},
		{"nobody acknowledges and nothing is written", "", []change{instance(0, func(i *vtorc.Instance) { i.Status.SemiSyncAckers, i.StillSince = 0, now-11*second })}, []string{"LockedSemiSyncPrimary 100 "}},
		{"something was written 10 s ago", "", []change{instance(0, func(i *vtorc.Instance) { i.Status.SemiSyncAckers, i.StillSince = 0, now-10*second })}, nil},
		{"enough acknowledge, and nothing is written", "", []change{instance(0, func(i *vtorc.Instance) { i.Status.SemiSyncAckers, i.StillSince = 1, now-60*second })}, nil},
		{"the first of three failures was 30 s ago", "", []change{failed(0), failures(30*time.Second, 15*time.Second, time.Second), instance(0, func(i *vtorc.Instance) { i.Check.Pings = true })}, []string{"IncapacitatedPrimary 100 RecoverIncapacitatedPrimary"}},
		{"the first of three failures was longer ago", "", []change{failed(0), failures(30*time.Second+1, 15*time.Second, time.Second), instance(0, func(i *vtorc.Instance) { i.Check.Pings = true })}, []string{"UnreachablePrimary 100 RestartArbitraryDirectReplica"}},
		{"a primary of an older term", "", []change{instance(2, func(i *vtorc.Instance) { i.Tablet.Type, i.Tablet.PrimaryTermStartTime = topodata.Primary, 6 })}, []string{"StaleTopoPrimary 102 RecoverStaleTopoPrimary"}},
		{"before v24 it stays", "v23", []change{instance(2, func(i *vtorc.Instance) { i.Tablet.Type, i.Tablet.PrimaryTermStartTime = topodata.Primary, 6 })}, nil},
		{"a writable replica", "", []change{status(1, func(st *tmclient.FullStatus) { st.ReadOnly = false })}, []string{"ReplicaIsWritable 101 FixReplica"}},
		{"a replica without a source", "", []change{status(1, func(st *tmclient.FullStatus) { st.Replication = nil })}, []string{"NotConnectedToPrimary 101 FixReplica"}},
		{"a replica of a replica", "", []change{status(1, func(st *tmclient.FullStatus) { st.Replication = &tmclient.ReplicationStatus{Source: alias(102)} })}, []string{"ConnectedToWrongPrimary 101 FixReplica"}},
		{"a replica that stands", "", []change{stopped("sql", 2)}, []string{"ReplicationStopped 102 FixReplica"}},
		{"a replica that does not acknowledge", "", []change{status(2, func(st *tmclient.FullStatus) { st.SemiSyncReplicaEnabled = false })}, []string{"ReplicaSemiSyncMustBeSet 102 FixReplica"}},
		{"a replica that asks for too few heartbeats", "", []change{status(2, func(st *tmclient.FullStatus) { st.ReplicaNetTimeout = 4 * time.Second })}, []string{"ReplicaMisconfigured 102 FixReplica"}},
		{"a replica with a transaction of its own", "", []change{errant(2)}, []string{"ErrantGTIDDetected 102 "}},
		{"to be drained", "", []change{errant(2), stopped("io", 2), set(func(f *flags.VTOrc) { f.ChangeTabletsWithErrantGTIDToDrained = true })}, []string{"ErrantGTIDDetected 102 RecoverErrantGTIDDetected"}},
		{"the primary may not have been asked since", "", []change{status(0, func(st *tmclient.FullStatus) { st.Primary.Position = gtid.Set{} })}, nil},
		{"a drained tablet is nobody's business", "", []change{errant(2), instance(2, func(i *vtorc.Instance) { i.Tablet.Type = topodata.Drained })}, nil},
		{"a replica that does not answer", "", []change{stopped("io", 2), failed(2)}, nil},
		{"another primary is all that matters", "", []change{failed(0), stopped("io", 1, 2), status(1, func(st *tmclient.FullStatus) { st.ReadOnly = false })}, []string{"DeadPrimary 100 RecoverDeadPrimary"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := c.release
			if name == "" {
				name = "v24"
			}
			snapshot, crit := healthy(), criteria(t, name)
			for _, change := range c.changes {
				change(snapshot, &crit)
			}
			var got []string
			for _, p := range vtorc.Analyze(snapshot, crit) {
				require.Equal(t, "commerce/0", p.Keyspace+"/"+p.Shard)
				got = append(got, fmt.Sprintf("%s %d %s", p.Analysis, p.Tablet.UID, vtorc.RecoveryOf(p.Analysis, crit)))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func toReplica(i *vtorc.Instance) {
	i.Tablet.Type, i.Tablet.PrimaryTermStartTime = topodata.Replica, 0
}

// Whatever is stored, there is at most one problem for each tablet, and
// no primary is called dead while it answers or while a replica that answers hears of it.
// spec: R-141
func TestAnalysesOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, c := healthy(), criteria(t, rapid.SampledFrom([]string{"v12", "v19", "v22", "v24"}).Draw(t, "release"))
		for i := range s.Instances {
			place := &s.Instances[i]
			place.Check.Failed = rapid.Bool().Draw(t, "failed")
			place.Check.Ever = rapid.IntRange(0, 4).Draw(t, "ever") > 0
			place.Status.ReadOnly = rapid.Bool().Draw(t, "read-only")
			place.Tablet.Type = rapid.SampledFrom([]topodata.TabletType{topodata.Primary, topodata.Replica, topodata.RDOnly, topodata.Drained}).Draw(t, "type")
			if place.Status.Replication != nil {
				place.Status.Replication = &tmclient.ReplicationStatus{
					Source:   alias(rapid.SampledFrom([]uint32{100, 101, 102}).Draw(t, "source")),
					IOState:  rapid.SampledFrom([]tmclient.ThreadState{tmclient.ThreadStopped, tmclient.ThreadConnecting, tmclient.ThreadRunning}).Draw(t, "io"),
					SQLState: tmclient.ThreadRunning,
				}
			}
		}
		seen := map[topodata.TabletAlias]bool{}
		for _, p := range vtorc.Analyze(s, c) {
			require.False(t, seen[p.Tablet], "two problems of one tablet")
			seen[p.Tablet] = true
			if vtorc.RecoveryOf(p.Analysis, c) == vtorc.RecoverDeadPrimary {
				for _, i := range s.Instances {
					if i.Tablet.Alias == p.Tablet {
						require.True(t, i.Check.Failed || !i.Check.Ever)
					} else if r := i.Status.Replication; r != nil && r.Source == p.Tablet && !i.Check.Failed && i.Check.Ever {
						require.NotEqual(t, tmclient.ThreadRunning, r.IOState, "it still hears of the primary")
					}
				}
			}
		}
	})
}
