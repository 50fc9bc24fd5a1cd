package reparent_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/tablet/reparent"
)

// Errant transactions, in both forms of the search. The history is of the servers 100 (dead)
// and 103 (an earlier primary).
// spec: R-106
func TestEmergencyErrants(t *testing.T) {
	for _, c := range []struct {
		name     string
		releases string
		prepare  func(s *shard)
		dropped  []uint32
		want     uint32
	}{
		{name: "none", releases: "v24 v19 v12", prepare: func(*shard) {}, want: 101},
		{
			name: "what only the source wrote is not errant", releases: "v24 v19 v12",
			prepare: func(s *shard) { s.has(101, set(100, 14, 103, 5), upTo(3), 100) }, want: 101,
		},
		{
			name: "own writes are", releases: "v24 v19 v12",
			prepare: func(s *shard) { s.has(101, set(100, 14, 103, 5, 101, 1), upTo(3), 100) }, dropped: []uint32{101}, want: 102,
		},
		{
			name: "an earlier primary's writes that nobody else has are", releases: "v24 v19 v12",
			prepare: func(s *shard) { s.has(101, set(100, 14, 103, 6), upTo(3), 100) }, dropped: []uint32{101}, want: 102,
		},
		{
			// It stayed with the primary before the last one, which only that one fed.
			name: "a laggard's source does not excuse it", releases: "v24",
			prepare: func(s *shard) { s.journal[alias(102)] = 1; s.has(102, set(100, 9, 103, 6), upTo(3), 103) },
			dropped: []uint32{102}, want: 101,
		},
		{
			name: "it did before", releases: "v19 v12", want: 101,
			prepare: func(s *shard) { s.has(102, set(100, 9, 103, 5), upTo(3), 103) },
		},
		{
			name: "a laggard is no witness", releases: "v24", want: 102,
			prepare: func(s *shard) {
				s.tablets = append(s.tablets, replica(104))
				s.journal[alias(104)] = 1
				s.has(101, set(100, 14, 103, 6), upTo(3), 100)
				s.has(104, set(103, 6), set(103, 6), 103)
			},
			dropped: []uint32{101, 104},
		},
		{
			name: "a former primary with all rows is the history", releases: "v24", want: 103,
			prepare: func(s *shard) {
				s.tablets = append(s.tablets, replica(103))
				s.former, s.journal[alias(103)] = map[topodata.TabletAlias]bool{alias(103): true}, 2
				s.positions[alias(103)] = set(100, 14, 103, 7)
			},
		},
	} {
		for _, name := range strings.Fields(c.releases) {
			t.Run(c.name+" "+name, func(t *testing.T) {
				s := threeTablets()
				s.has(101, set(100, 10, 103, 5), upTo(10), 100)
				s.has(102, set(100, 9, 103, 5), upTo(9), 100)
				s.journal = map[topodata.TabletAlias]int{alias(101): 2, alias(102): 2}
				s.keyspace.DurabilityPolicy = "none"
				c.prepare(s)
				s.dead(100)
				out := s.ers(t, name, reparent.EmergencyOptions{})
				require.NoError(t, out.err)
				require.Equal(t, alias(c.want), out.result.PromotedPrimary)
				log := strings.Join(logTexts(out.result), "\n")
				require.Equal(t, len(c.dropped), strings.Count(log, "because we detected errant GTIDs"), log)
				for _, uid := range c.dropped {
					require.Contains(t, log, "skipping "+alias(uid).String()+" with GTIDSet:")
				}
			})
		}
	}
}

// A requested primary with errant transactions is refused; so is a shard of nothing else.
// spec: R-107
func TestEmergencyRequestedErrant(t *testing.T) {
	s := threeTablets()
	s.has(101, set(100, 10, 101, 1), upTo(10), 100)
	s.dead(100)
	require.EqualError(t, s.ers(t, "v24", reparent.EmergencyOptions{NewPrimary: alias(101)}).err, "requested primary elect zone1-0000000101 has errant GTIDs")

	s = threeTablets()
	s.has(101, set(100, 10, 101, 1), upTo(10), 100)
	s.has(102, set(100, 10, 102, 1), upTo(10), 100)
	s.dead(100)
	require.EqualError(t, s.ers(t, "v24", reparent.EmergencyOptions{}).err, "no valid candidates for emergency reparent")
}

// A replica without others to compare with is trusted.
// spec: R-106
func TestEmergencyLoneReplica(t *testing.T) {
	for _, name := range []string{"v24", "v19"} {
		s := threeTablets()
		s.tablets, s.keyspace.DurabilityPolicy = s.tablets[:2], "none"
		s.has(101, set(100, 10, 103, 5), upTo(10), 100)
		s.dead(100)
		out := s.ers(t, name, reparent.EmergencyOptions{})
		require.NoError(t, out.err)
		require.Equal(t, alias(101), out.result.PromotedPrimary)
	}
}

// Journals that cannot be read end the operation.
// spec: R-106
func TestEmergencyJournalUnreadable(t *testing.T) {
	s := threeTablets()
	s.behave = s.hanging("ReadReparentJournalInfo 102")
	s.dead(100)
	const cause = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
	require.EqualError(t, s.ers(t, "v24", reparent.EmergencyOptions{}).err,
		"could not read reparent journal information within the provided waitReplicasTimeout (15s): "+cause+": "+cause)
}
