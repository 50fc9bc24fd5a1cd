package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate"
	"bufsim/gate/gatetest"
	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

func refusing(err error) func(*sim.Context, string, any) (any, error) {
	return func(*sim.Context, string, any) (any, error) { return nil, err }
}

// promote makes a tablet the primary with a new term.
func promote(t *gatetest.Tablet, term int64) {
	t.Type = topodata.Primary
	t.Say(true, term)
}

// A planned reparent under buffering: nobody sees an error. spec: gateway 14.1
func TestPlannedReparentIsHidden(t *testing.T) {
	var first, second string
	var took time.Duration
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		old, next := c.tablets["zone1-100"], c.tablets["zone1-101"]
		old.Answer = refusing(vterr.ShuttingDown())
		c.env.AfterFunc(2*time.Second, "stop-serving", func() { old.Say(false, 1000) })
		c.env.AfterFunc(4*time.Second, "promote", func() { promote(next, 2000) })
		c.env.Go("second", func() {
			c.env.Sleep(3 * time.Second)
			second = c.connect("commerce").do(query.VerbInsert)
		})
		began := c.env.Now()
		first = c.connect("commerce").do(query.VerbInsert)
		took = c.env.Now().Sub(began)
		c.env.Sleep(time.Second)
	}, buffering)
	require.Equal(t, "ok", first)
	require.Equal(t, "ok", second)
	require.Greater(t, took, 4*time.Second)
	require.Less(t, took, 4100*time.Millisecond)
	text := c.gate.Metrics()
	require.Contains(t, text, `vtgate_buffer_requests_buffered{keyspace="commerce",shard_name="0"} 2`)
	require.Contains(t, text, `vtgate_buffer_stops{keyspace="commerce",reason="NewPrimarySeen",shard_name="0"} 1`)
	require.Contains(t, text, `vtgate_healthcheck_primary_promoted{keyspace="commerce",shard_name="0"} 1`)
	lines := strings.Join(c.log.lines, "\n")
	for _, want := range []string{
		`HealthCheckUpdate(Serving State): tablet: zone1-100 (zone1-100) serving false => true for commerce/0 (PRIMARY) reason: healthCheck update`,
		`keyspace commerce is now consistent`,
		`(A failover was detected by this seen error: vttablet: rpc error: code = Code(17) desc = operation not allowed in state SHUTTING_DOWN.)`,
		`Adding 1 to PrimaryPromoted counter for target: keyspace:"commerce" shard:"0" tablet_type:REPLICA, tablet: zone1-0000000101, tabletType: PRIMARY`,
	} {
		require.Contains(t, lines, want)
	}
}

// What a client sees without buffering depends on the release; a dry run alone does nothing from
// v18 on. spec: G-2, G-3, gateway 13, 14.7
func TestWithoutBuffering(t *testing.T) {
	for name, want := range map[string]string{
		"v12":  `1105 target: commerce.0.primary: no healthy tablet available for 'keyspace:"commerce" shard:"0" tablet_type:PRIMARY'`,
		"v14":  "1105 target: commerce.0.primary: primary is not serving, there is a reparent operation in progress",
		"v17":  "1105 target: commerce.0.primary: primary is not serving, there may be a reparent operation in progress",
		"v19":  `1105 target: commerce.0.primary: no healthy tablet available for 'keyspace:"commerce" shard:"0" tablet_type:PRIMARY'`,
		"main": `1105 target: commerce.0.primary: no healthy tablet available for 'keyspace:"commerce" shard:"0" tablet_type:PRIMARY'`,
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
				c.tablets["zone1-100"].Say(false, 1000)
				c.env.Sleep(100 * time.Millisecond)
				got = c.connect("commerce").do(query.VerbSelect)
			}, releaseNamed(name), func(f *flags.Set, _ *release.Profile) { f.VTGate.EnableBufferDryRun = name >= "v18" || name == "main" })
			require.Equal(t, want, got)
			if name == "main" || name >= "v18" {
				require.NotContains(t, c.gate.Metrics(), "vtgate_buffer_")
				require.Contains(t, c.log.lines, "Query buffering is disabled")
			}
			disabled := `vtgate_buffer_requests_skipped{keyspace="commerce",reason="Disabled",shard_name="0"}`
			require.Equal(t, name < "v18" && name != "main", strings.Contains(c.gate.Metrics(), disabled))
		})
	}
}

// v12 ends buffering by a newer primary term. spec: gateway 13
func TestBufferingByHealthInV12(t *testing.T) {
	var got string
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		c.tablets["zone1-100"].Answer = refusing(vterr.NotServing())
		c.env.AfterFunc(3*time.Second, "promote", func() { promote(c.tablets["zone1-101"], 2000) })
		got = c.connect("commerce").do(query.VerbInsert)
	}, releaseNamed("v12"), buffering)
	require.Equal(t, "ok", got)
}

