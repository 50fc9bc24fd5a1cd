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

// Shutdown waits for the retries of all whom the buffer has let go, however they left.
// spec: B-22, B-28, B-64, B-65
func TestShutdownWaitsForRetries(t *testing.T) {
	evicted := newStory(req("R1", 0, F, retryTakes(5)), req("R2", 1, N, retryTakes(1)), shutdown(2))
	evicted.cfg.Size = 1
	evicted.run(t)
	require.Equal(t, map[string]string{"R1": "evicted@1s", "R2": "ok@2s", "shutdown": "returned@6s"}, evicted.results)

	overdue := newStory(req("R1", 0, F, retryTakes(5)), shutdown(2), look(1.5), look(.5))
	overdue.cfg.Window = sec(1)
	overdue.run(t)
	require.Equal(t, map[string]string{"R1": "ok@1s", "shutdown": "returned@6s"}, overdue.results)
	require.Equal(t, map[string]string{"0.5 0": "BUFFERING 1, slots 1", "1.5 0": "BUFFERING 0, slots 1"}, overdue.held)

	drained := newStory(req("R1", 0, F, retryTakes(5)), req("R2", 1, F, retryTakes(3)), ev(1.5, 2, true), shutdown(2)).run(t)
	require.Equal(t, map[string]string{"R1": "ok@1.5s", "R2": "ok@6.5s", "shutdown": "returned@9.5s"}, drained.results)

	passing := newStory(ev(0, 1, true), req("R1", 1, N, retryTakes(5)), shutdown(2)).run(t)
	require.Equal(t, map[string]string{"R1": "pass@1s", "shutdown": "returned@2s"}, passing.results)
}

// What counts as a failover or a reparent that was just now, to the nanosecond.
// spec: B-15, B-16, B-43, B-52, B-55, B-58, P-11
func TestCoolDown(t *testing.T) {
	const ns = 1e-9
	for name, row := range map[string]struct {
		steps []step
		at    float64 // the first instant at which buffering may start again
		by    string  // the reason before that; empty: it may at once
	}{
		"after a failover, from its stop and not from the drain's end": {
			[]step{ev(0, 1, true), req("R", 1, F, retryTakes(4)), ev(3, 2, true)}, 63, failover,
		},
		"after a failover that took too long": {[]step{req("R", 1, F)}, 81, failover},
		"after a reparent that was not buffered": {
			[]step{ev(0, 1, true), ev(2, 2, true)}, 62, reparent,
		},
		"after a reparent that came late": {
			[]step{ev(0, 1, true), req("R", 1, F), ev(3, 2, true), ev(30, 3, true)}, 90, reparent,
		},
		"after the primary was lost":                {[]step{ev(0, 1, true), ev(2, 0, true)}, 62, reparent},
		"the first primary is no reparent":          {[]step{ev(2, 1, true)}, 2 + ns, ""},
		"the first primary after none, neither":     {[]step{ev(1, 0, true), ev(2, 1, true)}, 2 + ns, ""},
		"an event with the same primary is nothing": {[]step{ev(0, 1, true), ev(2, 1, true)}, 2 + ns, ""},
	} {
		if row.by != "" {
			s := newStory(append(row.steps, req("early", row.at-ns, F))...)
			s.run(t)
			require.Contains(t, s.results["early"], "pass@", name)
			require.EqualValues(t, 1, s.counts()[row.by], name)
		}
		s := newStory(append(row.steps, req("late", row.at, F))...).run(t)
		require.Contains(t, s.results["late"], "ok@", name)
	}
}

// Each failover has its own maximum duration, and its own window for each request.
// spec: B-18, B-24, B-38, P-12, P-13
func TestSecondFailoverHasItsOwnTimes(t *testing.T) {
	s := newStory(req("R1", 0, F), ev(5, 2, true), req("R2", 10, F), req("R3", 12, N), req("R4", 15, N))
	s.cfg.MinTimeBetweenFailovers, s.cfg.Window = sec(1), sec(16)
	s.run(t)
	require.Equal(t, map[string]string{"R1": "ok@5s", "R2": "ok@26s", "R3": "ok@28s", "R4": "ok@30s"}, s.results)
	require.EqualValues(t, 1, s.counts()["stops{MaxDurationExceeded}"])
}

// A refused call of the watcher does not take the cool-down away that a genuine end of the same
// failover has begun. spec: M-3
func TestRefusalAfterTheEndKeepsTheCoolDown(t *testing.T) {
	s := markWindow(false, req("R1", 0, F), ev(.5, 2, true), req("R2", 2, F)).run(t)
	require.Equal(t, map[string]string{"R1": "pass@1s", "R2": "pass@2s"}, s.results)
	require.EqualValues(t, 1, s.counts()[failover])
	require.EqualValues(t, 1, s.counts()["starts"])
}

// The slots are those of all shards; a full buffer makes room in the newcomer's shard only.
// spec: B-21, B-22, B-23, B-25, C-4
func TestSlotsOfAllShards(t *testing.T) {
	s := newStory(
		req("A1", 0, F, onShard("a")), req("A2", 1, N, onShard("a")),
		req("B1", 2, F, onShard("b")), // b has nothing to give
		req("A3", 3, N, onShard("a")),
		ev(4, 2, true, "a"), req("B2", 5, N, onShard("b")), ev(6, 2, true, "b"),
	)
	s.cfg.Size = 2
	s.run(t)
	require.Equal(t, map[string]string{
		"A1": "evicted@3s", "A2": "ok@4s", "A3": "ok@4s", "B1": "full@2s", "B2": "ok@6s",
	}, s.results)
}
