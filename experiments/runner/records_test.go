package runner_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim/fault"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/topo/toposerver"
)

// records plays a scenario and returns every write of a record in order, with its topology: G
// is the global one, C that of zone1, C2 of zone2.
func records(t testing.TB, s *scenario.Scenario, opts runner.Options) (*runner.Result, []string) {
	t.Helper()
	rec := trace.NewRecorder(trace.Filter{Kinds: []string{string(toposerver.KindWrite)}})
	opts.Sink = rec
	r := run(t, s, opts)
	short := strings.NewReplacer("/vitess/global/", "G ", "/vitess/zone1/", "C ", "/vitess/zone2/", "C2 ", "keyspaces/commerce/", "", "0000000", "")
	var writes []string
	for _, e := range rec.Events() {
		if key := e.Text("key"); !strings.Contains(key, "/locks/") {
			writes = append(writes, e.Text("op")+" "+short.Replace(key))
		} else if e.Text("op") == "put" {
			writes = append(writes, "lock "+short.Replace(key[:strings.Index(key, "/locks/")]))
		} else {
			writes = append(writes, "unlock "+short.Replace(key[:strings.Index(key, "/locks/")]))
		}
	}
	return r, writes
}

// Every record of a bring-up in the order of its writes: the first tablet makes keyspace, shard
// and, in the background and under a lock, the serving graph; the others only their own. The
// election writes the tablet before and after it serves, and the shard twice, by the operation
// and by the tablet's loop; the serving graph stays as it is. spec: topo 13, O-66, O-20, O-48, O-52
func TestRecordsOfABringUp(t *testing.T) {
	s, opts := load(t, "bring-up", "v13")
	opts.Seed = 1
	_, writes := records(t, s, opts)
	// What the first tablet does in the background comes between its other writes.
	locked := slices.Index(writes, "unlock G keyspaces/commerce") + 1
	var background, others []string
	for i, w := range writes {
		if i >= locked && (w == "put C SrvKeyspace" || strings.HasSuffix(w, "lock G keyspaces/commerce")) {
			background = append(background, w)
		} else {
			others = append(others, w)
		}
	}
	require.Equal(t, []string{"lock G keyspaces/commerce", "put C SrvKeyspace", "unlock G keyspaces/commerce"}, background)
	require.Equal(t, strings.TrimSpace(`
put G cells/zone1/CellInfo
put C SrvVSchema
put G Keyspace
put G VSchema
lock G keyspaces/commerce
put G shards/0/Shard
unlock G keyspaces/commerce
put C SrvVSchema
put C tablets/zone1-100/Tablet
put C shards/0/ShardReplication
put C tablets/zone1-100/Tablet
put C tablets/zone1-101/Tablet
put C shards/0/ShardReplication
put C tablets/zone1-101/Tablet
put C tablets/zone1-102/Tablet
put C shards/0/ShardReplication
put C tablets/zone1-102/Tablet
lock G shards/0
put C tablets/zone1-100/Tablet
put C tablets/zone1-100/Tablet
put G shards/0/Shard
put G shards/0/Shard
unlock G shards/0
put G VSchema
put C SrvVSchema`), strings.Join(others, "\n"))
}

// set is what remains of a list of writes.
func set(writes []string) []string {
	left := map[string]bool{}
	for _, w := range writes {
		switch op, key, _ := strings.Cut(w, " "); op {
		case "put":
			left[key] = true
		case "delete":
			delete(left, key)
		}
	}
	return slices.Sorted(maps.Keys(left))
}

// Whatever the order and the times in which the gate and the tablets are started, the same
// records stand in the topology after the first election, the gate serves, and nobody is
// missing. spec: I-O8
func TestBringUpInAnyOrder(t *testing.T) {
	s, opts := load(t, "bring-up-late-gate", "v24")
	want := []string{
		"C SrvKeyspace", "C SrvVSchema", "C shards/0/ShardReplication",
		"C tablets/zone1-100/Tablet", "C tablets/zone1-101/Tablet", "C tablets/zone1-102/Tablet",
		"G Keyspace", "G VSchema", "G cells/zone1/CellInfo", "G shards/0/Shard",
	}
	rapid.Check(t, func(x *rapid.T) {
		own := *s
		own.Workload, own.Thresholds = nil, scenario.Thresholds{}
		start := func(id string, do scenario.Do, target scenario.Target) scenario.Operation {
			ms := rapid.IntRange(2000, 8000).Draw(x, id)
			return scenario.Operation{ID: id, At: at(time.Duration(ms) * time.Millisecond), Do: do, Args: scenario.Args{Target: target}, Outcome: scenario.OutcomeSuccess}
		}
		own.Timeline = append(own.Timeline[1:4:4], // the cell, the cell again, vtctld
			start("gate", scenario.DoStartVTGate, "gate-1"),
			start("t0", scenario.DoStartVTTablet, "zone1-100"),
			start("t1", scenario.DoStartVTTablet, "zone1-101"),
			start("t2", scenario.DoStartVTTablet, "zone1-102"),
			scenario.Operation{
				ID: "init", At: at(20 * time.Second), Do: scenario.DoInitShardPrimary, Outcome: scenario.OutcomeSuccess,
				Args: scenario.Args{Keyspace: "commerce", Shard: "0", NewPrimary: "zone1-100", Force: true},
			},
			// The gate finds tablets once a minute.
			scenario.Operation{
				ID: "write", At: at(90 * time.Second), Do: scenario.DoQuery, Outcome: scenario.OutcomeSuccess,
				Args: scenario.Args{Target: "gate-1", Keyspace: "commerce", SQL: "insert into t1(id) values (1)"},
			})
		own.Duration = scenario.Duration(91 * time.Second)
		mine := opts
		mine.Seed = rapid.Uint64Range(1, 1000).Draw(x, "seed")
		r, writes := records(t, &own, mine)
		require.False(x, r.Finding, r.Verdict)
		require.Equal(x, want, set(writes))
	})
}

