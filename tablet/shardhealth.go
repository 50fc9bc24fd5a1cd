package tablet

import (
	"bufsim/model/topodata"
	"bufsim/sim"
)

// shardHealth has a replica ping the vttablet of its shard's primary, so that VTOrc need not
// rely on its own view alone.
// spec: R-146
type shardHealth struct {
	tm  *tabletManager
	env *sim.Env
	mu  *sim.Mutex
	// primary is whom the pings go to, failures counts those in a row without an answer.
	primary  topodata.TabletAlias
	failures int
}

func newShardHealth(tm *tabletManager) *shardHealth {
	env := tm.env.Named("shard-health")
	return &shardHealth{tm: tm, env: env, mu: env.NewMutex("mu")}
}

// run pings for ever, every interval.
func (h *shardHealth) run() {
	for {
		h.env.Sleep(shardHealthInterval)
		if self := h.tm.self(); self.Type.IsReplicaType() {
			h.ping(self)
		}
	}
}

func (h *shardHealth) ping(self topodata.Tablet) {
	ctx, cancel := h.env.WithTimeout(h.env.Background(), shardHealthInterval)
	defer cancel()
	shard, err := h.tm.t.topo.GetShard(ctx, self.Keyspace, self.Shard)
	if err != nil || shard.PrimaryAlias.IsZero() {
		return
	}
	err = h.tm.t.tmc.Ping(ctx, shard.PrimaryAlias)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil || h.primary != shard.PrimaryAlias {
		h.primary, h.failures = shard.PrimaryAlias, 0
	}
	if err != nil {
		h.failures++
	}
}

// report gives the primary that was pinged, and how many pings in a row failed. Where nobody
// pings there is neither.
func (h *shardHealth) report() (topodata.TabletAlias, int) {
	if h == nil {
		return topodata.TabletAlias{}, 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.primary, h.failures
}
