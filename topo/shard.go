package topo

import (
	"bufsim/model/topodata"
	"bufsim/sim"
)

// GetShard reads a shard's record; NoNode if there is none.
func (s *Server) GetShard(ctx *sim.Context, keyspace, shard string) (*topodata.Shard, error) {
	rec, _, err := getRecord[topodata.Shard](ctx, s.global, shardPath(keyspace, shard))
	return rec, err
}

// GetShardNames lists a keyspace's shards, sorted. A keyspace without shards has
// none; a missing keyspace is NoNode.
func (s *Server) GetShardNames(ctx *sim.Context, keyspace string) ([]string, error) {
	list, err := names(s.global.ListDir(ctx, shardsDir(keyspace), false))
	if err == nil && len(list) == 0 {
		_, err = s.GetKeyspace(ctx, keyspace)
	}
	return list, err
}

// UpdateShardFields changes a shard's record by read-modify-write; no lock is
// needed. If update returns NoUpdateNeeded nothing is written, and the result is
// the record as it was. spec: O-19, O-22
func (s *Server) UpdateShardFields(ctx *sim.Context, keyspace, shard string, update func(*topodata.Shard) error) (*topodata.Shard, error) {
	return updateRecord(ctx, s.global, shardPath(keyspace, shard), update)
}

// CreateShard adds a shard under the keyspace's lock; NodeExists if it exists. The
// new shard serves unless it overlaps an existing one; any existing shard without
// a key range overlaps. spec: O-4, O-48
func (s *Server) CreateShard(ctx *sim.Context, keyspace, shard string) (err error) {
	name, keyRange, err := topodata.ValidateShardName(shard)
	if err != nil {
		return err
	}
	ctx, unlock, err := s.LockKeyspace(ctx, keyspace, "CreateShard")
	if err != nil {
		return err
	}
	defer unlock(&err)

	others, err := s.readShards(ctx, keyspace)
	if err != nil {
		return err
	}
	rec := topodata.Shard{KeyRange: keyRange, IsPrimaryServing: true}
	for _, other := range others {
		if !other.KeyRange.Ranged || other.KeyRange.Overlaps(keyRange) {
			rec.IsPrimaryServing = false
		}
	}
	_, err = s.global.Create(ctx, shardPath(keyspace, name), encode(&rec))
	return err
}

// GetOrCreateShard reads a shard's record and first makes what is missing:
// keyspace, blank VSchema, shard. Vttablets call it at their start. spec: topo 13
func (s *Server) GetOrCreateShard(ctx *sim.Context, keyspace, shard string) (*topodata.Shard, error) {
	rec, err := s.GetShard(ctx, keyspace, shard)
	if !IsErrType(err, NoNode) {
		return rec, err
	}
	if err := s.CreateKeyspace(ctx, keyspace, &topodata.Keyspace{}); err != nil && !IsErrType(err, NodeExists) {
		return nil, err
	}
	if err := s.EnsureVSchema(ctx, keyspace); err != nil {
		return nil, err
	}
	if err := s.CreateShard(ctx, keyspace, shard); err != nil && !IsErrType(err, NodeExists) {
		return nil, err
	}
	return s.GetShard(ctx, keyspace, shard)
}

// namedShard is a shard with its name.
type namedShard struct {
	name string
	topodata.Shard
}

// readShards reads all shards of a keyspace, by name.
func (s *Server) readShards(ctx *sim.Context, keyspace string) ([]namedShard, error) {
	list, err := s.GetShardNames(ctx, keyspace)
	if err != nil {
		return nil, err
	}
	shards := make([]namedShard, 0, len(list))
	for _, name := range list {
		rec, err := s.GetShard(ctx, keyspace, name)
		if IsErrType(err, NoNode) {
			continue // deleted since the listing, or only a lock lies there
		}
		if err != nil {
			return nil, err
		}
		shards = append(shards, namedShard{name, *rec})
	}
	return shards, nil
}