// bringUpOf is a world that begins with nothing: cell, vtctld, and then the operations given,
// one after the other.
func bringUpOf(t testing.TB, cluster, operations string) (*scenario.Scenario, runner.Options) {
	t.Helper()
	src := fmt.Sprintf(`apiVersion: bufsim/v1
name: test
start: from-nothing
cluster:
  cells: [zone1]
  keyspaces:
    - {name: commerce, durability: semi_sync, %s}
timeline:
  - {at: 1s, do: start_vtctld}
  - {after: previous, do: add_cell_info, args: {cell: zone1}}
%s
duration: 400s
until: timeline
settle: 1s
`, cluster, operations)
	s, err := scenario.Load("test.yaml", []byte(src), scenario.VitessOptions())
	require.NoError(t, err)
	return s, runner.Options{Seed: 1}
}

const threeTablets = `shards: [{name: "0", tablets: [{alias: zone1-100}, {alias: zone1-101}, {alias: zone1-102}]}]`

// A gate learns of a keyspace from the first health message of its tablets, and of a reparent
// among known tablets from their streams, without looking at the topology again.
// spec: O-77, O-82
func TestGateLearnsFromHealth(t *testing.T) {
	s, opts := bringUpOf(t, threeTablets, `
  - {after: previous, do: start_vtgate, args: {target: gate-1}}
  - {after: previous, do: start_vttablet, args: {target: zone1-100}}
  - {after: previous, do: start_vttablet, args: {target: zone1-101}}
  - {after: previous, do: start_vttablet, args: {target: zone1-102}}
  - {after: previous, wait: 65s, do: init_shard_primary, args: {new_primary: zone1-100, force: true}, outcome: success}
  - {after: previous, wait: 100ms, do: query, args: {target: gate-1, sql: "insert into t1(id) values (1)"}, outcome: success}
  - {after: previous, do: prs, args: {new_primary: zone1-101}, outcome: success}
  - {after: previous, wait: 100ms, do: query, args: {target: gate-1, sql: "insert into t1(id) values (2)"}, outcome: success}
  - {after: previous, do: status, args: {target: gate-1}, says: ["PRIMARY\tzone1-0000000101 (PrimaryTermStartTime"]}`)
	r := run(t, s, opts)
	require.False(t, r.Finding, r.Verdict)
}

