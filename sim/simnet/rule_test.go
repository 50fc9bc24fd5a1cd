package simnet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/simnet"
)

// TestRules: calls at 0s, 1s, 2s, ... under rules; at 2.5s the rules are removed.
func TestRules(t *testing.T) {
	requests := func(v simnet.Verdict) simnet.Rule {
		return simnet.RuleFunc(func(m *simnet.Message) simnet.Verdict {
			if m.Kind == simnet.Request && m.Method == "echo" && m.From == "cli" && m.To == "srv" && m.ConnID == 1 {
				return v
			}
			return simnet.Pass()
		})
	}
	for _, c := range []struct {
		name  string
		rules []simnet.Rule
		want  []time.Duration // of calls 0 to 3
	}{
		{"none", nil, []time.Duration{40 * ms, 20 * ms, 20 * ms, 20 * ms}},
		{"pass", []simnet.Rule{requests(simnet.Pass())}, []time.Duration{40 * ms, 20 * ms, 20 * ms, 20 * ms}},
		{"deliver after", []simnet.Rule{requests(simnet.DeliverAfter(500 * ms))}, []time.Duration{530 * ms, 510 * ms, 510 * ms, 20 * ms}},
		{"the first verdict counts", []simnet.Rule{requests(simnet.Pass()), requests(simnet.DeliverAfter(0)), requests(simnet.Drop())}, []time.Duration{30 * ms, 10 * ms, 10 * ms, 20 * ms}},
		// Sent at 20ms, then after 0.2, 0.4, 0.8, 1.6s: the one at 3.02s passes.
		{"drop", []simnet.Rule{requests(simnet.Drop())}, []time.Duration{3040 * ms, 20 * ms, 20 * ms, 20 * ms}},
		{"hold", []simnet.Rule{requests(simnet.Hold())}, []time.Duration{2520 * ms, 20 * ms, 20 * ms, 20 * ms}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var took []time.Duration
			p := newPair(sim.Config{}, echo, func(env *sim.Env, nd *simnet.Node) {
				conn := nd.Dial("srv", simnet.DialOptions{})
				for i := range 4 {
					env.SleepUntil(sim.Time(i) * 1e9)
					start := env.Now()
					_, err := conn.Call(env.Background(), "echo", nil)
					env.Assert(err == nil, "call")
					took = append(took, env.Now().Sub(start))
				}
			})
			p.w.AddHost("chaos", sim.HostOptions{}, func(env *sim.Env) {
				var removes []func()
				for _, r := range c.rules {
					removes = append(removes, p.net.AddRule(r))
				}
				env.Sleep(2500 * ms)
				for _, remove := range removes {
					remove()
					remove() // again: nothing
				}
			})
			p.run(t)
			require.Equal(t, c.want, took)
		})
	}
}

// TestSlowMessageHoldsUpThoseBehindIt: the first call's request is slow, so that the
// second's cannot overtake it, and neither comes before its own time.
func TestSlowMessageHoldsUpThoseBehindIt(t *testing.T) {
	var served []string
	p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
		nd.Handle("note", func(_ *sim.Context, req any) (any, error) {
			served = append(served, fmt.Sprint(req, " ", env.Now()))
			return nil, nil
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		c := nd.Dial("srv", simnet.DialOptions{})
		for i := range 3 {
			env.Go("call", func() { _, _ = c.Call(env.Background(), "note", i) })
			env.Sleep(30 * ms)
		}
	})
	n := 0
	p.net.AddRule(simnet.RuleFunc(func(m *simnet.Message) simnet.Verdict {
		if m.Kind == simnet.Request {
			n++
			if n == 2 {
				return simnet.DeliverAfter(500 * ms)
			}
		}
		return simnet.Pass()
	}))
	p.run(t)
	require.Equal(t, []string{"0 30ms", "1 530ms", "2 530ms"}, served)
}

func TestLatencyBetweenHostsIsAskedOncePerDirection(t *testing.T) {
	asked := map[string]int{}
	w := sim.New(sim.Config{})
	net := simnet.New(w.AddHost("net", sim.HostOptions{}, nil).Env(), simnet.Options{
		Latency: sim.Constant(time.Hour),
		Between: func(from, to string) sim.Dist {
			asked[from+">"+to]++
			return sim.Constant(time.Duration(len(from)) * ms)
		},
	})
	var took sim.Time
	w.AddHost("server", sim.HostOptions{}, func(env *sim.Env) {
		nd := net.Node(env)
		echo(env, nd)
		nd.Listen()
	})
	w.AddHost("c", sim.HostOptions{}, func(env *sim.Env) {
		c := net.Node(env).Dial("server", simnet.DialOptions{})
		for range 2 {
			_, _ = c.Call(env.Background(), "echo", nil)
		}
		took = env.Now()
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, sim.Time(21e6), took)
	require.Equal(t, map[string]int{"c>server": 1, "server>c": 1}, asked)
}

func TestLatencyIsPerDirectionAndLoopbackIsItsOwn(t *testing.T) {
	var log []string
	p := newPair(sim.Config{}, echo, func(env *sim.Env, nd *simnet.Node) {
		echo(env, nd)
		nd.Listen()
		for _, to := range []string{"srv", "cli"} {
			start := env.Now()
			_, err := nd.Dial(to, simnet.DialOptions{}).Call(env.Background(), "echo", nil)
			log = append(log, fmt.Sprint(to, " ", env.Now().Sub(start), " ", err))
		}
	})
	p.net.SetLatency("cli", "srv", sim.Constant(ms))
	p.net.SetLatency("srv", "cli", sim.Constant(100*ms))
	p.run(t)
	require.Equal(t, []string{"srv 202ms <nil>", "cli 0s <nil>"}, log)
}

// TestNewLinksShiftNoDraws: traffic of other hosts, and loss on their links,
// leaves the latencies of a link as they were.
func TestNewLinksShiftNoDraws(t *testing.T) {
	times := func(others bool) []sim.Time {
		var at []sim.Time
		p := newPair(sim.Config{Seed: 7}, echo, func(env *sim.Env, nd *simnet.Node) {
			c := nd.Dial("srv", simnet.DialOptions{})
			for range 20 {
				_, _ = c.Call(env.Background(), "echo", nil)
				at = append(at, env.Now())
			}
		})
		jitter := sim.Uniform(0, 10*ms)
		p.net.SetLatency("cli", "srv", jitter)
		p.net.SetLatency("srv", "cli", jitter)
		if others {
			p.net.SetLatency("srv", "other", jitter)
			p.net.SetLoss("other", "srv", 1, 2)
			p.w.AddHost("other", sim.HostOptions{}, func(env *sim.Env) {
				c := p.net.Node(env).Dial("srv", simnet.DialOptions{})
				for range 5 {
					_, _ = c.Call(env.Background(), "echo", nil)
				}
			})
		}
		p.run(t)
		return at
	}
	require.Equal(t, times(false), times(true))
}

func TestMessageKindsHaveNames(t *testing.T) {
	var names []string
	for k := simnet.Connect; k <= simnet.Keepalive; k++ {
		names = append(names, k.String())
	}
	require.Equal(t, []string{"connect", "request", "response", "stream", "cancel", "reset", "keepalive"}, names)
}
