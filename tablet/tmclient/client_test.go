package tmclient_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/tablet/tmclient"
)

func tabletAlias() topodata.TabletAlias { return topodata.TabletAlias{Cell: "zone1", UID: 100} }

// call makes one Ping with a timeout, against a tablet that starts to listen after a while.
func call(t *testing.T, timeout, listensAfter time.Duration, serve handler) (took time.Duration, err error) {
	t.Helper()
	w := sim.New(sim.Config{Seed: 1})
	net := w.AddHost("net", sim.HostOptions{}, nil).Env()
	network := simnet.New(net, simnet.Options{Latency: sim.Constant(time.Millisecond)})
	w.AddHost(tabletAlias().String(), sim.HostOptions{}, func(env *sim.Env) {
		node := network.Node(env)
		node.Handle(tmclient.MethodPing, func(ctx *sim.Context, _ any) (any, error) { return tmclient.Empty{}, serve(env, ctx) })
		env.Sleep(listensAfter)
		node.Listen()
	})
	w.AddHost("caller", sim.HostOptions{}, func(env *sim.Env) {
		c := tmclient.New(env, network.Node(env))
		ctx, cancel := env.WithTimeout(env.Background(), timeout)
		defer cancel()
		began := env.Now()
		err = c.Ping(ctx, tabletAlias())
		took = env.Now().Sub(began)
		env.Stop("done")
	})
	out := w.Run()
	require.Equal(t, "done", out.ID, out.Detail)
	return took, err
}

// handler is what the tablet does with a call.
type handler func(env *sim.Env, ctx *sim.Context) error

func ok(*sim.Env, *sim.Context) error { return nil }

// A tablet that refuses connections is waited for, with growing pauses: measured were 10 s for
// one that was back after 6 s, and 9.3 s for one that was back after 8 s. When the time is over,
// the error does not say which one it was but where nobody listened.
// spec
func TestWaitsForTheTablet(t *testing.T) {
	for back, found := range map[time.Duration]float64{500 * time.Millisecond: 1, 2 * time.Second: 2.6, 4 * time.Second: 5.2, 7 * time.Second: 9.3} {
		took, err := call(t, 15*time.Second, back, ok)
		require.NoError(t, err)
		require.InEpsilon(t, found, took.Seconds(), 0.2)
	}

	took, err := call(t, 15*time.Second, time.Minute, ok)
	require.EqualError(t, err, `rpc error: code = DeadlineExceeded desc = latest balancer error: connection error: desc = "transport: Error while dialing: dial tcp zone1-0000000100: connect: connection refused"`)
	require.Equal(t, 15*time.Second, took)
}

// Errors of the tablet arrive as they are; the end of the caller's time is a status.
func TestErrors(t *testing.T) {
	own := errors.New("as the tablet says")
	_, err := call(t, time.Second, 0, func(*sim.Env, *sim.Context) error { return own })
	require.Equal(t, own, err)
	took, err := call(t, time.Second, 0, func(env *sim.Env, ctx *sim.Context) error {
		env.Select(sim.OnDone(ctx))
		return ctx.Err()
	})
	require.EqualError(t, err, "rpc error: code = DeadlineExceeded desc = context deadline exceeded")
	require.Equal(t, time.Second, took)
}
