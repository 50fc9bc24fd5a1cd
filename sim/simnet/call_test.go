package simnet_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/simnet"
)

const ms = time.Millisecond

// pair is a world with a client, a server and 10ms between them. Server and client
// are the bodies of their boot procs; the server listens after its body ran.
type pair struct {
	w      *sim.World
	net    *simnet.Network
	server *sim.Host
	client *sim.Host
}

func newPair(cfg sim.Config, server, client func(*sim.Env, *simnet.Node)) *pair {
	p := &pair{w: sim.New(cfg)}
	p.net = simnet.New(p.w.AddHost("net", sim.HostOptions{}, nil).Env(), simnet.Options{Latency: sim.Constant(10 * ms)})
	p.server = p.w.AddHost("srv", sim.HostOptions{}, func(env *sim.Env) {
		nd := p.net.Node(env)
		server(env, nd)
		nd.Listen()
	})
	p.client = p.w.AddHost("cli", sim.HostOptions{}, func(env *sim.Env) { client(env, p.net.Node(env)) })
	return p
}

func (p *pair) run(t *testing.T) {
	t.Helper()
	out := p.w.Run()
	require.Equal(t, sim.Finished, out.Kind, "%s %s", out.ID, out.Detail)
	require.Zero(t, p.w.Procs(), "leaked procs")
}

func echo(_ *sim.Env, nd *simnet.Node) {
	nd.Handle("echo", func(_ *sim.Context, req any) (any, error) { return req, nil })
}

func TestCallCostsTwoTripsAndTheConnectTwoMore(t *testing.T) {
	var at []sim.Time
	p := newPair(sim.Config{}, echo, func(env *sim.Env, nd *simnet.Node) {
		c := nd.Dial("srv", simnet.DialOptions{})
		for i := range 3 {
			v, err := c.Call(env.Background(), "echo", i)
			env.Assert(err == nil && v == i, "echo")
			at = append(at, env.Now())
		}
	})
	p.run(t)
	require.Equal(t, []sim.Time{40e6, 60e6, 80e6}, at)
}

func TestHandlerErrorArrivesAsItIs(t *testing.T) {
	boom := errors.New("boom")
	var err error
	p := newPair(sim.Config{}, func(_ *sim.Env, nd *simnet.Node) {
		nd.Handle("fail", func(*sim.Context, any) (any, error) { return nil, boom })
	}, func(env *sim.Env, nd *simnet.Node) {
		_, err = nd.Dial("srv", simnet.DialOptions{}).Call(env.Background(), "fail", nil)
	})
	p.run(t)
	require.Same(t, boom, err)
}

func TestDeadlineTravelsAndTheCallerReturnsAtOnce(t *testing.T) {
	var err, handlerErr error
	var returned, handlerEnded, deadline sim.Time
	p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
		nd.Handle("slow", func(ctx *sim.Context, _ any) (any, error) {
			deadline = ctx.DeadlineAt()
			handlerErr = env.SleepCtx(ctx, time.Hour)
			handlerEnded = env.Now()
			return nil, handlerErr
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		ctx, cancel := env.WithTimeout(env.Background(), time.Second)
		defer cancel()
		_, err = nd.Dial("srv", simnet.DialOptions{}).Call(ctx, "slow", nil)
		returned = env.Now()
		env.Sleep(time.Second)
	})
	p.run(t)
	require.Equal(t, context.DeadlineExceeded, err)
	require.Equal(t, context.DeadlineExceeded, handlerErr)
	require.Equal(t, sim.Time(1e9), returned)
	require.Equal(t, sim.Time(1e9), deadline)
	require.Equal(t, sim.Time(1e9), handlerEnded)
}

func TestCancelledCallTellsTheServerUnlessDetached(t *testing.T) {
	for _, detached := range []bool{false, true} {
		var handlerErr error
		var handlerEnded sim.Time
		p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
			handler := func(ctx *sim.Context, _ any) (any, error) {
				handlerErr = env.SleepCtx(ctx, 2*time.Second)
				handlerEnded = env.Now()
				return nil, nil
			}
			if detached {
				nd.HandleDetached("slow", handler)
			} else {
				nd.Handle("slow", handler)
			}
		}, func(env *sim.Env, nd *simnet.Node) {
			ctx, cancel := env.WithCancel(env.Background())
			env.Go("cancel", func() { env.Sleep(time.Second); cancel() })
			_, err := nd.Dial("srv", simnet.DialOptions{}).Call(ctx, "slow", nil)
			env.Assert(err == context.Canceled && env.Now() == 1e9, "returns at once")
			env.Sleep(2 * time.Second)
		})
		p.run(t)
		if detached {
			require.NoError(t, handlerErr)
			require.Equal(t, sim.Time(2.03e9), handlerEnded) // it began after the connect's round trip
		} else {
			require.Equal(t, context.Canceled, handlerErr)
			require.Equal(t, sim.Time(1.01e9), handlerEnded)
		}
	}
}

