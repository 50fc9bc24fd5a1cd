package topo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// Server is a process's view of the topology: typed reads, writes, watches and
// locks over connections to the global server and to the cells' servers. Safe for
// concurrent use. Records that it returns belong to the caller; records given to
// it are copied. No call has a time limit of its own unless it says so: with the
// topology down it blocks until ctx ends.
type Server struct {
	env     *sim.Env
	node    *simnet.Node
	opts    Options
	flavour *flavour // nil if the implementation is unknown
	global  Conn
	// globalReadOnly is another connection than global only where there are observers.
	globalReadOnly Conn
	openGlobal     func(*sim.Context) error

	mu     *sim.Mutex // guards what follows; held while a connection is opened (O-14)
	cells  map[string]cellConn
	counts map[string]*connCounts
	// aliases are the aliases of cells that were looked up (O-15).
	aliases map[string]string
}

type cellConn struct {
	info topodata.CellInfo
	conn Conn
}

// NewServer makes the view of the process behind node. It never blocks: it
// connects at first use. See Open for how programs start.
func NewServer(env *sim.Env, node *simnet.Node, opts Options) *Server {
	s := &Server{
		env: env.Named("topo"), node: node, opts: opts.withDefaults(),
		cells: map[string]cellConn{}, counts: map[string]*connCounts{}, aliases: map[string]string{},
	}
	s.mu = s.env.NewMutex("cells")
	s.connectGlobal()
	return s
}

// connectGlobal makes the connections to the global topology. spec: O-2
func (s *Server) connectGlobal() {
	f, err := flavourOf(s.opts.Implementation)
	if err != nil {
		s.global = s.refusing(GlobalCell, err)
		s.globalReadOnly, s.openGlobal = s.global, func(*sim.Context) error { return err }
		return
	}
	s.flavour = f
	voters, observers, observed := strings.Cut(s.opts.ServerHost, "|")
	s.global, s.openGlobal = s.connect(GlobalCell, voters, s.opts.GlobalRoot)
	s.globalReadOnly = s.global
	if observed && f.observers {
		conn, _ := s.connect(GlobalReadOnlyCell, observers, s.opts.GlobalRoot)
		conn.readOnly = true
		s.globalReadOnly = conn
	}
}

// Options returns the options in force.
func (s *Server) Options() Options { return s.opts }

// Close closes all connections; the watches on them end without an error.
func (s *Server) Close() {
	s.global.Close()
	if s.globalReadOnly != s.global {
		s.globalReadOnly.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cell := range slices.Sorted(maps.Keys(s.cells)) {
		s.cells[cell].conn.Close()
	}
	clear(s.cells)
}

// ConnForCell returns the connection to a cell's server (GlobalCell and
// GlobalReadOnlyCell: the global ones). It always reads the cell's CellInfo from the
// global topology first, read-only where it can, also when the connection exists.
// spec: O-13, O-14
func (s *Server) ConnForCell(ctx *sim.Context, cell string) (Conn, error) {
	switch cell {
	case GlobalCell:
		return s.global, nil
	case GlobalReadOnlyCell:
		return s.globalReadOnly, nil
	}
	info, _, err := getRecord[topodata.CellInfo](ctx, s.globalReadOnly, cellInfoPath(cell))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.cells[cell]; ok {
		if c.info == *info {
			return c.conn, nil
		}
		c.conn.Close()
		delete(s.cells, cell)
	}
	conn, open := s.connect(cell, info.ServerAddress, info.Root)
	if err := open(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("failed to create topo connection to %s, %s: %w", info.ServerAddress, info.Root, err)
	}
	s.cells[cell] = cellConn{info: *info, conn: conn}
	return conn, nil
}

// connect makes the connection to one server; open waits until it answers, unless the
// implementation is lazy.
func (s *Server) connect(cell, address, root string) (conn *statsConn, open func(*sim.Context) error) {
	env := s.env.Named(cell)
	remote := newRemoteConn(env, s.node, s.flavour, s.opts, hostOf(address), root)
	open = func(ctx *sim.Context) error {
		ctx, cancel := env.WithTimeout(ctx, openTimeout)
		defer cancel()
		return remote.open(ctx)
	}
	return s.measured(env, cell, remote), open
}

// hostOf cuts observers and the port off an address.
func hostOf(address string) string {
	host, _, _ := strings.Cut(address, "|")
	host, _, _ = strings.Cut(host, ":")
	return host
}
