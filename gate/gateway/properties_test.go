package gateway_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/gateway"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// What holds for every request, whatever the tablets, the buffer and the watcher do.
// spec: GI-1, GI-2, GI-3, GI-4, GI-5, GI-7, GI-8, GI-9
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
		handed, released := 0, 0
		text, calls, s := l.run(t, func(_ *sim.Env, s *scripted, add func(string, ...error) *gatetest.Tablet) {
			s.resharded, s.should = rapid.Bool().Draw(rt, "resharded"), rapid.Bool().Draw(rt, "should")
			for _, alias := range []string{"zone1-1", "zone1-2", "zone2-3"}[:rapid.IntRange(0, 3).Draw(rt, "tablets")] {
				add(alias, rapid.SliceOfN(rapid.SampledFrom(answers), 5, 5).Draw(rt, "answers")...)
			}
			all := s.healthy
			if len(all) > 0 && rapid.Bool().Draw(rt, "first-has-no-connection") {
				all[0].Conn = nil
			}
			for range rapid.IntRange(0, 5).Draw(rt, "buffer-calls") {
				kind := rapid.IntRange(0, 3).Draw(rt, "buffer")
				left := rapid.IntRange(0, len(all)).Draw(rt, "healthy-afterwards")
				s.hold = append(s.hold, func() (buffer.RetryDone, error) {
					s.healthy = all[:left]
					if kind == 1 || kind == 2 {
						handed++
					}
					if kind == 1 {
						released = len(s.looks) // the next look is the first after the release
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
		require.LessOrEqual(rt, handed, 1, "GI-2")
		checkLooks(rt, s, calls)
		if released > 0 && released < len(s.looks) && len(s.looks[released].list) == 1 {
			only, before := s.looks[released].list[0], s.looks[released].calls
			if name := shortAlias(only); only.Conn != nil && !slices.Contains(calls[:before], name) {
				require.Equal(rt, name, calls[before:][:1][0], "GI-9")
			}
		}
		prefix := "target: " + target.Lower() + ": "
		if text != "" && !(inTx && target.TabletType != topodata.Primary) {
			require.Equal(rt, 1, strings.Count(text, prefix), "GI-5: %s", text)
			require.True(rt, strings.HasPrefix(strings.TrimPrefix(text, "VT15001: transaction error, issue ROLLBACK and retry the transaction: "), prefix), text)
		}
	})
}

func shortAlias(h *discovery.TabletHealth) string {
	return fmt.Sprintf("%s-%d", h.Alias().Cell, h.Alias().UID)
}

// checkLooks holds that an attempt that found a tablet to call has called one. A tablet that was
// called before, or has no connection, is none to call. spec: GI-8
func checkLooks(rt *rapid.T, s *scripted, calls []string) {
	for i, look := range s.looks {
		after := len(calls)
		if i+1 < len(s.looks) {
			after = s.looks[i+1].calls
		}
		usable, broken := 0, 0
		for _, h := range look.list {
			switch {
			case slices.Contains(calls[:look.calls], shortAlias(h)):
			case h.Conn == nil:
				broken++
			default:
				usable++
			}
		}
		if usable > 0 && broken == 0 {
			require.Equal(rt, look.calls+1, after, "GI-8: look %d", i)
		}
		require.LessOrEqual(rt, after-look.calls, min(usable, 1), "look %d", i)
	}
}