func TestEndedContextNeverReachesTheNetwork(t *testing.T) {
	p := newPair(sim.Config{}, echo, func(env *sim.Env, nd *simnet.Node) {
		ctx, cancel := env.WithCancel(env.Background())
		cancel()
		c := nd.Dial("nobody", simnet.DialOptions{})
		_, err := c.Call(ctx, "echo", nil)
		env.Assert(err == context.Canceled, "call")
		_, err = c.Stream(ctx, "echo", nil)
		env.Assert(err == context.Canceled, "stream")
		env.Assert(env.Now() == 0, "at once")
	})
	p.run(t)
}

func TestUnknownMethodIsAnError(t *testing.T) {
	var err error
	p := newPair(sim.Config{}, echo, func(env *sim.Env, nd *simnet.Node) {
		_, err = nd.Dial("srv", simnet.DialOptions{}).Call(env.Background(), "nonsense", nil)
	})
	p.run(t)
	require.Equal(t, &simnet.Error{Kind: simnet.NoMethod, From: "cli", To: "srv"}, err)
	require.EqualError(t, err, "cli -> srv: unknown method")
}

func TestHandlerKnowsItsCaller(t *testing.T) {
	var peer string
	var ids []uint64
	var closed []uint64
	p := newPair(sim.Config{}, func(_ *sim.Env, nd *simnet.Node) {
		nd.OnConnClosed(func(id uint64) { closed = append(closed, id) })
		nd.Handle("who", func(ctx *sim.Context, _ any) (any, error) {
			peer = simnet.PeerName(ctx)
			ids = append(ids, simnet.ConnID(ctx))
			return nil, nil
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		env.Assert(simnet.PeerName(env.Background()) == "" && simnet.ConnID(env.Background()) == 0, "no handler")
		a, b := nd.Dial("srv", simnet.DialOptions{}), nd.Dial("srv", simnet.DialOptions{})
		for _, c := range []*simnet.Conn{a, b, a} {
			_, err := c.Call(env.Background(), "who", nil)
			env.Assert(err == nil, "call")
		}
		b.Close()
		env.Sleep(time.Second)
	})
	p.run(t)
	require.Equal(t, "cli", peer)
	require.Equal(t, []uint64{1, 2, 1}, ids)
	require.Equal(t, []uint64{2}, closed)
}

// TestAnswerAndDeadlineAtOneInstant: the answer arrives when the deadline has just
// woken the caller. Whatever it returns, the next calls are not confused.
func TestAnswerAndDeadlineAtOneInstant(t *testing.T) {
	p := newPair(sim.Config{}, echo, func(env *sim.Env, nd *simnet.Node) {
		c := nd.Dial("srv", simnet.DialOptions{})
		for i := range 20 {
			ctx, cancel := env.Background(), func() {}
			if i%2 == 1 {
				ctx, cancel = env.WithTimeout(ctx, 20*ms)
			}
			v, err := c.Call(ctx, "echo", i)
			cancel()
			env.Assert(i%2 == 1 && err == context.DeadlineExceeded || err == nil && v == i, "own answer")
		}
	})
	p.run(t)
}

func TestManyCallsShareOneConnect(t *testing.T) {
	var at []sim.Time
	p := newPair(sim.Config{}, echo, func(env *sim.Env, nd *simnet.Node) {
		c := nd.Dial("srv", simnet.DialOptions{})
		for i := range 100 {
			env.Go("call", func() {
				v, err := c.Call(env.Background(), "echo", i)
				env.Assert(err == nil && v == i, "own answer")
				at = append(at, env.Now())
			})
		}
	})
	p.run(t)
	require.Len(t, at, 100)
	for _, x := range at {
		require.Equal(t, sim.Time(40e6), x)
	}
}
