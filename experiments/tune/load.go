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
	// Transactions are a part of the statements.
	Transactions Transactions
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
	l.Transactions = observedTransactions(t)
	if t.InTransaction > 0 && l.Transactions.Share == 0 {
		assumed = append(assumed, "The log has no transaction from its beginning to its end: none is played.")
	}
	return l, assumed
}

// readsAssumed is the share of reads where nobody knows it.
const readsAssumed = 0.8

// check refuses what makes no scenario.
func (l Load) check() error {
	switch {
	case l.Gates < 1 || l.Shards < 1:
		return errors.New("gates and shards are whole numbers from 1 on")
	case l.Gateslap != "":
		return l.Transactions.check(&l)
	case l.QPS <= 0:
		return errors.New("the rate of statements for primaries must be more than 0")
	case l.Closed && l.Connections < 1:
		return errors.New("clients that wait for each answer need a number of connections")
	case !l.Closed && (l.OnError != "" || l.RetryWait > 0 || l.RetryCount > 0):
		return errors.New("a retry policy is one of clients that wait for each answer: say closed, too")
	}
	return l.Transactions.check(&l)
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
	settled := l.Transactions.settled(&l)
	begin := reparentAt + settled
	end := begin
	for i, name := range shards {
		end = begin + time.Duration(i)*l.Apart
		line("  - {id: reparent-%d, at: %v, do: planned_reparent_shard, args: {shard: %q}}", i+1, end, name)
	}
	// A reparent that fails takes its time limits besides; until ends the run before.
	line("duration: %v", (end + longest + 2*time.Minute).Round(time.Second))
	line("until: timeline")
	// What is open when the last reparent ends comes to its end, too.
	line("settle: %v", 2*time.Second+settled)
	return b.String(), nil
}

func (l Load) workload(line func(string, ...any)) {
	line("workload:")
	if l.Gateslap != "" {
		line("  - name: app")
		line("    gateslap: %q", l.Gateslap)
		return
	}
	connections := l.Connections * l.Gates
	if t := l.Transactions; t.Share > 0 {
		t.workload(&l, line)
		connections = max(0, connections-t.complete().clients(&l))
	}
	if l.Transactions.Share == 1 {
		return
	}
	line("  - name: app")
	if l.Closed {
		l.closed(connections, line)
		return
	}
	line("    open:")
	line("      rate: %.6g/s", l.single())
	line("      connections: %d", connections)
	line("      statements: %s", l.mix())
	line("      read_timeout: %v", l.ReadTimeout)
}

// single is the rate of statements outside of transactions, at all gates.
func (l *Load) single() float64 {
	return l.QPS * float64(l.Gates) * (1 - l.Transactions.Share)
}

func (l *Load) mix() string {
	reads := int(math.Round(1000 * l.Reads))
	return fmt.Sprintf("{insert: %d, select: %d}", 1000-reads, reads)
}

// closed writes clients that wait for each answer.
func (l *Load) closed(clients int, line func(string, ...any)) {
	think := max(time.Millisecond, time.Duration(float64(clients)/l.single()*float64(time.Second))-serviceTime)
	line("    closed:")
	line("      clients: %d", clients)
	line("      think: %s", about(think))
	line("      statements: %s", l.mix())
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
