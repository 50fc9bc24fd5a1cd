package gate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/gatetest"
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

func of(table string) func(*query.Statement) { return func(s *query.Statement) { s.Table = table } }

func sql(text string) func(*query.Statement) { return func(s *query.Statement) { s.SQL = text } }

// Where statements go, by what the session named. spec: D-78, O-65, gateway 9.1
func TestWhereStatementsGo(t *testing.T) {
	var got []string
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("")
		got = append(got, m.do(query.VerbSelect)) // to the only keyspace
		c.topo.SetKeyspace("other", "0")
		got = append(got,
			m.do(query.VerbSelect),
			m.do(query.VerbSelect, of("commerce.customer")),
			m.do(query.VerbSelect, of("unknown.customer")),
			m.do(query.VerbUse, of("commerce@replica")), m.do(query.VerbSelect),
			m.do(query.VerbUse, of("commerce@leader")), m.do(query.VerbSelect),
			m.do(query.VerbUse, of("commerce@spare")), m.do(query.VerbSelect),
			m.do(query.VerbOther),
			m.do(query.VerbUse, of("commerce:0")), m.do(query.VerbOther, of("customer")), m.do(query.VerbDDL, sql("create table t(id int)")),
		)
	})
	const noDatabase = "1105 VT09005: no database selected: use keyspace<:shard><@type> or keyspace<[range]><@type> (<> are optional)"
	require.Equal(t, []string{
		"ok", noDatabase, "ok", "1105 keyspace unknown fetch error: node doesn't exist: unknown",
		"ok", "ok", "1105 unknown TabletType leader", "ok",
		"ok", "1105 No partition found for tabletType SPARE in keyspace commerce",
		"ok", "ok", "ok", "ok",
	}, got)
	require.Equal(t, []string{"Execute", "Execute", "Execute", "Execute"}, methods(c.tablets["zone1-100"]))
	require.Equal(t, []string{"Execute", "Execute"}, methods(c.tablets["zone1-101"]))
}

// Without the names of the keyspaces there is no only one.
func TestNamesOfKeyspacesUnknown(t *testing.T) {
	var got string
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		c.topo.NamesErr = gatetest.ErrApplication()
		got = c.connect("").do(query.VerbSelect)
	})
	require.Equal(t, "1105 syntax error", got)
}

// An answer over several shards is the sum of theirs, with the value and position of the last
// that has one. spec: G-72
func TestSumOfShards(t *testing.T) {
	var result query.Result
	play(t, sharded(), []string{"-80", "80-"}, func(c *cluster) {
		c.tablets["zone1-200"].Answer = func(*sim.Context, string, any) (any, error) {
			return &query.ExecuteResponse{Result: query.Result{RowsReturned: 2, Value: 7, GTID: "a:1"}}, nil
		}
		c.tablets["zone1-300"].Answer = func(*sim.Context, string, any) (any, error) {
			return &query.ExecuteResponse{Result: query.Result{RowsReturned: 3}}, nil
		}
		m := c.connect("commerce")
		resp, err := m.conn.Call(c.env.Background(), query.MethodComQuery, &query.ComQuery{ConnectionID: m.id, Statement: query.Statement{Verb: query.VerbSelect, Table: "customer"}})
		c.env.Assert(err == nil, "answered")
		result = resp.(*query.ComQueryResponse).Result
	})
	require.Equal(t, query.Result{RowsReturned: 5, Value: 7, GTID: "a:1"}, result)
}

// A write on several shards that fails on one is rolled back on the others; the session is not in
// a transaction before or after it. spec: G-14, G-72
func TestScatteredWriteFailsOnOneShard(t *testing.T) {
	var got []string
	c := play(t, sharded(), []string{"-80", "80-"}, func(c *cluster) {
		m := c.connect("commerce")
		c.tablets["zone1-300"].Answer = refusing(gatetest.ErrApplication())
		got = append(got, m.do(query.VerbUpdate, everywhere))
		c.tablets["zone1-300"].Answer = nil
		got = append(got, m.do(query.VerbSelect))
	})
	require.Equal(t, []string{"1105 target: commerce.80-.primary: vttablet: rpc error: code = InvalidArgument desc = syntax error", "ok"}, got)
	require.Equal(t, []string{"BeginExecute", "Rollback"}, methods(c.tablets["zone1-200"])[:2])
}

