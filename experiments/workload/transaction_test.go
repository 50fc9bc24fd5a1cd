package workload_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/workload"
	"bufsim/sim"
)

// rounds plays one client from its first statement on and gives what the gate saw.
func rounds(t *testing.T, s *stage, c workload.Closed) string {
	t.Helper()
	c.AtOnce = true
	s.until = 3500 * time.Millisecond
	s.run(t, 1, func(env *sim.Env, d *workload.Driver) { c.Start(env, []*workload.Driver{d}, s.over, s.journal) })
	return strings.Join(without(strings.Join(s.gate.log, ", "), "closed"), ", ")
}

// A round is a transaction with pauses inside; after an error, what follows is not sent, and
// the next round has a new connection, or the same one rolled back.
func TestTransactions(t *testing.T) {
	const round = "1 BEGIN, 1 INSERT, 1 INSERT, 1 COMMIT"
	tx := &workload.Transaction{Inserts: 2, Think: sim.Constant(100 * time.Millisecond)}
	for policy, want := range map[workload.OnError]string{
		workload.Fast: "1 connect, " + round + ", 1 BEGIN, 1 INSERT, 2 connect, 2 BEGIN, 2 INSERT, 2 INSERT, 2 COMMIT",
		workload.Keep: "1 connect, " + round + ", 1 BEGIN, 1 INSERT, 1 ROLLBACK, " + round,
		workload.Exit: "1 connect, " + round + ", 1 BEGIN, 1 INSERT",
	} {
		var s stage
		s.gate.answer = failing(1105, 6)
		c := closed(policy)
		c.Transaction = tx
		require.Equal(t, want, rounds(t, &s, c), policy)
		require.Equal(t, 300*time.Millisecond, s.gate.times[3].Sub(s.gate.times[0]), "three pauses inside")
		ended := 0
		if policy == workload.Exit {
			ended = 1
		}
		kinds := map[string][2]int{}
		for _, k := range s.journal.Tally().ByKind {
			kinds[k.Kind] = [2]int{k.OK, k.Errors}
		}
		rest := 1 - ended // rounds after the failed one
		require.Equal(t, map[string][2]int{"begin": {2 + rest, 0}, "tw": {2 + 2*rest, 1}, "commit": {1 + rest, 0}}, kinds, policy)
		require.Equal(t, ended, s.journal.Tally().ClientsEnded)
	}
}

// A fixed statement, the statements after connecting, and a kind of its own.
func TestFixedStatement(t *testing.T) {
	var s stage
	c := closed(workload.Fast)
	c.SQL, c.Kind, c.OnConnect = "select sleep(2)", "long", []string{"create temporary table x(id int)"}
	require.Equal(t, "1 connect, 1 DDL, 1 SLEEP, 1 SLEEP, 1 SLEEP, 1 SLEEP", rounds(t, &s, c))
	require.Equal(t, 2*time.Second, s.gate.asked[1].stmt.Cost)
	require.Equal(t, []workload.KindCount{{Kind: "long", OK: 4}}, s.journal.Tally().ByKind)
}

// A statement that found no connection counts as a failed connect.
func TestFailedConnectIsAKind(t *testing.T) {
	var s stage
	s.gate.answer = failing(1105, 1)
	c := closed(workload.Exit)
	c.OnConnect = []string{"set workload = olap"}
	rounds(t, &s, c)
	require.Equal(t, []workload.KindCount{{Kind: workload.KindConnect, Errors: 1}}, s.journal.Tally().ByKind)
}

// Clients that never pause end with the workload, too.
func TestClientsWithoutPause(t *testing.T) {
	s := stage{until: time.Second}
	s.gate.answer = func(env *sim.Env, _ question) error {
		env.Sleep(100 * time.Millisecond)
		return nil
	}
	c := closed(workload.Fast)
	c.Think = sim.Constant(0)
	s.run(t, 1, func(env *sim.Env, d *workload.Driver) { c.Start(env, []*workload.Driver{d}, s.over, s.journal) })
	require.InDelta(t, 10, len(s.gate.asked), 1)
}
