package conform

import (
	"errors"
	"slices"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// scriptedTopo is a topology whose values are handed to it by the steps of a schedule.
type scriptedTopo struct {
	names     []string
	keyspaces map[string]*topodata.SrvKeyspace
	vschema   *topodata.SrvVSchema
	shards    map[string]topodata.Shard

	keyspaceListeners map[string][]func(*topodata.SrvKeyspace, error) bool
	vschemaListeners  []func(*topodata.SrvVSchema, error) bool
}

func newScriptedTopo(names []string) *scriptedTopo {
	return &scriptedTopo{
		names: names, keyspaces: map[string]*topodata.SrvKeyspace{}, shards: map[string]topodata.Shard{},
		keyspaceListeners: map[string][]func(*topodata.SrvKeyspace, error) bool{},
	}
}

// GetSrvKeyspaceNames implements discovery.SrvTopo.
func (t *scriptedTopo) GetSrvKeyspaceNames(*sim.Context, string, bool) ([]string, error) {
	return t.names, nil
}

// WatchSrvKeyspace implements discovery.SrvTopo.
func (t *scriptedTopo) WatchSrvKeyspace(_, keyspace string, listener func(*topodata.SrvKeyspace, error) bool) {
	value, err := t.keyspaces[keyspace], error(nil)
	if value == nil {
		err = topo.NewError(topo.NoNode, keyspace)
	}
	if listener(value, err) {
		t.keyspaceListeners[keyspace] = append(t.keyspaceListeners[keyspace], listener)
	}
}

// WatchSrvVSchema implements discovery.SrvTopo.
func (t *scriptedTopo) WatchSrvVSchema(_ string, listener func(*topodata.SrvVSchema, error) bool) {
	var err error
	if t.vschema == nil {
		err = topo.NewError(topo.NoNode, "SrvVSchema")
	}
	if listener(t.vschema, err) {
		t.vschemaListeners = append(t.vschemaListeners, listener)
	}
}

// GetShard implements discovery.ShardReader.
func (t *scriptedTopo) GetShard(_ *sim.Context, keyspace, shard string) (*topodata.Shard, error) {
	record := t.shards[keyspace+"/"+shard].Clone()
	return &record, nil
}

// step does the steps that are about the topology; it says whether it knows the op.
func (t *scriptedTopo) step(s DiscoveryStep) bool {
	switch s.Op {
	case "srv_keyspace":
		t.keyspaces[s.Ks] = srvKeyspace(s)
		t.tellKeyspace(s.Ks, t.keyspaces[s.Ks], nil)
	case "srv_keyspace_error":
		err := errors.New("the topology cannot be reached")
		if s.Error == "no_node" {
			delete(t.keyspaces, s.Ks)
			err = topo.NewError(topo.NoNode, s.Ks)
		}
		t.tellKeyspace(s.Ks, nil, err)
	case "denied_tables":
		t.shards[s.Ks+"/"+s.Shard] = topodata.Shard{TabletControls: []topodata.TabletControl{
			{TabletType: topodata.Primary, DeniedTables: s.DeniedTables},
		}}
	case "vschema":
		t.vschema = vschema(s)
		t.vschemaListeners = slices.DeleteFunc(t.vschemaListeners, func(listener func(*topodata.SrvVSchema, error) bool) bool {
			return !listener(t.vschema, nil)
		})
	default:
		return false
	}
	return true
}

func (t *scriptedTopo) tellKeyspace(keyspace string, value *topodata.SrvKeyspace, err error) {
	listeners := t.keyspaceListeners[keyspace]
	t.keyspaceListeners[keyspace] = slices.DeleteFunc(listeners, func(listener func(*topodata.SrvKeyspace, error) bool) bool {
		return !listener(value, err)
	})
}

func srvKeyspace(s DiscoveryStep) *topodata.SrvKeyspace {
	if len(s.PrimaryShards) == 0 {
		return &topodata.SrvKeyspace{}
	}
	p := topodata.Partition{ServedType: topodata.Primary}
	for _, name := range s.PrimaryShards {
		r, _ := topodata.ParseKeyRange(name) // odd names have no range
		p.ShardReferences = append(p.ShardReferences, topodata.ShardReference{Name: name, KeyRange: r})
	}
	for _, name := range s.ControlledShards {
		p.ShardTabletControls = append(p.ShardTabletControls, topodata.ShardTabletControl{Name: name, QueryServiceDisabled: s.QueryServiceDisabled})
	}
	return &topodata.SrvKeyspace{Partitions: []topodata.Partition{p}}
}

func vschema(s DiscoveryStep) *topodata.SrvVSchema {
	v := &topodata.SrvVSchema{}
	for _, r := range s.RoutingRules {
		v.RoutingRules = append(v.RoutingRules, topodata.RoutingRule{FromTable: r.From, ToTables: r.To})
	}
	for _, r := range s.ShardRoutingRules {
		v.ShardRoutingRules = append(v.ShardRoutingRules, topodata.ShardRoutingRule(r))
	}
	return v
}
