// Package simnet is the network between hosts: calls and server streams over
// connections, with latency, loss, partitions and clogged links.
//
// A [Network] holds the links. Each process takes a [Node] from it, serves
// methods on it and dials other nodes by host name. A [Conn] is like a gRPC
// channel: dialling does not block, messages of one connection arrive in order,
// and it can be refused, reset, silently cut (half-open, noticed by keepalive)
// or closed. Values are passed by reference and must not be changed after
// sending.
package simnet
