package reparent_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
)

// The calls to tablets that operations are made of, each alone on a real tablet.

func (c *cluster) tm() *tmclient.Client { return tmclient.New(c.env, c.net.Node(c.env)) }

func (c *cluster) within(d time.Duration) *sim.Context {
	ctx, _ := c.env.WithTimeout(c.env.Background(), d)
	return ctx
}

// settings lists the changes of read_only and of semi-sync's source side on one server, in their
// order.
func settings(events []trace.Event, uid uint32) []string {
	var list []string
	for i := range events {
		e := &events[i]
		if e.Host != mysqld.HostName(alias(uid)) {
			continue
		}
		switch {
		case e.Kind == mysqld.KindReadOnly && e.Number("read_only") == 0:
			list = append(list, "read-write")
		case e.Kind == mysqld.KindSemiSync && e.Number("source") == 1:
			list = append(list, "semi-sync")
		case e.Kind == mysqld.KindBinlog:
			list = append(list, "log entry")
		}
	}
	return slices.Compact(list)
}

// A promotion and an undo switch semi-sync on before the server takes writes. The first primary
// of a shard does so last, so that its log entry need not be acknowledged: without any replica
// that acknowledges it becomes primary all the same.
// spec
func TestSemiSyncBeforeReadWrite(t *testing.T) {
	rec := trace.NewRecorder(trace.Filter{Kinds: []string{string(mysqld.KindReadOnly), string(mysqld.KindSemiSync), string(mysqld.KindBinlog)}})
	runCluster(t, sim.Config{Seed: 5, Sink: rec}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		ctx, tm := x.env.Background(), x.tm()
		_, err := tm.DemotePrimary(ctx, alias(100), false)
		require.NoError(x, err)
		rec.Reset()
		require.NoError(x, tm.UndoDemotePrimary(ctx, alias(100), true))
		require.Equal(x, []string{"semi-sync", "read-write"}, settings(rec.Events(), 100))
		_, err = tm.DemotePrimary(ctx, alias(100), false)
		require.NoError(x, err)
		rec.Reset()
		_, err = tm.PromoteReplica(ctx, alias(101), true)
		require.NoError(x, err)
		require.Equal(x, []string{"semi-sync", "read-write"}, settings(rec.Events(), 101))
	})
	rec.Reset()
	runShard(t, sim.Config{Seed: 5, Sink: rec}, profile(t, "v24"), freshBootstrap, "semi_sync", func(x *cluster) {
		rec.Reset()
		position, err := x.tm().InitPrimary(x.within(time.Second), alias(100), true)
		require.NoError(x, err)
		require.EqualValues(x, 1, position.Count(), "the creation of the sidecar's database")
		order := settings(rec.Events(), 100)
		require.Equal(x, []string{"log entry", "read-write"}, order[:2])
		require.Equal(x, "semi-sync", order[len(order)-1], "behind whatever becoming primary writes, too")
		x.env.Sleep(time.Second)
		require.Equal(x, asPrimary, x.look(100))
	})
}

