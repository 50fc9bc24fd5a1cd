package simnet

import "bufsim/sim"

// connection is one TCP connection. Its two ends learn of each other only by
// messages: each has its own view of whether the connection still exists.
type connection struct {
	net    *Network
	id     uint64
	client end
	server end
	dialer *Conn

	// The client's side.
	open    bool // the server accepted
	pending callList
	alive   keepalive

	// The server's side: the parents of the contexts of calls.
	ctx      *sim.Context // ends with the connection
	detached *sim.Context // never ends
	endCtx   func()
}

// end is one end of a connection.
type end struct {
	conn   *connection
	peer   *end
	host   string
	node   *Node // nil at the server's end until the connect arrives
	index  int   // in node.ends
	closed bool  // here the connection does not exist (any more)
	out    pipe  // to the peer
}

// connect starts a new connection of c; mu is held.
func (c *Conn) connect() *connection {
	n := c.node.net
	n.lastConn++
	k := &connection{net: n, id: n.lastConn, dialer: c}
	from := c.node.Name()
	k.client = end{conn: k, peer: &k.server, host: from, out: pipe{net: n, link: n.link(from, c.to), to: &k.server}}
	k.server = end{conn: k, peer: &k.client, host: c.to, out: pipe{net: n, link: n.link(c.to, from), to: &k.client}}
	c.node.addEnd(&k.client)
	k.client.send(Connect)
	k.startKeepalive(c.opts)
	return k
}

// message returns a message to the peer that is not sent yet; mu is held.
func (e *end) message(kind MessageKind, k *call) *message {
	m := e.conn.net.newMessage()
	m.From, m.To, m.Kind, m.ConnID = e.host, e.peer.host, kind, e.conn.id
	if k != nil {
		k.refs++
		m.call, m.Method = k, k.method
	}
	return m
}

// send sends a message without contents to the peer; mu is held.
func (e *end) send(kind MessageKind) { e.out.send(e.message(kind, nil)) }

// receive takes a message from the peer; in a callback, mu is held. Messages to an
// end that is closed, or whose process has died, vanish: when it ended it sent a
// reset, which tells the peer.
func (e *end) receive(m *message) {
	if e.closed || e.node != nil && !e.node.env.Alive() {
		return
	}
	if e == &e.conn.server {
		e.conn.serverReceive(m)
	} else {
		e.conn.clientReceive(m)
	}
}

func (k *connection) serverReceive(m *message) {
	switch m.Kind {
	case Connect:
		k.knock()
	case Request:
		k.serve(m.call)
	case Cancel:
		m.call.cancelled()
	case ResetConn:
		k.server.shut(Reset, false)
	case Keepalive:
		// A timer of the server's: a paused process answers no probe.
		k.server.node.env.AfterFunc(0, "pong", func() {
			k.net.mu.Lock()
			if !k.server.closed {
				k.server.send(Keepalive)
			}
			k.net.mu.Unlock()
		})
	}
}

func (k *connection) clientReceive(m *message) {
	k.alive.heard(k.net.env.Now())
	switch m.Kind {
	case Connect:
		k.accepted()
	case Response:
		m.call.response(m.val, m.err)
	case StreamValue:
		m.call.streamValue(m.val)
	case ResetConn:
		kind := Reset
		if m.refused {
			kind = Refused
		}
		k.client.shut(kind, false)
	}
}

// knock asks the server's process to accept. It does so in a timer of its own: a
// paused process accepts nobody.
func (k *connection) knock() {
	n := k.net
	nd := n.nodes[k.server.host]
	if nd == nil || !nd.env.Alive() || n.refusing[k.server.host] {
		k.refuse()
		return
	}
	nd.addEnd(&k.server)
	nd.env.AfterFunc(0, "accept", func() {
		n.mu.Lock()
		switch {
		case k.server.closed:
		case !nd.listening:
			k.refuse()
		default:
			k.accept()
		}
		n.mu.Unlock()
	})
}

func (k *connection) accept() {
	env := k.server.node.env
	k.detached = env.WithValue(env.Background(), connKey{}, k)
	k.ctx, k.endCtx = env.WithCancel(k.detached)
	k.server.send(Connect)
}

func (k *connection) refuse() {
	m := k.server.message(ResetConn, nil)
	m.refused = true
	k.server.out.send(m)
	k.server.shut(Refused, false)
}

// accepted is the client learning that the connection is open: the requests that
// waited go out.
func (k *connection) accepted() {
	k.open = true
	k.emitOpen()
	for c := k.pending.head; c != nil; c = c.next {
		k.client.out.send(k.client.message(Request, c))
		if c.stream != nil {
			c.wake.TrySend(struct{}{})
		}
	}
}

// shut ends the connection at this end: what depends on it here fails. With tell
// the peer is sent a reset. In a callback, mu is held.
func (e *end) shut(kind ErrorKind, tell bool) {
	if e.closed {
		return
	}
	e.closed = true
	if e.node != nil {
		e.node.removeEnd(e)
	}
	if e == &e.conn.server {
		e.conn.serverEnded()
	} else {
		e.conn.clientEnded(kind)
	}
	if e.peer.closed {
		e.out.clear()
		e.peer.out.clear()
	} else if tell {
		e.send(ResetConn)
	}
}

func (k *connection) clientEnded(kind ErrorKind) {
	k.alive.stop()
	c := k.dialer
	c.current = nil // it was k: there is no other connection until k has ended
	c.closed = c.closed || c.opts.Once
	err := &Error{Kind: kind, From: k.client.host, To: k.server.host}
	for _, waiting := range k.inAnyOrder() {
		if waiting.pending {
			waiting.finish(nil, err)
		}
	}
	if !c.node.env.Alive() {
		return
	}
	k.emitBreak(kind)
	if k.open && len(c.onBreak) > 0 {
		fns := c.onBreak
		c.onBreak = nil
		c.node.env.Go("conn-broken", func() {
			for _, fn := range fns {
				fn(err)
			}
		})
	}
}

// inAnyOrder gives the calls that wait for answers. A transport that breaks ends its streams in
// no order: who learns of it first, a health stream or a query, is open.
func (k *connection) inAnyOrder() []*call {
	var list []*call
	for c := k.pending.head; c != nil; c = c.next {
		list = append(list, c)
	}
	if len(list) > 1 {
		k.client.node.net.endings.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	return list
}

func (k *connection) serverEnded() {
	if k.ctx == nil {
		return // never accepted
	}
	k.endCtx()
	nd := k.server.node
	if len(nd.onClosed) > 0 && nd.env.Alive() {
		nd.env.Go("conn-closed", func() {
			for _, fn := range nd.onClosed {
				fn(k.id)
			}
		})
	}
}

type connKey struct{}

func callerConn(ctx *sim.Context) *connection {
	k, _ := ctx.Value(connKey{}).(*connection)
	return k
}

// PeerName returns the host name of the caller, given the context of a handler;
// "" for any other context.
func PeerName(ctx *sim.Context) string {
	if k := callerConn(ctx); k != nil {
		return k.client.host
	}
	return ""
}

// ConnID identifies the connection that a call came on, given the context of its
// handler; 0 for any other context. Ids are not used twice.
func ConnID(ctx *sim.Context) uint64 {
	if k := callerConn(ctx); k != nil {
		return k.id
	}
	return 0
}
