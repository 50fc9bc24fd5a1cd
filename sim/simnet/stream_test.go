package simnet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/simnet"
)

// ticks sends 0, 1, 2, ... every 100ms until Send fails or the context ends.
func ticks(log *[]string) func(*sim.Env, *simnet.Node) {
	return func(env *sim.Env, nd *simnet.Node) {
		nd.HandleStream("ticks", func(ctx *sim.Context, req any, out *simnet.ServerStream) error {
			for i := 0; ; i++ {
				if i == req {
					return nil
				}
				if err := out.Send(i); err != nil {
					*log = append(*log, fmt.Sprint(env.Now(), " send: ", err))
					return err
				}
				if err := env.SleepCtx(ctx, 100*ms); err != nil {
					*log = append(*log, fmt.Sprint(env.Now(), " ctx: ", err, ", send: ", out.Send(i)))
					return err
				}
			}
		})
	}
}

// drain receives until the stream ends.
func drain(s *simnet.ClientStream) (got []any, err error) {
	for {
		v, err := s.Recv()
		if err != nil {
			return got, err
		}
		got = append(got, v)
	}
}

func TestStreamEndsCleanly(t *testing.T) {
	var log []string
	p := newPair(sim.Config{}, ticks(&log), func(env *sim.Env, nd *simnet.Node) {
		s, err := nd.Dial("srv", simnet.DialOptions{}).Stream(env.Background(), "ticks", 3)
		env.Assert(err == nil && env.Now() == 20e6, "returns when it is connected")
		got, err := drain(s)
		log = append(log, fmt.Sprint(env.Now(), " ", got, " ", err))
		_, err = s.Recv()
		env.Assert(err == io.EOF, "the end stays the end")
	})
	p.run(t)
	require.Equal(t, []string{"340ms [0 1 2] EOF"}, log)
}

func TestStreamEndsWithTheHandlersError(t *testing.T) {
	boom := errors.New("boom")
	var err error
	var got []any
	p := newPair(sim.Config{}, func(_ *sim.Env, nd *simnet.Node) {
		nd.HandleStream("s", func(_ *sim.Context, _ any, out *simnet.ServerStream) error {
			_ = out.Send(1)
			return boom
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		s, _ := nd.Dial("srv", simnet.DialOptions{}).Stream(env.Background(), "s", nil)
		env.Sleep(time.Second) // values queue at the client
		got, err = drain(s)
	})
	p.run(t)
	require.Same(t, boom, err)
	require.Equal(t, []any{1}, got)
}

func TestCancelOfAStreamTellsTheServerAlsoIfNobodyReceives(t *testing.T) {
	for _, receiving := range []bool{true, false} {
		var log []string
		p := newPair(sim.Config{}, ticks(&log), func(env *sim.Env, nd *simnet.Node) {
			ctx, cancel := env.WithCancel(env.Background())
			s, err := nd.Dial("srv", simnet.DialOptions{}).Stream(ctx, "ticks", -1)
			env.Assert(err == nil, "stream")
			env.Go("cancel", func() { env.Sleep(time.Second - 20*ms); cancel() })
			if receiving {
				_, err = drain(s)
				env.Assert(err == context.Canceled && env.Now() == 1e9, "returns at once")
			}
			env.Sleep(2 * time.Second)
			_, err = s.Recv()
			env.Assert(err == context.Canceled, "ended")
		})
		p.run(t)
		require.Equal(t, []string{"1.01s ctx: context canceled, send: context canceled"}, log)
	}
}

func TestStreamOverABrokenConnection(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*pair)
		want []string
	}{
		{"server crash", func(p *pair) { p.server.Crash() }, []string{"1.01s 10 cli -> srv: connection reset"}},
		{"reset", func(p *pair) { p.net.Reset("cli", "srv") }, []string{
			"1s 10 cli -> srv: connection reset",
			"1s ctx: context canceled, send: srv -> cli: connection reset",
		}},
		{"client crash", func(p *pair) { p.client.Crash() }, []string{"1.01s ctx: context canceled, send: srv -> cli: connection reset"}},
		{"partition", func(p *pair) { p.net.Partition("cli", "srv") }, []string{"2.44s 10 cli -> srv: keepalive timeout"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log []string
			p := newPair(sim.Config{MaxTime: 10e9}, ticks(&log), func(env *sim.Env, nd *simnet.Node) {
				opts := simnet.DialOptions{KeepaliveTime: time.Second, KeepaliveTimeout: 500 * ms}
				s, err := nd.Dial("srv", opts).Stream(env.Background(), "ticks", -1)
				env.Assert(err == nil, "stream")
				got, err := drain(s)
				log = append(log, fmt.Sprint(env.Now(), " ", len(got), " ", err))
				env.Sleep(time.Hour)
			})
			p.w.AddHost("chaos", sim.HostOptions{}, func(env *sim.Env) {
				env.Sleep(time.Second)
				c.do(p)
			})
			out := p.w.Run()
			require.False(t, out.Failed(), out.Detail)
			require.Equal(t, c.want, log)
		})
	}
}

func TestSendAfterTheHandlerReturnedFails(t *testing.T) {
	var err error
	p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
		nd.HandleStream("s", func(_ *sim.Context, _ any, out *simnet.ServerStream) error {
			env.Go("late", func() {
				env.Sleep(ms)
				err = out.Send("late")
			})
			return nil
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		s, _ := nd.Dial("srv", simnet.DialOptions{}).Stream(env.Background(), "s", nil)
		got, end := drain(s)
		env.Assert(len(got) == 0 && end == io.EOF, "clean end")
	})
	p.run(t)
	require.Equal(t, &simnet.Error{Kind: simnet.Closed, From: "srv", To: "cli"}, err)
}

func TestStreamThatCannotConnect(t *testing.T) {
	p := newPair(sim.Config{}, func(*sim.Env, *simnet.Node) {}, func(env *sim.Env, nd *simnet.Node) {
		_, err := nd.Dial("nobody", simnet.DialOptions{}).Stream(env.Background(), "s", nil)
		env.Assert(err != nil && err.Error() == "cli -> nobody: connection refused" && env.Now() == 20e6, "refused")
		ctx, cancel := env.WithTimeout(env.Background(), 5*ms)
		defer cancel()
		_, err = nd.Dial("srv", simnet.DialOptions{}).Stream(ctx, "s", nil)
		env.Assert(err == context.DeadlineExceeded && env.Now() == 25e6, "deadline while connecting")
		s, err := nd.Dial("srv", simnet.DialOptions{}).Stream(env.Background(), "s", nil)
		env.Assert(err == nil, "connected")
		_, err = s.Recv()
		env.Assert(err != nil && err.Error() == "cli -> srv: unknown method", "unknown method")
	})
	p.run(t)
}

func TestSlowReaderGetsEverythingInOrder(t *testing.T) {
	const n = 1000
	var got []any
	p := newPair(sim.Config{}, func(env *sim.Env, nd *simnet.Node) {
		nd.HandleStream("s", func(_ *sim.Context, _ any, out *simnet.ServerStream) error {
			for i := range n {
				if err := out.Send(i); err != nil {
					return err
				}
				env.Sleep(ms)
			}
			return nil
		})
	}, func(env *sim.Env, nd *simnet.Node) {
		s, _ := nd.Dial("srv", simnet.DialOptions{}).Stream(env.Background(), "s", nil)
		for {
			v, err := s.Recv()
			if err != nil {
				return
			}
			got = append(got, v)
			env.Sleep(1200 * time.Microsecond)
		}
	})
	p.run(t)
	require.Len(t, got, n)
	for i, v := range got {
		require.Equal(t, i, v)
	}
}
