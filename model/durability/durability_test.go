package durability_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/model/durability"
	"bufsim/model/topodata"
)

func member(cell string, uid uint32, t topodata.TabletType) durability.Member {
	return durability.Member{Alias: topodata.TabletAlias{Cell: cell, UID: uid}, Type: t}
}

// spec: R-10
func TestPolicies(t *testing.T) {
	primary := member("zone1", 100, topodata.Primary)
	same, other := member("zone1", 101, topodata.Replica), member("zone2", 200, topodata.Replica)
	sameRO, otherRO := member("zone1", 102, topodata.RDOnly), member("zone2", 201, topodata.RDOnly)
	spare := member("zone2", 202, topodata.Spare)
	for _, c := range []struct {
		name                         string
		acks                         int
		same, other, sameRO, otherRO bool
	}{
		{name: "none"},
		{name: "test"},
		{name: "semi_sync", acks: 1, same: true, other: true},
		{name: "semi_sync_with_rdonly_ack", acks: 1, same: true, other: true, sameRO: true, otherRO: true},
		{name: "cross_cell", acks: 1, other: true},
		{name: "cross_cell_with_rdonly_ack", acks: 1, other: true, otherRO: true},
	} {
		p, err := durability.Lookup(c.name)
		require.NoError(t, err)
		require.Equal(t, c.name, p.String())
		require.Equal(t, c.acks, p.AcksNeeded(), c.name)
		require.Equal(t, c.same, p.IsAcker(primary, same), c.name)
		require.Equal(t, c.other, p.IsAcker(primary, other), c.name)
		require.Equal(t, c.sameRO, p.IsAcker(primary, sameRO), c.name)
		require.Equal(t, c.otherRO, p.IsAcker(primary, otherRO), c.name)
		require.False(t, p.IsAcker(primary, spare), c.name)
		require.Equal(t, durability.Neutral, p.Promotion(same), c.name)
		require.Equal(t, durability.MustNot, p.Promotion(sameRO), c.name)
		wantOther := durability.Neutral
		if c.name == "test" {
			wantOther = durability.Prefer
		}
		require.Equal(t, wantOther, p.Promotion(other), c.name)
	}
	_, err := durability.Lookup("strict")
	require.EqualError(t, err, "durability policy strict not found")
	require.Equal(t, "none", durability.Policy{}.String())
	require.Equal(t, "prefer_not", durability.PreferNot.String())
	for _, name := range durability.Names() {
		_, err := durability.Lookup(name)
		require.NoError(t, err)
	}
}

// spec
func TestQuorum(t *testing.T) {
	c, e, r := member("z", 1, topodata.Primary), member("z", 2, topodata.Replica), member("z", 3, topodata.Replica)
	all := []durability.Member{c, e, r}
	semiSync, err := durability.Lookup("semi_sync")
	require.NoError(t, err)

	require.True(t, semiSync.CanEstablish(e, []durability.Member{e, r}))
	require.False(t, semiSync.CanEstablish(e, []durability.Member{e}), "nobody acknowledges")
	require.False(t, semiSync.CanEstablish(e, []durability.Member{c, r}), "not reached itself")

	require.True(t, semiSync.Revoked(c, []durability.Member{e, r}, all), "all its ackers are stopped")
	require.False(t, semiSync.Revoked(c, []durability.Member{e}, all), "one acker is left")
	require.True(t, semiSync.HaveRevoked([]durability.Member{e, r}, all))
	require.False(t, semiSync.HaveRevoked([]durability.Member{e}, all))

	none := durability.Policy{}
	require.False(t, none.HaveRevoked([]durability.Member{e, r}, all), "an unreached eligible tablet is never revoked")
	require.True(t, none.HaveRevoked(all, all))
}

// Reaching more tablets never makes a safe emergency reparent unsafe.
// spec: R-12
func TestReachingMoreKeepsSafety(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, err := durability.Lookup(rapid.SampledFrom(durability.Names()).Draw(t, "policy"))
		if err != nil {
			t.Fatal(err)
		}
		var all, reached []durability.Member
		n := rapid.IntRange(1, 6).Draw(t, "tablets")
		for i := range n {
			m := member(rapid.SampledFrom([]string{"zone1", "zone2"}).Draw(t, "cell"), uint32(i),
				rapid.SampledFrom([]topodata.TabletType{topodata.Primary, topodata.Replica, topodata.RDOnly}).Draw(t, "type"))
			all = append(all, m)
			if rapid.Bool().Draw(t, "reached") {
				reached = append(reached, m)
			}
		}
		more := append(reached[:len(reached):len(reached)], all[rapid.IntRange(0, n-1).Draw(t, "also")])
		if p.HaveRevoked(reached, all) && !p.HaveRevoked(more, all) {
			t.Fatalf("policy %s: %v is safe, %v is not", p, reached, more)
		}
	})
}
