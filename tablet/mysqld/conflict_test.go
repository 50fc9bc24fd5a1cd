package mysqld_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/model/query"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
)

// writeAlone has a replica commit a transaction that nobody else gets.
func (x *stage) writeAlone(i int, st query.Statement) {
	require.NoError(x, x.clients[i].SetReadOnly(false))
	_, err := x.connect(i).Exec(x.env.Background(), st)
	require.NoError(x, err)
	require.NoError(x, x.clients[i].SetSuperReadOnly(true))
}

// A row that only the replica has takes the auto-increment value of the source's next row:
// the applier stops with 1062, keeps the transaction, and fails again when it is started.
// spec: T-104, T-126, R-102a
func TestErrantRowStopsTheApplier(t *testing.T) {
	play(t, false, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.insert(x.connect(0), 1))
		x.env.Sleep(time.Second)
		x.writeAlone(1, insert(2))
		require.NoError(x, x.clients[0].CommitEmpty(gtid.ServerUUID(101), 1), "the errant GTID is made known, its row is not")
		x.env.Sleep(time.Second)
		require.True(x, x.servers[0].Executed().Contains(x.servers[1].Executed()))

		require.NoError(x, x.insert(x.connect(0), 3))
		for range 2 {
			x.env.Sleep(time.Second)
			status, err := x.clients[1].ReplicationStatus()
			require.NoError(x, err)
			require.Equal(x, mysqld.Running, status.IO)
			require.Equal(x, mysqld.Stopped, status.SQL)
			require.Equal(x, "Could not execute Write_rows event on table t; Duplicate entry '2' for key 't.PRIMARY', Error_code: 1062; handler error HA_ERR_FOUND_DUPP_KEY", status.SQLError)
			require.True(x, status.LagUnknown)
			require.NoError(x, x.clients[1].StartReplication())
		}
		require.EqualValues(x, 2, x.count(2), "the other replica has no such row")
	})
}

// A row that the replica lacks is noticed when the source changes it.
// spec: T-126
func TestMissingRowStopsTheApplier(t *testing.T) {
	for verb, event := range map[query.Verb]string{query.VerbUpdate: "Update_rows", query.VerbDelete: "Delete_rows"} {
		play(t, false, mysqld.Timings{}, func(x *stage) {
			require.NoError(x, x.insert(x.connect(0), 1))
			x.env.Sleep(time.Second)
			x.writeAlone(1, query.Statement{Verb: query.VerbDelete, Table: "t", Key: 1})
			_, err := x.connect(0).Exec(x.env.Background(), query.Statement{Verb: verb, Table: "t", Key: 1, Value: 5})
			require.NoError(x, err)
			x.env.Sleep(time.Second)
			status, err := x.clients[1].ReplicationStatus()
			require.NoError(x, err)
			require.Equal(x, "Could not execute "+event+" event on table t; Can't find record in 't', Error_code: 1032; handler error HA_ERR_KEY_NOT_FOUND", status.SQLError)
		})
	}
}

// Of two clients that delete one row while commits wait for acknowledgements, the second finds
// nothing: in MySQL it waits for the first one's lock. So replicas can apply both.
// spec: T-107, T-116
func TestSecondDeleteFindsNothing(t *testing.T) {
	play(t, true, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.insert(x.connect(0), 1))
		x.env.Sleep(time.Second)
		for i := range 2 { // nobody acknowledges
			require.NoError(x, x.clients[i+1].StopReplication(false))
		}
		deletes := x.env.NewWaitGroup("deletes")
		for range 2 {
			deletes.Go("delete", func() {
				_, err := x.connect(0).Exec(x.env.Background(), query.Statement{Verb: query.VerbDelete, Table: "t", Key: 1})
				require.NoError(x, err)
			})
		}
		x.env.Sleep(time.Second)
		for i := range 2 {
			require.NoError(x, x.clients[i+1].StartReplication())
		}
		deletes.Wait()
		x.env.Sleep(time.Second)
		for i := range 2 {
			status, err := x.clients[i+1].ReplicationStatus()
			require.NoError(x, err)
			require.Equal(x, mysqld.Running, status.SQL, status.SQLError)
		}
	})
}

