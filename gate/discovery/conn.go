package discovery

import (
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// TabletConn is a connection to one tablet. Its errors are in the words of a gate: what came
// over the network begins with `vttablet: `.
type TabletConn interface {
	// StreamHealth opens a health stream and hands each message to recv until the stream
	// ends, ctx ends, or recv returns an error, which it then returns. A stream that the
	// tablet ends cleanly gives nil. It blocks.
	StreamHealth(ctx *sim.Context, recv func(*query.StreamHealthResponse) error) error
	// Call makes one call of the query service (see the Method constants of package query)
	// and blocks for its answer or the end of ctx. The answer may be there besides an error.
	Call(ctx *sim.Context, method string, req any) (any, error)
	// Close ends the connection; calls that are under way fail.
	Close()
}

// Dialer opens connections to tablets. Dialling does not block: whether the tablet is there
// shows at the first use. An error means that the record cannot be dialled at all.
type Dialer interface {
	Dial(tablet topodata.Tablet) (TabletConn, error)
}
