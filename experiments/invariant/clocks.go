package invariant

import (
	"strings"

	"bufsim/sim/fault"
	"bufsim/sim/trace"
)

// clocks are the shards in which the wall clock of a tablet's machine was set or runs otherwise
// than the others. Terms are instants of those clocks: a later promotion may have an earlier
// term, which everybody refuses. spec: D-93, D-94
type clocks map[string]bool

// clockWrong excuses what comes of it.
const clockWrong = "the clocks of the shard's machines disagree, and so the order of its terms (D-93, D-94)"

func (c clocks) observe(e *trace.Event, tablets *cluster) {
	if e.Kind != fault.KindInject || !strings.Contains(e.Text("line"), " clock-") {
		return
	}
	for host := range strings.SplitSeq(e.Text("hosts"), ",") {
		if t := tablets.tablets[host]; t != nil {
			c[t.shard.name] = true
		}
	}
}
