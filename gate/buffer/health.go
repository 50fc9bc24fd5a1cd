package buffer

import (
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim/trace"
)

// ProcessPrimaryHealth is the end-of-failover signal of the implementation `healthcheck` (up
// to v17): a PRIMARY whose term began later than any seen before ends buffering, serving or
// not. termStart is in Unix seconds. The target must be a PRIMARY.
// spec: L-1..L-5
func (b *Buffer) ProcessPrimaryHealth(target query.Target, alias topodata.TabletAlias, termStart int64) {
	b.env.Assert(target.TabletType == topodata.Primary, "buffer-health-of-primary", trace.Str("target", target.Lower()))
	if termStart == 0 || b.stopped.Load() {
		return
	}
	sb := b.shardBuffer(target.Keyspace, target.Shard)
	sb.mu.Lock()
	defer sb.mu.Unlock()
	if termStart <= sb.lastPrimaryTerm {
		return
	}
	sb.lastPrimaryTerm = termStart
	sb.seePrimary(alias)
	sb.stop(stopNewPrimary, "failover end detected")
}
