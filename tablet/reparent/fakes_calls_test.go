package reparent_test

import (
	"fmt"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
	"bufsim/topo"
)

// The calls of the fake shard that only emergency reparents, initialisations and commands
// make.

// ers runs one EmergencyReparentShard on the fake shard.
func (s *shard) ers(t testingT, name string, opts reparent.EmergencyOptions) outcome {
	p := reparent.Options{Release: profileOf(t, name)}
	return s.run(t, sim.Config{Seed: 1}, p, nil, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		return r.EmergencyReparentShard(ctx, "commerce", "0", opts)
	})
}

// deadPrimary is a shard whose primary 100 does not answer and whose replicas were fed by it.
func deadPrimary() *shard {
	s := threeTablets()
	s.dead(100)
	return s
}

// dead makes all calls of a tablet hang.
func (s *shard) dead(uid uint32) {
	before := s.behave
	suffix := fmt.Sprintf(" %d", uid)
	s.behave = func(ctx *sim.Context, what string) error {
		if len(what) > len(suffix) && what[len(what)-len(suffix):] == suffix {
			return s.untilDone(ctx)
		}
		if before != nil {
			return before(ctx, what)
		}
		return nil
	}
}

// has makes a replica one that has received and executed sets, fed by a server.
func (s *shard) has(uid uint32, received, executed gtid.Set, source uint32) {
	s.statuses[alias(uid)] = tmclient.ReplicationStatus{
		Position: executed, RelayLogPosition: received, SourceUUID: gtid.ServerUUID(source),
		IOState: tmclient.ThreadRunning, SQLState: tmclient.ThreadRunning,
	}
}

// set is transactions of servers: pairs of a server and its last transaction.
func set(pairs ...int64) gtid.Set {
	var s gtid.Set
	for i := 0; i < len(pairs); i += 2 {
		s.AddRange(gtid.ServerUUID(uint32(pairs[i])), 1, pairs[i+1])
	}
	return s
}

func (s *shard) GetTablet(ctx *sim.Context, t topodata.TabletAlias) (*topodata.Tablet, error) {
	if s.behave != nil {
		if err := s.behave(ctx, "GetTablet"); err != nil {
			return nil, err
		}
	}
	for _, tablet := range s.tablets {
		if tablet.Alias == t {
			return tablet, nil
		}
	}
	return nil, topo.NewError(topo.NoNode, t.String())
}

func (s *shard) UpdateShardFields(ctx *sim.Context, _, _ string, update func(*topodata.Shard) error) (*topodata.Shard, error) {
	if err := s.do(ctx, "UpdateShardFields", ""); err != nil {
		return nil, err
	}
	return &s.record, update(&s.record)
}

func (s *shard) GetCellNames(*sim.Context) ([]string, error) { return []string{"zone1", "zone2"}, nil }

func (s *shard) GetTabletsByCell(_ *sim.Context, cell string) ([]*topodata.Tablet, error) {
	var list []*topodata.Tablet
	for _, t := range s.tablets {
		if t.Alias.Cell == cell {
			list = append(list, t)
		}
	}
	return list, nil
}

func (s *shard) StopReplicationAndGetStatus(ctx *sim.Context, t topodata.TabletAlias) (tmclient.StopReplicationStatus, error) {
	if err := s.do(ctx, method("StopReplicationAndGetStatus", t), ""); err != nil {
		return tmclient.StopReplicationStatus{}, err
	}
	status, ok := s.statuses[t]
	if !ok || s.former[t] {
		return tmclient.StopReplicationStatus{}, vterr.NewRPCError(vterr.Unknown, "before status failed: no replication status (errno 100) (sqlstate HY000)")
	}
	return tmclient.StopReplicationStatus{Before: status, After: status}, nil
}

func (s *shard) ReadReparentJournalInfo(ctx *sim.Context, t topodata.TabletAlias) (tmclient.ReparentJournalInfo, error) {
	return tmclient.ReparentJournalInfo{Length: s.journal[t]}, s.do(ctx, method("ReadReparentJournalInfo", t), "")
}

func (s *shard) ResetReplication(ctx *sim.Context, t topodata.TabletAlias) error {
	return s.do(ctx, method("ResetReplication", t), "")
}

func (s *shard) InitReplica(ctx *sim.Context, t topodata.TabletAlias, req tmclient.InitReplicaRequest) error {
	return s.do(ctx, method("InitReplica", t), fmt.Sprintf("of %d at %d transactions semiSync=%t", req.Parent.UID, req.Position.Count(), req.SemiSync))
}

func (s *shard) ExecuteFetchAsDBA(ctx *sim.Context, t topodata.TabletAlias, sql string) error {
	return s.do(ctx, method("ExecuteFetchAsDba", t), sql)
}

func (s *shard) ChangeType(ctx *sim.Context, t topodata.TabletAlias, to topodata.TabletType, semiSync bool) error {
	return s.do(ctx, method("ChangeType", t), fmt.Sprintf("%v semiSync=%t", to, semiSync))
}

func (s *shard) SetReadOnly(ctx *sim.Context, t topodata.TabletAlias) error {
	return s.do(ctx, method("SetReadOnly", t), "")
}

func (s *shard) StartReplication(ctx *sim.Context, t topodata.TabletAlias, semiSync bool) error {
	return s.do(ctx, method("StartReplication", t), fmt.Sprintf("semiSync=%t", semiSync))
}

func (s *shard) StopReplication(ctx *sim.Context, t topodata.TabletAlias) error {
	return s.do(ctx, method("StopReplication", t), "")
}
