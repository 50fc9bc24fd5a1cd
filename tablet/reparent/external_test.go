package reparent_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/reparent"
)

// ter runs one TabletExternallyReparented on the fake shard.
func (s *shard) ter(t *testing.T, uid uint32) outcome {
	t.Helper()
	for _, tablet := range s.tablets {
		tablet.Keyspace, tablet.Shard = "commerce", "0"
	}
	return s.run(t, sim.Config{Seed: 1}, reparent.Options{Release: profile(t, "v24")}, nil, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		return r.TabletExternallyReparented(ctx, alias(uid))
	})
}

// One call, no lock.
// spec
func TestExternalReparent(t *testing.T) {
	s := threeTablets()
	out := s.ter(t, 101)
	require.NoError(t, out.err)
	require.Equal(t, []string{"ChangeType 101 PRIMARY semiSync=true"}, s.made())
	require.Equal(t, "commerce 0 zone1-0000000101 zone1-0000000100", out.result.Keyspace+" "+out.result.Shard+" "+
		out.result.PromotedPrimary.String()+" "+out.result.OldPrimary.String())
	require.Equal(t, []string{"starting external reparent", "finished"}, out.events())
	require.Equal(t, []string{"TabletExternallyReparented: executing tablet type change REPLICA -> PRIMARY on zone1-0000000101"}, logTexts(out.result))
	require.Zero(t, s.locked)

	s = threeTablets()
	require.NoError(t, s.ter(t, 100).err)
	require.Empty(t, s.calls, "it is the primary already")

	s = threeTablets()
	s.tablets[1].Type, s.keyspace.DurabilityPolicy = topodata.RDOnly, "none"
	require.NoError(t, s.ter(t, 101).err)
	require.Equal(t, []string{"ChangeType 101 PRIMARY semiSync=false"}, s.made())
}

// spec: R-120
func TestExternalReparentFails(t *testing.T) {
	s := threeTablets()
	s.behave = failing("ChangeType 101", errors.New("boom"))
	out := s.ter(t, 101)
	require.EqualError(t, out.err, "boom")
	require.Equal(t, []string{"starting external reparent", "failed: boom"}, out.events())
	require.Contains(t, logTexts(out.result), "ChangeType(zone1-0000000101, PRIMARY): boom")
	require.EqualError(t, threeTablets().ter(t, 107).err, "node doesn't exist: zone1-0000000107")
}