// What SetReplicationSource does to a tablet: who was primary is a replica at once, whatever
// fails then; replication that was stopped stays so, unless it is forced, and counts as fine.
// spec
func TestSetReplicationSource(t *testing.T) {
	stop := func(x *cluster) { require.NoError(x, x.tm().StopReplication(x.env.Background(), alias(102))) }
	to := func(uid uint32) tmclient.SetReplicationSourceRequest {
		return tmclient.SetReplicationSourceRequest{Parent: alias(uid), SemiSync: true}
	}
	forced, nobody, waiting := to(100), to(100), to(100)
	forced.ForceStart, nobody.Parent = true, topodata.TabletAlias{}
	waiting.JournalTime = 1 // of no row
	const stopped = "REPLICA serving=true read_only=true super=true source=false record=REPLICA, from 100 stopped"
	for _, c := range []struct {
		name    string
		prepare func(x *cluster)
		tablet  uint32
		request tmclient.SetReplicationSourceRequest
		text    string
		left    string
	}{
		{"a replica that runs", nil, 102, to(100), "", following0},
		{"a stopped one", stop, 102, to(100), "", stopped},
		{"a stopped one, forced", stop, 102, forced, "", following0},
		{"a stopped one does not wait for the journal", stop, 102, waiting, "", stopped},
		{
			"nobody to follow", nil, 102, nobody,
			"rpc error: code = FailedPrecondition desc = TabletManager.SetReplicationSource on zone1-0000000102: Shard primaryAlias is nil", following0,
		},
		{
			"a primary without anybody to follow", nil, 100, nobody,
			"rpc error: code = FailedPrecondition desc = TabletManager.SetReplicationSource on zone1-0000000100: Shard primaryAlias is nil",
			"REPLICA serving=true read_only=false super=false source=false record=REPLICA, no source",
		},
		{
			"a parent without MySQL", func(x *cluster) { x.blankMySQLHost(101) }, 102, to(101),
			"rpc error: code = FailedPrecondition desc = TabletManager.SetReplicationSource on zone1-0000000102: Shard primary has empty mysql hostname", following0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "semi_sync", func(x *cluster) {
				if c.prepare != nil {
					c.prepare(x)
				}
				err := x.tm().SetReplicationSource(x.within(15*time.Second), alias(c.tablet), c.request)
				if c.text == "" {
					require.NoError(x, err)
				} else {
					require.EqualError(x, err, c.text)
				}
				x.env.Sleep(time.Second)
				require.Equal(x, c.left, x.look(c.tablet))
			})
		})
	}
}

func (c *cluster) blankMySQLHost(uid uint32) {
	_, err := c.topo.UpdateTabletFields(c.env.Background(), alias(uid), func(r *topodata.Tablet) error {
		r.MySQLHostname = ""
		return nil
	})
	require.NoError(c, err)
}

// A replica looks for the journal's row every 100 ms, until the caller's time is over; then it
// says nothing but that.
// spec
func TestJournalWait(t *testing.T) {
	runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		const row = 7
		wait := func(d time.Duration) error {
			return x.tm().SetReplicationSource(x.within(d), alias(102), tmclient.SetReplicationSourceRequest{Parent: alias(100), SemiSync: true, JournalTime: row})
		}
		began := x.env.Now()
		require.EqualError(x, wait(2*time.Second), expired)
		require.InDelta(x, 2, x.env.Now().Sub(began).Seconds(), 0.01)
		x.env.Sleep(time.Second)
		var written sim.Time
		x.env.Go("journal", func() {
			x.env.Sleep(1500 * time.Millisecond)
			require.NoError(x, x.tm().PopulateReparentJournal(x.env.Background(), alias(100), tmclient.PopulateReparentJournalRequest{JournalTime: row, Primary: alias(100)}))
			written = x.env.Now()
		})
		require.NoError(x, wait(10*time.Second))
		require.Less(x, x.env.Now().Sub(written), 120*time.Millisecond)
	})
}

// The receiver stops, the applier goes on. Where it does not run anyway, nothing is done.
// spec: R-41
func TestStopReplicationAndGetStatus(t *testing.T) {
	runCluster(t, sim.Config{Seed: 5}, profile(t, "v24"), "semi_sync", func(x *cluster) {
		ctx, tm := x.env.Background(), x.tm()
		_, err := tm.StopReplicationAndGetStatus(ctx, alias(100))
		require.ErrorContains(x, err, "before status failed: no replication status (errno 100) (sqlstate HY000)")
		status, err := tm.StopReplicationAndGetStatus(ctx, alias(101))
		require.NoError(x, err)
		require.Equal(x, []tmclient.ThreadState{tmclient.ThreadRunning, tmclient.ThreadStopped}, []tmclient.ThreadState{status.Before.IOState, status.After.IOState})
		require.Equal(x, []tmclient.ThreadState{tmclient.ThreadRunning, tmclient.ThreadRunning}, []tmclient.ThreadState{status.Before.SQLState, status.After.SQLState})
		status, err = tm.StopReplicationAndGetStatus(ctx, alias(101))
		require.NoError(x, err)
		require.Equal(x, status.Before, status.After)
		require.Equal(x, tmclient.ThreadStopped, status.After.IOState)
	})
}
