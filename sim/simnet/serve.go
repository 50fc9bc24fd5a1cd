package simnet

import (
	"io"

	"bufsim/sim"
)

// serve starts the handler of a request that arrived; in a callback, mu is held.
func (k *connection) serve(c *call) {
	nd := k.server.node
	h, ok := nd.methods[c.method]
	if !ok {
		c.answer(nil, &Error{Kind: NoMethod, From: k.client.host, To: k.server.host})
		return
	}
	c.refs++
	c.node, c.serves = nd, h
	switch {
	case h.detached:
		c.ctx = k.detached
	case c.deadline == sim.Never:
		c.ctx, c.endCtx = nd.env.WithCancel(k.ctx)
	default:
		c.ctx, c.endCtx = nd.env.WithDeadline(k.ctx, c.deadline)
	}
	nd.env.Go(c.method, c.run)
}

// runHandler is the body of the handler's proc.
func (k *call) runHandler() {
	n, env, endCtx := k.net, k.node.env, k.endCtx
	var val any
	var err error
	if k.serves.stream != nil {
		err = k.serves.stream(k.ctx, k.req, &ServerStream{k})
		if err == nil {
			err = io.EOF
		}
	} else {
		val, err = k.serves.call(k.ctx, k.req)
	}
	n.mu.Lock()
	again := k.answered
	k.answer(val, err)
	k.endCtx = nil
	k.release()
	n.mu.Unlock()
	env.Assert(!again, "simnet-call-is-answered-once")
	if endCtx != nil {
		endCtx()
	}
}

// answer sends the response; mu is held.
func (k *call) answer(val any, err error) {
	k.answered = true
	server := &k.conn.server
	if server.closed || k.gone {
		return
	}
	m := server.message(Response, k)
	m.val, m.err = val, err
	server.out.send(m)
}

// cancelled is the server learning that the client gave up; in a callback, mu is held.
func (k *call) cancelled() {
	k.gone = true
	if k.endCtx != nil {
		k.endCtx()
	}
}
