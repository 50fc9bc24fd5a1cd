package runner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
)

// A run that ends with its clients waits for a group that starts later, although
// all others have given up by then.
func TestLaterGroupKeepsTheRunGoing(t *testing.T) {
	s, opts := load(t, "1", guideRelease)
	opts.Seed, s.Until = 1, scenario.UntilClients
	alone := run(t, s, opts)
	require.Equal(t, 6, alone.Statements.ClientsEnded)
	require.Less(t, alone.Time, 15*time.Second)

	s.Workload = append(s.Workload, scenario.ClientGroup{
		Name: "late", Start: scenario.Duration(15 * time.Second),
		Closed: &scenario.Closed{
			Clients: 2, Think: scenario.Constant(100 * time.Millisecond), Statements: scenario.Statements{Insert: 1},
			TabletType: scenario.TypePrimary, OnError: scenario.OnErrorFast,
		},
	})
	r := run(t, s, opts)
	require.GreaterOrEqual(t, r.Time, s.Duration.Std())
	require.Equal(t, 8, r.Statements.Clients)
	require.Greater(t, r.Statements.Total, alone.Statements.Total+50)
	require.Zero(t, r.Statements.Unfinished)
}

// With a gate that shows autocommit in its handshake, what one-off workers write is
// never committed; with an older one all of it is.
//
// spec: W-30, W-31, I-W7
func TestRowsOfOneoffWorkers(t *testing.T) {
	for rel, committed := range map[string]bool{"v13": true, "v24": false} {
		s, opts := load(t, "3", rel)
		s.Timeline, s.Expect = nil, nil
		g := &s.Workload[0].Gateslap.Config.Gateslap
		g.PooledConns, g.PersistConns = 0, 0
		rec := trace.NewRecorder(trace.Filter{Kinds: []string{string(mysqld.KindCommit)}})
		opts.Seed, opts.Sink = 1, rec
		r := run(t, s, opts)
		require.Zero(t, r.Statements.Errors)
		require.Greater(t, r.Statements.Total, 40)
		if committed {
			require.Greater(t, len(rec.Events()), r.Statements.Total)
		} else {
			require.Less(t, len(rec.Events()), 10, "the table and the cluster's own records")
		}
	}
}

// A statement that is under way when the run ends for good is in no count but its own.
func TestUnfinishedStatementsAreReported(t *testing.T) {
	s, opts := load(t, "default", "v24")
	s.Workload[0].Closed.ReadTimeout = 0
	s.Timeline = []scenario.Operation{{
		ID: "cut", At: at(5 * time.Second), Do: scenario.DoPause, Outcome: scenario.OutcomeAny,
		Args: scenario.Args{Target: "gate:gate-1"},
	}}
	opts.Seed = 1
	r := run(t, s, opts)
	require.Equal(t, 6, r.Statements.Unfinished)
	require.Equal(t, r.Statements.Total, r.Statements.OK+r.Statements.Errors)
	require.Contains(t, r.Verdict, "6 were still under way at the end")
	require.Equal(t, sim.Stopped, r.Outcome.Kind)
}

func at(d time.Duration) *scenario.Duration {
	v := scenario.Duration(d)
	return &v
}

// What gateslap prints can be kept.
//
// spec: W-72
func TestTranscript(t *testing.T) {
	s, opts := load(t, "2", guideRelease)
	opts.Seed = 1
	require.Empty(t, run(t, s, opts).Journal.Transcript)
	opts.Transcript = true
	var b strings.Builder
	require.NoError(t, run(t, s, opts).Journal.WriteTranscript(&b))
	require.Contains(t, b.String(), "Error Number: 1105\n")
	require.Contains(t, b.String(), ": Retry attempt 1 out of 10 sleeping for 5000ms and trying again.\n")
}

// What does not go together is said before the run.
func TestRunRefuses(t *testing.T) {
	s, opts := load(t, "default", "v24")
	opts.Flags.VTGate.BufferMaxFailoverDuration = 0
	_, err := runner.Run(s, opts)
	require.Error(t, err)
	s.Release = "v1"
	_, err = runner.Run(s, runner.Options{})
	require.ErrorContains(t, err, "v1")
}