// spec: G-14, G-15, G-60
func TestTransactionIsBoundToItsTablet(t *testing.T) {
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce")
		for _, verb := range []query.Verb{query.VerbBegin, query.VerbInsert, query.VerbSelect, query.VerbCommit, query.VerbInsert} {
			c.env.Assert(m.do(verb) == "ok", "statement-failed")
		}
	})
	primary := c.tablets["zone1-100"]
	require.Equal(t, []string{"BeginExecute", "Execute", "Commit", "Execute"}, methods(primary))
	require.EqualValues(t, 1, primary.Calls[1].Req.(*query.ExecuteRequest).TransactionID)
	require.EqualValues(t, 0, primary.Calls[3].Req.(*query.ExecuteRequest).TransactionID)
}

// A fatal error in a transaction blocks the session until a ROLLBACK. spec: G-62, G-63
func TestFatalTransactionError(t *testing.T) {
	var got []string
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		primary, m := c.tablets["zone1-100"], c.connect("commerce")
		got = append(got, m.do(query.VerbBegin), m.do(query.VerbInsert))
		primary.Answer = refusing(vterr.NotServing())
		got = append(got, m.do(query.VerbInsert))
		primary.Answer = nil
		got = append(got, m.do(query.VerbSelect), m.do(query.VerbCommit), m.do(query.VerbRollback), m.do(query.VerbSelect))
	}, buffering)
	const blocked = "1105 VT09032: previous transaction failed. Issue a ROLLBACK to resolve the failure."
	require.Equal(t, []string{
		"ok", "ok",
		"1105 VT15001: transaction error, issue ROLLBACK and retry the transaction: target: commerce.0.primary: vttablet: rpc error: code = Code(17) desc = operation not allowed in state NOT_SERVING",
		blocked, blocked, "ok", "ok",
	}, got)
	require.Contains(t, c.gate.Metrics(), `vtgate_api_error_counts{code="CLUSTER_EVENT",db_type="primary",keyspace="commerce",operation="Execute"} 1`)
}

// Before v22 the error is passed as it is, and the session goes on. spec: gateway 13
func TestFatalTransactionErrorIsNewInV22(t *testing.T) {
	var got []string
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		primary, m := c.tablets["zone1-100"], c.connect("commerce")
		got = append(got, m.do(query.VerbBegin), m.do(query.VerbInsert))
		primary.Answer = refusing(vterr.NotServing())
		got = append(got, m.do(query.VerbInsert))
		primary.Answer = nil
		got = append(got, m.do(query.VerbSelect))
	}, releaseNamed("v21"))
	require.Equal(t, []string{
		"ok", "ok", "1105 target: commerce.0.primary: vttablet: rpc error: code = Code(17) desc = operation not allowed in state NOT_SERVING", "ok",
	}, got)
}

// With autocommit off each statement is in a transaction that nobody ends; closing the
// connection rolls it back. spec: W-30
func TestAutocommitOff(t *testing.T) {
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce")
		m.do(query.VerbSet, func(s *query.Statement) { s.SQL = "SET AUTOCOMMIT = 0" })
		m.do(query.VerbInsert)
		m.do(query.VerbInsert)
		m.conn.Close()
		c.env.Sleep(time.Second)
	})
	require.Equal(t, []string{"BeginExecute", "Execute", "Rollback"}, methods(c.tablets["zone1-100"]))
}

// spec: G-71, W-31
func TestReplicaDatabase(t *testing.T) {
	var got []string
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce@replica")
		got = append(got, m.do(query.VerbSelect))
		c.tablets["zone1-101"].Answer = refusing(vterr.NotServing())
		got = append(got, m.do(query.VerbSelect))
	}, buffering)
	require.Equal(t, []string{"ok", "1105 target: commerce.0.replica: vttablet: rpc error: code = Code(17) desc = operation not allowed in state NOT_SERVING"}, got)
	require.Empty(t, c.tablets["zone1-100"].Calls)
}

// A session with a temporary table is tied to its tablet, and yet held during a failover: its
// statement fails on the old tablet and goes through the gateway. spec: G-65
func TestReservedConnectionIsBuffered(t *testing.T) {
	var got []string
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		old, next, m := c.tablets["zone1-100"], c.tablets["zone1-101"], c.connect("commerce")
		got = append(got, m.do(query.VerbDDL, func(s *query.Statement) { s.SQL, s.Table = "create temporary table tmp1(id int)", "tmp1" }))
		got = append(got, m.do(query.VerbInsert))
		old.Answer = refusing(vterr.ShuttingDown())
		c.env.AfterFunc(2*time.Second, "promote", func() { promote(next, 2000) })
		got = append(got, m.do(query.VerbInsert), m.do(query.VerbInsert))
	}, buffering)
	require.Equal(t, []string{"ok", "ok", "ok", "ok"}, got)
	require.Equal(t, []string{"ReserveExecute", "Execute", "Execute", "ReserveExecute"}, methods(c.tablets["zone1-100"]))
	require.Equal(t, []string{"ReserveExecute", "Execute"}, methods(c.tablets["zone1-101"]))
	require.Contains(t, c.gate.Metrics(), `vtgate_buffer_requests_buffered{keyspace="commerce",shard_name="0"} 1`)
}

