package groundtruth

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"bufsim/experiments/scenario"
	"bufsim/sim/fault"
)

// What a note may say about the cluster before the first operation, or about things that the
// operator's script did without an entry in ops.
var (
	healthInterval = regexp.MustCompile(`--health-check-interval (\w+)`)
	brokenApplier  = regexp.MustCompile(`\b(\w+-\d+)\)?[^.;()]*\b(?:has a stopped applier|does not apply)`)
	errantReplica  = regexp.MustCompile(`\b(\w+-\d+)\)?[^.;()]*\berrant GTID`)
	neverCaughtUp  = regexp.MustCompile(`failed to catch up with replication`)
)

// healthCheckInterval is what the tablets ran with: 5 s, unless the note says otherwise.
func (m *Measured) healthCheckInterval() (time.Duration, error) {
	const usual = 5 * time.Second
	if said := healthInterval.FindStringSubmatch(m.Note); said != nil {
		return time.ParseDuration(said[1])
	}
	return usual, nil
}

// prelude lists the operations that are not in ops: replicas that are broken from the start, as
// the note tells, and the applier that the script of the first series stopped when the old
// primary served no more. Of that, the records show only what came of it: a candidate that did
// not catch up after the demotion.
func (g *staging) prelude(m *Measured) ([]step, error) {
	var steps []step
	for _, n := range []struct {
		says *regexp.Regexp
		do   string
	}{{brokenApplier, scenario.FaultBreakApplier}, {errantReplica, scenario.FaultWriteErrant}} {
		for _, said := range n.says.FindAllStringSubmatch(m.Note, -1) {
			if !g.has(said[1]) {
				return nil, fmt.Errorf("the note speaks of %s, which is none of the tablets", said[1])
			}
			steps = append(steps, faults(fault.Fault{When: fault.When{At: g.lead}, Do: n.do, Target: said[1]})...)
		}
	}
	for _, op := range m.Ops {
		if neverCaughtUp.MatchString(op.Err) && !m.tellsOf("STOP REPLICA") {
			steps = append(steps, faults(fault.Fault{
				When: g.whenNotServing(op.Start, 0), Do: scenario.FaultStopApplier, Target: "replicas:" + g.keyspace + "/" + g.shard,
			})...)
		}
	}
	return steps, nil
}

// tellsOf reports whether an operation's sentence begins so.
func (m *Measured) tellsOf(prefix string) bool {
	for _, op := range m.Ops {
		if strings.HasPrefix(op.Op, prefix) {
			return true
		}
	}
	return false
}
