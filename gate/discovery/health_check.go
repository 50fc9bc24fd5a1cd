package discovery

import (
	"time"

	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// Options are the flags of a health check; zero durations and counts mean the defaults of
// Vitess's vtgate. spec: discovery 1
type Options struct {
	// LocalCell is the gate's cell.
	LocalCell string
	// RetryDelay (2ms) and Timeout (1m) are `--healthcheck-retry-delay` and
	// `--healthcheck-timeout`. spec: D-11, D-13
	RetryDelay, Timeout time.Duration
	// LagLow (30s), LagHigh (2h) and ServingMin (2) choose among replicas. spec: D-45, D-46
	LagLow, LagHigh time.Duration
	ServingMin      int
	// LegacyLagAlgorithm is `--legacy-replication-lag-algorithm`.
	LegacyLagAlgorithm bool
	// Behaviors are those of the release.
	Behaviors release.Behaviors
}

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&o.RetryDelay, 2*time.Millisecond)
	def(&o.Timeout, time.Minute)
	def(&o.LagLow, 30*time.Second)
	def(&o.LagHigh, 2*time.Hour)
	if o.ServingMin == 0 {
		o.ServingMin = 2
	}
	return o
}

// CellAliases tells cells that lie close to each other: two cells with the same alias share
// their replicas. spec: D-42
type CellAliases interface {
	// AliasOfCell gives the alias of a cell, or the cell itself if it has none.
	AliasOfCell(ctx *sim.Context, cell string) string
}

// KeyspaceShard names one shard.
type KeyspaceShard struct{ Keyspace, Shard string }

// loadTriggerCapacity bounds the requests to look for a shard's tablets. spec: discovery 1
const loadTriggerCapacity = 1024

// HealthCheck keeps one health stream per tablet and what it learns from them. Its methods
// are safe for concurrent use and never wait for a tablet, except Close.
// spec: discovery 3 and 4
type HealthCheck struct {
	env     *sim.Env
	dialer  Dialer
	aliases CellAliases
	counts  counters
	opts    Options
	ctx     *sim.Context
	cancel  func()
	loops   *sim.WaitGroup
	load    *sim.Chan[KeyspaceShard]

	mu      *sim.Mutex
	byAlias map[topodata.TabletAlias]*tabletCheck
	cache   map[targetKey]map[topodata.TabletAlias]*TabletHealth
	// healthy holds lists that are replaced, never changed, so that readers may keep them.
	healthy map[targetKey][]*TabletHealth

	subsMu *sim.Mutex
	subs   []*subscriber

	cellsMu     *sim.Mutex
	cellAliases map[string]string
}

// NewHealthCheck starts a health check without tablets. aliases may be nil: then no cells
// are close to each other.
func NewHealthCheck(env *sim.Env, dialer Dialer, aliases CellAliases, reg *metrics.Registry, opts Options) *HealthCheck {
	env = env.Named("hc")
	hc := &HealthCheck{
		env: env, dialer: dialer, aliases: aliases, counts: newCounters(reg), opts: opts.withDefaults(),
		loops: env.NewWaitGroup("loops"), load: sim.NewChan[KeyspaceShard](env, "load-trigger", loadTriggerCapacity),
		mu:          env.NewMutex("health"),
		byAlias:     map[topodata.TabletAlias]*tabletCheck{},
		cache:       map[targetKey]map[topodata.TabletAlias]*TabletHealth{},
		healthy:     map[targetKey][]*TabletHealth{},
		subsMu:      env.NewMutex("subscribers"),
		cellsMu:     env.NewMutex("cell-aliases"),
		cellAliases: map[string]string{},
	}
	hc.ctx, hc.cancel = env.WithCancel(env.Background())
	return hc
}

// AddTablet starts to check a tablet. A record without a gRPC port is ignored, as is an alias
// that is known already. Subscribers hear of the tablet at once, as not serving.
// spec: D-10
func (hc *HealthCheck) AddTablet(tablet topodata.Tablet) {
	if tablet.PortMap.GRPC == 0 {
		return
	}
	hc.mu.Lock()
	defer hc.mu.Unlock()
	if _, known := hc.byAlias[tablet.Alias]; known {
		hc.env.Logf("error", "Program bug: tried to add existing tablet: %s to healthcheck", tablet.Alias)
		return
	}
	t := newTabletCheck(hc, tablet)
	hc.byAlias[tablet.Alias] = t
	first := t.snapshot()
	hc.putInCache(first)
	hc.broadcast(first)
	hc.loops.Add(1)
	hc.env.GoDaemon(shortName(tablet.Alias), func() {
		defer hc.loops.Done()
		t.run()
	})
}

// RemoveTablet forgets a tablet. Nobody is told. spec: D-37
func (hc *HealthCheck) RemoveTablet(alias topodata.TabletAlias) {
	hc.mu.Lock()
	defer hc.mu.Unlock()
	hc.remove(alias)
}

// ReplaceTablet checks a tablet at another address. spec: D-38
func (hc *HealthCheck) ReplaceTablet(old topodata.TabletAlias, tablet topodata.Tablet) {
	hc.RemoveTablet(old)
	hc.AddTablet(tablet)
}

// HealthyTablets gives the tablets that may be used for a target; the cell in it does not
// matter. The slice is shared and must not be changed. spec: D-39
func (hc *HealthCheck) HealthyTablets(target query.Target) []*TabletHealth {
	hc.mu.Lock()
	defer hc.mu.Unlock()
	return hc.healthy[keyOf(target)]
}

// TabletByAlias gives what is known of one tablet. It fails for an alias that is not known
// and for a tablet that has no connection now. spec: D-40
func (hc *HealthCheck) TabletByAlias(alias topodata.TabletAlias) (*TabletHealth, error) {
	hc.mu.Lock()
	t := hc.byAlias[alias]
	hc.mu.Unlock()
	if t != nil {
		if conn := t.currentConn(); conn != nil {
			return &TabletHealth{Tablet: t.tablet, Conn: conn}, nil
		}
	}
	return nil, vterr.TabletDown(alias.String())
}

// LoadTrigger is where shards without a known primary are queued, for the topology watchers.
// spec: D-32, D-75
func (hc *HealthCheck) LoadTrigger() *sim.Chan[KeyspaceShard] { return hc.load }

// Close ends all streams and closes the subscribers' channels. It blocks until the loops have
// ended. spec: D-86
func (hc *HealthCheck) Close() {
	hc.cancel()
	hc.mu.Lock()
	clear(hc.byAlias)
	hc.mu.Unlock()
	hc.closeSubscribers()
	hc.loops.Wait()
}