// In a sharded keyspace the serving graph cannot be built before the last shard exists; until
// then queries have no keyspace. The tablet tries each second. A shard that overlaps a serving
// one does not serve. spec: O-88, O-48, O-55
func TestShardedKeyspaceHalfUp(t *testing.T) {
	s, opts := bringUpOf(t, `shards: [{name: "-80", tablets: [{alias: zone1-100}]}, {name: "80-", tablets: [{alias: zone1-200}]}, {name: "-40", tablets: [{alias: zone1-300}]}]`, `
  - {after: previous, do: start_vttablet, args: {target: zone1-100}, outcome: success}
  - {after: previous, do: start_vtgate, args: {target: gate-1}, outcome: success}
  - id: no-graph
    after: previous
    do: query
    args: {target: gate-1, sql: "insert into t1(id) values (1)"}
    outcome: failure
    says: ["keyspace commerce fetch error: node doesn't exist: /vitess/zone1/keyspaces/commerce/SrvKeyspace"]
  - id: rebuild
    after: previous
    do: rebuild_keyspace_graph
    outcome: failure
    says: ["RebuildKeyspaceGraph(commerce) failed: keyspace partition for PRIMARY in cell zone1 does not end with max key"]
  - {after: previous, wait: 3s, do: start_vttablet, args: {target: zone1-200}, outcome: success}
  - {after: previous, wait: 2s, do: start_vttablet, args: {target: zone1-300}, outcome: success}
  - {after: previous, wait: 2s, do: rebuild_keyspace_graph, outcome: success}
  - id: graph
    after: previous
    do: query
    args: {target: gate-1, sql: "insert into t1(id) values (1)"}
    outcome: failure
    says: ["no healthy tablet available for"]`)
	rec := trace.NewRecorder(trace.Filter{Kinds: []string{string(trace.KindLog)}, Hosts: []string{"zone1-0000000100"}})
	opts.Sink = rec
	require.False(t, run(t, s, opts).Finding)
	var tries []time.Duration
	for _, e := range rec.Events() {
		if strings.HasPrefix(e.Text("text"), "rebuildKeyspace failed, will retry in 1s: ") {
			tries = append(tries, time.Duration(e.Time))
		}
	}
	require.GreaterOrEqual(t, len(tries), 2)
	require.InDelta(t, time.Second, tries[1]-tries[0], float64(50*time.Millisecond))

	r, writes := records(t, s, opts)
	require.False(t, r.Finding, r.Verdict)
	require.Contains(t, writes, "put C SrvKeyspace")
	require.Contains(t, writes, "put G shards/-40/Shard")
}

// With semi-sync and one tablet nobody acknowledges the first transaction: the command hangs
// until its timeout. spec: O-87, R-126
func TestInitWithoutAcknowledger(t *testing.T) {
	s, opts := bringUpOf(t, `shards: [{name: "0", tablets: [{alias: zone1-100}, {alias: zone1-101}]}]`, `
  - {after: previous, do: create_keyspace}
  - {after: previous, do: start_vttablet, args: {target: zone1-100}}
  - {id: init, after: previous, do: init_shard_primary, args: {new_primary: zone1-100, force: true}, outcome: failure}`)
	r := run(t, s, opts)
	require.False(t, r.Finding, r.Verdict)
	o := operationOf(t, r, "init")
	require.GreaterOrEqual(t, o.End.Sub(o.Start), 30*time.Second)
}

// Deleting a tablet's record ends its process at its next publication; the record of a primary
// is only deleted by force. spec: O-70
func TestDeletedTabletEnds(t *testing.T) {
	s, opts := bringUpOf(t, threeTablets, `
  - {after: previous, do: start_vttablet, args: {target: zone1-100}}
  - {after: previous, do: start_vttablet, args: {target: zone1-101}}
  - {after: previous, do: start_vttablet, args: {target: zone1-102}}
  - {after: previous, do: init_shard_primary, args: {new_primary: zone1-100, force: true}}
  - {after: previous, do: delete_tablet, args: {target: zone1-100}, outcome: failure, says: ["cannot delete tablet zone1-0000000100 as it is a primary, pass AllowPrimary = true: while deleting 1 tablets; please inspect the topo"]}
  - {after: previous, do: delete_tablet, args: {target: zone1-102}, outcome: success, says: ["Successfully deleted 1 tablets"]}
  - {id: list, after: previous, do: list_all_tablets, outcome: success}
  - {after: previous, do: delete_tablet, args: {target: zone1-102}, outcome: failure, says: ["node doesn't exist: /vitess/zone1/tablets/zone1-0000000102/Tablet"]}`)
	r, writes := records(t, s, opts)
	require.False(t, r.Finding, r.Verdict)
	require.NotContains(t, operationOf(t, r, "list").Output, "zone1-0000000102")
	require.Contains(t, writes, "delete C tablets/zone1-102/Tablet")
}

// A restarted tablet is told from a new one: it may not change its shard, and a primary that
// comes back stays primary by the shard's record. spec: O-68, O-69
func TestRestartedTablets(t *testing.T) {
	s, opts := bringUpOf(t, threeTablets, `
  - {after: previous, do: start_vttablet, args: {target: zone1-100}}
  - {after: previous, do: start_vttablet, args: {target: zone1-101}}
  - {after: previous, do: start_vttablet, args: {target: zone1-102}}
  - {after: previous, do: init_shard_primary, args: {new_primary: zone1-100, force: true}}
  - {after: previous, do: kill, args: {target: zone1-100}}
  - {after: previous, do: start_vttablet, args: {target: zone1-100}, outcome: success}
  - {after: previous, do: status, args: {target: zone1-100}, says: ["PRIMARY\tServing"]}`)
	r := run(t, s, opts)
	require.False(t, r.Finding, r.Verdict)
}

