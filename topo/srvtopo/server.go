package srvtopo

import (
	"errors"
	"time"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// Topo is what the cache reads; *topo.Server is one.
type Topo interface {
	WatchSrvKeyspace(ctx *sim.Context, cell, keyspace string) (*topodata.SrvKeyspace, *sim.Chan[topo.SrvKeyspaceWatch], error)
	WatchSrvVSchema(ctx *sim.Context, cell string) (*topodata.SrvVSchema, *sim.Chan[topo.SrvVSchemaWatch], error)
	GetSrvKeyspaceNames(ctx *sim.Context, cell string) ([]string, error)
}

// Options are the flags of the cache; zero fields take the defaults.
type Options struct {
	// CacheTTL is how long a value is good after its watch broke or its query
	// (--srv-topo-cache-ttl). Default 1 s.
	CacheTTL time.Duration
	// CacheRefresh is the pause between attempts to watch or query again
	// (--srv-topo-cache-refresh); at most CacheTTL. Default 1 s.
	CacheRefresh time.Duration
	// QueryTimeout bounds one query (--srv-topo-timeout). Default 5 s.
	QueryTimeout time.Duration
	// TellEveryError calls listeners at every failed attempt, also while a value is
	// cached, as releases before 2025 do. spec: O-62, D-81
	TellEveryError bool
}

func (o Options) withDefaults() Options {
	if o.CacheTTL == 0 {
		o.CacheTTL = time.Second
	}
	if o.CacheRefresh == 0 {
		o.CacheRefresh = time.Second
	}
	if o.QueryTimeout == 0 {
		o.QueryTimeout = 5 * time.Second
	}
	return o
}

// ErrRefreshExceedsTTL refuses options in which the cache would always be stale.
var ErrRefreshExceedsTTL = errors.New("srv-topo-cache-refresh must be less than or equal to srv-topo-cache-ttl")

// ResilientServer caches the serving graph. Values that it returns are shared and
// must not be changed. Safe for concurrent use.
type ResilientServer struct {
	env  *sim.Env
	topo Topo
	opts Options

	counts *counters

	mu        *sim.Mutex // guards the maps
	keyspaces map[keyspaceKey]*watchEntry[topodata.SrvKeyspace]
	vschemas  map[string]*watchEntry[topodata.SrvVSchema]
	names     map[string]*queryEntry
}

// keyspaceKey names the SrvKeyspace of a keyspace in a cell.
type keyspaceKey struct{ cell, keyspace string }

// NewResilientServer makes an empty cache over ts. It fails if CacheRefresh
// exceeds CacheTTL. spec: topo 9
func NewResilientServer(env *sim.Env, ts Topo, opts Options) (*ResilientServer, error) {
	opts = opts.withDefaults()
	if opts.CacheRefresh > opts.CacheTTL {
		return nil, ErrRefreshExceedsTTL
	}
	env = env.Named("srvtopo")
	return &ResilientServer{
		env: env, topo: ts, opts: opts, counts: newCounters(env), mu: env.NewMutex("mu"),
		keyspaces: map[keyspaceKey]*watchEntry[topodata.SrvKeyspace]{},
		vschemas:  map[string]*watchEntry[topodata.SrvVSchema]{},
		names:     map[string]*queryEntry{},
	}, nil
}

// GetSrvKeyspace gives a cell's serving record of a keyspace. It blocks only while
// a watch is being opened and there is no fresh value, until that attempt or ctx
// ends. spec: O-58, O-59, D-79
func (r *ResilientServer) GetSrvKeyspace(ctx *sim.Context, cell, keyspace string) (*topodata.SrvKeyspace, error) {
	return r.keyspace(cell, keyspace).get(ctx)
}

// WatchSrvKeyspace calls listener with what GetSrvKeyspace would give, for which it
// may block until a watch has been opened or has failed, and then at each change
// until the listener returns false. The first value may come twice. Errors are told
// only when no value is cached (see Options.TellEveryError). Calls come one at a
// time with the entry locked: the listener must not ask the cache for the same
// record. spec: O-62, O-63, D-51, D-81
func (r *ResilientServer) WatchSrvKeyspace(cell, keyspace string, listener func(*topodata.SrvKeyspace, error) bool) {
	r.keyspace(cell, keyspace).addListener(listener)
}

// GetSrvVSchema gives a cell's routing record; see GetSrvKeyspace.
func (r *ResilientServer) GetSrvVSchema(ctx *sim.Context, cell string) (*topodata.SrvVSchema, error) {
	return r.vschema(cell).get(ctx)
}

// WatchSrvVSchema is WatchSrvKeyspace for a cell's routing record.
func (r *ResilientServer) WatchSrvVSchema(cell string, listener func(*topodata.SrvVSchema, error) bool) {
	r.vschema(cell).addListener(listener)
}

// GetSrvKeyspaceNames lists the keyspaces of a cell from a query at most CacheTTL
// old; with staleOK two refresh intervals more. Otherwise it waits for a new query
// until ctx ends. spec: O-64, D-82
func (r *ResilientServer) GetSrvKeyspaceNames(ctx *sim.Context, cell string, staleOK bool) ([]string, error) {
	r.mu.Lock()
	entry := r.names[cell]
	if entry == nil {
		entry = newQueryEntry(r.env, r.opts, r.counts, func(ctx *sim.Context) ([]string, error) {
			return r.topo.GetSrvKeyspaceNames(ctx, cell)
		})
		r.names[cell] = entry
	}
	r.mu.Unlock()
	return entry.get(ctx, staleOK)
}

func (r *ResilientServer) keyspace(cell, keyspace string) *watchEntry[topodata.SrvKeyspace] {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := keyspaceKey{cell, keyspace}
	entry := r.keyspaces[key]
	if entry == nil {
		entry = newWatchEntry(r.env, r.opts, r.counts, cell+"."+keyspace, func(ctx *sim.Context) (*topodata.SrvKeyspace, *sim.Chan[topo.SrvKeyspaceWatch], error) {
			return r.topo.WatchSrvKeyspace(ctx, cell, keyspace)
		})
		r.keyspaces[key] = entry
	}
	return entry
}

func (r *ResilientServer) vschema(cell string) *watchEntry[topodata.SrvVSchema] {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry := r.vschemas[cell]
	if entry == nil {
		entry = newWatchEntry(r.env, r.opts, r.counts, cell, func(ctx *sim.Context) (*topodata.SrvVSchema, *sim.Chan[topo.SrvVSchemaWatch], error) {
			return r.topo.WatchSrvVSchema(ctx, cell)
		})
		r.vschemas[cell] = entry
	}
	return entry
}
