package tablet

import (
	"errors"
	"fmt"
	"time"

	"bufsim/model/durability"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
	"bufsim/topo"
)

// KeyspaceSpec describes a keyspace that InitKeyspace makes.
type KeyspaceSpec struct {
	Name string
	// Durability is the name of the policy; empty is none.
	Durability string
	Shards     []ShardSpec
}

// ShardSpec describes one shard; exactly one of its tablets is PRIMARY.
type ShardSpec struct {
	Name    string
	Tablets []TabletSpec
}

// TabletSpec describes one tablet and its MySQL server, which must run.
type TabletSpec struct {
	Alias topodata.TabletAlias
	Type  topodata.TabletType
	MySQL *mysqld.Server
}

// termBefore is how long the first terms have lasted when a world begins: a reparent in the
// first second shall be a later term also in whole seconds.
const termBefore = time.Minute

// InitKeyspace is a shortcut for test worlds: it makes records and MySQL servers as they are
// after the tablets' first start and an InitShardPrimary, without running either. It writes
// the keyspace, shard, tablet and serving records (the cells' CellInfo must exist), sets
// semi-sync by the policy, makes the primary's MySQL writable and attaches the others to it.
// Tablets that are started afterwards with Options.Replicating serve at once. It blocks for
// the writes to the topology, which take their time.
func InitKeyspace(ctx *sim.Context, env *sim.Env, topology *topo.Server, spec KeyspaceSpec) error {
	policy, err := durability.Lookup(spec.Durability)
	if err != nil {
		return err
	}
	if err := topology.CreateKeyspace(ctx, spec.Name, &topodata.Keyspace{DurabilityPolicy: spec.Durability}); err != nil {
		return err
	}
	if err := topology.EnsureVSchema(ctx, spec.Name); err != nil {
		return err
	}
	term := topodata.Timestamp(env.Wall()).Add(-termBefore)
	for _, shard := range spec.Shards {
		if err := initShard(ctx, topology, spec.Name, shard, term); err != nil {
			return fmt.Errorf("shard %s/%s: %w", spec.Name, shard.Name, err)
		}
		initMySQL(env, shard, policy)
	}
	return topology.RebuildKeyspaceGraph(ctx, spec.Name, nil)
}

func (s ShardSpec) primary() (TabletSpec, error) {
	var found []TabletSpec
	for _, t := range s.Tablets {
		if t.Type == topodata.Primary {
			found = append(found, t)
		}
	}
	if len(found) != 1 {
		return TabletSpec{}, errors.New("want exactly one tablet of type PRIMARY")
	}
	return found[0], nil
}

// initShard writes a shard's records.
func initShard(ctx *sim.Context, topology *topo.Server, keyspace string, spec ShardSpec, term topodata.Timestamp) error {
	primary, err := spec.primary()
	if err != nil {
		return err
	}
	if err := topology.CreateShard(ctx, keyspace, spec.Name); err != nil {
		return err
	}
	shard, err := topology.UpdateShardFields(ctx, keyspace, spec.Name, func(r *topodata.Shard) error {
		r.PrimaryAlias, r.PrimaryTermStartTime = primary.Alias, term
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range spec.Tablets {
		record := newRecord(t.Alias, keyspace, spec.Name, shard.KeyRange, term)
		record.Type = t.Type
		if t.Type == topodata.Primary {
			record.PrimaryTermStartTime = term
		}
		if err := topology.CreateTablet(ctx, &record); err != nil {
			return err
		}
	}
	return nil
}

// initMySQL puts the shard's MySQL servers into place.
func initMySQL(env *sim.Env, spec ShardSpec, policy durability.Policy) {
	primary, _ := spec.primary() // checked by initShard
	main := durability.Member{Alias: primary.Alias, Type: topodata.Primary}
	for _, t := range spec.Tablets {
		for !t.MySQL.Up() {
			env.Sleep(time.Millisecond)
		}
		t.MySQL.PresetTable(sidecarSchema)
		if t.Type == topodata.Primary {
			t.MySQL.Preset(true, policy.AcksNeeded() > 0, policy.AcksNeeded() > 0, topodata.TabletAlias{})
			continue
		}
		acks := policy.IsAcker(main, durability.Member{Alias: t.Alias, Type: t.Type})
		t.MySQL.Preset(false, false, acks, primary.Alias)
	}
}
