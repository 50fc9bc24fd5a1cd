package gateway_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/gateway"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// The status counts every call, those that failed also apart, and tells the mean time of those
// that ended in the last sixty seconds; a second that comes round again begins anew.
// spec: G-27, G-91
func TestStatusOfTheLastMinute(t *testing.T) {
	w := sim.New(sim.Config{})
	var seen []string
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		s, tablet := &scripted{calls: new([]string)}, gatetest.NewTablets(env).Add(gatetest.Record("zone1-1", "ks", "0", topodata.Primary))
		s.healthy = append(s.healthy, &discovery.TabletHealth{Tablet: tablet.Record, Conn: tablet})
		g := gateway.New(env, s, nil, nil, gateway.Options{Behaviors: behaviors("main")})
		call := func(took time.Duration, answer error) {
			tablet.Answer = func(*sim.Context, string, any) (any, error) {
				env.Sleep(took)
				return nil, answer
			}
			_, _ = g.Execute(env.Background(), query.MethodExecute, &query.ExecuteRequest{Target: tablet.Target()})
		}
		look := func(at time.Duration) {
			env.SleepUntil(sim.Time(at))
			row := g.Status()[0]
			seen = append(seen, fmt.Sprintf("%v: %d sent, %d failed, %d in %v", at, row.Sent, row.Errors, row.LastMinute, row.Latency))
		}
		call(100*time.Millisecond, nil)
		call(300*time.Millisecond, gatetest.ErrApplication())
		look(time.Second)
		env.SleepUntil(sim.Time(10 * time.Second))
		call(800*time.Millisecond, nil)
		look(11 * time.Second)
		look(59999 * time.Millisecond)
		look(60 * time.Second)
		call(500*time.Millisecond, gatetest.ErrApplication()) // in the place of the first second
		look(61 * time.Second)
		look(70 * time.Second)
		look(120 * time.Second)
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, []string{
		"1s: 2 sent, 1 failed, 2 in 200ms",
		"11s: 3 sent, 1 failed, 3 in 400ms",
		"59.999s: 3 sent, 1 failed, 3 in 400ms",
		"1m0s: 3 sent, 1 failed, 1 in 800ms",
		"1m1s: 4 sent, 2 failed, 2 in 650ms",
		"1m10s: 4 sent, 2 failed, 1 in 500ms",
		"2m0s: 4 sent, 2 failed, 0 in 0s",
	}, seen)
}

// terms notes the primaries of which the buffer is told.
type terms struct {
	*scripted
	told []string
}

func (b *terms) ProcessPrimaryHealth(target query.Target, alias topodata.TabletAlias, term int64) {
	b.told = append(b.told, fmt.Sprintf("%s %s %d", target.Lower(), alias, term))
}

// The buffer of the implementation `healthcheck` hears of every primary, serving or not, in
// order, and of nothing else, until the context ends. spec: L-1, L-5
func TestTermsReachTheBuffer(t *testing.T) {
	w := sim.New(sim.Config{})
	b := &terms{scripted: &scripted{calls: new([]string)}}
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		g := gateway.New(env, b, nil, b, gateway.Options{Behaviors: behaviors("v12")})
		updates := sim.NewChan[*discovery.TabletHealth](env, "health", 10)
		ctx, cancel := env.WithCancel(env.Background())
		g.ConsumeHealth(ctx, updates)
		say := func(alias string, kind topodata.TabletType, term int64, serving bool) {
			record := gatetest.Record(alias, "ks", "0", kind)
			updates.Send(&discovery.TabletHealth{
				Tablet: record, Target: query.Target{Keyspace: "ks", Shard: "0", TabletType: kind}, PrimaryTermStartTime: term, Serving: serving,
			})
		}
		say("zone1-1", topodata.Primary, 100, true)
		say("zone1-2", topodata.Replica, 100, true)
		say("zone1-2", topodata.Primary, 200, false)
		env.Sleep(time.Millisecond)
		cancel()
		env.Sleep(time.Millisecond)
		say("zone1-3", topodata.Primary, 300, true)
		env.Sleep(time.Millisecond)
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, []string{"ks.0.primary zone1-0000000001 100", "ks.0.primary zone1-0000000002 200"}, b.told)
}
