package topo

import (
	"errors"
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// The reserved names of the connections to the global topology, which stand in metrics
// and traces, too. spec: O-2
const (
	GlobalCell         = "global"
	GlobalReadOnlyCell = "global-read-only"
)

// openTimeout bounds the opening of a connection.
// spec: topo 7
const openTimeout = 5 * time.Second

// Options are the flags of a topology client; zero fields take the defaults.
type Options struct {
	// Implementation names the implementation (--topo-implementation): etcd2, zk2, consul
	// or memorytopo. Default etcd2; the server must be of the same. spec: O-1, O-44
	Implementation string
	// ServerHost is the host of the global topology server, perhaps with a port
	// (--topo-global-server-address); in zk2 that of observers may follow after a bar.
	// Default "topo". spec: O-1, O-2
	ServerHost string
	// GlobalRoot is the root of the global records (--topo-global-root). Default
	// "/vitess/global". spec: O-1
	GlobalRoot string
	// RemoteOperationTimeout bounds the initial read of a watch and the release of a
	// lock (--remote-operation-timeout). Default 15 s. spec: O-24, O-33
	RemoteOperationTimeout time.Duration
	// LockTimeout bounds the wait for a lock (--lock-timeout). Default 45 s. spec: O-33
	LockTimeout time.Duration
	// LeaseTTL is how long a lock of etcd2 lives after its acquisition and after each
	// check (--topo-etcd-lease-ttl), in whole seconds. Default 30 s. spec: O-38
	LeaseTTL time.Duration
	// ZKBaseTimeout is how long a session of zk2 outlives its client
	// (--topo-zk-base-timeout). Default 30 s. spec: O-39
	ZKBaseTimeout time.Duration
	// ConsulLockSessionTTL is how long a lock of consul outlives its holder
	// (--topo-consul-lock-session-ttl), ConsulLockDelay for how long nobody else gets it
	// then (--topo-consul-lock-delay). Default 15 s each. spec: O-39
	ConsulLockSessionTTL, ConsulLockDelay time.Duration
	// ConsulWatchPollDuration is the length of one poll of a watch in consul
	// (--topo-consul-watch-poll-duration). Default 30 s. spec: O-28
	ConsulWatchPollDuration time.Duration
	// ReadConcurrency bounds the reads in flight per cell (--topo-read-concurrency).
	// Default 32. spec: O-11
	ReadConcurrency int
}

func (o Options) withDefaults() Options {
	setDefault(&o.Implementation, wire.Etcd2)
	setDefault(&o.ServerHost, "topo")
	setDefault(&o.GlobalRoot, "/vitess/global")
	setDefault(&o.RemoteOperationTimeout, 15*time.Second)
	setDefault(&o.LockTimeout, 45*time.Second)
	setDefault(&o.LeaseTTL, 30*time.Second)
	setDefault(&o.ZKBaseTimeout, 30*time.Second)
	setDefault(&o.ConsulLockSessionTTL, 15*time.Second)
	setDefault(&o.ConsulLockDelay, 15*time.Second)
	setDefault(&o.ConsulWatchPollDuration, 30*time.Second)
	setDefault(&o.ReadConcurrency, 32)
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// The flags that a program must be given. spec: O-83
var (
	errNoAddress = errors.New("topo-global-server-address must be configured")
	errNoRoot    = errors.New("topo-global-root must be non-empty")
)

// OpenServer is what programs do at their start: they must be told the address and the
// root of the global topology, and exit with the error if it does not open. spec: O-83
func OpenServer(ctx *sim.Context, env *sim.Env, node *simnet.Node, opts Options) (*Server, error) {
	switch {
	case opts.ServerHost == "":
		return nil, errNoAddress
	case opts.GlobalRoot == "":
		return nil, errNoRoot
	}
	s := NewServer(env, node, opts)
	if err := s.Open(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Open waits until the global server answers, at most 5 s; zk2, consul and memorytopo
// open without the server. Programs exit with the error, after logging it. spec: O-83
func (s *Server) Open(ctx *sim.Context) error {
	if err := s.openGlobal(ctx); err != nil {
		//lint:ignore ST1005 the text is that of Vitess's programs
		return fmt.Errorf("Failed to open topo server (%s,%s,%s): %w", s.opts.Implementation, s.opts.ServerHost, s.opts.GlobalRoot, err)
	}
	return nil
}
