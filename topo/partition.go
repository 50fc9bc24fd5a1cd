package topo

import (
	"cmp"
	"fmt"
	"slices"

	"bufsim/model/topodata"
)

// OrderAndCheckPartitions sorts the shards of each partition by key range and
// checks that they cover the keyspace: the first starts at the minimum, the last
// ends at the maximum, neighbours are contiguous, and all or none have a range. A
// partition without shards passes. spec: O-55
func OrderAndCheckPartitions(cell string, srv *topodata.SrvKeyspace) error {
	for _, p := range srv.Partitions {
		slices.SortFunc(p.ShardReferences, func(a, b topodata.ShardReference) int {
			return cmp.Or(cmp.Compare(a.KeyRange.Start, b.KeyRange.Start), cmp.Compare(a.Name, b.Name))
		})
		if err := checkPartition(cell, p); err != nil {
			return err
		}
	}
	return nil
}

func checkPartition(cell string, p topodata.Partition) error {
	if len(p.ShardReferences) == 0 {
		return nil
	}
	first, last := p.ShardReferences[0], p.ShardReferences[len(p.ShardReferences)-1]
	if first.KeyRange.Start != "" {
		return fmt.Errorf("keyspace partition for %s in cell %s does not start with min key", p.ServedType, cell)
	}
	if last.KeyRange.End != "" {
		return fmt.Errorf("keyspace partition for %s in cell %s does not end with max key", p.ServedType, cell)
	}
	for i, left := range p.ShardReferences[:len(p.ShardReferences)-1] {
		right := p.ShardReferences[i+1]
		if left.KeyRange.Ranged != right.KeyRange.Ranged {
			return fmt.Errorf("shards with inconsistent KeyRanges for %s in cell %s between shard %s and %s",
				p.ServedType, cell, left.Name, right.Name)
		}
		if left.KeyRange.Ranged && left.KeyRange.End != right.KeyRange.Start {
			return fmt.Errorf("non-contiguous KeyRange values for %s in cell %s at shard %s to %s: %s != %s",
				p.ServedType, cell, left.Name, right.Name, left.KeyRange.End, right.KeyRange.Start)
		}
	}
	return nil
}
