package workload_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/workload"
	"bufsim/model/query"
	"bufsim/model/vterr"
	"bufsim/sim"
)

func closed(policy workload.OnError) workload.Closed {
	return workload.Closed{
		Name: "app", Clients: 1, Think: sim.Constant(time.Second), Mix: workload.Mix{Insert: 1},
		OnError: policy, RetryWait: 100 * time.Millisecond,
	}
}

// What a closed-loop client does after errors: the gate fails the statements 2 to 4.
func TestClosedPolicies(t *testing.T) {
	for _, tt := range []struct {
		policy             workload.OnError
		retries            int
		asked, lost, ended int
		gaps               []time.Duration // between statements at the gate
	}{
		{workload.Exit, 0, 2, 1, 1, []time.Duration{1000}},
		{workload.Fast, 0, 5, 3, 0, []time.Duration{1000, 1100, 1100, 1100}},
		{workload.Retry, 0, 6, 0, 0, []time.Duration{1000, 100, 100, 100, 1000}},
		{workload.Retry, 3, 6, 0, 0, []time.Duration{1000, 100, 100, 100, 1000}},
		{workload.Retry, 2, 4, 1, 1, []time.Duration{1000, 100, 100}},
	} {
		s := stage{until: 6200 * time.Millisecond}
		if tt.policy == workload.Retry {
			s.until = 3500 * time.Millisecond
		}
		s.gate.answer = failing(1105, 2, 3, 4)
		c := closed(tt.policy)
		c.RetryCount = tt.retries
		s.run(t, 1, func(env *sim.Env, d *workload.Driver) { c.Start(env, []*workload.Driver{d}, s.over, s.journal) })
		tally := s.journal.Tally()
		require.Equal(t, []int{tt.asked, tt.lost, tt.ended, 0}, []int{len(s.gate.asked), tally.Lost, tally.ClientsEnded, tally.Unfinished}, "%s %d", tt.policy, tt.retries)
		for i, gap := range tt.gaps {
			require.Equal(t, gap*time.Millisecond, s.gate.times[i+1].Sub(s.gate.times[i]), "%s %d: gap %d", tt.policy, tt.retries, i)
		}
		for _, r := range s.journal.Records {
			require.Zero(t, r.Latency(), "pauses do not count") // spec: W-74
			require.Equal(t, time.Duration(r.Executions-1)*100*time.Millisecond, r.Waited)
		}
	}
}

// A statement that no client will ever finish is counted as unfinished.
func TestUnfinishedStatements(t *testing.T) {
	var s stage
	s.gate.answer = func(env *sim.Env, q question) error {
		if q.n > 1 {
			env.Sleep(30 * time.Minute)
		}
		return nil
	}
	s.run(t, 1, func(env *sim.Env, d *workload.Driver) {
		closed(workload.Exit).Start(env, []*workload.Driver{d}, s.over, s.journal)
		env.Sleep(10 * time.Second)
		tally := s.journal.Tally()
		if tally.Statements != 1 || tally.Unfinished != 1 {
			env.Assert(false, "unfinished-counted")
		}
		s.over.Set()
	})
	require.Equal(t, []int{2, 0}, []int{s.journal.Tally().Statements, s.journal.Tally().Unfinished})
}

// Clients wait for their answers: as many statements are under way as there are
// clients, each on its own connection.
func TestClosedConcurrency(t *testing.T) {
	s := stage{until: time.Minute}
	s.gate.answer = func(env *sim.Env, _ question) error { env.Sleep(2 * time.Second); return nil }
	c := closed(workload.Exit)
	c.Clients, c.Mix = 5, workload.Mix{Insert: 1, Select: 1, Update: 1, Delete: 1}
	s.run(t, 1, func(env *sim.Env, d *workload.Driver) { c.Start(env, []*workload.Driver{d}, s.over, s.journal) })
	require.Equal(t, []int{5, 5}, []int{s.gate.busyMost, s.gate.openMost})
	require.Len(t, s.gate.asked, 5*20)
	verbs, written := map[query.Verb]int{}, map[int64]bool{}
	for _, q := range s.gate.asked {
		verbs[q.stmt.Verb]++
		if q.stmt.Verb == query.VerbInsert {
			require.False(t, written[q.stmt.Key], "a key is inserted once")
			written[q.stmt.Key] = true
		}
	}
	for _, v := range []query.Verb{query.VerbInsert, query.VerbSelect, query.VerbUpdate, query.VerbDelete} {
		require.InDelta(t, 25, verbs[v], 15, v.String())
	}
}

