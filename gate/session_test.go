package gate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// A transaction dies with its tablet; the next one goes to the new primary. spec: G-61, G-62
func TestTabletOfTransactionGone(t *testing.T) {
	var got []string
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce")
		got = append(got, m.do(query.VerbBegin), m.do(query.VerbInsert))
		c.tablets["zone1-100"].Crash()
		promote(c.tablets["zone1-101"], 2000)
		c.env.Sleep(100 * time.Millisecond)
		got = append(got, m.do(query.VerbInsert), m.do(query.VerbRollback), m.do(query.VerbInsert))
	}, buffering)
	require.Equal(t, []string{
		"ok", "ok",
		"1105 VT15001: transaction error, issue ROLLBACK and retry the transaction: tablet: zone1-0000000100 is either down or nonexistent",
		"ok", "ok",
	}, got)
}

// A commit that fails ends the transaction; the session goes on. spec: G-60, G-62
func TestCommitFails(t *testing.T) {
	var got []string
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m, primary := c.connect("commerce"), c.tablets["zone1-100"]
		got = append(got, m.do(query.VerbBegin), m.do(query.VerbInsert))
		primary.Answer = refusing(vterr.WrongTabletType("PRIMARY", "REPLICA", "[]"))
		got = append(got, m.do(query.VerbCommit))
		primary.Answer = nil
		got = append(got, m.do(query.VerbInsert))
	})
	require.Equal(t, []string{
		"ok", "ok",
		"1105 VT15001: transaction error, issue ROLLBACK and retry the transaction: target: commerce.0.primary: vttablet: rpc error: code = FailedPrecondition desc = wrong tablet type: PRIMARY, want: REPLICA or []",
		"ok",
	}, got)
}

// A reserved connection that the tablet has closed is reserved again on the same tablet.
// spec: G-65
func TestLostReservedConnection(t *testing.T) {
	var got []string
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m, primary := c.connect("commerce"), c.tablets["zone1-100"]
		got = append(got, m.do(query.VerbDDL, func(s *query.Statement) { s.SQL, s.Table = "create temporary table tmp1(id int)", "tmp1" }))
		primary.Answer = func(_ *sim.Context, method string, _ any) (any, error) {
			if method == query.MethodExecute {
				return nil, vterr.TransactionEnded(1, time.Unix(0, 0).UTC(), vterr.EndedConnection, "app")
			}
			return primary.Open(method), nil
		}
		got = append(got, m.do(query.VerbInsert))
		m.conn.Close()
		c.env.Sleep(time.Second)
	})
	require.Equal(t, []string{"ok", "ok"}, got)
	require.Equal(t, []string{"ReserveExecute", "Execute", "ReserveExecute", "Release"}, methods(c.tablets["zone1-100"]))
}

// Statements of one connection run one after the other, those of two at the same time.
func TestStatementsOfAConnection(t *testing.T) {
	var took []time.Duration
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		c.tablets["zone1-100"].Answer = func(*sim.Context, string, any) (any, error) {
			c.tablets["zone1-100"].Wait(time.Second)
			return &query.ExecuteResponse{}, nil
		}
		one, other := c.connect("commerce"), c.connect("commerce")
		for _, pair := range [][2]*mysql{{one, one}, {one, other}} {
			began, group := c.env.Now(), c.env.NewWaitGroup("statements")
			for _, m := range pair {
				group.Go("statement", func() { m.do(query.VerbSelect) })
			}
			group.Wait()
			took = append(took, c.env.Now().Sub(began).Round(100*time.Millisecond))
		}
	})
	require.Equal(t, []time.Duration{2 * time.Second, time.Second}, took)
}
