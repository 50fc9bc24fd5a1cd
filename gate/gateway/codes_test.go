package gateway_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/gateway"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// Of all codes three make a request try another tablet, and so does nothing else.
// spec: G-13
func TestCodesThatAreTriedAgain(t *testing.T) {
	again := map[vterr.Code]bool{vterr.Unavailable: true, vterr.FailedPrecondition: true, vterr.ClusterEvent: true}
	for code := vterr.Canceled; code <= vterr.ClusterEvent; code++ {
		l := loop{opts: gateway.Options{RetryCount: 2}}
		text, calls, s := l.run(t, func(_ *sim.Env, _ *scripted, add func(string, ...error) *gatetest.Tablet) {
			add("zone1-1", vterr.New(code, "no"))
			add("zone2-2")
		})
		if again[code] {
			require.Equal(t, []string{"zone1-1", "zone2-2"}, calls, code)
			require.Empty(t, text, code)
			require.Len(t, s.asked, 2, code)
			require.ErrorContains(t, s.asked[1], "no", "the buffer sees the error of the try before")
		} else {
			require.Equal(t, []string{"zone1-1"}, calls, code)
			require.Equal(t, "target: ks.0.primary: no", text, code)
		}
	}
}

// The last attempt is one like the others: its error ends the request, and the buffer is not
// asked again. spec: G-27, G-32a, G-33
func TestNumberOfAttempts(t *testing.T) {
	for retries := range 5 {
		_, calls, s := loop{opts: gateway.Options{RetryCount: retries}}.run(t, func(_ *sim.Env, _ *scripted, add func(string, ...error) *gatetest.Tablet) {
			for i := range 6 {
				add(fmt.Sprintf("zone1-%d", i+1), unavailable())
			}
		})
		require.Len(t, calls, retries+1)
		require.Len(t, s.asked, retries+1)
		require.NoError(t, s.asked[0])
	}
}

// A request without a healthy tablet names what it looked for, without the cell; the local
// cell's tablets come first, each once; a type that the gate allows passes.
// spec: G-21, G-24, G-25, G-51
func TestWhatIsLookedFor(t *testing.T) {
	target := query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Primary, Cell: "zone1"}
	text, _, _ := loop{target: target}.run(t, func(*sim.Env, *scripted, func(string, ...error) *gatetest.Tablet) {})
	require.Equal(t, `target: ks.0.primary: no healthy tablet available for 'keyspace:"ks" shard:"0" tablet_type:PRIMARY'`, text)

	opts := gateway.Options{RetryCount: 3, AllowedTabletTypes: []topodata.TabletType{topodata.RDOnly, topodata.Primary}}
	text, calls, _ := loop{opts: opts}.run(t, func(_ *sim.Env, _ *scripted, add func(string, ...error) *gatetest.Tablet) {
		for _, alias := range []string{"zone2-1", "zone1-2", "zone2-3", "zone1-4"} {
			add(alias, unavailable())
		}
	})
	require.Equal(t, "target: ks.0.primary: connection refused", text)
	require.ElementsMatch(t, []string{"zone1-2", "zone1-4"}, calls[:2])
	require.ElementsMatch(t, []string{"zone2-1", "zone2-3"}, calls[2:])
}

// A gate that has a buffer and no watcher, as those with the implementation `healthcheck` have,
// fails fast where no primary is healthy; so do releases that know no inconsistent state, even
// if they know a primary. spec: L-6, G-24
func TestFailsFast(t *testing.T) {
	const nobody = `target: ks.0.primary: no healthy tablet available for 'keyspace:"ks" shard:"0" tablet_type:PRIMARY'`
	text, calls, s := loop{opts: gateway.Options{RetryCount: 2, Behaviors: behaviors("v16")}}.run(t,
		func(_ *sim.Env, s *scripted, _ func(string, ...error) *gatetest.Tablet) { s.primary.UID = 1 })
	require.Equal(t, nobody, text)
	require.Empty(t, calls)
	require.Len(t, s.asked, 1)

	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		s = &scripted{calls: new([]string), should: true, resharded: true}
		g := gateway.New(env, s, nil, s, gateway.Options{RetryCount: 2, Behaviors: behaviors("v17")})
		_, err := g.Execute(env.Background(), query.MethodExecute, &query.ExecuteRequest{Target: query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Primary}})
		text = err.Error()
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, nobody, text)
	require.Len(t, s.asked, 1, "once, before the first attempt")
}

// Which errors doom a transaction, and in which calls. spec: G-62
func TestWhatDoomsATransaction(t *testing.T) {
	refused := vterr.New(vterr.Unavailable, "connection refused")
	for _, row := range []struct {
		method string
		txID   int64
		err    error
		doomed bool
	}{
		{query.MethodExecute, 1, refused, true},
		{query.MethodExecute, 0, refused, false},
		{query.MethodBeginExecute, 0, refused, true},
		{query.MethodReserveExecute, 1, refused, false},
		{query.MethodReserveBeginExecute, 0, refused, false},
		{query.MethodCommit, 1, refused, true},
		{query.MethodRollback, 1, refused, true},
		{query.MethodRelease, 0, refused, false},
		{query.MethodCommit, 1, vterr.NotServing(), true},
		{query.MethodExecute, 1, vterr.New(vterr.ClusterEvent, vterr.TextShuttingDown), true},
		{query.MethodExecute, 1, vterr.New(vterr.FailedPrecondition, "wrong tablet type: PRIMARY, want: REPLICA or []"), true},
		{query.MethodExecute, 1, vterr.DeniedTables(""), false},
		{query.MethodExecute, 1, vterr.New(vterr.ClusterEvent, "something else"), false},
		{query.MethodCommit, 1, gatetest.ErrApplication(), false},
		{query.MethodExecute, 1, vterr.New(vterr.Unavailable, "something else"), false},
		{query.MethodRollback, 1, vterr.New(vterr.Aborted, "connection refused"), false},
	} {
		err := throughBound(t, row.method, row.txID, row.err)
		require.Equal(t, row.doomed, strings.HasPrefix(err.Error(), "VT15001: "), "%s %d %v: %v", row.method, row.txID, row.err, err)
		require.Equal(t, vterr.CodeOf(row.err), vterr.CodeOf(err))
	}
}