func sharded() []topodata.Tablet {
	return []topodata.Tablet{
		gatetest.Record("zone1-200", "commerce", "-80", topodata.Primary), gatetest.Record("zone1-201", "commerce", "-80", topodata.Replica),
		gatetest.Record("zone1-300", "commerce", "80-", topodata.Primary), gatetest.Record("zone1-301", "commerce", "80-", topodata.Replica),
	}
}

func everywhere(s *query.Statement) { s.Key = 0 }

// A write on several shards outside a transaction gets one of its own. spec: G-14, G-72
func TestScatter(t *testing.T) {
	var got []string
	c := play(t, sharded(), []string{"-80", "80-"}, func(c *cluster) {
		m := c.connect("commerce")
		got = append(got, m.do(query.VerbUpdate, everywhere), m.do(query.VerbSelect, everywhere))
		for _, name := range []string{"zone1-200", "zone1-300"} {
			c.tablets[name].Answer = refusing(gatetest.ErrApplication())
		}
		got = append(got, m.do(query.VerbSelect, everywhere))
	})
	const each = ".primary: vttablet: rpc error: code = InvalidArgument desc = syntax error"
	require.Equal(t, []string{"ok", "ok", "1105 target: commerce.-80" + each + "\ntarget: commerce.80-" + each}, got)
	for _, name := range []string{"zone1-200", "zone1-300"} {
		require.Equal(t, []string{"BeginExecute", "Commit", "Execute", "Execute"}, methods(c.tablets[name]))
	}
}

// When a reshard ends, held requests are sent to the new shards. spec: G-73, D-69
func TestReshardIsHidden(t *testing.T) {
	var got string
	records := append(sharded(), gatetest.Record("zone1-400", "commerce", "-", topodata.Primary), gatetest.Record("zone1-401", "commerce", "-", topodata.Replica))
	c := play(t, records, []string{"-"}, func(c *cluster) {
		for _, name := range []string{"zone1-200", "zone1-300"} {
			c.tablets[name].Say(false, 1000)
		}
		c.env.Sleep(time.Second)
		c.tablets["zone1-400"].Say(false, 1000)
		c.tablets["zone1-400"].Answer = refusing(vterr.NotServing())
		for _, name := range []string{"zone1-200", "zone1-300"} {
			c.tablets[name].Say(true, 1000)
		}
		c.env.AfterFunc(2*time.Second, "switch", func() { c.topo.SetKeyspace("commerce", "-80", "80-") })
		c.env.Sleep(time.Second)
		got = c.connect("commerce").do(query.VerbInsert)
	}, buffering)
	require.Equal(t, "ok", got)
	require.Len(t, append(methods(c.tablets["zone1-200"]), methods(c.tablets["zone1-300"])...), 1)
	require.Contains(t, c.gate.Metrics(), `reason="ReshardingComplete"`)
}

// A statement on a moved table is planned again when the routing rules change. spec: G-74
func TestMovedTableIsPlannedAgain(t *testing.T) {
	var got string
	var took time.Duration
	records := append(unsharded(), gatetest.Record("zone1-500", "customer", "0", topodata.Primary))
	c := play(t, records, []string{"0"}, func(c *cluster) {
		c.topo.SetKeyspace("customer", "0")
		c.topo.SetVSchema(&topodata.SrvVSchema{})
		c.tablets["zone1-100"].Answer = refusing(vterr.DeniedTables(""))
		c.env.AfterFunc(3*time.Second, "switch", func() {
			c.topo.SetVSchema(&topodata.SrvVSchema{RoutingRules: []topodata.RoutingRule{{FromTable: "commerce.customer", ToTables: []string{"customer.customer"}}}})
		})
		m, began := c.connect("commerce"), c.env.Now()
		got = m.do(query.VerbInsert)
		took = c.env.Now().Sub(began)
	})
	require.Equal(t, "ok", got)
	require.InDelta(t, 3*time.Second, took, float64(20*time.Millisecond))
	require.Equal(t, []string{"Execute"}, methods(c.tablets["zone1-500"]))
}

