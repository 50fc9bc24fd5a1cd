package simnet

import (
	"fmt"
	"time"

	"bufsim/sim"
)

// Handler answers one call. It runs in a proc of the serving host. ctx carries
// the caller's deadline and ends when the caller gives up or its connection breaks.
type Handler func(ctx *sim.Context, req any) (any, error)

// StreamHandler serves one stream until it returns; a nil error ends the stream
// cleanly (the client sees io.EOF).
type StreamHandler func(ctx *sim.Context, req any, out *ServerStream) error

// ErrorKind is what went wrong in the transport.
type ErrorKind uint8

// The kinds of transport errors.
const (
	// Refused: nobody listens at the peer.
	Refused ErrorKind = iota
	// Reset: the peer's process died, or the connection was cut with a reset.
	Reset
	// Closed: this side closed the connection.
	Closed
	// Lost: keepalive got no answer; the network between the hosts is cut.
	Lost
	// NoMethod: the peer does not serve the method.
	NoMethod
)

// String names the kind.
func (k ErrorKind) String() string {
	return [...]string{"connection refused", "connection reset", "connection closed", "keepalive timeout", "unknown method"}[k]
}

// Error is a transport error. Errors returned by handlers reach the caller as
// they are, and a caller's context error is the context's own.
type Error struct {
	Kind     ErrorKind
	From, To string // host names
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s -> %s: %s", e.From, e.To, e.Kind) }

// Options are a network's defaults; the zero value is an ideal network.
type Options struct {
	// Latency is the one-way delay of a message between two hosts.
	Latency sim.Dist
	// Loopback is the one-way delay between a host and itself.
	Loopback sim.Dist
	// Between, if set, gives the delay of one direction between two hosts instead
	// of Latency; it is asked once for each direction.
	Between func(from, to string) sim.Dist
}

// DialOptions are the properties of one connection.
type DialOptions struct {
	// KeepaliveTime and KeepaliveTimeout: a connection that is silent for the
	// first is probed, and broken (Lost) if the probe is not answered within the
	// second. Zero KeepaliveTime never probes.
	KeepaliveTime, KeepaliveTimeout time.Duration
	// Once makes the channel end with its connection, as a plain socket does: calls
	// after that fail with Closed.
	Once bool
}
