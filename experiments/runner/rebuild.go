package runner

import (
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/tablet/mysqld"
)

// rebuild gives the servers of a shard whose data no reparent can use a copy of the data that
// the shard goes on with: those with transactions of their own, which an emergency reparent
// leaves behind when the old primary lives, and those whose applier has stopped for good.
// spec: R-102a
func (p *play) rebuild(env *sim.Env, keyspace, shard string) (any bool) {
	donor := p.donor(keyspace, shard)
	if donor == nil || !donor.server.Up() {
		return false
	}
	for _, m := range p.membersOf(keyspace, shard) {
		if m == donor || !m.server.Up() || !p.unusable(env, m, donor) {
			continue
		}
		p.mark(env, "rebuild")
		m.server.RestoreFrom(donor.server)
		any = true
	}
	return any
}

// unusable reports whether a server cannot replicate from another one.
func (p *play) unusable(env *sim.Env, m, donor *member) bool {
	if !m.server.Executed().Difference(donor.server.Received()).IsEmpty() {
		return true
	}
	status, err := m.server.Client(env).ReplicationStatus()
	return err == nil && status.SQL == mysqld.Stopped && status.SQLError != ""
}

// donor gives the tablet whose data the shard goes on with: its primary, serving or not, else
// the one that its record names; nil if nobody knows.
func (p *play) donor(keyspace, shard string) (found *member) {
	if found = p.primaryOf(keyspace, shard); found != nil {
		return found
	}
	if found = p.lastPrimary(keyspace, shard); found != nil {
		return found
	}
	operator := p.operatorHost.Env()
	record, err := p.topology(operator, p.net.Node(operator)).GetShard(operator.Background(), keyspace, shard)
	if err != nil {
		return nil
	}
	for _, m := range p.membersOf(keyspace, shard) {
		if m.alias == record.PrimaryAlias {
			found = m
		}
	}
	return found
}

// lastPrimary gives the tablet that says that it is primary, in the latest term if there are
// more; nil if none does.
func (p *play) lastPrimary(keyspace, shard string) (found *member) {
	latest := topodata.Timestamp(0)
	for _, m := range p.membersOf(keyspace, shard) {
		if m.process == nil {
			continue
		}
		if s := m.process.Status(); s.Type == topodata.Primary && s.Term >= latest {
			found, latest = m, s.Term
		}
	}
	return found
}

func (p *play) membersOf(keyspace, shard string) (list []*member) {
	for _, m := range p.tablets {
		if m.keyspace == keyspace && m.shard == shard {
			list = append(list, m)
		}
	}
	return list
}