// Switching autocommit on commits; if that fails, the client hears of it. spec: W-30
func TestAutocommitOnCommits(t *testing.T) {
	var got []string
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce")
		for _, refusal := range []error{nil, vterr.NotServing()} {
			c.tablets["zone1-100"].Answer = nil
			got = append(got, m.do(query.VerbSet, sql("set autocommit = 0")), m.do(query.VerbInsert))
			if refusal != nil {
				c.tablets["zone1-100"].Answer = refusing(refusal)
			}
			got = append(got, m.do(query.VerbSet, sql("set autocommit = 1")))
		}
	})
	require.Equal(t, []string{
		"ok", "ok", "ok", "ok", "ok",
		"1105 VT15001: transaction error, issue ROLLBACK and retry the transaction: target: commerce.0.primary: vttablet: rpc error: code = Code(17) desc = operation not allowed in state NOT_SERVING",
	}, got)
	require.Equal(t, []string{"BeginExecute", "Commit", "BeginExecute", "Commit"}, methods(c.tablets["zone1-100"]))
}

// The commands of a connection beside statements. spec: gateway 2, W-25
func TestCommandsOfAConnection(t *testing.T) {
	var got []string
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		call := func(conn *simnet.Conn, method string, req any) {
			_, err := conn.Call(c.env.Background(), method, req)
			if err == nil {
				got = append(got, "ok")
				return
			}
			got = append(got, err.Error())
		}
		m := c.connect("commerce")
		m.do(query.VerbBegin)
		m.do(query.VerbInsert)
		call(m.conn, query.MethodComPing, &query.ComPing{ConnectionID: m.id})
		call(m.conn, query.MethodComQuit, &query.ComQuit{ConnectionID: m.id})
		call(m.conn, query.MethodComQuit, &query.ComQuit{ConnectionID: m.id})
		call(m.conn, query.MethodComPing, &query.ComPing{ConnectionID: m.id})
		call(m.conn, query.MethodComQuery, &query.ComQuery{ConnectionID: 99})
		call(m.conn, query.MethodConnect, &query.ConnectRequest{Database: "commerce@leader"})
		other := c.connect("commerce")
		c.env.Go("shutdown", c.gate.Shutdown)
		c.env.Sleep(10 * time.Millisecond)
		call(other.conn, query.MethodConnect, &query.ConnectRequest{})
		call(other.conn, query.MethodComPing, &query.ComPing{ConnectionID: other.id})
		call(other.conn, query.MethodComPing, &query.ComPing{ConnectionID: other.id})
		c.env.Sleep(5 * time.Second)
	})
	const lost, stopping = "Lost connection to MySQL server during query (errno 2013) (sqlstate HY000)", "Server shutdown in progress (errno 1053) (sqlstate 08S01)"
	require.Equal(t, []string{
		"ok", "ok", "ok", lost, lost, "unknown TabletType leader (errno 1105) (sqlstate HY000)",
		stopping, stopping, lost,
	}, got)
	require.Equal(t, []string{"BeginExecute", "Rollback"}, methods(c.tablets["zone1-100"]))
}

