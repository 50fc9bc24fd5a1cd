package gatetest

import (
	"slices"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
	"bufsim/topo/srvtopo"
)

// Topo is a topology of one cell or more that answers at once and has the same serving records
// in every cell. It serves as gate.Topology, gate.SrvTopo and what package discovery needs.
// Err, if set, is what every read of cells, tablets and shards answers besides the records;
// NamesErr is what reads of the keyspaces' names do, and RebuildErr what rebuilding does.
type Topo struct {
	Cells   []string
	Tablets []topodata.Tablet
	Shards  map[string]topodata.Shard
	Err     error
	// Pause, if set, may let time pass before a serving record is first read (its name is the
	// keyspace) or a shard record is (keyspace/shard).
	Pause      func(name string)
	NamesErr   error
	RebuildErr error
	// Rebuilt lists what a gate had rebuilt: keyspaces, and "vschema".
	Rebuilt []string

	keyspaces map[string]*topodata.SrvKeyspace
	order     []string
	vschema   *topodata.SrvVSchema
	onSrv     map[string][]func(*topodata.SrvKeyspace, error) bool
	onVSchema []func(*topodata.SrvVSchema, error) bool
}

// NewTopo makes a topology without keyspaces.
func NewTopo(cells ...string) *Topo {
	return &Topo{
		Cells: cells, Shards: map[string]topodata.Shard{}, keyspaces: map[string]*topodata.SrvKeyspace{},
		onSrv: map[string][]func(*topodata.SrvKeyspace, error) bool{},
	}
}

// SrvKeyspace makes a serving record in which the shards serve all types.
func SrvKeyspace(shards ...string) *topodata.SrvKeyspace {
	value := &topodata.SrvKeyspace{}
	for _, t := range []topodata.TabletType{topodata.Primary, topodata.Replica, topodata.RDOnly} {
		p := topodata.Partition{ServedType: t}
		for _, name := range shards {
			r, err := topodata.ParseKeyRange(name)
			if err != nil {
				panic(err)
			}
			p.ShardReferences = append(p.ShardReferences, topodata.ShardReference{Name: name, KeyRange: r})
		}
		value.Partitions = append(value.Partitions, p)
	}
	return value
}

// SetKeyspace makes the shards serve a keyspace.
func (t *Topo) SetKeyspace(keyspace string, shards ...string) {
	t.SetSrvKeyspace(keyspace, SrvKeyspace(shards...))
}

// SetSrvKeyspace stores a serving record, or with nil deletes it, and tells the listeners.
func (t *Topo) SetSrvKeyspace(keyspace string, value *topodata.SrvKeyspace) {
	if !slices.Contains(t.order, keyspace) {
		t.order = append(t.order, keyspace)
	}
	t.keyspaces[keyspace] = value
	listeners := t.onSrv[keyspace]
	t.onSrv[keyspace] = nil
	for _, listener := range listeners {
		t.tell(keyspace, listener)
	}
}

func (t *Topo) tell(keyspace string, listener func(*topodata.SrvKeyspace, error) bool) {
	value := t.keyspaces[keyspace]
	if listener(value, missing(value == nil, keyspace)) {
		t.onSrv[keyspace] = append(t.onSrv[keyspace], listener)
	}
}

func missing(yes bool, node string) error {
	if yes {
		return topo.NewError(topo.NoNode, node)
	}
	return nil
}

// SetVSchema stores routing rules and tells the listeners.
func (t *Topo) SetVSchema(value *topodata.SrvVSchema) {
	t.vschema = value
	t.onVSchema = slices.DeleteFunc(t.onVSchema, func(listener func(*topodata.SrvVSchema, error) bool) bool { return !listener(value, nil) })
}

// GetSrvKeyspaceNames lists the keyspaces in the order in which they were set.
func (t *Topo) GetSrvKeyspaceNames(*sim.Context, string, bool) ([]string, error) {
	return t.order, t.NamesErr
}

// GetSrvKeyspace reads a serving record.
func (t *Topo) GetSrvKeyspace(_ *sim.Context, _, keyspace string) (*topodata.SrvKeyspace, error) {
	value := t.keyspaces[keyspace]
	return value, missing(value == nil, keyspace)
}

// WatchSrvKeyspace calls the listener at once and on changes.
func (t *Topo) WatchSrvKeyspace(_, keyspace string, listener func(*topodata.SrvKeyspace, error) bool) {
	t.pause(keyspace)
	t.tell(keyspace, listener)
}

func (t *Topo) pause(name string) {
	if t.Pause != nil {
		t.Pause(name)
	}
}

// WatchSrvVSchema calls the listener at once and on changes.
func (t *Topo) WatchSrvVSchema(_ string, listener func(*topodata.SrvVSchema, error) bool) {
	if listener(t.vschema, missing(t.vschema == nil, "SrvVSchema")) {
		t.onVSchema = append(t.onVSchema, listener)
	}
}

// GetSrvVSchema reads the routing rules.
func (t *Topo) GetSrvVSchema(*sim.Context, string) (*topodata.SrvVSchema, error) {
	return t.vschema, missing(t.vschema == nil, "SrvVSchema")
}

// GetShard reads a shard record; shards that were not set have an empty one.
func (t *Topo) GetShard(_ *sim.Context, keyspace, shard string) (*topodata.Shard, error) {
	t.pause(keyspace + "/" + shard)
	record := t.Shards[keyspace+"/"+shard].Clone()
	return &record, t.Err
}

// GetTabletsByCell gives the cell's tablets, and Err.
func (t *Topo) GetTabletsByCell(_ *sim.Context, cell string) ([]*topodata.Tablet, error) {
	return t.pick(func(r topodata.Tablet) bool { return r.Alias.Cell == cell }), t.Err
}

// GetTabletsByShardCell gives the tablets of a shard in a cell, and Err.
func (t *Topo) GetTabletsByShardCell(_ *sim.Context, keyspace, shard, cell string) ([]*topodata.Tablet, error) {
	return t.pick(func(r topodata.Tablet) bool {
		return r.Alias.Cell == cell && r.Keyspace == keyspace && r.Shard == shard
	}), t.Err
}

func (t *Topo) pick(fits func(topodata.Tablet) bool) []*topodata.Tablet {
	var list []*topodata.Tablet
	for _, record := range t.Tablets {
		if fits(record) {
			clone := record.Clone()
			list = append(list, &clone)
		}
	}
	return list
}

// ConnCounts counts nothing.
func (t *Topo) ConnCounts() []topo.ConnCount { return nil }

// Counts counts nothing.
func (t *Topo) Counts() srvtopo.Counts { return srvtopo.Counts{} }

// GetCellNames lists the cells.
func (t *Topo) GetCellNames(*sim.Context) ([]string, error) { return t.Cells, t.Err }

// GetKeyspaces lists the keyspaces.
func (t *Topo) GetKeyspaces(*sim.Context) ([]string, error) { return t.order, t.NamesErr }

// RebuildKeyspaceGraph only notes that it was asked for.
func (t *Topo) RebuildKeyspaceGraph(_ *sim.Context, keyspace string, _ []string) error {
	t.Rebuilt = append(t.Rebuilt, keyspace)
	return t.RebuildErr
}

// RebuildSrvVSchema only notes that it was asked for.
func (t *Topo) RebuildSrvVSchema(*sim.Context, []string) error {
	t.Rebuilt = append(t.Rebuilt, "vschema")
	return t.RebuildErr
}
