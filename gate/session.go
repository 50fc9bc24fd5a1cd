package gate

import (
	"slices"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
)

// session is what a connection remembers between statements. Its mutex is held while a
// statement runs. spec: gateway 7
type session struct {
	mu       *sim.Mutex
	id       int64
	conn     uint64 // the network's connection
	user     string
	database database

	// autocommit is on until the client switches it off. spec: W-30
	autocommit    bool
	inTransaction bool
	// mustRollback blocks the session after a fatal error in a transaction. spec: G-63
	mustRollback bool
	// reserved: the session needs connections of its own on the tablets. spec: G-65
	reserved bool
	settings []string
	ended    bool

	shardsMu *sim.Mutex // statements run on several shards at a time
	shards   []shardSession
}

// shardSession ties the session to one tablet of a shard. spec: G-60
type shardSession struct {
	target        query.Target
	alias         topodata.TabletAlias
	transactionID int64
	reservedID    int64
}

func newSession(env *sim.Env, id int64, conn uint64, user string, db database) *session {
	return &session{
		mu: env.NewMutex("session"), shardsMu: env.NewMutex("shard-sessions"),
		id: id, conn: conn, user: user, database: db, autocommit: true,
	}
}

// bound gives the session's tie to a shard, or one without a tablet.
func (s *session) bound(target query.Target) shardSession {
	s.shardsMu.Lock()
	defer s.shardsMu.Unlock()
	if i := s.index(target); i >= 0 {
		return s.shards[i]
	}
	return shardSession{target: target}
}

func (s *session) index(target query.Target) int {
	return slices.IndexFunc(s.shards, func(ss shardSession) bool { return ss.target == target })
}

// record notes what a call opened, which it may have done although it failed.
func (s *session) record(target query.Target, resp *query.ExecuteResponse) {
	if resp.TransactionID == 0 && resp.ReservedID == 0 {
		return
	}
	s.shardsMu.Lock()
	defer s.shardsMu.Unlock()
	i := s.index(target)
	if i < 0 {
		s.shards = append(s.shards, shardSession{target: target, alias: resp.Alias})
		i = len(s.shards) - 1
	}
	ss := &s.shards[i]
	if resp.TransactionID != 0 {
		ss.transactionID = resp.TransactionID
	}
	if resp.ReservedID != 0 {
		ss.reservedID = resp.ReservedID
	}
}

// drop unties the session from a shard.
func (s *session) drop(target query.Target) {
	s.shardsMu.Lock()
	defer s.shardsMu.Unlock()
	s.shards = slices.DeleteFunc(s.shards, func(ss shardSession) bool { return ss.target == target })
}

// transactionOver ends the transaction of one shard; reservedID is the connection that stays
// reserved, 0 for none.
func (s *session) transactionOver(target query.Target, reservedID int64) {
	if reservedID == 0 {
		s.drop(target)
		return
	}
	s.shardsMu.Lock()
	defer s.shardsMu.Unlock()
	if i := s.index(target); i >= 0 {
		s.shards[i].transactionID, s.shards[i].reservedID = 0, reservedID
	}
}

// ties gives all ties of the session.
func (s *session) ties() []shardSession {
	s.shardsMu.Lock()
	defer s.shardsMu.Unlock()
	return slices.Clone(s.shards)
}
