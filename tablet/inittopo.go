package tablet

import (
	"fmt"
	"slices"
	"time"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// The back-off of a start that cannot read its shard: each pause 1.3 times the one before, and
// up to a fifth shorter by chance. spec: O-66, T-85.2
const (
	startBackoff         = time.Second
	startBackoffPercent  = 130
	startBackoffShortest = 80
)

// rebuildRetryInterval is the pause between attempts to build a keyspace's serving record.
// spec: topo 13
const rebuildRetryInterval = time.Second

// initKeyspaceShardTopo makes the global records that this is the first tablet of, has the
// serving records of its cell built, and reads the shard. Only the global part is tried again.
// spec: O-66, topo 13
func (tm *tabletManager) initKeyspaceShardTopo(ctx *sim.Context) (*topodata.Shard, error) {
	shard, err := tm.readShard(ctx)
	if err != nil || tm.t.opts.Replicating {
		return shard, err
	}
	missing, err := tm.missesServingGraph(ctx)
	if err != nil {
		return nil, fmt.Errorf("initKeyspaceShardTopo: failed to read SrvKeyspace: %w", err)
	}
	if missing {
		tm.env.GoDaemon("serving-graph", tm.buildServingGraph)
	}
	return shard, tm.ensureSrvVSchema(ctx)
}

// readShard reads the shard record, making it if needed, until it works or ctx ends.
func (tm *tabletManager) readShard(ctx *sim.Context) (*topodata.Shard, error) {
	for pause := startBackoff; ; pause = pause * startBackoffPercent / 100 {
		shard, err := tm.t.topo.GetOrCreateShard(ctx, tm.t.opts.Keyspace, tm.t.opts.Shard)
		if err == nil {
			return shard, nil
		}
		percent := startBackoffShortest + tm.env.Rand("start/"+tm.env.HostName()).Intn(101-startBackoffShortest)
		if tm.env.SleepCtx(ctx, pause*time.Duration(percent)/100) != nil {
			return nil, fmt.Errorf("createKeyspaceShard: cannot GetOrCreateShard shard: %w", err)
		}
	}
}

// missesServingGraph reports whether the keyspace has no serving record in this cell; if there
// is one, its controls are taken from it.
func (tm *tabletManager) missesServingGraph(ctx *sim.Context) (bool, error) {
	srv, err := tm.t.topo.GetSrvKeyspace(ctx, tm.t.opts.Alias.Cell, tm.t.opts.Keyspace)
	if topo.IsErrType(err, topo.NoNode) {
		return true, nil
	}
	if err == nil {
		tm.loadControls(srv)
	}
	return false, err
}

// buildServingGraph builds the keyspace's serving record in this cell until it works: before
// the last shard of a keyspace exists, it cannot. spec: O-88, topo 13
func (tm *tabletManager) buildServingGraph() {
	for {
		err := tm.rebuildKeyspace()
		if err == nil {
			return
		}
		tm.env.Logf("warning", "rebuildKeyspace failed, will retry in %v: %v", rebuildRetryInterval, err)
		tm.env.Sleep(rebuildRetryInterval)
	}
}

// ensureServingGraph is for tablets of a cluster that has been up before: the record is there,
// unless the cell lost it.
func (tm *tabletManager) ensureServingGraph() {
	ctx, cancel := tm.env.WithTimeout(tm.env.Background(), tm.remoteTimeout())
	defer cancel()
	if missing, _ := tm.missesServingGraph(ctx); missing {
		tm.buildServingGraph()
	}
}

func (tm *tabletManager) rebuildKeyspace() error {
	ctx, cancel := tm.env.WithTimeout(tm.env.Background(), tm.remoteTimeout())
	defer cancel()
	return tm.t.topo.RebuildKeyspaceGraph(ctx, tm.t.opts.Keyspace, []string{tm.t.opts.Alias.Cell})
}

// ensureSrvVSchema has this cell's routing record built if it does not know the keyspace.
// spec: O-57, topo 13
func (tm *tabletManager) ensureSrvVSchema(ctx *sim.Context) error {
	cell := tm.t.opts.Alias.Cell
	srv, err := tm.t.topo.GetSrvVSchema(ctx, cell)
	switch {
	case err != nil && !topo.IsErrType(err, topo.NoNode):
		return fmt.Errorf("initKeyspaceShardTopo: failed to read SrvVSchema: %w", err)
	case err == nil && slices.Contains(srv.Keyspaces, tm.t.opts.Keyspace):
		return nil
	}
	if err := tm.t.topo.RebuildSrvVSchema(ctx, []string{cell}); err != nil {
		return fmt.Errorf("initKeyspaceShardTopo: failed to RebuildSrvVSchema: %w", err)
	}
	return nil
}
