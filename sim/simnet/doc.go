// Package simnet is the network between hosts: calls and server streams over
// connections, with latency, loss, partitions and clogged links. It stands for
// gRPC over TCP between gates, tablets and the topology server, and for the MySQL
// protocol between tablets and their servers.
//
// A [Network] holds the links. Each process takes a [Node] from it, serves
// methods on it and dials other nodes by host name. A [Conn] is like a gRPC
// channel: dialling does not block, messages of one connection arrive in order,
// and it can be refused, reset, silently cut (half-open, noticed by keepalive)
// or closed. Values are passed by reference and must not be changed after
// sending.
//
// # How it works
//
// Each connection has a pipe in each direction. A message is judged by the chain
// of rules (cut and clogged links, losses, then [Network.AddRule]) and goes on its
// way with the link's latency, or waits for its retransmission and makes those
// behind it wait. Its delivery is a timer callback of the network's own host,
// which never crashes; a handler is a proc of the serving host. The two ends of a
// connection learn of each other by messages only. A process that dies leaves a
// reset behind that travels like any message; answers to connects and to
// keepalive probes are given by the process, so that a paused one gives none.
//
// # What is left out
//
// Bandwidth, flow control and the size of messages; reordering and duplication,
// which TCP hides; name resolution and TLS; load balancing over several peers;
// retries by the transport. A server does not probe its clients. A message that
// is on its way when a link is cut still arrives.
//
// # Invariants
//
//   - Messages of one direction of one connection arrive in order, none twice.
//   - A handler runs at most once per call and is answered at most once; a call
//     that returns without an error was served exactly once.
//   - Nothing reaches, or comes from, an incarnation of a host that has ended.
//   - A new link, or a loss switched on, shifts no draw of another link.
//
// # Example
//
//	net := simnet.New(w.AddHost("net", sim.HostOptions{}, nil).Env(), simnet.Options{Latency: sim.Constant(time.Millisecond)})
//	w.AddHost("zone1-101", sim.HostOptions{}, func(env *sim.Env) {
//		nd := net.Node(env)
//		nd.Handle("Execute", func(ctx *sim.Context, req any) (any, error) { return "one row", nil })
//		nd.Listen()
//	})
//	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
//		conn := net.Node(env).Dial("zone1-101", simnet.DialOptions{KeepaliveTime: 10 * time.Second, KeepaliveTimeout: 10 * time.Second})
//		row, err := conn.Call(env.Background(), "Execute", "select 1")
//		...
//	})
package simnet
