package tablet_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
)

// marks lists what happened to a tablet and its MySQL server since the script began, in order,
// as far as it is one of the marks: the text of an event begins with it.
func (x *stage) marks(uid uint32, marks ...string) []string {
	var seen []string
	for _, e := range x.events.events {
		own := e.Host == alias(uid).String() || e.Host == mysqld.HostName(alias(uid))
		if !own || sim.Time(e.Time) < x.began {
			continue
		}
		line := string(e.Kind) + " " + text(e)
		if i := slices.IndexFunc(marks, func(m string) bool { return strings.HasPrefix(line, m) }); i >= 0 {
			seen = append(seen, marks[i])
		}
	}
	return slices.Compact(seen)
}

func mark(kind trace.Kind, text string) string { return string(kind) + " " + text }

// The marks of a server's and a tablet's way between writable and read-only.
var (
	semiSyncIsOn   = mark(mysqld.KindSemiSync, "source=1")
	semiSyncIsOff  = mark(mysqld.KindSemiSync, "source=0")
	becameWritable = mark(mysqld.KindReadOnly, "read_only=0 super_read_only=0")
	becameReadOnly = mark(mysqld.KindReadOnly, "read_only=1 super_read_only=1")
	servesPrimary  = mark(tablet.KindState, "type=PRIMARY state=Serving")
	stopsPrimary   = mark(tablet.KindState, "type=PRIMARY state=Not Serving")
	forgetsSource  = mark(mysqld.KindSource, "source= ")
	sourceStops    = mark(mysqld.KindReplication, "thread=io state=stopped")
)

// The order of the steps that keep a write from getting lost: who stops being primary stops
// serving, then stops writes, and only then needs no acknowledgements any more; who becomes
// primary again, or first forgets its source, needs them before it takes writes, and serves
// last. The first primary of a shard takes writes before it needs any.
// spec, T-81
func TestOrderOfWritability(t *testing.T) {
	x := play(t, setting{durability: "semi_sync"}, func(x *stage) { x.demote() })
	require.Equal(t, []string{stopsPrimary, becameReadOnly, semiSyncIsOff},
		x.marks(primary, servesPrimary, stopsPrimary, becameReadOnly, becameWritable, semiSyncIsOff))

	x = play(t, setting{durability: "semi_sync"}, func(x *stage) {
		x.demote()
		x.began = x.env.Now().Add(1)
		x.env.Sleep(time.Second)
		require.NoError(x, x.tmc.UndoDemotePrimary(x.within(remoteTimeout), alias(primary), true))
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
	})
	require.Equal(t, []string{semiSyncIsOn, becameWritable, servesPrimary},
		x.marks(primary, servesPrimary, stopsPrimary, becameReadOnly, becameWritable, semiSyncIsOff, semiSyncIsOn))

	x = play(t, setting{durability: "semi_sync"}, func(x *stage) {
		x.demote()
		_, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(replica1), true)
		require.NoError(x, err)
	})
	require.Equal(t, []string{sourceStops, forgetsSource, semiSyncIsOn, becameWritable, servesPrimary},
		x.marks(replica1, sourceStops, forgetsSource, semiSyncIsOn, becameReadOnly, becameWritable, servesPrimary))

	x = play(t, setting{durability: "semi_sync"}, func(x *stage) {
		require.NoError(x, x.tmc.ResetReplication(x.within(remoteTimeout), alias(replica1)))
		x.began = x.env.Now()
		_, err := x.tmc.InitPrimary(x.within(remoteTimeout), alias(replica1), true)
		require.NoError(x, err)
	})
	require.Equal(t, []string{becameWritable, servesPrimary, semiSyncIsOn}, x.marks(replica1, becameWritable, servesPrimary, semiSyncIsOn))
}

// A demotion that fails because its caller is gone takes its steps back in reverse, the ones in
// MySQL in vain; the term stays the same to the nanosecond.
// spec: R-31, T-133
func TestUndoIsInReverse(t *testing.T) {
	x := play(t, setting{durability: "semi_sync", semiSyncPoll: true}, func(x *stage) {
		term := x.tablets[primary].Status().Term
		_, err := x.tmc.DemotePrimary(x.within(50*time.Millisecond), alias(primary), false)
		require.Error(x, err)
		x.env.Sleep(2 * time.Second)
		require.Equal(x, term, x.tablets[primary].Status().Term)
		require.NoError(x, x.tmc.UndoDemotePrimary(x.within(remoteTimeout), alias(primary), true))
		require.Equal(x, term, x.tablets[primary].Status().Term)
	})
	semiSync := mark(tablet.KindStep, "call=DemotePrimary step=revert fixSemiSync")
	readWrite := mark(tablet.KindStep, "call=DemotePrimary step=revert SetReadWrite")
	require.Equal(t, []string{stopsPrimary, semiSync, readWrite, servesPrimary}, x.marks(primary, stopsPrimary, semiSync, readWrite, servesPrimary)[:4])
}

// The position of a demotion has every transaction that its server ever committed before, those
// of the tablet's own that were under way when writes were stopped included.
// spec, T-66, T-120
func TestPositionOfADemotion(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		x.mysql[primary].SetTimings(func(m *mysqld.Timings) { m.Write = sim.Constant(2 * time.Second) })
		x.env.Go("journal", func() {
			require.NoError(x, x.tmc.PopulateReparentJournal(x.within(remoteTimeout), alias(primary), tmclient.PopulateReparentJournalRequest{JournalTime: 7, Action: "test"}))
		})
		x.env.Sleep(100 * time.Millisecond)
		status, err := x.tmc.DemotePrimary(x.within(remoteTimeout), alias(primary), false)
		require.NoError(x, err)
		require.EqualValues(x, 1, status.Position.Count())
		require.Equal(x, x.mysql[primary].Executed().String(), status.Position.String())
		require.Equal(x, x.mysql[primary].UUID(), status.ServerUUID)
	})
}

