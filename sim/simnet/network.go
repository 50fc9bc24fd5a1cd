package simnet

import "bufsim/sim"

// Network is all links between hosts and the connections over them. Its methods
// may be called from procs and callbacks of any host; none of them blocks.
type Network struct {
	env     *sim.Env
	opts    Options
	endings *sim.Rand // in which order the calls of a broken connection end; under mu

	// mu guards everything below, and all connections, calls and streams. Nothing
	// waits while holding it, and procs (unlike callbacks) wake nobody while
	// holding it: in a World it is never contended, so that callbacks can take it.
	mu       *sim.Mutex
	nodes    map[string]*Node // the latest incarnation of each host
	links    map[linkKey]*link
	refusing map[string]bool
	rules    []*ruleEntry
	held     []*pipe // pipes whose next message a rule holds
	lastConn uint64
	lastCall uint64

	freeMessages []*message
	freeTokens   []*token
	freeCalls    []*call
}

// New returns a network without nodes. env belongs to a host that never crashes;
// it owns the timers of messages on their way.
func New(env *sim.Env, opts Options) *Network {
	return &Network{
		env: env, opts: opts, mu: env.NewMutex("mu"), endings: env.Rand("net/endings"),
		nodes: map[string]*Node{}, links: map[linkKey]*link{}, refusing: map[string]bool{},
	}
}

// Node returns the endpoint of this incarnation of env's host. Make it once per
// boot; it ends with the incarnation, and the peers of its connections see a reset.
func (n *Network) Node(env *sim.Env) *Node {
	nd := &Node{net: n, env: env, methods: map[string]method{}}
	crashed := n.env.NewTimer("crashed", nd.crashed)
	env.OnCrash(func() { crashed.Reset(0) })
	n.mu.Lock()
	n.nodes[env.HostName()] = nd
	n.mu.Unlock()
	return nd
}

// soon runs fn at this instant in a callback of the network, with mu held. What
// wakes others is done there: a proc could be unwound by a crash half-way.
func (n *Network) soon(name string, fn func()) {
	n.env.AfterFunc(0, name, func() {
		n.mu.Lock()
		fn()
		n.mu.Unlock()
	})
}
