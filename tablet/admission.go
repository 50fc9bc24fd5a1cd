package tablet

import (
	"slices"
	"strings"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
)

// startRequest admits a request or refuses it; every admitted request ends with endRequest.
// allowOnShutdown is for calls that finish what is open (T-44). The state is looked at once,
// here; later changes reach the request through kills and the transaction engine only.
// spec: T-40, T-41, T-42, T-43, T-45
func (sm *stateManager) startRequest(target query.Target, allowOnShutdown bool) error {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	if sm.state != Serving || !sm.healthy || sm.stalled {
		return vterr.NotServing()
	}
	refuseAll := sm.waiters > 0 && sm.t.behaviors.RequestWaitersRefuseAll
	if sm.wantState != Serving && !allowOnShutdown || refuseAll {
		return vterr.ShuttingDown()
	}
	if err := sm.verifyTarget(target); err != nil {
		return err
	}
	sm.requests++
	return nil
}

func (sm *stateManager) verifyTarget(asked query.Target) error {
	mine := sm.target
	switch {
	case asked == query.Target{}:
		return vterr.NoTarget()
	case asked.Keyspace != mine.Keyspace:
		return vterr.InvalidKeyspace(asked.Keyspace, mine.Keyspace)
	case asked.Shard != mine.Shard:
		return vterr.InvalidShard(asked.Shard, mine.Shard)
	case asked.TabletType != mine.TabletType && !slices.Contains(sm.alsoAllow, asked.TabletType):
		return vterr.WrongTabletType(asked.TabletType.String(), mine.TabletType.String(), listed(sm.alsoAllow))
	}
	return nil
}

// listed prints types as Go prints a list.
func listed(types []topodata.TabletType) string {
	var names []string
	for _, t := range types {
		names = append(names, t.String())
	}
	return "[" + strings.Join(names, " ") + "]"
}

func (sm *stateManager) endRequest() {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	sm.requests--
	if sm.requests == 0 && sm.noRequests != nil {
		sm.noRequests.Set()
		sm.noRequests = nil
	}
}
