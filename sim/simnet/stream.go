package simnet

import (
	"context"

	"bufsim/sim"
)

// ClientStream is the receiving end of a stream. One proc at a time may receive.
type ClientStream struct {
	call  *call
	ctx   *sim.Context
	conn  *Conn
	ended *sim.Event // nothing more can come
	queue []any
	next  int // in queue
}

// ServerStream is the sending end of a stream.
type ServerStream struct{ call *call }

// Stream asks the peer for a stream and returns as soon as the request is sent; it
// blocks only while a connection is made. It fails as [Conn.Call] does. The stream
// lives until the handler ends it, the connection breaks, or ctx ends: end ctx to
// give a stream up.
func (c *Conn) Stream(ctx *sim.Context, method string, req any) (*ClientStream, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n, env := c.node.net, c.node.env
	s := &ClientStream{ctx: ctx, conn: c, ended: env.NewEvent("stream-ended")}
	n.mu.Lock()
	k, err := c.start(ctx, method, req, s)
	if err != nil {
		n.mu.Unlock()
		return nil, err
	}
	open := k.conn.open
	n.mu.Unlock()
	started := c.emitCall(k)
	if !open && env.Select(k.cases[:]...) == 1 {
		n.mu.Lock()
		if k.pending {
			k.abandon()
		}
		n.mu.Unlock()
		c.emitReply(started, ctx.Err())
		return nil, ctx.Err()
	}
	n.mu.Lock()
	failed := k.finished && !k.conn.open
	n.mu.Unlock()
	if failed {
		c.emitReply(started, k.err)
		return nil, k.err
	}
	env.GoDaemon(method, func() { s.watch(started) })
	return s, nil
}

// watch tells the server when ctx ends, also if nobody receives.
func (s *ClientStream) watch(started callTrace) {
	env, n, k := s.conn.node.env, s.conn.node.net, s.call
	env.Select(sim.OnEvent(s.ended), sim.OnDone(s.ctx))
	n.mu.Lock()
	finished := k.finished
	if !finished {
		k.abandon()
	}
	n.mu.Unlock()
	err := k.err
	if !finished {
		err = s.ctx.Err()
	}
	s.conn.emitReply(started, err)
}

// Recv returns the next value, in the order of sending, and blocks until it is
// there. It returns the error of the stream's context once that has ended; after
// the last value io.EOF if the handler ended the stream cleanly, the handler's
// error, or an [*Error] if the connection broke.
func (s *ClientStream) Recv() (any, error) {
	n, k := s.conn.node.net, s.call
	for {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		n.mu.Lock()
		v, ok := s.take()
		finished := k.finished
		n.mu.Unlock()
		if ok {
			return v, nil
		}
		if finished {
			return nil, k.err
		}
		s.conn.node.env.Select(k.cases[:]...)
	}
}

// take returns the first value of the queue; mu is held.
func (s *ClientStream) take() (v any, ok bool) {
	if s.next == len(s.queue) {
		return nil, false
	}
	v = s.queue[s.next]
	s.queue[s.next] = nil
	s.next++
	if s.next == len(s.queue) {
		s.queue, s.next = s.queue[:0], 0
	}
	return v, true
}

// streamValue is a value arriving at the client; in a callback, mu is held.
func (k *call) streamValue(v any) {
	if !k.pending {
		return
	}
	s := k.stream
	if s.next > 64 && s.next > len(s.queue)/2 { // do not grow for ever behind a reader that never catches up
		kept := copy(s.queue, s.queue[s.next:])
		clear(s.queue[kept:])
		s.queue, s.next = s.queue[:kept], 0
	}
	s.queue = append(s.queue, v)
	k.wake.TrySend(struct{}{})
}

// Send sends a value to the client. It never blocks: values queue at the client
// without limit. It fails once the server knows that the client is gone: with
// context.Canceled if the client gave up, with an [*Error] if the connection broke.
func (s *ServerStream) Send(v any) error {
	k := s.call
	k.net.mu.Lock()
	defer k.net.mu.Unlock()
	server := &k.conn.server
	switch {
	case k.gone:
		return context.Canceled
	case k.answered:
		return &Error{Kind: Closed, From: server.host, To: server.peer.host}
	case server.closed:
		return &Error{Kind: Reset, From: server.host, To: server.peer.host}
	}
	m := server.message(StreamValue, k)
	m.val = v
	server.out.send(m)
	return nil
}
