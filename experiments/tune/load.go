package tune

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"bufsim/experiments/observed"
	"bufsim/experiments/scenario"
)

// Load is the traffic of one gate and the cluster behind it, in the few numbers from which
// [Load.Scenario] makes a scenario.
type Load struct {
	// QPS is the rate of statements for primaries at each gate, Connections how many of
	// them may be under way there; 0 is no bound.
	QPS         float64
	Connections int
	// Reads is the share of SELECTs.
	Reads float64
	// Closed makes clients wait for each answer: as many as Connections, which must be
	// given then.
	Closed bool
	// ReadTimeout is the clients' own time limit; 0 waits for ever.
	ReadTimeout time.Duration
	// OnError, RetryWait and RetryCount are what closed clients do when a statement fails.
	OnError    scenario.OnError
	RetryWait  time.Duration
	RetryCount int
	// Gateslap is a configuration that takes the place of all of the above.
	Gateslap string
	// Gates and Shards are numbers from 1 on. All shards are reparented, each Apart after
	// the one before it.
	Gates, Shards int
	Apart         time.Duration
	Release       string
}

// FromTraffic takes the rate, the mix and the connections from what was observed at a
// gate, and says what it could not know.
func FromTraffic(t observed.Traffic) (l Load, assumed []string) {
	l = Load{QPS: t.QPS * t.Primary, Connections: t.Sessions, Reads: t.Reads}
	assumed = append(assumed, fmt.Sprintf("Observed in %v: %.4g statements a second, %.3g %% of them for primaries.", t.Span.Round(time.Second), t.QPS, 100*t.Primary))
	if t.Sessions == 0 {
		l.Reads = readsAssumed
		assumed = append(assumed, "Counters tell neither sessions nor reads from writes: four of five statements are taken for reads, and the number of connections has no bound.")
	}
	if t.InTransaction > 0 {
		assumed = append(assumed, transactions(t.InTransaction))
	}
	return l, assumed
}

// readsAssumed is the share of reads where nobody knows it.
const readsAssumed = 0.8

// transactions says what is left out about them. spec: G-67
func transactions(share float64) string {
	return fmt.Sprintf("%.3g %% of the statements are in transactions. These are not simulated: every transaction that is open at a demotion fails, whatever the flags, since only statements outside of transactions are buffered.", 100*share)
}

// Transactions says the same of a share that was given.
func Transactions(share float64) string { return transactions(share) }

// check refuses what makes no scenario.
func (l Load) check() error {
	switch {
	case l.Gates < 1 || l.Shards < 1:
		return errors.New("gates and shards are whole numbers from 1 on")
	case l.Gateslap != "":
		return nil
	case l.QPS <= 0:
		return errors.New("the rate of statements for primaries must be more than 0")
	case l.Closed && l.Connections < 1:
		return errors.New("clients that wait for each answer need a number of connections")
	case !l.Closed && (l.OnError != "" || l.RetryWait > 0 || l.RetryCount > 0):
		return errors.New("a retry policy is one of clients that wait for each answer: say closed, too")
	}
	return nil
}

// reparentAt is when the first reparent begins: all connections are in use by then.
const reparentAt = 3 * time.Second

// YAML writes the scenario: a cluster with three tablets a shard under semi-sync, the
// traffic, and a reparent of each shard. longest is the longest outage to make room for.
func (l Load) YAML(longest time.Duration) (string, error) {
	if err := l.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("apiVersion: %s", scenario.APIVersion)
	line("name: tuned-traffic")
	line("title: One planned reparent of each shard under the given traffic")
	line("release: %s", l.Release)
	line("cluster:")
	line("  cells: [zone1]")
	line("  gates: [{cell: zone1, count: %d}]", l.Gates)
	line("  keyspaces:")
	line("    - name: commerce")
	line("      durability: semi_sync")
	shards := l.shards()
	line("      shards:")
	for i, name := range shards {
		line("        - name: %q", name)
		line("          tablets: [{alias: zone1-%d, type: primary}, {alias: zone1-%d}, {alias: zone1-%d}]", 100*(i+1), 100*(i+1)+1, 100*(i+1)+2)
	}
	line("flags: {vtgate: {enable-buffer: true}}")
	l.workload(line)
	line("timeline:")
	end := reparentAt
	for i, name := range shards {
		end = reparentAt + time.Duration(i)*l.Apart
		line("  - {id: reparent-%d, at: %v, do: planned_reparent_shard, args: {shard: %q}}", i+1, end, name)
	}
	// A reparent that fails takes its time limits besides; until ends the run before.
	line("duration: %v", (end + longest + 2*time.Minute).Round(time.Second))
	line("until: timeline")
	line("settle: 2s")
	return b.String(), nil
}

func (l Load) workload(line func(string, ...any)) {
	line("workload:")
	line("  - name: app")
	reads := int(math.Round(1000 * l.Reads))
	mix := fmt.Sprintf("{insert: %d, select: %d}", 1000-reads, reads)
	rate := l.QPS * float64(l.Gates)
	switch {
	case l.Gateslap != "":
		line("    gateslap: %q", l.Gateslap)
	case l.Closed:
		clients := l.Connections * l.Gates
		think := max(time.Millisecond, time.Duration(float64(clients)/rate*float64(time.Second))-serviceTime)
		line("    closed:")
		line("      clients: %d", clients)
		line("      think: {uniform: [%v, %v]}", (think / 2).Round(time.Microsecond), (3 * think / 2).Round(time.Microsecond))
		line("      statements: %s", mix)
		if l.OnError != "" {
			line("      on_error: %s", l.OnError)
		}
		if l.RetryWait > 0 {
			line("      retry_wait: %v", l.RetryWait)
		}
		if l.RetryCount > 0 {
			line("      retry_count: %d", l.RetryCount)
		}
		line("      read_timeout: %v", l.ReadTimeout)
	default:
		line("    open:")
		line("      rate: %.6g/s", rate)
		line("      connections: %d", l.Connections*l.Gates)
		line("      statements: %s", mix)
		line("      read_timeout: %v", l.ReadTimeout)
	}
}

// serviceTime is about what a statement takes in the default cluster; a closed client's
// pause is shorter by it.
const serviceTime = 2500 * time.Microsecond

// shards names equal key ranges. Ranges of a number that is no power of two differ a little.
func (l Load) shards() (names []string) {
	if l.Shards == 1 {
		return []string{"0"}
	}
	edge := func(i int) string {
		if i == 0 || i == l.Shards {
			return ""
		}
		return fmt.Sprintf("%04x", i*0x10000/l.Shards)
	}
	for i := range l.Shards {
		names = append(names, edge(i)+"-"+edge(i+1))
	}
	return names
}

// Scenario makes the scenario and checks it as a file would be; opts say how to read a
// gateslap configuration that is a file.
func (l Load) Scenario(longest time.Duration, opts scenario.Options) (*scenario.Scenario, error) {
	text, err := l.YAML(longest)
	if err != nil {
		return nil, err
	}
	return scenario.Load("tuned-traffic.yaml", []byte(text), opts)
}
