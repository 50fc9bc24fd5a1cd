package topo_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/topo"
)

// The invariants of the topology, each a function over what was observed. The
// properties that observe it are in the next file.

// written is a successful write: what the writer expected, and what it was told.
type written struct {
	file              string
	expected, version topo.Version
	began, ended      sim.Time
}

// checkVersions: versions of a file increase in the order of its writes, and of two
// writes that expected the same version one succeeds. spec: I-O1
func checkVersions(list []written) error {
	for i, a := range list {
		for _, b := range list[i+1:] {
			if a.file != b.file {
				continue
			}
			if a.ended < b.began && a.version >= b.version || b.ended < a.began && b.version >= a.version {
				return fmt.Errorf("versions %v and %v of %s against the order of the writes", a.version, b.version, a.file)
			}
			if a.expected != topo.AnyVersion && a.expected == b.expected {
				return fmt.Errorf("two writes of %s replaced version %v", a.file, a.expected)
			}
		}
	}
	return nil
}

// checkConverged: the last value of a watch is the stored one, or an error ended it and
// nothing followed. spec: I-O2
func checkConverged(messages []topo.WatchData, closed bool, stored any) error {
	for i, m := range messages {
		if m.Err != nil && i+1 < len(messages) {
			return fmt.Errorf("%v came after the error %v", messages[i+1], m.Err)
		}
	}
	switch last := messages[len(messages)-1]; {
	case last.Err != nil || closed:
		return nil
	case last.Contents != stored:
		return fmt.Errorf("the watch ended up with %v instead of %v", last.Contents, stored)
	default:
		return nil
	}
}

// holding is a time in which a holder could be sure of its lock.
type holding struct {
	who      string
	from, to sim.Time
}

// checkExclusive: no two are sure of one lock at a time. spec: I-O3
func checkExclusive(list []holding) error {
	for i, a := range list {
		for _, b := range list[i+1:] {
			if a.who != b.who && a.from < b.to && b.from < a.to {
				return fmt.Errorf("%s and %s both held the lock at %v", a.who, b.who, max(a.from, b.from))
			}
		}
	}
	return nil
}

// checkTerms: the term of a shard never goes back, and the primary changes only with a
// later one. spec: I-O4
func checkTerms(states []topodata.Shard) error {
	for i := 1; i < len(states); i++ {
		before, after := states[i-1], states[i]
		if after.PrimaryTermStartTime < before.PrimaryTermStartTime {
			return fmt.Errorf("the term went back from %v to %v", before.PrimaryTermStartTime, after.PrimaryTermStartTime)
		}
		if after.PrimaryAlias != before.PrimaryAlias && after.PrimaryTermStartTime == before.PrimaryTermStartTime {
			return fmt.Errorf("the primary changed to %v in the same term", after.PrimaryAlias)
		}
	}
	return nil
}

// checkServing: what was accepted passes the partition check in every cell. spec: I-O6
func checkServing(cells map[string]topodata.SrvKeyspace) error {
	for _, cell := range slices.Sorted(maps.Keys(cells)) {
		srv := cells[cell].Clone()
		if err := topo.OrderAndCheckPartitions(cell, &srv); err != nil {
			return err
		}
	}
	return nil
}

// checkReplication: the tablets on a shard's list exist, each once. spec: I-O7
func checkReplication(nodes, tablets []topodata.TabletAlias) error {
	for i, n := range nodes {
		if slices.Contains(nodes[:i], n) {
			return fmt.Errorf("%v is listed twice", n)
		}
		if !slices.Contains(tablets, n) {
			return fmt.Errorf("%v is listed and does not exist", n)
		}
	}
	return nil
}

// Each of them can fail. spec: I-O1, I-O2, I-O3, I-O4, I-O6, I-O7
func TestInvariantsCanFail(t *testing.T) {
	require.Error(t, checkVersions([]written{{"f", topo.AnyVersion, 5, 1, 2}, {"f", topo.AnyVersion, 4, 3, 4}}))
	require.Error(t, checkVersions([]written{{"f", 3, 5, 1, 9}, {"f", 3, 6, 1, 9}}))
	require.NoError(t, checkVersions([]written{{"f", 3, 5, 1, 9}, {"f", 5, 4, 1, 9}, {"g", 3, 1, 20, 21}}))
	boom := topo.WatchData{Err: errors.New("boom")}
	require.Error(t, checkConverged([]topo.WatchData{boom, {Contents: 1}}, true, 1))
	require.Error(t, checkConverged([]topo.WatchData{{Contents: 1}}, false, 2))
	require.NoError(t, checkConverged([]topo.WatchData{{Contents: 1}, boom}, true, 2))
	require.Error(t, checkExclusive([]holding{{"a", 1, 5}, {"b", 4, 6}}))
	require.NoError(t, checkExclusive([]holding{{"a", 1, 5}, {"b", 5, 6}, {"a", 2, 3}}))
	one, two := topodata.Shard{PrimaryAlias: alias(1), PrimaryTermStartTime: 2}, topodata.Shard{PrimaryAlias: alias(2), PrimaryTermStartTime: 2}
	require.Error(t, checkTerms([]topodata.Shard{one, two}))
	require.Error(t, checkTerms([]topodata.Shard{one, {PrimaryAlias: alias(1), PrimaryTermStartTime: 1}}))
	half := topodata.Partition{ServedType: topodata.Primary, ShardReferences: []topodata.ShardReference{{Name: "-80", KeyRange: topodata.KeyRange{Ranged: true, End: "80"}}}}
	require.Error(t, checkServing(map[string]topodata.SrvKeyspace{"zone1": {Partitions: []topodata.Partition{half}}}))
	require.Error(t, checkReplication([]topodata.TabletAlias{alias(1), alias(1)}, []topodata.TabletAlias{alias(1)}))
	require.Error(t, checkReplication([]topodata.TabletAlias{alias(1)}, nil))
}
