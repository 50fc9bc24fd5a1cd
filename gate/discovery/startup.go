package discovery

import (
	"slices"
	"time"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// SrvKeyspaceReader reads the serving graph through its cache.
type SrvKeyspaceReader interface {
	GetSrvKeyspaceNames(ctx *sim.Context, cell string, staleOK bool) ([]string, error)
	GetSrvKeyspace(ctx *sim.Context, cell, keyspace string) (*topodata.SrvKeyspace, error)
}

// FindTargets lists what a gate of a cell should see before it starts: every shard of every
// partition of the wanted types. keyspaces limits it; empty means all of the cell. A keyspace
// without a serving record is left out with a warning. spec: G-80a
func FindTargets(ctx *sim.Context, env *sim.Env, srv SrvKeyspaceReader, cell string, keyspaces []string, types []topodata.TabletType) ([]query.Target, error) {
	if len(keyspaces) == 0 {
		names, err := srv.GetSrvKeyspaceNames(ctx, cell, false)
		if err != nil {
			return nil, err
		}
		keyspaces = names
	}
	var targets []query.Target
	for _, keyspace := range keyspaces {
		value, err := srv.GetSrvKeyspace(ctx, cell, keyspace)
		if topo.IsErrType(err, topo.NoNode) {
			env.Logf("warning", "srvKeyspace not found in cell %s for keyspace %s", cell, keyspace)
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, partition := range value.Partitions {
			if !slices.Contains(types, partition.ServedType) {
				continue
			}
			for _, shard := range partition.ShardReferences {
				targets = append(targets, query.Target{Keyspace: keyspace, Shard: shard.Name, TabletType: partition.ServedType, Cell: cell})
			}
		}
	}
	return targets, nil
}

// tabletsPoll is the pace of WaitForTablets. spec: D-85
const tabletsPoll = 100 * time.Millisecond

// WaitForTablets blocks until each target has a healthy tablet or ctx ends; then it gives the
// context's error. spec: D-85, G-80b
func (hc *HealthCheck) WaitForTablets(ctx *sim.Context, targets []query.Target) error {
	for {
		targets = slices.DeleteFunc(slices.Clone(targets), func(t query.Target) bool { return len(hc.HealthyTablets(t)) > 0 })
		if len(targets) == 0 {
			return nil
		}
		if err := hc.env.SleepCtx(ctx, tabletsPoll); err != nil {
			return err
		}
	}
}
