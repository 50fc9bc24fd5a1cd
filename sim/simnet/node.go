package simnet

import (
	"slices"

	"bufsim/sim"
)

// Node is a process on the network: it serves methods and dials other nodes.
type Node struct {
	net       *Network
	env       *sim.Env
	methods   map[string]method
	listening bool
	ends      []*end // of the connections accepted and dialled here
	onClosed  []func(connID uint64)
}

// method is how a node serves one method; one of the handlers is set.
type method struct {
	call     Handler
	stream   StreamHandler
	detached bool
}

// Name returns the name of the node's host.
func (nd *Node) Name() string { return nd.env.HostName() }

// Handle registers the handler of a method. Register before Listen.
func (nd *Node) Handle(name string, h Handler) { nd.register(name, method{call: h}) }

// HandleDetached is Handle for a server that does not read its socket while it
// works, as MySQL's: ctx has no deadline and does not end when the caller gives
// up or its connection breaks.
func (nd *Node) HandleDetached(name string, h Handler) {
	nd.register(name, method{call: h, detached: true})
}

// HandleStream registers the handler of a method that answers with a stream.
func (nd *Node) HandleStream(name string, h StreamHandler) { nd.register(name, method{stream: h}) }

func (nd *Node) register(name string, m method) {
	nd.net.mu.Lock()
	nd.methods[name] = m
	nd.net.mu.Unlock()
}

// Listen accepts connections from now on. Before, and after StopListening, those
// who dial are refused.
func (nd *Node) Listen() { nd.setListening(true) }

// StopListening refuses new connections; existing ones go on.
func (nd *Node) StopListening() { nd.setListening(false) }

func (nd *Node) setListening(on bool) {
	nd.net.mu.Lock()
	nd.listening = on
	nd.net.mu.Unlock()
}

// CloseConns cuts all connections that were accepted or dialled here: calls from
// here fail with Closed, the peers see a reset once it has travelled to them. A
// dialled [Conn] stays usable and connects anew.
func (nd *Node) CloseConns() {
	nd.net.mu.Lock()
	ends := slices.Clone(nd.ends)
	nd.net.mu.Unlock()
	nd.net.soon("close-conns", func() {
		for _, e := range ends {
			e.shut(Closed, true)
		}
	})
}

// OnConnClosed has fn called, in a proc of its own on this host, whenever a
// connection that was accepted here has ended. It is for servers that keep
// sessions by [ConnID]. Register before Listen.
func (nd *Node) OnConnClosed(fn func(connID uint64)) {
	nd.net.mu.Lock()
	nd.onClosed = append(nd.onClosed, fn)
	nd.net.mu.Unlock()
}

// crashed is a callback: the kernel of the dead process's machine resets its
// connections.
func (nd *Node) crashed() {
	nd.net.mu.Lock()
	for len(nd.ends) > 0 {
		nd.ends[len(nd.ends)-1].shut(Reset, true)
	}
	nd.net.mu.Unlock()
}

func (nd *Node) addEnd(e *end) {
	e.node, e.index = nd, len(nd.ends)
	nd.ends = append(nd.ends, e)
}

func (nd *Node) removeEnd(e *end) {
	last := len(nd.ends) - 1
	nd.ends[e.index] = nd.ends[last]
	nd.ends[e.index].index = e.index
	nd.ends[last] = nil
	nd.ends = nd.ends[:last]
}
