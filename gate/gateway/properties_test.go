package gateway_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/gate/buffer"
	"bufsim/gate/gatetest"
	"bufsim/gate/gateway"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// What holds for every request, whatever the tablets, the buffer and the watcher do.
// spec: GI-1, GI-3, GI-4, GI-5, GI-7
func TestLoopInvariants(t *testing.T) {
	answers := []error{nil, vterr.NotServing(), vterr.New(vterr.Unavailable, "connection refused"), gatetest.ErrApplication(), vterr.DeniedTables("")}
	rapid.Check(t, func(rt *rapid.T) {
		retries := rapid.IntRange(0, 4).Draw(rt, "retry-count")
		target := query.Target{Keyspace: "ks", Shard: "0", TabletType: rapid.SampledFrom([]topodata.TabletType{topodata.Primary, topodata.Replica}).Draw(rt, "type")}
		inTx := rapid.Bool().Draw(rt, "in-transaction")
		l := loop{opts: gateway.Options{RetryCount: retries}, target: target}
		if inTx {
			l.req.TransactionID = 1
		}
		handed := 0
		text, calls, s := l.run(t, func(_ *sim.Env, s *scripted, add func(string, ...error) *gatetest.Tablet) {
			s.resharded, s.should = rapid.Bool().Draw(rt, "resharded"), rapid.Bool().Draw(rt, "should")
			for _, alias := range []string{"zone1-1", "zone1-2", "zone2-3"}[:rapid.IntRange(0, 3).Draw(rt, "tablets")] {
				add(alias, rapid.SliceOfN(rapid.SampledFrom(answers), 5, 5).Draw(rt, "answers")...)
			}
			all := s.healthy
			for range rapid.IntRange(0, 5).Draw(rt, "buffer-calls") {
				kind := rapid.IntRange(0, 3).Draw(rt, "buffer")
				left := rapid.IntRange(0, len(all)).Draw(rt, "healthy-afterwards")
				s.hold = append(s.hold, func() (buffer.RetryDone, error) {
					s.healthy = all[:left]
					if kind == 1 || kind == 2 {
						handed++
					}
					return []func() (buffer.RetryDone, error){passed, s.released, s.evicted, tooFull}[kind]()
				})
			}
		})
		require.LessOrEqual(rt, len(calls), retries+1, "GI-1")
		distinct := slices.Compact(slices.Sorted(slices.Values(calls)))
		require.Len(rt, distinct, len(calls), "GI-1: no tablet twice")
		if target.TabletType != topodata.Primary || inTx {
			require.Empty(rt, s.asked, "GI-3")
		}
		require.Equal(rt, handed, s.done, "GI-4")
		require.LessOrEqual(rt, handed, 1, "held once")
		prefix := "target: " + target.Lower() + ": "
		if text != "" && !(inTx && target.TabletType != topodata.Primary) {
			require.Equal(rt, 1, strings.Count(text, prefix), "GI-5: %s", text)
			require.True(rt, strings.HasPrefix(strings.TrimPrefix(text, "VT15001: transaction error, issue ROLLBACK and retry the transaction: "), prefix), text)
		}
	})
}
