package tmclient

import (
	"errors"
	"time"

	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// Client calls tablet managers. It keeps one connection to each tablet that it ever
// called. It is safe for use by many procs.
type Client struct {
	env   *sim.Env
	node  *simnet.Node
	mu    *sim.Mutex
	conns map[topodata.TabletAlias]*simnet.Conn
	rnd   *sim.Rand // guarded by mu
}

// New returns a client that calls from node. How errors are worded is a matter of the
// tablets' releases, not of the client's.
func New(env *sim.Env, node *simnet.Node) *Client {
	return &Client{env: env, node: node, mu: env.NewMutex("tmclient"), conns: map[topodata.TabletAlias]*simnet.Conn{}, rnd: env.Rand("tmclient/" + env.HostName())}
}

// Close closes all connections; calls under way fail.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns { // order-free: closing one has no effect on another
		conn.Close()
	}
	clear(c.conns)
}

func (c *Client) conn(alias topodata.TabletAlias) *simnet.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn, known := c.conns[alias]
	if !known {
		conn = c.node.Dial(alias.String(), simnet.DialOptions{})
		c.conns[alias] = conn
	}
	return conn
}

// call makes one call and waits for the answer. While the tablet refuses connections it
// tries again, with gRPC's growing pauses, until ctx ends.
// spec: R-51
func (c *Client) call(ctx *sim.Context, alias topodata.TabletAlias, method string, req any) (any, error) {
	conn := c.conn(alias)
	for pause := connectPauseMin; ; pause = min(pause*8/5, connectPauseMax) {
		resp, err := conn.Call(ctx, method, req)
		var transport *simnet.Error
		if !errors.As(err, &transport) {
			return resp, statusOf(ctx, err)
		}
		if transport.Kind != simnet.Refused {
			return nil, vterr.StreamBroken()
		}
		if err := c.env.SleepCtx(ctx, c.jittered(pause)); err != nil {
			return nil, neverConnected(err, alias)
		}
	}
}

// The pauses between attempts to connect are gRPC's: 1 s, growing by 1.6 to 2 min, each a fifth
// more or less. A tablet that comes back is found at the next attempt, about 1, 2.6, 5.2 and
// 9.3 s after the first one, and not when it is back. spec
const (
	connectPauseMin    = time.Second
	connectPauseMax    = 2 * time.Minute
	connectPauseSpread = 5 // one part in so many
)

func (c *Client) jittered(pause time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return sim.Uniform(pause-pause/connectPauseSpread, pause+pause/connectPauseSpread).Draw(c.rnd)
}

// statusOf gives an error of the tablet as it is and the caller's own context error as the
// status that gRPC makes of it.
func statusOf(ctx *sim.Context, err error) error {
	if err == nil || ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	return vterr.NewRPCError(vterr.CodeOf(err), err.Error())
}

// neverConnected is the error of a call whose context ended before the tablet took a
// connection. It does not say which tablet that was.
// spec: R-51
func neverConnected(contextErr error, alias topodata.TabletAlias) error {
	refused := `connection error: desc = "transport: Error while dialing: dial tcp ` + alias.String() + `: connect: connection refused"`
	return vterr.NewRPCError(vterr.CodeOf(contextErr), "latest balancer error: "+refused)
}

// result converts an answer to its type; the zero value goes with an error.
func result[T any](resp any, err error) (T, error) {
	if err != nil {
		var zero T
		return zero, err
	}
	return resp.(T), nil
}