// throughBound makes a call on a bound tablet that answers with an error.
func throughBound(t *testing.T, method string, txID int64, answer error) (err error) {
	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		s, tablet := &scripted{calls: new([]string)}, gatetest.NewTablets(env).Add(gatetest.Record("zone1-1", "ks", "0", topodata.Primary))
		tablet.Answer = func(*sim.Context, string, any) (any, error) { return nil, answer }
		s.healthy = append(s.healthy, &discovery.TabletHealth{Tablet: tablet.Record, Conn: tablet})
		g, ctx := gateway.New(env, s, s, s, gateway.Options{RetryCount: 2, Behaviors: behaviors("main")}), env.Background()
		bound, _ := g.ByAlias(tablet.Record.Alias)
		switch method {
		case query.MethodCommit:
			_, err = bound.Commit(ctx, &query.CommitRequest{Target: tablet.Target(), TransactionID: txID})
		case query.MethodRollback:
			_, err = bound.Rollback(ctx, &query.CommitRequest{Target: tablet.Target(), TransactionID: txID})
		case query.MethodRelease:
			err = bound.Release(ctx, &query.ReleaseRequest{Target: tablet.Target(), ReservedID: 1})
		default:
			_, err = bound.Execute(ctx, method, &query.ExecuteRequest{Target: tablet.Target(), TransactionID: txID})
		}
		row := g.Status()[0]
		env.Assert(row.Sent == 1 && row.Errors == 1 && len(tablet.Calls) == 1, "one call, counted")
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Error(t, err)
	require.False(t, errors.Is(err, vterr.ErrBufferFull))
	return err
}

// What a tablet answers comes back, also besides an error; without an answer it is empty. A list
// of one allowed type refuses the others. spec: G-21, G-62
func TestAnswersComeBack(t *testing.T) {
	w := sim.New(sim.Config{})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		s, tablet := &scripted{calls: new([]string)}, gatetest.NewTablets(env).Add(gatetest.Record("zone1-1", "ks", "0", topodata.Primary))
		s.healthy = append(s.healthy, &discovery.TabletHealth{Tablet: tablet.Record, Conn: tablet})
		g, ctx := gateway.New(env, s, s, s, gateway.Options{
			Behaviors: behaviors("main"), AllowedTabletTypes: []topodata.TabletType{topodata.Primary},
		}), env.Background()
		bound, _ := g.ByAlias(tablet.Record.Alias)
		for _, opened := range []error{nil, gatetest.ErrApplication()} {
			tablet.Answer = func(_ *sim.Context, method string, _ any) (any, error) {
				if method == query.MethodCommit {
					return &query.CommitResponse{ReservedID: 7}, opened
				}
				return &query.ExecuteResponse{TransactionID: 7}, opened
			}
			resp, err := g.Execute(ctx, query.MethodBeginExecute, &query.ExecuteRequest{Target: tablet.Target()})
			env.Assert(resp.TransactionID == 7 && (err == nil) == (opened == nil), "execute")
			resp, err = bound.Execute(ctx, query.MethodBeginExecute, &query.ExecuteRequest{Target: tablet.Target()})
			env.Assert(resp.TransactionID == 7 && (err == nil) == (opened == nil), "execute, bound")
			end, err := bound.Commit(ctx, &query.CommitRequest{Target: tablet.Target(), TransactionID: 7})
			env.Assert(end.ReservedID == 7 && (err == nil) == (opened == nil), "commit")
		}
		tablet.Answer = func(_ *sim.Context, method string, _ any) (any, error) {
			if method == query.MethodCommit {
				return (*query.CommitResponse)(nil), gatetest.ErrApplication()
			}
			return (*query.ExecuteResponse)(nil), gatetest.ErrApplication()
		}
		resp, _ := g.Execute(ctx, query.MethodExecute, &query.ExecuteRequest{Target: tablet.Target()})
		env.Assert(resp != nil && resp.TransactionID == 0, "empty")
		end, _ := bound.Commit(ctx, &query.CommitRequest{Target: tablet.Target(), TransactionID: 7})
		env.Assert(end != nil && end.ReservedID == 0, "empty")
		replica := query.Target{Keyspace: "ks", Shard: "0", TabletType: topodata.Replica}
		_, err := g.Execute(ctx, query.MethodExecute, &query.ExecuteRequest{Target: replica})
		env.Assert(err != nil && vterr.CodeOf(err) == vterr.FailedPrecondition, "refused")
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
}
