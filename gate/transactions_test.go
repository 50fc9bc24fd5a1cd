package gate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/gatetest"
	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// both are the primaries of the two shards.
func both(c *cluster) []*gatetest.Tablet {
	return []*gatetest.Tablet{c.tablets["zone1-200"], c.tablets["zone1-300"]}
}

// A transaction stays open on all its shards until the client ends it; outside of one, a write
// on several shards gets one of its own, and a schema change none. spec: G-14, G-60, G-72
func TestTransactionsOverSeveralShards(t *testing.T) {
	for name, row := range map[string]struct {
		do   func(m *mysql) string
		want []string
	}{
		"commit":   {func(m *mysql) string { return m.do(query.VerbCommit) }, []string{"BeginExecute", "Execute", "Commit"}},
		"rollback": {func(m *mysql) string { return m.do(query.VerbRollback) }, []string{"BeginExecute", "Execute", "Rollback"}},
		"begin":    {func(m *mysql) string { return m.do(query.VerbBegin) }, []string{"BeginExecute", "Execute", "Commit"}},
		"nothing":  {func(*mysql) string { return "ok" }, []string{"BeginExecute", "Execute"}},
	} {
		c := play(t, sharded(), []string{"-80", "80-"}, func(c *cluster) {
			m := c.connect("commerce")
			m.do(query.VerbBegin)
			m.do(query.VerbUpdate, everywhere)
			m.do(query.VerbSelect, everywhere)
			c.env.Assert(row.do(m) == "ok", "the end")
		})
		for _, tablet := range both(c) {
			require.Equal(t, row.want, methods(tablet), name)
		}
	}
	var affected int64
	c := play(t, sharded(), []string{"-80", "80-"}, func(c *cluster) {
		m := c.connect("commerce")
		resp, err := m.conn.Call(c.env.Background(), query.MethodComQuery, &query.ComQuery{
			ConnectionID: m.id, Statement: query.Statement{Verb: query.VerbUpdate, Table: "customer"},
		})
		c.env.Assert(err == nil, "answered")
		affected = int64(resp.(*query.ComQueryResponse).Result.RowsAffected)
		m.do(query.VerbDDL, of("customer"), sql("alter table customer add column x int"))
	})
	require.EqualValues(t, 2, affected)
	for _, tablet := range both(c) {
		require.Equal(t, []string{"BeginExecute", "Commit", "Execute"}, methods(tablet))
	}
}

// A commit that fails on one shard is a rollback on those after it. spec: G-60
func TestCommitFailsOnTheFirstShard(t *testing.T) {
	var got string
	c := play(t, sharded(), []string{"-80", "80-"}, func(c *cluster) {
		m := c.connect("commerce")
		m.do(query.VerbBegin)
		m.do(query.VerbUpdate, everywhere)
		c.tablets["zone1-200"].Answer = refusing(gatetest.ErrApplication())
		got = m.do(query.VerbCommit)
	})
	require.Contains(t, got, "target: commerce.-80.primary: ")
	require.Equal(t, []string{"BeginExecute", "Commit"}, methods(c.tablets["zone1-200"]))
	require.Equal(t, []string{"BeginExecute", "Rollback"}, methods(c.tablets["zone1-300"]))
}

// A row with a key is on one shard; one that is written without a key, too.
func TestShardsOfAStatement(t *testing.T) {
	for _, row := range []struct {
		verb  query.Verb
		key   int64
		table string
		calls int
	}{
		{query.VerbUpdate, 5, "customer", 1},
		{query.VerbDelete, 5, "customer", 1},
		{query.VerbSelect, 5, "customer", 1},
		{query.VerbInsert, 5, "customer", 1},
		{query.VerbInsert, 0, "customer", 1},
		{query.VerbReplace, 0, "customer", 1},
		{query.VerbUpdate, 0, "customer", 4}, // a transaction on both
		{query.VerbSelect, 0, "customer", 2},
		{query.VerbSelect, 0, "", 1},
	} {
		c := play(t, sharded(), []string{"-80", "80-"}, func(c *cluster) {
			c.connect("commerce").do(row.verb, func(s *query.Statement) { s.Key, s.Table = row.key, row.table })
		})
		require.Equal(t, row.calls, len(both(c)[0].Calls)+len(both(c)[1].Calls), "%v", row)
	}
}

