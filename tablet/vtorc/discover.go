package vtorc

import (
	"bufsim/model/topodata"
	"bufsim/sim"
)

// discover asks one tablet for its full status, stores it, and returns.
// spec: R-140
func (v *VTOrc) discover(alias topodata.TabletAlias) {
	began := v.store.attempt(alias)
	ctx, cancel := v.rot()
	defer cancel()
	status, err := v.tm.FullStatus(ctx, alias)
	switch {
	case err == nil && !status.DiskStalled:
		v.store.succeeded(alias, status)
		return
	case err == nil:
		v.store.stalled(alias)
	}
	if v.store.failed(alias, began) && v.opts.Release.Behaviors.IncapacitatedRecovery && v.answersPing(alias) {
		v.store.pings(alias)
	}
}

// answersPing reports whether the tablet's process is there at all. spec: R-141
func (v *VTOrc) answersPing(alias topodata.TabletAlias) bool {
	ctx, cancel := v.env.WithTimeout(v.env.Background(), pingTimeout)
	defer cancel()
	return v.tm.Ping(ctx, alias) == nil
}

// refreshTopology reads all records. What cannot be read stays as it was.
// spec: R-140
func (v *VTOrc) refreshTopology() {
	ctx, cancel := v.rot()
	defer cancel()
	keyspaces, err := v.ts.GetKeyspaces(ctx)
	if err != nil {
		v.env.Logf("error", "reading the keyspaces: %v", err)
		return
	}
	for _, keyspace := range keyspaces {
		shards, err := v.ts.GetShardNames(ctx, keyspace)
		if err != nil {
			v.env.Logf("error", "reading the shards of %s: %v", keyspace, err)
			continue
		}
		for _, shard := range shards {
			_ = v.refreshShard(ctx, shardKey{keyspace, shard}) // told already; the next round tries again
		}
	}
	v.refreshCells(ctx)
}

// refreshShard reads a shard's record and its keyspace's.
func (v *VTOrc) refreshShard(ctx *sim.Context, key shardKey) error {
	keyspace, err := v.ts.GetKeyspace(ctx, key.keyspace)
	if err == nil && keyspace.Type == topodata.KeyspaceSnapshot {
		return nil
	}
	var shard *topodata.Shard
	if err == nil {
		shard, err = v.ts.GetShard(ctx, key.keyspace, key.shard)
	}
	if err != nil {
		v.env.Logf("error", "reading the records of %s: %v", key, err)
		return err
	}
	v.store.setShard(key, shardRecords{keyspace: *keyspace, shard: *shard})
	return nil
}

// refreshCells reads the tablets' records, cell by cell.
func (v *VTOrc) refreshCells(ctx *sim.Context) {
	cells, err := v.ts.GetCellNames(ctx)
	if err != nil {
		v.env.Logf("error", "reading the cells: %v", err)
		return
	}
	for _, cell := range cells {
		tablets, err := v.ts.GetTabletsByCell(ctx, cell)
		if err != nil {
			v.env.Logf("error", "reading the tablets of %s: %v", cell, err)
			continue
		}
		v.know(tablets, func(t *topodata.Tablet) bool { return t.Alias.Cell == cell })
	}
}

// know stores records of tablets and begins to watch the new ones.
func (v *VTOrc) know(tablets []*topodata.Tablet, inScope func(*topodata.Tablet) bool) {
	for _, alias := range v.store.setTablets(tablets, inScope) {
		v.watch(alias)
	}
}

// refreshTablets reads the records of a shard's tablets; if a cell fails, the old ones stay.
func (v *VTOrc) refreshTablets(ctx *sim.Context, key shardKey) {
	tablets, err := v.ts.GetTabletMapForShard(ctx, key.keyspace, key.shard)
	if err != nil {
		v.env.Logf("error", "reading the tablets of %s: %v", key, err)
		return
	}
	v.know(tablets, func(t *topodata.Tablet) bool { return t.Keyspace == key.keyspace && t.Shard == key.shard })
}