// Several commits under way at once, and several rows in one, get different values: nothing
// conflicts where nothing is errant.
// spec: T-107, T-116
func TestNoConflictUnderLoad(t *testing.T) {
	play(t, true, mysqld.Timings{Write: sim.Uniform(0, time.Millisecond)}, func(x *stage) {
		clients := x.env.NewWaitGroup("clients")
		for c := range int64(5) {
			clients.Go("client", func() {
				conn := x.connect(0)
				for n := range int64(20) {
					st := insert(1000*c + n + 1)
					st.Rows = 1 + n%3
					_, err := conn.Exec(x.env.Background(), st)
					require.NoError(x, err)
				}
			})
		}
		clients.Wait()
		x.env.Sleep(time.Second)
		for i := range x.servers {
			table, _ := x.servers[i].Table("t")
			require.EqualValues(x, 100, table.Writes, i)
			require.EqualValues(x, 5*(7*1+7*2+6*3), table.LastID, i)
		}
	})
}

// The events tell what every server has, at any time: log, receipt, apply, and what is lost
// with a relay log.
// spec: T-103, T-109, T-114, T-115
func TestEventsOfATransaction(t *testing.T) {
	uuid := gtid.ServerUUID(100).String()
	x := play(t, true, mysqld.Timings{}, func(x *stage) {
		require.NoError(x, x.clients[2].StopApplier())
		require.NoError(x, x.insert(x.connect(0), 7))
		x.env.Sleep(time.Second)
		require.NoError(x, x.clients[2].StopReplication(false))
		require.NoError(x, x.clients[2].ResetReplica())
		require.NoError(x, x.clients[2].SetPurged(x.servers[0].Executed()))
	})
	require.Equal(t, []string{
		"mysqld-zone1-0000000100 mysqld.binlog gtid=" + uuid + ":1 table=t key=7 value=70 changes=1",
		"mysqld-zone1-0000000101 mysqld.receive gtids=" + uuid + ":1 source=zone1-0000000100 semi_sync=1",
		"mysqld-zone1-0000000102 mysqld.receive gtids=" + uuid + ":1 source=zone1-0000000100 semi_sync=1",
		"mysqld-zone1-0000000101 mysqld.apply gtids=" + uuid + ":1",
		"mysqld-zone1-0000000100 mysqld.commit gtid=" + uuid + ":1 table=t key=7 value=70 waited_ns=2000000 how=acked acked_by=zone1-0000000101",
		"mysqld-zone1-0000000102 mysqld.relay_lost gtids=" + uuid + ":1",
		"mysqld-zone1-0000000102 mysqld.gtids gtids=" + uuid + ":1",
	}, x.lines(mysqld.KindBinlog, mysqld.KindCommit, mysqld.KindReceive, mysqld.KindApply, mysqld.KindRelayLost, mysqld.KindGTIDs))
}

// Every way out of the wait for acknowledgements has its name.
// spec: T-117, T-119, T-126
func TestHowCommitsEnd(t *testing.T) {
	for how, end := range map[string]func(*stage){
		"switched_off": func(x *stage) { require.NoError(x, x.clients[0].SetSemiSync(false, false)) },
		"recovered":    func(x *stage) { x.hosts[0].Crash() },
		"shutdown":     func(x *stage) { x.servers[0].Shutdown() },
		"timeout":      func(*stage) {},
	} {
		x := play(t, true, mysqld.Timings{}, func(x *stage) {
			for i := 1; i < 3; i++ {
				require.NoError(x, x.clients[i].StopReplication(false))
			}
			if how == "timeout" {
				require.NoError(x, x.clients[0].SetSemiSyncLimits(1, 100*time.Millisecond))
			}
			x.env.Go("write", func() { _ = x.insert(x.connect(0), 1) })
			x.env.Sleep(10 * time.Millisecond)
			end(x)
			x.env.Sleep(time.Second)
		})
		require.Len(t, x.lines(mysqld.KindCommit), 1)
		require.Contains(t, x.lines(mysqld.KindCommit)[0], " how="+how+" acked_by=", how)
	}
}

// lines gives the events of some kinds as text.
func (x *stage) lines(kinds ...trace.Kind) []string {
	var out []string
	for _, e := range x.events {
		for _, k := range kinds {
			if e.Kind == k {
				line := e.Host + " " + string(e.Kind)
				for _, f := range e.Fields {
					line += " " + f.Key + "="
					if f.IsNum {
						line += strconv.FormatInt(f.Num, 10)
					} else {
						line += f.Str
					}
				}
				out = append(out, line)
			}
		}
	}
	return out
}