// A commit that nobody will acknowledge: a demotion by force lets it go, from v24 on; another
// one waits for an acknowledgement until its caller gives up, and takes itself back.
// spec: R-31, T-117
func TestForcedDemotion(t *testing.T) {
	for _, c := range []struct {
		release string
		force   bool
		works   bool
	}{{"v24", true, true}, {"v24", false, false}, {"v23", true, false}} {
		play(t, setting{release: c.release, durability: "semi_sync"}, func(x *stage) {
			for _, uid := range []uint32{replica1, replica2} {
				require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(uid)))
			}
			x.env.Go("write", func() { _ = x.dial(primary, topodata.Primary).insert(1) })
			x.env.Sleep(time.Second)
			_, err := x.tmc.DemotePrimary(x.within(remoteTimeout), alias(primary), c.force)
			require.Equal(x, c.works, err == nil, "%v: %v", c, err)
			x.env.Sleep(5 * time.Second)
			require.Equal(x, !c.works, x.tablets[primary].Status().Serving)
			require.Equal(x, c.works, x.count(primary) == 1)
		})
	}
}

// The demotion of a tablet that is no primary leaves its service alone.
// spec: R-31, T-68, T-141
func TestDemotionOfAReplica(t *testing.T) {
	x := play(t, setting{}, func(x *stage) {
		db := x.dial(replica1, topodata.Replica)
		resp, err := db.call("query.BeginExecute", sleepFor(0), 0)
		require.NoError(x, err)
		_, err = x.tmc.DemotePrimary(x.within(remoteTimeout), alias(replica1), false)
		require.NoError(x, err)
		require.NoError(x, db.commit(resp.TransactionID))
		require.True(x, x.tablets[replica1].Status().Serving)
	})
	require.Empty(t, x.since(replica1, tablet.KindDrain))
}

// An undo that finds a tablet which is PRIMARY in the topology and not in its own mind takes
// the role up again, in the term of the record; before v22 it does not look.
// spec: R-32
func TestUndoByTheRecord(t *testing.T) {
	for release, want := range map[string]topodata.TabletType{"v24": topodata.Primary, "v21": topodata.Replica} {
		play(t, setting{release: release}, func(x *stage) {
			term := x.tablets[primary].Status().Term + 5
			require.NoError(x, x.tmc.StopReplication(x.within(remoteTimeout), alias(replica1)))
			_, err := x.topo.UpdateTabletFields(x.env.Background(), alias(replica1), func(r *topodata.Tablet) error {
				r.Type, r.PrimaryTermStartTime = topodata.Primary, term
				return nil
			})
			require.NoError(x, err)
			require.NoError(x, x.tmc.UndoDemotePrimary(x.within(remoteTimeout), alias(replica1), false))
			status := x.tablets[replica1].Status()
			require.Equal(x, want, status.Type)
			require.True(x, status.Serving)
			if want == topodata.Primary {
				require.Equal(x, term, status.Term)
			}
		})
	}
}

// A term begins by the clock of the tablet's host, to the nanosecond.
// spec: T-81, T-3
func TestTermIsTheHostsTime(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		x.hosts[alias(replica1).String()].StepClock(time.Hour + time.Nanosecond)
		x.env.Sleep(1234567 * time.Nanosecond)
		x.demote()
		before := x.tabletEnv(replica1).Wall()
		_, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(replica1), false)
		require.NoError(x, err)
		term := int64(x.tablets[replica1].Status().Term)
		require.GreaterOrEqual(x, term, before)
		require.LessOrEqual(x, term, x.tabletEnv(replica1).Wall())
		require.NotZero(x, term%int64(time.Millisecond))
	})
}

// The position of a promotion is from before the tablet's own first write; that of the first
// primary has its own first entry in the log.
// spec, T-122
func TestPositionsOfPromotions(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		require.NoError(x, x.dial(primary, topodata.Primary).insert(1))
		require.NoError(x, x.extraTablet(200, flags.Defaults(latest()))) // without a sidecar database
		x.env.Sleep(time.Second)
		x.demote()
		position, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(200), false)
		require.NoError(x, err)
		own := x.mysql[200].UUID()
		require.Zero(x, position.Last(own))
		require.EqualValues(x, 1, position.Count())
		require.EqualValues(x, 2, x.mysql[200].Executed().Last(own), "the sidecar database")
		_, err = x.mysql[200].Client(x.env).ReplicationStatus()
		require.ErrorIs(x, err, mysqld.ErrNotReplica)
	})
	play(t, setting{durability: "semi_sync"}, func(x *stage) {
		require.NoError(x, x.tmc.ResetReplication(x.within(remoteTimeout), alias(replica1)))
		require.True(x, x.mysql[replica1].Executed().IsEmpty())
		var position gtid.Set
		took := x.took(func() {
			var err error
			position, err = x.tmc.InitPrimary(x.within(remoteTimeout), alias(replica1), true)
			require.NoError(x, err)
		})
		require.Less(x, took, 100*time.Millisecond, "nobody is there to acknowledge")
		require.Equal(x, x.mysql[replica1].UUID().String()+":1", position.String())
		full, err := x.tmc.FullStatus(x.within(remoteTimeout), alias(replica1))
		require.NoError(x, err)
		require.True(x, full.SemiSyncPrimaryEnabled)
	})
}
