package discovery_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// What a gate says of a call over the network, by what befell it. spec: gateway 9.1, T-91, T-92
func TestErrorsOfTheNetwork(t *testing.T) {
	record := gatetest.Record("zone1-100", "ks", "0", topodata.Primary)
	const dialling = `vttablet: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp zone1-100:15991: connect: connection refused"`
	for name, row := range map[string]struct {
		before, during func(env *sim.Env, net *simnet.Network, conn discovery.TabletConn)
		method         string
		call, stream   string
	}{
		"refused": {
			before: func(_ *sim.Env, net *simnet.Network, _ discovery.TabletConn) { net.Refuse("zone1-100") },
			call:   dialling, stream: dialling,
		},
		"process died": {
			during: func(_ *sim.Env, net *simnet.Network, _ discovery.TabletConn) { net.Reset("gate-1", "zone1-100") },
			call:   "vttablet: rpc error: code = Unavailable desc = error reading from server: EOF",
			stream: "vttablet: rpc error: code = Unavailable desc = error reading from server: EOF",
		},
		"cut silently": {
			during: func(_ *sim.Env, net *simnet.Network, _ discovery.TabletConn) { net.Partition("gate-1", "zone1-100") },
			call:   "vttablet: rpc error: code = Unavailable desc = keepalive ping failed to receive ACK within timeout",
			stream: "vttablet: rpc error: code = Unavailable desc = keepalive ping failed to receive ACK within timeout",
		},
		"closed by the health check": {
			during: func(_ *sim.Env, _ *simnet.Network, conn discovery.TabletConn) { conn.Close() },
			call:   "vttablet: Connection Closed", stream: "vttablet: Connection Closed",
		},
		"deadline": {
			call:   "vttablet: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
			stream: "vttablet: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
		},
		"no such method": {
			method: "query.Unknown",
			call:   "vttablet: rpc error: code = Unimplemented desc = gate-1 -> zone1-100: unknown method",
			stream: "vttablet: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var net *simnet.Network
			var call, stream error
			w := sim.New(sim.Config{})
			w.AddHost("net", sim.HostOptions{}, func(env *sim.Env) {
				net = simnet.New(env, simnet.Options{Latency: sim.Constant(time.Millisecond)})
			})
			w.AddHost("zone1-100", sim.HostOptions{}, func(env *sim.Env) {
				tablet := gatetest.NewTablets(env).Add(record)
				tablet.Answer = func(*sim.Context, string, any) (any, error) {
					tablet.Wait(time.Hour)
					return nil, nil
				}
				tablet.Serve(net.Node(env))
				tablet.Say(true, 100)
			})
			w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
				opts := simnet.DialOptions{KeepaliveTime: 10 * time.Second, KeepaliveTimeout: 10 * time.Second}
				dialer := discovery.NetworkDialer{Node: net.Node(env), Options: opts}
				conn, err := dialer.Dial(record)
				env.Assert(err == nil, "dial")
				if row.before != nil {
					row.before(env, net, conn)
				}
				method := row.method
				if method == "" {
					method = query.MethodExecute
				}
				group := env.NewWaitGroup("both")
				ctx, cancel := env.WithTimeout(env.Background(), time.Minute)
				defer cancel()
				group.Go("call", func() { _, call = conn.Call(ctx, method, &query.ExecuteRequest{}) })
				group.Go("stream", func() {
					stream = conn.StreamHealth(ctx, func(*query.StreamHealthResponse) error { return nil })
				})
				env.Sleep(time.Second)
				if row.during != nil {
					row.during(env, net, conn)
				}
				group.Wait()
				env.Stop("over")
			})
			out := w.Run()
			require.Equal(t, sim.Stopped, out.Kind, out.Detail)
			require.EqualError(t, call, row.call)
			require.EqualError(t, stream, row.stream)
		})
	}
}

// A stream that the tablet ends cleanly is no error, and what the reader objects to is told as it
// is. spec: D-15, D-17
func TestEndsOfAStream(t *testing.T) {
	record := gatetest.Record("zone1-100", "ks", "0", topodata.Primary)
	var net *simnet.Network
	var tablet *gatetest.Tablet
	var clean, objected error
	w := sim.New(sim.Config{})
	w.AddHost("net", sim.HostOptions{}, func(env *sim.Env) { net = simnet.New(env, simnet.Options{}) })
	w.AddHost("zone1-100", sim.HostOptions{}, func(env *sim.Env) {
		tablet = gatetest.NewTablets(env).Add(record)
		tablet.Serve(net.Node(env))
		tablet.Say(true, 100)
	})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		conn, _ := discovery.NetworkDialer{Node: net.Node(env)}.Dial(record)
		objected = conn.StreamHealth(env.Background(), func(*query.StreamHealthResponse) error { return gatetest.ErrApplication() })
		env.AfterFunc(time.Second, "end", func() { tablet.EndStreams(nil) })
		clean = conn.StreamHealth(env.Background(), func(*query.StreamHealthResponse) error { return nil })
		env.Stop("over")
	})
	out := w.Run()
	require.Equal(t, sim.Stopped, out.Kind, out.Detail)
	require.Equal(t, gatetest.ErrApplication(), objected)
	require.NoError(t, clean)
}

// What a tablet opened comes back with the error that it met afterwards; such an error is told
// in band, without the words of gRPC. spec: T-91
func TestAnswerBesidesAnError(t *testing.T) {
	record := gatetest.Record("zone1-100", "ks", "0", topodata.Primary)
	var net *simnet.Network
	var resp any
	var failed, noAddress error
	w := sim.New(sim.Config{})
	w.AddHost("net", sim.HostOptions{}, func(env *sim.Env) { net = simnet.New(env, simnet.Options{}) })
	w.AddHost("zone1-100", sim.HostOptions{}, func(env *sim.Env) {
		tablet := gatetest.NewTablets(env).Add(record)
		tablet.Answer = func(*sim.Context, string, any) (any, error) {
			return &query.ExecuteResponse{TransactionID: 7}, vterr.New(vterr.AlreadyExists, "duplicate entry")
		}
		tablet.Serve(net.Node(env))
	})
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		dialer := discovery.NetworkDialer{Node: net.Node(env)}
		conn, _ := dialer.Dial(record)
		resp, failed = conn.Call(env.Background(), query.MethodBeginExecute, &query.ExecuteRequest{})
		lost := record
		lost.Hostname = ""
		_, noAddress = dialer.Dial(lost)
		env.Stop("over")
	})
	out := w.Run()
	require.Equal(t, sim.Stopped, out.Kind, out.Detail)
	require.EqualValues(t, 7, resp.(*query.ExecuteResponse).TransactionID)
	require.EqualError(t, failed, "vttablet: duplicate entry")
	require.EqualError(t, noAddress, "tablet zone1-0000000100 has no address")
}