// Without newer rules the statement waits, and fails after three tries. spec: G-74
func TestMovedTableNeverSwitched(t *testing.T) {
	var got string
	var took time.Duration
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		c.tablets["zone1-100"].Answer = refusing(vterr.DeniedTables("app"))
		m, began := c.connect("commerce"), c.env.Now()
		got = m.do(query.VerbInsert)
		took = c.env.Now().Sub(began)
	})
	require.Equal(t, "1815 query insert into customer(id, v) values (1, 0) failed after retries: Code: FAILED_PRECONDITION\n"+
		"vttablet: rpc error: code = FailedPrecondition desc = disallowed due to rule: enforce denied tables (CallerID: app)\n\ntarget: commerce.0.primary ", got)
	require.InDelta(t, 60*time.Second, took, float64(time.Second))
}

// With buffering, a denied table begins a failover that is no reparent, and the statement waits
// for newer rules half as long as buffering may last, twice. spec: G-43, G-74, G-75, D-69
func TestMovedTableIsBuffered(t *testing.T) {
	var got []string
	var took time.Duration
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		c.topo.Shards["commerce/0"] = topodata.Shard{TabletControls: []topodata.TabletControl{{TabletType: topodata.Primary, DeniedTables: []string{"customer"}}}}
		rules := func(to string) *topodata.SrvVSchema {
			return &topodata.SrvVSchema{RoutingRules: []topodata.RoutingRule{{FromTable: "customer", ToTables: []string{to}}}}
		}
		c.topo.SetVSchema(rules("commerce.customer"))
		c.tablets["zone1-100"].Answer = refusing(vterr.DeniedTables(""))
		c.env.Go("switch", func() {
			c.env.Sleep(3 * time.Second)
			c.topo.SetVSchema(rules("new.customer"))
			c.tablets["zone1-100"].Say(true, 1000) // the mark was that it does not
		})
		m, began := c.connect("commerce"), c.env.Now()
		got = append(got, m.do(query.VerbInsert))
		took = c.env.Now().Sub(began)
	}, buffering)
	require.Contains(t, got[0], "failed after retries: Code: FAILED_PRECONDITION\nvttablet: rpc error: code = FailedPrecondition desc = disallowed due to rule: enforce denied tables")
	require.InDelta(t, 13*time.Second, took, float64(100*time.Millisecond), "the switch, and one wait that no newer rules end")
	require.Contains(t, c.gate.Metrics(), `vtgate_buffer_stops{keyspace="commerce",reason="MoveTablesSwitchedTraffic",shard_name="0"} 1`)
}

// What a statement costs in the gate comes on top. spec: W-40
func TestStatementsTakeTime(t *testing.T) {
	var took time.Duration
	c := playUnder(t, sim.Config{}, gate.Timings{Statement: sim.Constant(5 * time.Millisecond)}, unsharded(), []string{"0"}, func(c *cluster) {
		m, began := c.connect("commerce"), c.env.Now()
		m.do(query.VerbSelect)
		took = c.env.Now().Sub(began)
	})
	require.Equal(t, 9*time.Millisecond, took)
	require.Zero(t, c.gate.BufferStatus().SlotsInUse)
}

// Time in the buffer counts for the statement's limit. spec: G-79a, G-79c
func TestQueryTimeoutInTheBuffer(t *testing.T) {
	var got string
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		c.tablets["zone1-100"].Say(false, 1000)
		c.env.Sleep(100 * time.Millisecond)
		got = c.connect("commerce").do(query.VerbSelect)
	}, buffering, func(f *flags.Set, _ *release.Profile) { f.VTGate.QueryTimeout = 500 })
	require.Equal(t, "1105 target: commerce.0.primary: failed to automatically buffer and retry failed request during failover. original err (type=*vterrors.fundamental): "+
		"Code: CLUSTER_EVENT\nprimary is not serving, there may be a reparent operation in progress\n: Code: UNAVAILABLE\ncontext was canceled before failover finished\n: context deadline exceeded", got)
}

// The gate does not see that a client left while its statement is held. spec: G-79b, W-25
func TestDepartedClientStaysInTheBuffer(t *testing.T) {
	c := play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce")
		c.tablets["zone1-100"].Say(false, 1000)
		c.env.Sleep(100 * time.Millisecond)
		ctx, cancel := c.env.WithTimeout(c.env.Background(), time.Second)
		defer cancel()
		_, err := m.conn.Call(ctx, query.MethodComQuery, &query.ComQuery{ConnectionID: m.id, Statement: query.Statement{Verb: query.VerbInsert, Table: "customer", Key: 1}})
		c.env.Assert(err != nil, "should-time-out")
		m.conn.Close()
		c.env.Sleep(time.Second)
		c.env.Assert(c.gate.BufferStatus().SlotsInUse == 1, "still-held")
		promote(c.tablets["zone1-101"], 2000)
		c.env.Sleep(time.Second)
	}, buffering)
	require.Equal(t, []string{"Execute"}, methods(c.tablets["zone1-101"]))
}
