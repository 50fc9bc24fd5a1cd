package tablet

import (
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet/tmclient"
	"bufsim/topo"
)

// shardSync keeps the shard record and this tablet in agreement about who is primary. It
// runs in every tablet until the process has ended.
// spec: T-82, O-72
type shardSync struct {
	tm    *tabletManager
	watch *sim.Chan[topo.ShardWatch] // nil while not PRIMARY or broken
	stop  func()
	// failed says that something is to be tried again later.
	failed bool
}

func (s *shardSync) run() {
	for !s.tm.t.stopped.IsSet() {
		s.failed = !s.once()
		s.wait()
	}
	s.endWatch()
}

// wait blocks until there is a reason to look again.
func (s *shardSync) wait() {
	env := s.tm.env
	var woken struct{}
	var seen topo.ShardWatch
	var open bool
	cases := []sim.Case{sim.OnRecv(s.tm.syncWake, &woken, &open), sim.OnEvent(s.tm.t.stopped)}
	watching := -1
	if s.watch != nil {
		watching = len(cases)
		cases = append(cases, sim.OnRecv(s.watch, &seen, &open))
	}
	if s.failed {
		cases = append(cases, env.After(s.tm.t.opts.Flags.VTTablet.ShardSyncRetryDelay))
	}
	if env.Select(cases...) == watching && (!open || seen.Err != nil) {
		s.endWatch()
	}
}

// once brings both into agreement and reports success.
func (s *shardSync) once() bool {
	self := s.tm.self()
	if self.Type != topodata.Primary {
		s.endWatch()
		return true
	}
	if !s.beginWatch(self) {
		return false
	}
	shard, written, err := s.sync(self)
	switch {
	case err != nil:
		s.tm.env.Logf("error", "Failed to sync shard record: %v", err)
		return false
	case shard.PrimaryTermStartTime > self.PrimaryTermStartTime:
		return s.endTerm(shard.PrimaryAlias)
	case written:
		s.tm.env.Emit(KindShardSync, trace.Str("what", "written"), trace.Str("primary", self.Alias.String()))
	}
	return true
}

// sync writes the shard record if this tablet's term is later.
func (s *shardSync) sync(self topodata.Tablet) (shard *topodata.Shard, written bool, err error) {
	ctx, cancel := s.tm.env.WithTimeout(s.tm.env.Background(), s.tm.remoteTimeout())
	defer cancel()
	shard, err = s.tm.t.topo.UpdateShardFields(ctx, self.Keyspace, self.Shard, func(r *topodata.Shard) error {
		if r.PrimaryTermStartTime >= self.PrimaryTermStartTime {
			return topo.NewError(topo.NoUpdateNeeded, self.Alias.String())
		}
		r.PrimaryAlias, r.PrimaryTermStartTime, written = self.Alias, self.PrimaryTermStartTime, true
		return nil
	})
	if topo.IsErrType(err, topo.NoUpdateNeeded) {
		err = nil
	}
	return shard, written, err
}

func (s *shardSync) beginWatch(self topodata.Tablet) bool {
	if s.watch != nil {
		return true
	}
	ctx, cancel := s.tm.env.WithCancel(s.tm.env.Background())
	shard, watch, err := s.tm.t.topo.WatchShard(ctx, self.Keyspace, self.Shard)
	if err != nil {
		cancel()
		s.tm.env.Logf("error", "Failed to start shard watch: %v", err)
		return false
	}
	s.tm.t.qs.denied.load(shard)
	s.watch, s.stop = watch, cancel
	return true
}

func (s *shardSync) endWatch() {
	if s.watch != nil {
		s.stop()
		s.watch, s.stop = nil, nil
	}
}

// endTerm makes this stale primary a replica of the one that the shard record names.
// spec: T-83
func (s *shardSync) endTerm(primary topodata.TabletAlias) bool {
	tm := s.tm
	tm.env.Logf("warning", "Another tablet (%v) has won primary election. Demoting self.", primary)
	if tm.t.opts.Flags.Common.DisableActiveReparents {
		return tm.enter(topodata.Replica, 0) == nil // MySQL belongs to the external tool
	}
	err := s.demote()
	if err == nil {
		err = s.follow(primary)
	}
	what := "ended"
	if err != nil {
		what = "end_failed"
		tm.env.Logf("error", "Failed to end primary term: %v", err)
	}
	tm.env.Emit(KindShardSync, trace.Str("what", what), trace.Str("primary", primary.String()))
	return err == nil
}

func (s *shardSync) demote() error {
	ctx, cancel := s.tm.env.WithTimeout(s.tm.env.Background(), s.tm.remoteTimeout())
	defer cancel()
	_, err := s.tm.run(ctx, "DemotePrimary", true, nil, func(ctx *sim.Context, _ any) (any, error) {
		return s.tm.demotePrimary(ctx, false, true)
	})
	return err
}

func (s *shardSync) follow(primary topodata.TabletAlias) error {
	ctx, cancel := s.tm.env.WithTimeout(s.tm.env.Background(), s.tm.remoteTimeout())
	defer cancel()
	_, err := s.tm.run(ctx, "SetReplicationSource", true, nil, func(ctx *sim.Context, _ any) (any, error) {
		return nil, s.tm.setReplicationSource(ctx, tmclient.SetReplicationSourceRequest{Parent: primary, ForceStart: true}, semiSyncKeep)
	})
	return err
}
