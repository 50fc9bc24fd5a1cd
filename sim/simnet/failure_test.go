package simnet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/simnet"
)

// TestFailureStories: one client calls "work" (which takes 100ms) three times, at
// 0s, 10s and 20s, each with a deadline of 5s, while something goes wrong. The log
// says when each call returned what, and when the server's handlers ended how.
func TestFailureStories(t *testing.T) {
	keepalive := simnet.DialOptions{KeepaliveTime: time.Second, KeepaliveTimeout: 500 * ms}
	for _, c := range []struct {
		name string
		opts simnet.DialOptions
		do   func(p *pair, env *sim.Env)
		want []string
	}{
		{
			name: "nothing goes wrong",
			do:   func(*pair, *sim.Env) {},
			want: []string{"130ms served ok", "140ms call 0 ok", "10.11s served ok", "10.12s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "a refusing host costs a round trip",
			do: func(p *pair, env *sim.Env) {
				p.net.Refuse("srv")
				env.Sleep(time.Second)
				p.net.Accept("srv")
			},
			want: []string{"20ms call 0 cli -> srv: connection refused", "10.13s served ok", "10.14s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "healing everything lets a refusing host accept",
			do: func(p *pair, env *sim.Env) {
				p.net.Refuse("srv")
				env.Sleep(time.Second)
				p.net.HealAll()
			},
			want: []string{"20ms call 0 cli -> srv: connection refused", "10.13s served ok", "10.14s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "healing everything unclogs",
			do: func(p *pair, env *sim.Env) {
				env.Sleep(5 * time.Second)
				p.net.Clog("srv", "cli")
				env.Sleep(7 * time.Second)
				p.net.HealAll()
			},
			want: []string{"130ms served ok", "140ms call 0 ok", "10.11s served ok", "12.01s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "a crash resets the call under way, then refuses, and after a restart connects anew",
			do: func(p *pair, env *sim.Env) {
				env.Sleep(50 * ms)
				p.server.Crash()
				env.Sleep(15 * time.Second)
				p.server.Restart()
			},
			want: []string{"60ms call 0 cli -> srv: connection reset", "10.02s call 1 cli -> srv: connection refused", "20.13s served ok", "20.14s call 2 ok"},
		},
		{
			name: "a quick restart does not revive the old connection",
			do: func(p *pair, env *sim.Env) {
				env.Sleep(50 * ms)
				p.server.Crash()
				p.server.Restart()
			},
			want: []string{"60ms call 0 cli -> srv: connection reset", "10.13s served ok", "10.14s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "a channel for one connection ends with it",
			opts: simnet.DialOptions{Once: true},
			do: func(p *pair, env *sim.Env) {
				env.Sleep(50 * ms)
				p.server.Crash()
				p.server.Restart()
			},
			want: []string{"60ms call 0 cli -> srv: connection reset", "10s call 1 cli -> srv: connection closed", "20s call 2 cli -> srv: connection closed"},
		},
		{
			name: "a reset cuts both sides at once",
			do: func(p *pair, env *sim.Env) {
				env.Sleep(50 * ms)
				p.net.Reset("srv", "cli")
			},
			want: []string{"50ms call 0 cli -> srv: connection reset", "50ms served context canceled", "10.13s served ok", "10.14s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "a partition without keepalive is silence until the deadline; after it heals all goes on",
			do: func(p *pair, env *sim.Env) {
				env.Sleep(50 * ms)
				p.net.Partition("cli", "srv")
				env.Sleep(12 * time.Second)
				p.net.Heal("srv", "cli")
			},
			// The answer of 0 waits in retransmission. So does its cancel, at 5s and
			// then after 0.2, 0.4, 0.8, 1.6, 2, 2, 2s, and the request of 1 behind it.
			want: []string{"130ms served ok", "5s call 0 context deadline exceeded", "14.11s served ok", "14.12s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "keepalive notices a partition; the next connect gets no answer either",
			opts: keepalive,
			do: func(p *pair, env *sim.Env) {
				env.Sleep(50 * ms)
				p.net.Partition("srv", "cli")
				env.Sleep(12 * time.Second)
				p.net.Heal("srv", "cli")
			},
			// The probe is sent a second after the accept at 20ms.
			want: []string{"130ms served ok", "1.52s call 0 cli -> srv: keepalive timeout", "11.5s call 1 cli -> srv: keepalive timeout", "20.13s served ok", "20.14s call 2 ok"},
		},
		{
			name: "a one-way cut towards the client looks the same to it, but the server works",
			do: func(p *pair, env *sim.Env) {
				env.Sleep(9 * time.Second)
				p.net.PartitionOneWay("srv", "cli")
				env.Sleep(10 * time.Second)
				p.net.HealAll()
			},
			want: []string{"130ms served ok", "140ms call 0 ok", "10.11s served ok", "15s call 1 context deadline exceeded", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "a clogged link delivers in order when it is unclogged",
			do: func(p *pair, env *sim.Env) {
				env.Sleep(5 * time.Second)
				p.net.Clog("cli", "srv")
				env.Sleep(7 * time.Second)
				p.net.Unclog("cli", "srv")
			},
			want: []string{"130ms served ok", "140ms call 0 ok", "12.11s served ok", "12.12s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "healing unclogs",
			do: func(p *pair, env *sim.Env) {
				env.Sleep(5 * time.Second)
				p.net.Clog("cli", "srv")
				env.Sleep(7 * time.Second)
				p.net.Heal("srv", "cli")
			},
			want: []string{"130ms served ok", "140ms call 0 ok", "12.11s served ok", "12.12s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "each loss begins with a short retransmission timeout",
			do: func(p *pair, env *sim.Env) {
				for range 3 {
					p.net.SetLoss("cli", "srv", 1, 1)
					env.Sleep(30 * ms)
					p.net.SetLoss("cli", "srv", 0, 1)
					env.Sleep(10*time.Second - 30*ms)
				}
			},
			want: []string{"330ms served ok", "340ms call 0 ok", "10.31s served ok", "10.32s call 1 ok", "20.31s served ok", "20.32s call 2 ok"},
		},
		{
			name: "total loss is a delay of retransmissions",
			do: func(p *pair, env *sim.Env) {
				p.net.SetLoss("cli", "srv", 1, 1)
				env.Sleep(500 * ms)
				p.net.SetLoss("cli", "srv", 0, 1)
			},
			// The request goes out at 0.02, 0.22 and 0.62s.
			want: []string{"730ms served ok", "740ms call 0 ok", "10.11s served ok", "10.12s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "a paused server is silent and goes on where it was",
			do: func(p *pair, env *sim.Env) {
				env.Sleep(9 * time.Second)
				p.server.Pause()
				env.Sleep(4 * time.Second)
				p.server.Resume()
			},
			want: []string{"130ms served ok", "140ms call 0 ok", "13.1s served ok", "13.11s call 1 ok", "20.11s served ok", "20.12s call 2 ok"},
		},
		{
			name: "a paused server answers no keepalive and accepts no connection",
			opts: keepalive,
			do: func(p *pair, env *sim.Env) {
				env.Sleep(9 * time.Second)
				p.server.Pause()
				env.Sleep(4 * time.Second)
				p.server.Resume()
			},
			want: []string{"130ms served ok", "140ms call 0 ok", "11.5s call 1 cli -> srv: keepalive timeout", "20.13s served ok", "20.14s call 2 ok"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log []string
			note := func(env *sim.Env, format string, args ...any) {
				log = append(log, fmt.Sprintf("%v ", env.Now())+fmt.Sprintf(format, args...))
			}
			result := func(err error) string {
				if err == nil {
					return "ok"
				}
				return err.Error()
			}
			p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
				nd.Handle("work", func(ctx *sim.Context, _ any) (any, error) {
					err := env.SleepCtx(ctx, 100*ms)
					note(env, "served %s", result(err))
					return nil, err
				})
			}, func(env *sim.Env, nd *simnet.Node) {
				conn := nd.Dial("srv", c.opts)
				for i := range 3 {
					env.SleepUntil(sim.Time(i) * 10e9)
					ctx, cancel := env.WithTimeout(env.Background(), 5*time.Second)
					_, err := conn.Call(ctx, "work", nil)
					note(env, "call %d %s", i, result(err))
					cancel()
				}
				conn.Close()
				env.Sleep(5 * time.Second)
			})
			p.w.AddHost("chaos", sim.HostOptions{}, func(env *sim.Env) { c.do(p, env) })
			p.run(t)
			require.Equal(t, c.want, log)
		})
	}
}

// A partition cuts a host from each of the others, in both directions, and those from one
// another not at all.
func TestPartitionFromSeveral(t *testing.T) {
	w := sim.New(sim.Config{Seed: 1, MaxTime: sim.Time(time.Hour)})
	net := simnet.New(w.AddHost("net", sim.HostOptions{}, nil).Env(), simnet.Options{Latency: sim.Constant(10 * ms)})
	names := []string{"a", "b", "c"}
	reached := map[string]bool{}
	for _, name := range names {
		w.AddHost(name, sim.HostOptions{}, func(env *sim.Env) {
			nd := net.Node(env)
			echo(env, nd)
			nd.Listen()
			env.Sleep(time.Second)
			for _, to := range names {
				if to == name {
					continue
				}
				ctx, cancel := env.WithTimeout(env.Background(), 5*time.Second)
				_, err := nd.Dial(to, simnet.DialOptions{}).Call(ctx, "echo", nil)
				cancel()
				reached[name+to] = err == nil
			}
			env.Sleep(time.Minute)
			env.Stop("done")
		})
	}
	w.AddHost("chaos", sim.HostOptions{}, func(env *sim.Env) {
		env.Sleep(500 * ms)
		net.Partition("a", "b", "c")
	})
	out := w.Run()
	require.Equal(t, "done", out.ID, out.Detail)
	require.Equal(t, map[string]bool{"ab": false, "ac": false, "ba": false, "ca": false, "bc": true, "cb": true}, reached)
}

func TestCloseFailsCallsUnderWayAndLaterOnes(t *testing.T) {
	var first, second error
	var handler error
	p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
		nd.Handle("slow", func(ctx *sim.Context, _ any) (any, error) {
			handler = env.SleepCtx(ctx, time.Hour)
			return nil, nil
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		c := nd.Dial("srv", simnet.DialOptions{})
		var broke []error
		c.OnBreak(func(err error) { broke = append(broke, err) })
		env.Go("close", func() {
			env.Sleep(time.Second)
			c.Close()
			c.Close()
			_, second = c.Call(env.Background(), "slow", nil)
		})
		_, first = c.Call(env.Background(), "slow", nil)
		env.Assert(env.Now() == 1e9, "at once")
		env.Sleep(time.Second)
		env.Assert(len(broke) == 1, "told once")
		_, err := c.Call(env.Background(), "slow", nil)
		env.Assert(err != nil && err.Error() == "cli -> srv: connection closed", "stays closed")
	})
	p.run(t)
	closed := &simnet.Error{Kind: simnet.Closed, From: "cli", To: "srv"}
	require.Equal(t, closed, first)
	require.Equal(t, closed, second)
	require.ErrorContains(t, handler, "canceled")
}

func TestCloseWhileConnecting(t *testing.T) {
	var err error
	p := newPair(sim.Config{}, echo, func(env *sim.Env, nd *simnet.Node) {
		c := nd.Dial("srv", simnet.DialOptions{})
		env.Go("close", func() { env.Sleep(5 * ms); c.Close() })
		_, err = c.Call(env.Background(), "echo", nil)
		env.Sleep(time.Second)
	})
	p.run(t)
	require.ErrorContains(t, err, "closed")
}

func TestServerThatStopsListeningKeepsItsConnections(t *testing.T) {
	var log []string
	p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
		echo(env, nd)
		env.Go("shutdown", func() {
			env.Sleep(time.Second)
			nd.StopListening()
			env.Sleep(2 * time.Second)
			nd.CloseConns()
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		old := nd.Dial("srv", simnet.DialOptions{})
		old.OnBreak(func(err error) { log = append(log, fmt.Sprint(env.Now(), " break ", err)) })
		for i := range 3 {
			for _, c := range []*simnet.Conn{old, nd.Dial("srv", simnet.DialOptions{})} {
				_, err := c.Call(env.Background(), "echo", nil)
				log = append(log, fmt.Sprint(i, " ", err))
			}
			env.SleepUntil(sim.Time(i+1) * 2e9)
		}
	})
	p.run(t)
	require.Equal(t, []string{
		"0 <nil>", "0 <nil>",
		"1 <nil>", "1 cli -> srv: connection refused",
		"3.01s break cli -> srv: connection reset",
		"2 cli -> srv: connection refused", "2 cli -> srv: connection refused",
	}, log)
}

func TestDialBeforeListenAndToNobodyIsRefused(t *testing.T) {
	var errs []error
	p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
		echo(env, nd)
		env.Sleep(time.Second)
	}, func(env *sim.Env, nd *simnet.Node) {
		for _, to := range []string{"srv", "nobody"} {
			_, err := nd.Dial(to, simnet.DialOptions{}).Call(env.Background(), "echo", nil)
			errs = append(errs, err)
		}
		env.Assert(env.Now() == 40e6, "a round trip each")
	})
	p.run(t)
	require.EqualError(t, errs[0], "cli -> srv: connection refused")
	require.EqualError(t, errs[1], "cli -> nobody: connection refused")
}

func TestCrashOfTheClientCancelsItsCallsAtTheServer(t *testing.T) {
	var ended sim.Time
	var err error
	var closed uint64
	p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
		nd.OnConnClosed(func(id uint64) { closed = id })
		nd.Handle("slow", func(ctx *sim.Context, _ any) (any, error) {
			err = env.SleepCtx(ctx, time.Hour)
			ended = env.Now()
			return nil, nil
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		if env.Incarnation() == 1 {
			_, _ = nd.Dial("srv", simnet.DialOptions{}).Call(env.Background(), "slow", nil)
		}
		env.Sleep(time.Second)
	})
	p.w.AddHost("chaos", sim.HostOptions{}, func(env *sim.Env) {
		env.Sleep(time.Second)
		p.client.Crash()
		p.client.Restart()
	})
	p.run(t)
	require.ErrorContains(t, err, "canceled")
	require.Equal(t, sim.Time(1.01e9), ended)
	require.Equal(t, uint64(1), closed)
}

func TestResetOfADeadProcessWaitsForThePartitionToHeal(t *testing.T) {
	var broke sim.Time
	p := newPair(sim.Config{}, echo, func(env *sim.Env, nd *simnet.Node) {
		c := nd.Dial("srv", simnet.DialOptions{})
		c.OnBreak(func(error) { broke = env.Now() })
		_, err := c.Call(env.Background(), "echo", nil)
		env.Assert(err == nil, "call")
		env.Sleep(time.Minute)
	})
	p.w.AddHost("chaos", sim.HostOptions{}, func(env *sim.Env) {
		env.Sleep(time.Second)
		p.net.Partition("srv", "cli")
		p.server.Crash()
		env.Sleep(20 * time.Second)
		p.net.Heal("srv", "cli")
	})
	p.run(t)
	require.Greater(t, broke, sim.Time(21e9))
	require.LessOrEqual(t, broke, sim.Time(23.01e9))
}

func TestAnswerSentBeforeACrashStillArrives(t *testing.T) {
	var v any
	var err error
	p := newPair(sim.Config{}, func(_ *sim.Env, nd *simnet.Node) {
		nd.Handle("last words", func(*sim.Context, any) (any, error) {
			return "bye", nil
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		v, err = nd.Dial("srv", simnet.DialOptions{}).Call(env.Background(), "last words", nil)
	})
	p.w.AddHost("chaos", sim.HostOptions{}, func(env *sim.Env) {
		env.Sleep(31 * ms) // the handler answered at 30ms
		p.server.Crash()
	})
	p.run(t)
	require.NoError(t, err)
	require.Equal(t, "bye", v)
}

// TestClosedEndIsDeafAndDumb: a request that crosses the server's reset is not
// served, and a handler that is done after it answers nobody.
func TestClosedEndIsDeafAndDumb(t *testing.T) {
	var served, sent []string
	p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
		nd.HandleDetached("slow", func(_ *sim.Context, req any) (any, error) {
			served = append(served, req.(string))
			env.Sleep(time.Second)
			return nil, nil
		})
		env.Go("shutdown", func() { env.Sleep(100 * ms); nd.CloseConns() })
	}, func(env *sim.Env, nd *simnet.Node) {
		c := nd.Dial("srv", simnet.DialOptions{})
		env.Go("first", func() { _, _ = c.Call(env.Background(), "slow", "first") })
		env.Sleep(105 * ms)
		_, err := c.Call(env.Background(), "slow", "crossing")
		env.Assert(env.Now() == 110e6 && err.Error() == "cli -> srv: connection reset", "reset")
		env.Sleep(2 * time.Second)
	})
	p.net.SetLatency("cli", "srv", sim.Constant(ms))
	p.net.AddRule(simnet.RuleFunc(func(m *simnet.Message) simnet.Verdict {
		if m.From == "srv" {
			sent = append(sent, m.Kind.String())
		}
		return simnet.Pass()
	}))
	p.run(t)
	require.Equal(t, []string{"first"}, served)
	require.Equal(t, []string{"connect", "reset"}, sent)
}

// TestTheDeadSendNothing: what the deferred calls of a crashed process do does not
// reach other hosts.
func TestTheDeadSendNothing(t *testing.T) {
	var served []any
	p := newPair(sim.Config{}, func(_ *sim.Env, nd *simnet.Node) {
		nd.Handle("note", func(_ *sim.Context, req any) (any, error) {
			served = append(served, req)
			return nil, nil
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		c := nd.Dial("srv", simnet.DialOptions{})
		_, _ = c.Call(env.Background(), "note", "alive")
		defer func() {
			_, _ = c.Call(env.Background(), "note", "dead")
			_, _ = nd.Dial("srv", simnet.DialOptions{}).Stream(env.Background(), "note", "dead")
			c.Close()
		}()
		env.Sleep(time.Hour)
	})
	sent := 0
	p.w.AddHost("chaos", sim.HostOptions{}, func(env *sim.Env) {
		env.Sleep(time.Second)
		p.net.AddRule(simnet.RuleFunc(func(*simnet.Message) simnet.Verdict { sent++; return simnet.Pass() }))
		p.client.Crash()
		env.Sleep(time.Second)
	})
	p.run(t)
	require.Equal(t, []any{"alive"}, served)
	require.Equal(t, 1, sent, "only the reset")
}

// What waits on a connection that breaks ends at one instant, but in no order: the one that was
// opened first is not always the first to know.
func TestABrokenConnectionEndsItsCallsInAnyOrder(t *testing.T) {
	first := map[int]int{}
	for seed := range 40 {
		var ended []int
		var p *pair
		p = newPair(sim.Config{Seed: uint64(seed)}, func(env *sim.Env, nd *simnet.Node) {
			nd.Handle("hang", func(ctx *sim.Context, _ any) (any, error) { return nil, env.SleepCtx(ctx, time.Hour) })
		}, func(env *sim.Env, nd *simnet.Node) {
			conn := nd.Dial("srv", simnet.DialOptions{})
			calls := env.NewWaitGroup("calls")
			for i := range 3 {
				calls.Go("call", func() {
					_, err := conn.Call(env.Background(), "hang", nil)
					env.Assert(err != nil, "reset")
					ended = append(ended, i)
				})
				env.Sleep(100 * ms)
			}
			p.server.Crash()
			calls.Wait()
		})
		p.run(t)
		require.ElementsMatch(t, []int{0, 1, 2}, ended)
		first[ended[0]]++
	}
	for i := range 3 {
		require.Greater(t, first[i], 5, "%v", first)
	}
}