// What becomes of a statement on a reserved connection outside a transaction, by how it fails
// there: reserved anew on the same tablet, sent through the gateway, or neither. spec: G-65
func TestReservedConnectionFails(t *testing.T) {
	same, gateway, neither := []string{"ReserveExecute"}, []string{"ReserveExecute"}, []string(nil)
	for name, row := range map[string]struct {
		refusal error
		again   []string
	}{
		"killed by MySQL":   {vterr.ConnectionLost("", "insert"), same},
		"2006":              {vterr.New(vterr.Unknown, "MySQL server has gone away (errno 2006) (sqlstate HY000)"), same},
		"ended":             {vterr.TransactionEnded(1, time.Unix(0, 0).UTC(), vterr.EndedConnection, ""), same},
		"interrupted":       {vterr.StatementCanceled(time.Second, 7, false, ""), neither},
		"unavailable":       {vterr.StreamBroken(), gateway},
		"wrong type":        {vterr.WrongTabletType("PRIMARY", "REPLICA", "[]"), gateway},
		"denied":            {vterr.New(vterr.FailedPrecondition, "something else"), neither},
		"not serving":       {vterr.NotServing(), gateway},
		"application error": {gatetest.ErrApplication(), neither},
	} {
		t.Run(name, func(t *testing.T) {
			c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
				m, primary := c.connect("commerce"), c.tablets["zone1-100"]
				m.do(query.VerbSet, sql("set sql_mode = 'ansi'"))
				m.do(query.VerbDDL, sql("create temporary table tmp1(id int)"))
				primary.Answer = func(_ *sim.Context, method string, _ any) (any, error) {
					if method == query.MethodExecute {
						return nil, row.refusal
					}
					return primary.Open(method), nil
				}
				m.do(query.VerbInsert)
			})
			made := c.tablets["zone1-100"].Calls
			require.Equal(t, append([]string{"ReserveExecute", "Execute"}, row.again...), methods(c.tablets["zone1-100"]))
			require.Equal(t, []string{"set sql_mode = 'ansi'"}, made[len(made)-1].Req.(*query.ExecuteRequest).Settings)
		})
	}
}

// A transaction in a session with a reserved connection reserves and begins in one call, and the
// connection stays reserved after the end. spec: G-65, gateway 3
func TestTransactionOnAReservedConnection(t *testing.T) {
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m, primary := c.connect("commerce"), c.tablets["zone1-100"]
		primary.Answer = func(_ *sim.Context, method string, req any) (any, error) {
			if method == query.MethodCommit {
				return &query.CommitResponse{ReservedID: 9}, nil
			}
			return primary.Open(method), nil
		}
		m.do(query.VerbBegin)
		m.do(query.VerbDDL, sql("create temporary table tmp1(id int)"))
		m.do(query.VerbInsert)
		m.do(query.VerbCommit)
		m.do(query.VerbInsert)
		m.do(query.VerbBegin)
		m.do(query.VerbInsert)
		m.conn.Close()
		c.env.Sleep(time.Second)
	})
	primary := c.tablets["zone1-100"]
	require.Equal(t, []string{"ReserveExecute", "BeginExecute", "Commit", "Execute", "BeginExecute", "Rollback"}, methods(primary))
	require.EqualValues(t, 9, primary.Calls[3].Req.(*query.ExecuteRequest).ReservedID)

	c = play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce")
		m.do(query.VerbDDL, sql("create temporary table tmp1(id int)"), of("commerce.tmp1"))
		c.tablets["zone1-100"].Crash()
		promote(c.tablets["zone1-101"], 2000)
		c.env.Sleep(time.Second)
		c.env.Assert(m.do(query.VerbBegin) == "ok" && m.do(query.VerbInsert) == "ok", "the gateway finds the new primary")
	})
	require.Equal(t, []string{"ReserveBeginExecute"}, methods(c.tablets["zone1-101"]))
}

// A tablet of a transaction that is gone is an error of the transaction from v22 on.
// spec: G-61, G-62
func TestTabletOfTransactionGoneBeforeV22(t *testing.T) {
	var got string
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce")
		m.do(query.VerbBegin)
		m.do(query.VerbInsert)
		c.tablets["zone1-100"].Crash()
		c.env.Sleep(100 * time.Millisecond)
		got = m.do(query.VerbInsert)
	}, releaseNamed("v21"))
	require.Equal(t, "1105 tablet: zone1-0000000100 is either down or nonexistent", got)
}