// A tablet cannot be started as a primary: the scenario that wants it is refused. spec: O-67
func TestInitTabletType(t *testing.T) {
	s, _ := bringUpOf(t, threeTablets, "  - {after: previous, do: start_vttablet, args: {target: zone1-100}}")
	src := strings.Replace(string(s.Marshal()), "timeline:", "flags:\n  vttablet: {init-tablet-type: primary}\ntimeline:", 1)
	_, err := scenario.Load("test.yaml", []byte(src), scenario.VitessOptions())
	require.ErrorContains(t, err, "invalid init-tablet-type PRIMARY; can only be REPLICA, RDONLY or SPARE")
}

// A tablet whose record was deleted finds out when it next publishes its state, here because
// another one has become primary, and ends. spec: O-70
func TestDeletedPrimaryEnds(t *testing.T) {
	s, opts := bringUpOf(t, threeTablets, `
  - {after: previous, do: start_vttablet, args: {target: zone1-100}}
  - {after: previous, do: start_vttablet, args: {target: zone1-101}}
  - {after: previous, do: start_vttablet, args: {target: zone1-102}}
  - {after: previous, do: init_shard_primary, args: {new_primary: zone1-100, force: true}}
  - {after: previous, wait: 5s, do: delete_tablet, args: {target: zone1-100, force: true}, outcome: success}
  - {after: previous, do: ter, args: {target: zone1-101}, outcome: success}
  - {after: previous, wait: 60s, do: list_all_tablets}`)
	rec := trace.NewRecorder(trace.Filter{Kinds: []string{string(tablet.KindLife)}, Hosts: []string{"zone1-0000000100"}})
	opts.Sink = rec
	r := run(t, s, opts)
	require.False(t, r.Finding, r.Verdict)
	var life []string
	for _, e := range rec.Events() {
		life = append(life, e.Text("what"))
	}
	require.Equal(t, []string{"started", "term", "stopped"}, life)
}

// All topology data is lost. The cell is made again and the tablets are restarted, which make
// all their records anew; but no record says who was primary, so that the operator has to: MySQL
// is as it was. The
// gates find their way back by themselves, and no row is lost. spec: O-85, O-92
func TestTopologyLost(t *testing.T) {
	s, opts := load(t, "default", "v24")
	s.Workload[0].Start = scenario.Duration(200 * time.Second)
	restart := func(id, target string) scenario.Operation {
		return scenario.Operation{ID: id, After: "cell", Do: scenario.DoRestart, Outcome: scenario.OutcomeSuccess, Args: scenario.Args{Target: scenario.Target(target)}}
	}
	wiped, err := fault.ParsePlan("at 5s wipe-topo topo for 2s", scenario.FaultKinds())
	require.NoError(t, err)
	for _, f := range wiped {
		s.Faults = append(s.Faults, scenario.FaultLine{Fault: f})
	}
	s.Timeline = []scenario.Operation{
		{ID: "nothing", At: at(15 * time.Second), Do: scenario.DoListAllTablets, Outcome: scenario.OutcomeSuccess},
		{ID: "cell", At: at(20 * time.Second), Do: scenario.DoAddCellInfo, Args: scenario.Args{Cell: "zone1"}, Outcome: scenario.OutcomeSuccess},
		restart("r0", "zone1-100"), restart("r1", "zone1-101"), restart("r2", "zone1-102"),
		{ID: "list", At: at(100 * time.Second), Do: scenario.DoListAllTablets, Outcome: scenario.OutcomeSuccess, Says: []string{"zone1-0000000100 commerce 0 replica"}},
		{ID: "primary", At: at(101 * time.Second), Do: scenario.DoInitShardPrimary, Args: scenario.Args{Keyspace: "commerce", Shard: "0", NewPrimary: "zone1-100", Force: true}, Outcome: scenario.OutcomeSuccess},
		{ID: "vschema", After: "primary", Do: scenario.DoApplyVSchema, Args: scenario.Args{Keyspace: "commerce"}, Outcome: scenario.OutcomeSuccess},
	}
	s.Duration = scenario.Duration(220 * time.Second)
	opts.Seed = 1
	r, writes := records(t, s, opts)
	require.False(t, r.Finding, r.Verdict)
	require.Empty(t, operationOf(t, r, "nothing").Output)
	require.Zero(t, r.Statements.Errors)
	require.Positive(t, r.Statements.OK)
	anew := writes[slices.Index(writes, "put G cells/zone1/CellInfo")+1:]
	anew = anew[slices.Index(anew, "put G cells/zone1/CellInfo"):] // the second time
	require.Equal(t, []string{
		"C SrvKeyspace", "C SrvVSchema", "C shards/0/ShardReplication",
		"C tablets/zone1-100/Tablet", "C tablets/zone1-101/Tablet", "C tablets/zone1-102/Tablet",
		"G Keyspace", "G VSchema", "G cells/zone1/CellInfo", "G shards/0/Shard",
	}, set(anew))
}
