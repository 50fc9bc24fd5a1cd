package invariant

import (
	"strings"
	"time"

	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/sim/trace"
)

// byHand is when somebody other than a reparent set read_only of a MySQL server, by shard: an
// operator with SetWritable, or a tool that is not Vitess's. spec: R-120
type byHand map[string][]sim.Time

// observe notes such a thing. The event tells that it is over.
func (b byHand) observe(e *trace.Event, tablets *cluster) {
	line := e.Text("line")
	if e.Kind != fault.KindInject || !strings.Contains(line, " set-writable ") && !strings.Contains(line, " switch-mysql ") {
		return
	}
	for host := range strings.SplitSeq(e.Text("hosts"), ",") {
		if t := tablets.tablets[host]; t != nil {
			b[t.shard.name] = append(b[t.shard.name], at(e))
		}
	}
}

// excuse is for what was true at the end of something that such a thing happened in, "" if none
// did: it was over after the beginning, and may have begun before the end.
func (b byHand) excuse(shard string, begin, end sim.Time) string {
	for _, over := range b[shard] {
		if over >= begin && over.Sub(end) <= byHandMost {
			return "somebody set read_only by hand meanwhile (R-120)"
		}
	}
	return ""
}

// byHandMost is how long it may take, with a wait for replication.
const byHandMost = 30 * time.Second
