package discovery

import (
	"hash/crc32"
	"maps"
	"slices"
	"time"

	"bufsim/gate/metrics"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// TabletReader reads tablet records; *topo.Server is one. All methods block until the topology
// answers or ctx ends.
type TabletReader interface {
	// GetTabletsByCell reads all records of a cell at once. With a PartialResult error it
	// gives what it could read.
	GetTabletsByCell(ctx *sim.Context, cell string) ([]*topodata.Tablet, error)
	// GetTabletsByShardCell reads the records of one shard's tablets in a cell.
	GetTabletsByShardCell(ctx *sim.Context, keyspace, shard, cell string) ([]*topodata.Tablet, error)
}

// TabletRecorder is told which tablets there are; *HealthCheck is one.
type TabletRecorder interface {
	AddTablet(tablet topodata.Tablet)
	RemoveTablet(alias topodata.TabletAlias)
	ReplaceTablet(old topodata.TabletAlias, tablet topodata.Tablet)
}

// WatcherOptions are the flags of the topology watchers.
type WatcherOptions struct {
	// RefreshInterval is `--tablet-refresh-interval`; 0 means 1m. spec: D-73
	RefreshInterval time.Duration
	// KeepKnown never reads known records again: `--tablet-refresh-known-tablets=false`.
	// spec: D-74
	KeepKnown bool
	// Keyspaces limits the tablets to those of some keyspaces; empty means all.
	Keyspaces []string
	Behaviors release.Behaviors
}

// TopologyWatcher looks into one cell for tablets, again and again, and tells the health
// check which ones came, went or moved. What a tablet serves is none of its business.
// spec: D-73..D-77
type TopologyWatcher struct {
	env    *sim.Env
	topo   TabletReader
	to     TabletRecorder
	cell   string
	load   *sim.Chan[KeyspaceShard]
	opts   WatcherOptions
	counts *watcherCounters
	ctx    *sim.Context

	known map[topodata.TabletAlias]topodata.Tablet // only its proc uses it
}

// StartTopologyWatchers starts one watcher for each cell. They share the load trigger: one of
// them, no matter which, gets each request. The first look at the topology is taken at once,
// in the background. Stop ends them and waits for them. spec: D-73, D-75, D-100
func StartTopologyWatchers(env *sim.Env, reader TabletReader, to TabletRecorder, load *sim.Chan[KeyspaceShard], cells []string, reg *metrics.Registry, opts WatcherOptions) (stop func()) {
	if opts.RefreshInterval == 0 {
		opts.RefreshInterval = time.Minute
	}
	ctx, cancel := env.WithCancel(env.Background())
	counts, ended := newWatcherCounters(reg), env.NewWaitGroup("topology-watchers")
	for _, cell := range cells {
		w := &TopologyWatcher{
			env: env.Named("topo-watcher-" + cell), topo: reader, to: to, cell: cell, load: load, opts: opts,
			counts: counts, ctx: ctx, known: map[topodata.TabletAlias]topodata.Tablet{},
		}
		ended.Add(1)
		w.env.GoDaemon("loop", func() {
			defer ended.Done()
			w.run()
		})
	}
	return func() {
		cancel()
		ended.Wait()
	}
}

// run looks at the start and at each tick, and in between where the health check asks for it.
func (w *TopologyWatcher) run() {
	next := w.env.Now()
	w.loadAll()
	next = w.tickAfter(next)
	for {
		var wanted KeyspaceShard
		switch w.env.Select(sim.OnDone(w.ctx), sim.OnRecv(w.load, &wanted, nil), sim.At(next)) {
		case 0:
			return
		case 1:
			w.loadShard(wanted)
		case 2:
			w.emptyTrigger()
			w.loadAll()
			next = w.tickAfter(next)
		}
	}
}

// tickAfter gives the next tick. While a look takes longer than the interval, one tick waits
// for its end; the others are lost.
func (w *TopologyWatcher) tickAfter(tick sim.Time) sim.Time {
	for tick = tick.Add(w.opts.RefreshInterval); tick.Add(w.opts.RefreshInterval) <= w.env.Now(); {
		tick = tick.Add(w.opts.RefreshInterval)
	}
	return tick
}

// emptyTrigger drops requests that a look at everything answers anyway. spec: D-75
func (w *TopologyWatcher) emptyTrigger() {
	for {
		if _, got := w.load.TryRecv(); !got {
			return
		}
	}
}

// loadShard looks for one shard's tablets; it adds and replaces but never removes. Before v22
// it reads the whole cell. spec: D-75
func (w *TopologyWatcher) loadShard(ks KeyspaceShard) {
	if !w.opts.Behaviors.LoadTriggerPerShard {
		w.loadAll()
		return
	}
	tablets, err := w.topo.GetTabletsByShardCell(w.ctx, ks.Keyspace, ks.Shard, w.cell)
	if err != nil {
		w.env.Logf("error", "error getting tablets for keyspace-shard: %s:%s: %v", ks.Keyspace, ks.Shard, err)
		return
	}
	w.merge(tablets, true)
}

// loadAll looks for all tablets of the cell. After an error everything stays as it was. In
// releases before v20 a tablet whose record alone cannot be read looks deleted.
// spec: D-73, discovery 12
func (w *TopologyWatcher) loadAll() {
	w.counts.operations.With(opListTablets).Add(1)
	tablets, err := w.topo.GetTabletsByCell(w.ctx, w.cell)
	partial := topo.IsErrType(err, topo.PartialResult)
	if err != nil {
		w.counts.errors.With(opListTablets).Add(1)
	}
	switch {
	case partial:
		w.env.Logf("error", "received partial result from getTablets for cell %s: %v", w.cell, err)
	case err != nil:
		w.env.Logf("error", "error getting tablets for cell: %s: %v", w.cell, err)
		return
	}
	w.merge(tablets, partial && w.opts.Behaviors.PartialTabletsKept)
}

// merge compares what was read with what is known. In a partial result nothing is missing.
// A record that only changed its type is not a change. spec: D-73, D-74
func (w *TopologyWatcher) merge(tablets []*topodata.Tablet, partial bool) {
	now := map[topodata.TabletAlias]topodata.Tablet{}
	if partial {
		maps.Copy(now, w.known)
	}
	for _, read := range tablets {
		tablet := *read
		if len(w.opts.Keyspaces) > 0 && !slices.Contains(w.opts.Keyspaces, tablet.Keyspace) {
			continue
		}
		old, known := w.known[tablet.Alias]
		if known && w.opts.KeepKnown {
			tablet = old
		}
		now[tablet.Alias] = tablet
		switch {
		case !known:
			w.counts.operations.With(opAddTablet).Add(1)
			w.to.AddTablet(tablet)
		case old.AddressKey() != tablet.AddressKey():
			w.counts.operations.With(opReplaceTablet).Add(1)
			w.to.ReplaceTablet(tablet.Alias, tablet)
		}
	}
	for _, alias := range sortedAliases(w.known) {
		if _, still := now[alias]; !still {
			w.counts.operations.With(opRemoveTablet).Add(1)
			w.to.RemoveTablet(alias)
		}
	}
	w.known = now
	w.counts.checksum.With(w.cell).Set(w.checksum())
}

func (w *TopologyWatcher) checksum() int64 {
	sum := crc32.NewIEEE()
	for _, alias := range sortedAliases(w.known) {
		sum.Write([]byte(alias.String()))
	}
	return int64(sum.Sum32())
}

func sortedAliases(m map[topodata.TabletAlias]topodata.Tablet) []topodata.TabletAlias {
	return slices.SortedFunc(maps.Keys(m), topodata.TabletAlias.Compare)
}
