package simnet

import "bufsim/sim"

// call is one call or stream, shared by its two ends and the messages between
// them. Calls are pooled: refs counts who still knows it.
type call struct {
	net    *Network
	conn   *connection
	id     uint64
	method string
	req    any
	refs   int

	// The client's side.
	deadline   sim.Time
	prev, next *call // in conn.pending, while the client waits
	pending    bool
	finished   bool // val and err are the result
	val        any
	err        error
	wake       *sim.Chan[struct{}] // gets one value when finished
	cases      [2]sim.Case         // wake, and the end of the caller's context
	stream     *ClientStream       // nil for a call

	// The server's side.
	node     *Node
	serves   method
	ctx      *sim.Context
	endCtx   func() // nil for a detached handler
	gone     bool   // the client gave up
	answered bool
	run      func()
}

// newCall returns a call on which the client holds a reference; mu is held.
func (n *Network) newCall(ctx *sim.Context, method string, req any) *call {
	var k *call
	if i := len(n.freeCalls); i > 0 {
		k = n.freeCalls[i-1]
		n.freeCalls = n.freeCalls[:i-1]
	} else {
		k = &call{net: n, wake: sim.NewChan[struct{}](n.env, "call", 1)}
		k.run = k.runHandler
		k.cases[0] = sim.OnRecv(k.wake, nil, nil)
	}
	n.lastCall++
	k.id, k.method, k.req, k.refs = n.lastCall, method, req, 1
	k.deadline = ctx.DeadlineAt()
	k.cases[1] = sim.OnDone(ctx)
	return k
}

// release gives up a reference; mu is held.
func (k *call) release() {
	k.refs--
	if k.refs > 0 {
		return
	}
	n := k.net
	*k = call{net: n, wake: k.wake, run: k.run, cases: [2]sim.Case{k.cases[0]}}
	n.freeCalls = append(n.freeCalls, k)
}

// Call asks the peer and blocks for the answer. It returns the handler's error as
// it is, an [*Error] if the transport failed (then the peer may or may not have
// done the work), or the error of ctx as soon as that ends; the peer is told. A
// connection is made first if there is none.
func (c *Conn) Call(ctx *sim.Context, method string, req any) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n, env := c.node.net, c.node.env
	n.mu.Lock()
	k, err := c.start(ctx, method, req, nil)
	n.mu.Unlock()
	if err != nil {
		return nil, err
	}
	started := c.emitCall(k)
	woken := env.Select(k.cases[:]...) == 0
	n.mu.Lock()
	if !k.finished {
		k.abandon()
		n.mu.Unlock()
		err = ctx.Err()
		c.emitReply(started, err)
		return nil, err
	}
	val, err := k.val, k.err
	if woken {
		k.release()
	}
	n.mu.Unlock()
	if !woken { // both happened: the call can be used again once its channel is empty
		k.wake.TryRecv()
		n.mu.Lock()
		k.release()
		n.mu.Unlock()
	}
	c.emitReply(started, err)
	return val, err
}

// start sends the request, now or when the connection is there; mu is held.
func (c *Conn) start(ctx *sim.Context, method string, req any, s *ClientStream) (*call, error) {
	if c.closed || !c.node.env.Alive() {
		return nil, &Error{Kind: Closed, From: c.node.Name(), To: c.to}
	}
	if c.current == nil {
		c.current = c.connect()
	}
	k := c.node.net.newCall(ctx, method, req)
	k.conn, k.stream = c.current, s
	if s != nil {
		s.call = k
		k.refs++ // never given back: the stream may be asked at any time
	}
	k.conn.pending.push(k)
	if k.conn.open {
		k.conn.client.out.send(k.conn.client.message(Request, k))
	}
	return k, nil
}

// response is the answer arriving at the client; mu is held.
func (k *call) response(val any, err error) {
	if k.pending {
		k.finish(val, err)
	}
}

// finish gives the client its result; in a callback, mu is held.
func (k *call) finish(val any, err error) {
	k.conn.pending.remove(k)
	k.val, k.err, k.finished = val, err, true
	k.wake.TrySend(struct{}{})
	if k.stream != nil {
		k.stream.ended.Set()
	}
}

// abandon is the client giving up: it tells the server and forgets the call. mu is held.
func (k *call) abandon() {
	k.conn.pending.remove(k)
	if k.conn.open && !k.conn.client.closed {
		k.conn.client.out.send(k.conn.client.message(Cancel, k))
	}
	k.release()
}

// callList is the calls that wait for an answer, in order of their start.
type callList struct{ head, tail *call }

func (l *callList) push(k *call) {
	k.prev, k.next, k.pending = l.tail, nil, true
	if l.tail == nil {
		l.head = k
	} else {
		l.tail.next = k
	}
	l.tail = k
}

func (l *callList) remove(k *call) {
	if k.prev == nil {
		l.head = k.next
	} else {
		k.prev.next = k.next
	}
	if k.next == nil {
		l.tail = k.prev
	} else {
		k.next.prev = k.prev
	}
	k.prev, k.next, k.pending = nil, nil, false
}