func open(gap sim.Dist, connections int) workload.Open {
	return workload.Open{Name: "web", Gap: gap, Connections: connections, Mix: workload.Mix{Insert: 1}}
}

func (s *stage) open(t *testing.T, seed uint64, o workload.Open) {
	t.Helper()
	s.run(t, seed, func(env *sim.Env, d *workload.Driver) { o.Start(env, []*workload.Driver{d}, s.over, s.journal) })
}

// Arrivals come at their rate, whatever the gate does; a Poisson process has
// independent gaps.
func TestOpenRate(t *testing.T) {
	const seeds = 20
	total := 0
	for seed := uint64(1); seed <= seeds; seed++ {
		s := stage{until: 10 * time.Second}
		s.open(t, seed, open(sim.Exponential(10*time.Millisecond), 0))
		total += len(s.journal.Records)
	}
	// 20,000 expected arrivals: four standard deviations are 566.
	require.InDelta(t, seeds*1000, total, 566)

	s := stage{until: time.Second}
	s.gate.answer = func(env *sim.Env, _ question) error { env.Sleep(5 * time.Second); return nil }
	s.open(t, 1, open(sim.Constant(10*time.Millisecond), 0))
	require.Len(t, s.journal.Records, 99)
	for i, at := range s.gate.times {
		require.Equal(t, sim.Time(time.Duration(i+1)*10*time.Millisecond), at)
	}
	require.Equal(t, 99, s.gate.openMost, "no limit: one connection for each request under way")
	require.Equal(t, []int{99, 0}, []int{s.journal.Tally().Statements, s.journal.Tally().Unfinished}, "requests that arrived are finished")
}

// Beyond the limit a request waits, and its latency counts from its arrival.
// Connections are used again unless they broke.
//
// spec: W-46, W-74
func TestOpenConnections(t *testing.T) {
	s := stage{until: 1050 * time.Millisecond}
	s.gate.answer = func(env *sim.Env, _ question) error { env.Sleep(250 * time.Millisecond); return nil }
	s.open(t, 1, open(sim.Constant(100*time.Millisecond), 2))
	require.Equal(t, []int{2, 2}, []int{s.gate.busyMost, s.gate.openMost})
	require.EqualValues(t, 2, s.gate.last, "two connections in all")
	require.Len(t, s.journal.Records, 10)
	for i, r := range s.journal.Records {
		waited := time.Duration(i/2) * 50 * time.Millisecond
		require.Equal(t, 250*time.Millisecond+waited, r.Latency(), "request %d", i)
	}

	s = stage{until: 550 * time.Millisecond}
	s.gate.answer = failing(1105, 2)
	s.open(t, 1, open(sim.Constant(100*time.Millisecond), 1))
	require.EqualValues(t, 1, s.gate.last, "an error of a statement is none of the connection") // spec: W-45
	require.Equal(t, 1, s.journal.Tally().Lost)

	s = stage{until: 550 * time.Millisecond}
	s.gate.answer = func(env *sim.Env, q question) error {
		if q.n == 2 {
			env.Sleep(time.Second)
		}
		return nil
	}
	o := open(sim.Constant(100*time.Millisecond), 1)
	o.ReadTimeout = 50 * time.Millisecond
	s.open(t, 1, o)
	require.EqualValues(t, 2, s.gate.last, "a time-out breaks the connection")
	require.Equal(t, 2013, s.journal.Tally().ByError[0].Num)
}

// spec: W-73
func TestTally(t *testing.T) {
	a, b := &vterr.MySQLError{Num: 1105, State: "HY000", Text: "a"}, &vterr.MySQLError{Num: 1105, State: "HY000", Text: "b"}
	same := *b
	j := workload.Journal{
		Clients: []workload.Client{{GaveUp: true, Lines: 10, Executed: 3, Skipped: 2}, {Lines: 10, Executed: 3}, {GaveUp: true}},
		Records: []workload.Record{{}, {First: a, Failed: true}, {First: b, Failed: true}, {First: &same}, {}},
	}
	tally := j.Tally()
	tally.Unfinished = 0 // statements were put in without their beginnings
	require.Equal(t, workload.Tally{
		Statements: 5, Errors: 3, Lost: 2, NotSent: 5, ClientsEnded: 2,
		ByError: []workload.ErrorCount{{MySQLError: *b, Count: 2}, {MySQLError: *a, Count: 1}},
		ByKind:  []workload.KindCount{{Kind: "other", OK: 2, Errors: 3}},
	}, tally)
}
