package topo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// GlobalCell is the name under which the global topology stands in metrics and
// traces. spec: O-2
const GlobalCell = "global"

// openTimeout bounds the opening of a connection.
// spec: topo 7
const openTimeout = 5 * time.Second

// Options are the flags of a topology client; zero fields take the defaults.
type Options struct {
	// ServerHost is the host of the global topology server. Default "topo".
	ServerHost string
	// GlobalRoot is the root of the global records. Default "/vitess/global".
	GlobalRoot string
	// RemoteOperationTimeout bounds the initial read of a watch and the release of a
	// lock (--remote-operation-timeout). Default 15 s. spec: O-24, O-33
	RemoteOperationTimeout time.Duration
	// LockTimeout bounds the wait for a lock (--lock-timeout). Default 45 s. spec: O-33
	LockTimeout time.Duration
	// LeaseTTL is how long a lock lives after its acquisition and after each check
	// (--topo-etcd-lease-ttl), in whole seconds. Default 30 s. spec: O-38
	LeaseTTL time.Duration
	// ReadConcurrency bounds the reads in flight per cell (--topo-read-concurrency).
	// Default 32. spec: O-11
	ReadConcurrency int
}

func (o Options) withDefaults() Options {
	if o.ServerHost == "" {
		o.ServerHost = "topo"
	}
	if o.GlobalRoot == "" {
		o.GlobalRoot = "/vitess/global"
	}
	if o.RemoteOperationTimeout == 0 {
		o.RemoteOperationTimeout = 15 * time.Second
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = 45 * time.Second
	}
	if o.LeaseTTL == 0 {
		o.LeaseTTL = 30 * time.Second
	}
	if o.ReadConcurrency == 0 {
		o.ReadConcurrency = 32
	}
	return o
}

// Server is a process's view of the topology: typed reads, writes, watches and
// locks over connections to the global server and to the cells' servers. Safe for
// concurrent use. Records that it returns belong to the caller; records given to
// it are copied. No call has a time limit of its own unless it says so: with the
// topology down it blocks until ctx ends.
type Server struct {
	env        *sim.Env
	node       *simnet.Node
	opts       Options
	global     Conn
	openGlobal func(*sim.Context) error

	mu    *sim.Mutex // guards cells; held while a connection is opened (O-14)
	cells map[string]cellConn
}

type cellConn struct {
	info topodata.CellInfo
	conn Conn
}

// NewServer makes the view of the process behind node. It never blocks: it
// connects at first use. See Open for how programs start.
func NewServer(env *sim.Env, node *simnet.Node, opts Options) *Server {
	s := &Server{env: env.Named("topo"), node: node, opts: opts.withDefaults(), cells: map[string]cellConn{}}
	s.mu = s.env.NewMutex("cells")
	s.global, s.openGlobal = s.connect(GlobalCell, s.opts.ServerHost, s.opts.GlobalRoot)
	return s
}

// Open waits until the global server answers, at most 5 s. Programs call it at
// their start and exit if it fails. spec: O-83
func (s *Server) Open(ctx *sim.Context) error {
	if err := s.openGlobal(ctx); err != nil {
		//lint:ignore ST1005 the text is that of Vitess's programs
		return fmt.Errorf("Failed to open topo server (etcd2,%s,%s): %w", s.opts.ServerHost, s.opts.GlobalRoot, err)
	}
	return nil
}

// Options returns the options in force.
func (s *Server) Options() Options { return s.opts }

// Close closes all connections; the watches on them end without an error.
func (s *Server) Close() {
	s.global.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, cell := range slices.Sorted(maps.Keys(s.cells)) {
		s.cells[cell].conn.Close()
	}
	clear(s.cells)
}

// ConnForCell returns the connection to a cell's server (GlobalCell: the global
// one). It always reads the cell's CellInfo from the global topology first, also
// when the connection exists. spec: O-13, O-14
func (s *Server) ConnForCell(ctx *sim.Context, cell string) (Conn, error) {
	if cell == GlobalCell {
		return s.global, nil
	}
	info, err := s.GetCellInfo(ctx, cell)
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

// connect makes the connection to one server; open waits until it answers. This is
// where another implementation than etcd2 would be chosen.
func (s *Server) connect(cell, address, root string) (conn Conn, open func(*sim.Context) error) {
	env := s.env.Named(cell)
	etcd := newEtcdConn(env, s.node, etcdOptions{
		host: hostOf(address), root: root, leaseTTL: s.opts.LeaseTTL, rpcTimeout: s.opts.RemoteOperationTimeout,
	})
	open = func(ctx *sim.Context) error {
		ctx, cancel := env.WithTimeout(ctx, openTimeout)
		defer cancel()
		return etcd.open(ctx)
	}
	return limitReads(env, etcd, s.opts.ReadConcurrency), open
}

// hostOf cuts the port off an address.
func hostOf(address string) string {
	host, _, _ := strings.Cut(address, ":")
	return host
}
