package simnet

// Conn is a channel to one peer, over at most one connection at a time. It
// connects at its first use and, after the connection broke, at the next use.
type Conn struct {
	node    *Node
	to      string
	opts    DialOptions
	closed  bool
	current *connection // being made, or open; nil if there is none
	onBreak []func(error)
}

// Dial returns a channel to the named host. It never blocks and never fails; the
// connection is made at the first use.
func (nd *Node) Dial(to string, opts DialOptions) *Conn {
	nd.env.Assert(opts.KeepaliveTime <= 0 || opts.KeepaliveTimeout > 0, "simnet-keepalive-needs-a-timeout")
	return &Conn{node: nd, to: to, opts: opts}
}

// Close ends the channel: calls under way and later ones fail with Closed, and the
// peer is told. It may be called again.
func (c *Conn) Close() {
	n := c.node.net
	n.mu.Lock()
	k := c.current
	closing := !c.closed && k != nil
	c.closed = true
	n.mu.Unlock()
	if closing {
		n.soon("close", func() { k.client.shut(Closed, true) })
	}
}

// OnBreak has fn called, in a proc of its own, with the error of the next break of
// an open connection, Close included; once. A refused connection is none.
func (c *Conn) OnBreak(fn func(error)) {
	c.node.net.mu.Lock()
	c.onBreak = append(c.onBreak, fn)
	c.node.net.mu.Unlock()
}
