package tablet

import (
	"slices"

	"bufsim/model/topodata"
)

// loadControls takes from the cell's serving record the tablet types whose query service is
// switched off in this shard; nil is a record that does not exist.
// spec: O-74
func (tm *tabletManager) loadControls(srv *topodata.SrvKeyspace) {
	var off []topodata.TabletType
	if srv != nil {
		for _, p := range srv.Partitions {
			for _, c := range p.ShardTabletControls {
				if c.Name == tm.t.opts.Shard && c.QueryServiceDisabled {
					off = append(off, p.ServedType)
				}
			}
		}
	}
	tm.mu.Lock()
	defer tm.mu.Unlock()
	tm.disabled = off
}

// servingState is what a tablet of a type does when nothing is wrong, and why if it is not
// to serve.
// spec: T-2, O-74
func (tm *tabletManager) servingState(t topodata.TabletType) (state ServingState, reason string) {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	switch {
	case !t.RunsQueryService():
		return NotServing, "not a serving tablet type"
	case slices.Contains(tm.disabled, t):
		return NotServing, "TabletControl.DisableQueryService set"
	default:
		return Serving, ""
	}
}
