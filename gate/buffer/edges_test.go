package buffer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/gate/buffer"
	"bufsim/model/vterr"
)

// Requests that give up in the middle of the queue leave the others alone: those are evicted and
// drained as if the others had never come. spec: B-27, B-36, B-46
func TestNeighboursGiveUp(t *testing.T) {
	s := newStory(
		req("R1", 0, F), req("R2", 1, N, contextEnds(3)), req("R3", 2, N, contextEnds(3)), req("R4", 3, N),
		req("R5", 4, N, contextEnds(2)), req("R6", 5, N),
		ev(11, 2, true),
	).run(t)
	require.Equal(t, map[string]string{
		"R1": "ok@10s", "R2": "context@4s", "R3": "context@5s", "R4": "ok@11s", "R5": "context@6s", "R6": "ok@11s",
	}, s.results)
	require.EqualValues(t, 3, s.counts()["requests_evicted{ContextDone}"])
	require.EqualValues(t, 2, s.counts()["requests_drained"])
	require.Zero(t, s.buffer.Status().SlotsInUse)
}

// A call of the watcher that is refused late must not end the failover that began meanwhile, nor
// take away its cool-down. spec: M-3
func TestLateRefusalMeetsTheNextFailover(t *testing.T) {
	s := markWindow(false, req("R1", 0, F), ev(.2, 2, true), req("R2", .5, F), req("R3", .7, N))
	s.cfg.MinTimeBetweenFailovers = sec(.1)
	s.run(t)
	require.Equal(t, map[string]string{"R1": "pass@1s", "R2": "pass@1.5s", "R3": "ok@1.5s"}, s.results)
	require.EqualValues(t, 1, s.counts()["stops{MarkNotServingFailed}"])
	require.EqualValues(t, 1, s.counts()["stops{NewPrimarySeen}"])
}

// Errors of tablets come in the words of a gate, and are known all the same; what the texts of
// other errors say does not matter. spec: B-5, B-6, B-7
func TestClassificationOfErrorsAsTheyCome(t *testing.T) {
	last := newStory().behaviors
	readOnly := "The MySQL server is running with the --super-read-only option so it cannot execute this statement (errno 1290) (sqlstate HY000)"
	for _, row := range []struct {
		err                error
		failover, reparent bool
		reason             string
	}{
		{vterr.FromTablet(vterr.NotServing()), true, true, ""},
		{vterr.FromTablet(vterr.New(vterr.ClusterEvent, readOnly)), true, true, ""},
		{vterr.ForTarget(vterr.New(vterr.ClusterEvent, vterr.TextReparent), "ks.0.primary"), true, true, vterr.TextReparent},
		{vterr.ForTarget(vterr.BeingResharded(), "ks.0.primary"), true, false, vterr.TextBeingResharded},
		{vterr.FromTablet(vterr.DeniedTables("")), true, false, vterr.TextDisallowedByRule},
		{vterr.FromTablet(vterr.New(vterr.FailedPrecondition, "wrong tablet type: PRIMARY, want: REPLICA or []")), false, false, ""},
		{vterr.FromTablet(vterr.New(vterr.InvalidArgument, readOnly)), false, false, ""},
		{vterr.New(vterr.Unavailable, vterr.TextReparent), false, false, ""},
		{vterr.New(vterr.Unavailable, vterr.TextDisallowedByRule), false, false, ""},
		{vterr.New(vterr.InvalidArgument, vterr.TextBeingResharded), false, false, ""},
	} {
		require.Equal(t, row.failover, buffer.CausedByFailover(row.err, last), row.err)
		require.Equal(t, row.reparent, buffer.DueToReparent(row.err), row.err)
		require.Equal(t, row.reason, buffer.FailoverReason(row.err, last), row.err)
	}
	for code := vterr.OK; code <= vterr.ClusterEvent; code++ {
		err := vterr.New(code, "whatever")
		require.Equal(t, code == vterr.ClusterEvent, buffer.CausedByFailover(err, last), code)
		require.Equal(t, code == vterr.ClusterEvent, buffer.DueToReparent(err), code)
	}
}