// In a transaction nothing is planned again; before v18 nothing ever is; before v20 the wait
// for newer rules is half a minute, whatever the buffer's flags. spec: G-74
func TestWhatIsPlannedAgain(t *testing.T) {
	took := func(inTransaction bool, setups ...setup) (d time.Duration) {
		play(t, unsharded(), []string{"0"}, func(c *cluster) {
			m := c.connect("commerce")
			if inTransaction {
				m.do(query.VerbBegin)
				m.do(query.VerbSelect)
			}
			c.tablets["zone1-100"].Answer = refusing(vterr.DeniedTables(""))
			began := c.env.Now()
			m.do(query.VerbInsert)
			d = c.env.Now().Sub(began).Round(time.Second)
		}, setups...)
		return d
	}
	max6s := func(f *flags.Set, _ *release.Profile) {
		f.VTGate.EnableBuffer = true
		f.VTGate.BufferWindow, f.VTGate.BufferMaxFailoverDuration = time.Second, 6*time.Second
	}
	require.Equal(t, time.Minute, took(false))
	require.Zero(t, took(true), "in a transaction")
	require.Zero(t, took(false, releaseNamed("v17")))
	require.Equal(t, time.Minute+time.Second, took(false, releaseNamed("v18"), max6s), "one window, two waits of thirty seconds")
	require.Equal(t, 8*time.Second, took(false, releaseNamed("v20"), max6s), "two windows, two waits of three seconds")
}

// The end of a gate rolls the transactions of its clients back; what it has sent by then reaches
// the tablet, and it waits for no answer. spec: G-87
func TestShutdownEndsSessions(t *testing.T) {
	for _, answers := range []time.Duration{0, 300 * time.Millisecond, 5 * time.Second} {
		var took time.Duration
		c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
			m, primary := c.connect("commerce"), c.tablets["zone1-100"]
			m.do(query.VerbBegin)
			m.do(query.VerbInsert)
			primary.Answer = func(_ *sim.Context, method string, _ any) (any, error) {
				primary.Wait(answers)
				return primary.Open(method), nil
			}
			began := c.env.Now()
			c.gate.Shutdown()
			took = c.env.Now().Sub(began)
			c.env.Sleep(time.Second)
		})
		require.Equal(t, 50*time.Millisecond, took, "a tablet that answers after %v", answers)
		require.Equal(t, []string{"BeginExecute", "Rollback"}, methods(c.tablets["zone1-100"]))
	}
}

// An idle client of a stopping gate loses its reserved connection when it is refused.
// spec: G-86
func TestRefusedClientGivesItsConnectionBack(t *testing.T) {
	var got string
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m, slow := c.connect("commerce"), c.connect("commerce")
		m.do(query.VerbDDL, sql("create temporary table tmp1(id int)"))
		c.tablets["zone1-100"].Answer = func(*sim.Context, string, any) (any, error) {
			c.tablets["zone1-100"].Wait(3 * time.Second)
			return &query.ExecuteResponse{}, nil
		}
		c.env.Go("slow", func() { slow.do(query.VerbSelect) })
		c.env.Sleep(100 * time.Millisecond)
		c.tablets["zone1-100"].Answer = nil
		c.env.Go("shutdown", c.gate.Shutdown)
		c.env.Sleep(100 * time.Millisecond)
		got = m.do(query.VerbSelect)
		c.env.Sleep(100 * time.Millisecond)
	})
	require.Equal(t, "1053 Server shutdown in progress", got)
	require.Equal(t, []string{"ReserveExecute", "Execute", "Release"}, methods(c.tablets["zone1-100"]))
}

// Whom a stopping gate holds to the last finds its tablets: the buffer ends first. spec: G-87
func TestHeldStatementsFindTabletsAtTheEnd(t *testing.T) {
	var held string
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		c.tablets["zone1-100"].Answer = refusing(vterr.ShuttingDown())
		c.env.Go("first", func() { c.connect("commerce").do(query.VerbInsert) })
		c.env.Sleep(100 * time.Millisecond)
		c.tablets["zone1-100"].Answer = nil
		c.env.Go("held", func() { held = c.connect("commerce").do(query.VerbInsert) })
		c.env.Sleep(100 * time.Millisecond)
		c.env.Assert(c.gate.HeldRequests() == 2, "both are held")
		c.gate.Shutdown()
		c.env.Sleep(time.Second)
	}, buffering, func(f *flags.Set, _ *release.Profile) { f.VTGate.BufferWindow = 15 * time.Second })
	require.Equal(t, "ok", held)
}

// Sessions that share a connection of the network end one by one, and with it. spec: G-60
func TestSessionsOfOneConnection(t *testing.T) {
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		one := c.connect("commerce")
		open := func() *mysql {
			resp, err := one.conn.Call(c.env.Background(), query.MethodConnect, &query.ConnectRequest{User: "app", Database: "commerce"})
			c.env.Assert(err == nil, "connected")
			return &mysql{c: c, conn: one.conn, id: resp.(*query.ConnectResponse).ConnectionID}
		}
		two, three := open(), open()
		two.do(query.VerbBegin)
		two.do(query.VerbInsert)
		three.do(query.VerbBegin)
		three.do(query.VerbInsert)
		_, err := one.conn.Call(c.env.Background(), query.MethodComQuit, &query.ComQuit{ConnectionID: one.id})
		c.env.Assert(err == nil && two.do(query.VerbSelect) == "ok", "the others go on")
		one.conn.Close()
		c.env.Sleep(time.Second)
	})
	require.Equal(t, []string{"BeginExecute", "BeginExecute", "Execute", "Rollback", "Rollback"}, methods(c.tablets["zone1-100"]))
}
