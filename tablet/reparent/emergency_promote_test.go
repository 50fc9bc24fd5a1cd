package reparent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/reparent"
)

// also adds trouble to a shard that has some already.
func (s *shard) also(more func(*sim.Context, string) error) {
	before := s.behave
	s.behave = func(ctx *sim.Context, what string) error {
		if err := more(ctx, what); err != nil || before == nil {
			return err
		}
		return before(ctx, what)
	}
}

// Success needs the journal and one replica; the others go on after the return.
// spec
func TestEmergencyReturnsWithTheFirstReplica(t *testing.T) {
	s := deadPrimary()
	out := s.ers(t, "v24", reparent.EmergencyOptions{WaitReplicasTimeout: 7 * time.Second})
	require.NoError(t, out.err)
	require.Less(t, out.took, 20*time.Millisecond)
	require.Equal(t, 1, s.underWay, "the old primary's call goes on without the lock")
	last := s.calls[len(s.calls)-3]
	require.Equal(t, "SetReplicationSource 100", last.what)
	require.True(t, last.ended)
	require.ErrorContains(t, last.err, "context deadline exceeded")
}

// Failures of the promotion, of the journal, of all replicas.
// spec
func TestEmergencyPromotionFails(t *testing.T) {
	boom := errors.New("boom")
	const deadline = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
	coded := "Code: DEADLINE_EXCEEDED\n" + deadline + "\n: " + deadline
	for _, c := range []struct {
		name, release string
		trouble       func(s *shard)
		text          string
		took          time.Duration
	}{
		{
			"promotion", "v24", func(s *shard) { s.also(failing("PromoteReplica 101", boom)) },
			"failed to promote zone1-0000000101 to primary: primary-elect tablet zone1-0000000101 failed to be upgraded to primary: Code: UNKNOWN\nboom\n: boom", 0,
		},
		{
			"promotion before v18", "v17", func(s *shard) { s.also(failing("PromoteReplica 101", boom)) },
			"primary-elect tablet zone1-0000000101 failed to be upgraded to primary: boom: boom", 0,
		},
		{
			"journal", "v24", func(s *shard) { s.also(s.hanging("PopulateReparentJournal 101")) },
			"failed to promote zone1-0000000101 to primary: failed to PopulateReparentJournal on primary: " + coded, 15 * time.Second,
		},
		{
			"journal before v18", "v17", func(s *shard) { s.also(s.hanging("PopulateReparentJournal 101")) },
			"failed to PopulateReparentJournal on primary: " + deadline + ": " + deadline, 15 * time.Second,
		},
		{
			"replicas", "v24", func(s *shard) { s.also(failing("SetReplicationSource 102", boom)) },
			"2 replica(s) failed: tablet zone1-0000000100 SetReplicationSource failed: " + coded + ";tablet zone1-0000000102 SetReplicationSource failed: Code: UNKNOWN\nboom\n: boom: " +
				"tablet zone1-0000000100 SetReplicationSource failed: " + coded + ";tablet zone1-0000000102 SetReplicationSource failed: Code: UNKNOWN\nboom\n: boom",
			15 * time.Second,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := deadPrimary()
			c.trouble(s)
			out := s.ers(t, c.release, reparent.EmergencyOptions{})
			require.Equal(t, c.text, out.text())
			require.InDelta(t, c.took.Seconds(), out.took.Seconds(), 0.05)
			require.Equal(t, "failed EmergencyReparentShard: "+c.text, out.events()[len(out.events())-1])
			require.Equal(t, "rpc error: code = Unknown desc = "+c.text, vterr.ForOperator(out.err).Error())
			require.Zero(t, s.underWay, "the repointing is called off")
			require.False(t, out.counts[0].Success)
			require.Equal(t, 1, s.unlocked)
		})
	}
}

// In a shard of two the only other tablet need not follow: it is most likely the dead one.
// spec: R-110
func TestEmergencyOfPair(t *testing.T) {
	s := threeTablets()
	s.tablets, s.keyspace.DurabilityPolicy = s.tablets[:2], "none"
	s.dead(100)
	out := s.ers(t, "v24", reparent.EmergencyOptions{WaitReplicasTimeout: 3 * time.Second})
	require.NoError(t, out.err)
	require.InDelta(t, 3, out.took.Seconds(), 0.1, "it is waited for")
	require.Contains(t, logTexts(out.result)[len(out.result.Log)-1], "we assume it is the one that had failed and will progress with the reparent. Error: tablet zone1-0000000100 SetReplicationSource failed: ")
}

// The end of the operator's context does not stop a promotion that has begun.
// spec: R-110
func TestEmergencyPromotionOutlivesTheClient(t *testing.T) {
	s := deadPrimary()
	s.also(func(_ *sim.Context, what string) error {
		if what == "PromoteReplica 101" {
			s.env.Sleep(3 * time.Second)
		}
		return nil
	})
	out := s.run(t, sim.Config{Seed: 1}, reparent.Options{Release: profile(t, "v24")}, func(env *sim.Env, cancel, _ func()) {
		env.Sleep(time.Second)
		cancel()
	}, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		return r.EmergencyReparentShard(ctx, "commerce", "0", reparent.EmergencyOptions{})
	})
	require.NoError(t, out.err)
	require.Equal(t, 1, s.count("PopulateReparentJournal 101"))
}
