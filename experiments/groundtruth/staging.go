package groundtruth

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"bufsim/experiments/scenario"
)

// supervisorRestart is when a mysqld that mysqld_safe starts again accepts connections. The
// records bound it from above only: with the tablet's retry each second, it was back at the
// first one (1.03 s after the crash was noticed). The value is the middle.
const supervisorRestart = 500 * time.Millisecond

// respawn is how long a script takes to notice that a process is gone and to start it again:
// the record of a restart has the start done 0.1 s after the end of the health stream, and a
// start takes 0.02 s (see TestProcessTimes).
const respawn = 80 * time.Millisecond

// staging follows a run's story while its operations are interpreted: who is meant by "the
// primary", "the candidate", "the old primary".
type staging struct {
	// lead is when second 0 of the record is.
	lead            time.Duration
	keyspace, shard string
	tablets         []string
	// primary is the primary at the start; candidate the tablet that the run's first reparent
	// names, "" if none does.
	primary, candidate string
	// reparents are the starts of the commands that demote a primary.
	reparents []float64
	// down and restarted are the processes that operations have killed and told to end so far.
	down, restarted []string
}

func newStaging(m *Measured) (*staging, error) {
	g := &staging{lead: m.lead(), keyspace: "commerce", shard: "0"}
	for i := range m.Tablets {
		g.tablets = append(g.tablets, fmt.Sprintf("zone1-%d", 100+i))
	}
	g.primary = m.PrimaryAtStart
	if g.primary == "" {
		g.primary = g.tablets[0]
	}
	if !g.has(g.primary) {
		return nil, fmt.Errorf("the primary %s is none of the %d tablets", g.primary, m.Tablets)
	}
	for _, op := range m.Ops {
		if strings.HasPrefix(op.Op, "PlannedReparentShard") {
			g.reparents = append(g.reparents, op.Start)
		}
		if named := namedPrimary.FindStringSubmatch(op.Op); named != nil && g.candidate == "" {
			g.candidate = named[1]
		}
	}
	return g, nil
}

var (
	namedPrimary = regexp.MustCompile(`--new-primary[ =](\w+-\d+)`)
	aliasPattern = regexp.MustCompile(`\b([a-z][a-z0-9]*-\d+)\b`)
)

func (g *staging) has(alias string) bool {
	for _, t := range g.tablets {
		if t == alias {
			return true
		}
	}
	return false
}

// next is the tablet that becomes primary where the record does not say which: the named
// candidate, or the first that is not primary.
func (g *staging) next() string {
	if g.candidate != "" {
		return g.candidate
	}
	for _, t := range g.tablets {
		if t != g.primary {
			return t
		}
	}
	return g.primary
}

// tablet finds out whom "the primary", "the candidate", "zone1-102" mean; nothing is the
// primary, whoever it is when it happens, unless no reparent can have moved it.
func (g *staging) tablet(who string) (string, error) {
	who = strings.ToLower(strings.TrimSpace(who))
	if named := aliasPattern.FindString(who); named != "" {
		if !g.has(named) {
			return "", fmt.Errorf("there is no tablet %s", named)
		}
		return named, nil
	}
	switch strings.TrimPrefix(who, "the ") {
	case "", "primary":
		return "primary:" + g.keyspace + "/" + g.shard, nil
	case "old primary":
		return g.primary, nil
	case "candidate", "new primary":
		return g.next(), nil
	case "replicas", "both replicas", "all replicas":
		return "replicas:" + g.keyspace + "/" + g.shard, nil
	default:
		return "", fmt.Errorf("%q is no tablet that is known here", who)
	}
}

var ofTablet = regexp.MustCompile(`^(?i:(?:the )?(mysqld_safe and mysqld|mysqld|vttablet)(?: (?:of|on) (.+))?)$`)

// mysqldOf stands before a tablet whose MySQL server is meant.
const mysqldOf = string(scenario.ComponentMySQLD) + ":"

// process finds out which process "the vttablet of the primary", "etcd", "vtctld" are. The
// primary is the one at the start: a process that is killed has to be found again.
func (g *staging) process(what string) (string, error) {
	switch strings.ToLower(strings.TrimPrefix(what, "the ")) {
	case "etcd":
		return "topo", nil
	case "vtctld":
		return "vtctld", nil
	case "vtgate":
		return "gate-1", nil
	}
	m := ofTablet.FindStringSubmatch(what)
	if m == nil {
		return "", fmt.Errorf("%q is no process that is known here", what)
	}
	target, err := g.tablet(m[2])
	if strings.HasPrefix(target, "primary:") {
		target = g.primary
	}
	if !strings.EqualFold(m[1], "vttablet") {
		target = mysqldOf + target
	}
	return target, err
}
