package topo

import (
	"fmt"
	"time"

	"bufsim/sim"
)

// resource is what can be locked.
type resource struct {
	kind string // "keyspace", "shard", "routing rules" or "named"
	name string // ks, ks/shard, or the name
	dir  string
}

// The resource of the routing rules, and those of named locks.
func routingRulesResource() resource {
	return resource{"routing rules", routingRulesDir, routingRulesDir}
}

func namedResource(name string) resource {
	return resource{"named", name, namedLocksDir + "/" + name}
}

func keyspaceResource(ks string) resource { return resource{"keyspace", ks, keyspaceDir(ks)} }
func shardResource(ks, shard string) resource {
	return resource{"shard", ks + "/" + shard, shardDir(ks, shard)}
}

// heldLocks are the locks that a context and those derived from it hold.
type heldLocks struct {
	mu   *sim.Mutex
	held map[resource]LockDescriptor
}

// heldLocksKey finds the heldLocks of a context.
type heldLocksKey struct{}

func heldBy(ctx *sim.Context) *heldLocks {
	held, _ := ctx.Value(heldLocksKey{}).(*heldLocks)
	return held
}

func (h *heldLocks) get(r resource) (LockDescriptor, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	lock, ok := h.held[r]
	return lock, ok
}

// LockKeyspace takes the lock of a keyspace; see LockShard. It does not exclude
// holders of locks of its shards. spec: O-32
func (s *Server) LockKeyspace(ctx *sim.Context, keyspace, action string) (*sim.Context, func(*error), error) {
	return s.lock(ctx, keyspaceResource(keyspace), action, Conn.Lock)
}

// LockShard takes the lock of a shard, waiting for it at most the lock timeout, in
// the order of arrival. The context that it returns holds the lock and is needed
// for CheckShardLocked. unlock gives the lock up, also when ctx has ended, within
// the remote operation timeout; if that fails and *err is nil, *err becomes its
// error. The lock is advisory and lives only for the lease's time to live after
// the acquisition and after each check.
// spec: O-31, O-32, O-33, O-38, R-1, R-2, R-6
func (s *Server) LockShard(ctx *sim.Context, keyspace, shard, action string) (lockCtx *sim.Context, unlock func(*error), err error) {
	return s.lock(ctx, shardResource(keyspace, shard), action, Conn.Lock)
}

// TryLockShard is LockShard, except that it fails at once with NodeExists if
// somebody holds the lock. spec: O-40, R-2
func (s *Server) TryLockShard(ctx *sim.Context, keyspace, shard, action string) (lockCtx *sim.Context, unlock func(*error), err error) {
	return s.lock(ctx, shardResource(keyspace, shard), action, Conn.TryLock)
}

// LockKeyspaceWithTTL is LockKeyspace for a lock that lives for ttl, in whole seconds,
// where the implementation looks at it. spec: O-38, O-41
func (s *Server) LockKeyspaceWithTTL(ctx *sim.Context, keyspace, action string, ttl time.Duration) (*sim.Context, func(*error), error) {
	return s.lock(ctx, keyspaceResource(keyspace), action, func(conn Conn, ctx *sim.Context, dir, contents string) (LockDescriptor, error) {
		return conn.LockWithTTL(ctx, dir, contents, ttl)
	})
}

// LockRoutingRules takes the lock of the routing rules; see LockShard. spec: O-31
func (s *Server) LockRoutingRules(ctx *sim.Context, action string) (*sim.Context, func(*error), error) {
	return s.lock(ctx, routingRulesResource(), action, Conn.LockName)
}

// LockName takes a lock that belongs to no record and lives for a day; see LockShard.
// spec: O-31, O-35, O-38
func (s *Server) LockName(ctx *sim.Context, name, action string) (*sim.Context, func(*error), error) {
	return s.lock(ctx, namedResource(name), action, Conn.LockName)
}

// CheckNameLocked is CheckShardLocked for a named lock.
func (s *Server) CheckNameLocked(ctx *sim.Context, name string) error {
	return checkLocked(ctx, namedResource(name))
}

// CheckKeyspaceLocked is CheckShardLocked for a keyspace.
func (s *Server) CheckKeyspaceLocked(ctx *sim.Context, keyspace string) error {
	return checkLocked(ctx, keyspaceResource(keyspace))
}

// CheckShardLocked fails unless ctx comes from a LockShard of the shard whose lock
// is still held; it renews the lock. While the topology is unreachable it blocks
// until ctx ends. spec: O-22, O-36, R-4
func (s *Server) CheckShardLocked(ctx *sim.Context, keyspace, shard string) error {
	return checkLocked(ctx, shardResource(keyspace, shard))
}

func checkLocked(ctx *sim.Context, r resource) error {
	held := heldBy(ctx)
	if held == nil {
		return fmt.Errorf("%s %s is not locked (no locksInfo)", r.kind, r.name)
	}
	lock, ok := held.get(r)
	if !ok {
		return fmt.Errorf("%s %s is not locked (no lockInfo in map)", r.kind, r.name)
	}
	return lock.Check(ctx)
}

// acquire is Conn.Lock or Conn.TryLock.
type acquire func(conn Conn, ctx *sim.Context, dir, contents string) (LockDescriptor, error)

func (s *Server) lock(ctx *sim.Context, r resource, action string, take acquire) (*sim.Context, func(*error), error) {
	held := heldBy(ctx)
	if held == nil {
		held = &heldLocks{mu: s.env.NewMutex("held-locks"), held: map[resource]LockDescriptor{}}
		ctx = s.env.WithValue(ctx, heldLocksKey{}, held)
	}
	if _, ok := held.get(r); ok {
		return nil, nil, fmt.Errorf("lock for %s %s is already held", r.kind, r.name)
	}
	s.trace(lockWaiting, r, action)
	lock, err := s.acquireWithin(ctx, r, action, take)
	if err != nil {
		s.trace(lockRefused, r, action)
		return nil, nil, err
	}
	s.trace(lockHeld, r, action)
	held.mu.Lock()
	defer held.mu.Unlock()
	held.held[r] = lock
	return ctx, func(err *error) { s.unlock(held, r, action, err) }, nil
}

// acquireWithin waits for the lock at most the lock timeout. spec: O-33
func (s *Server) acquireWithin(ctx *sim.Context, r resource, action string, take acquire) (LockDescriptor, error) {
	ctx, cancel := s.env.WithTimeout(ctx, s.opts.LockTimeout)
	defer cancel()
	return take(s.global, ctx, r.dir, lockContents(s.env, action))
}

// unlock gives up a lock in a context of its own. spec: O-32, O-33
func (s *Server) unlock(held *heldLocks, r resource, action string, final *error) {
	held.mu.Lock()
	lock, ok := held.held[r]
	delete(held.held, r)
	held.mu.Unlock()

	var err error
	if ok {
		ctx, cancel := s.env.WithTimeout(s.env.Background(), s.opts.RemoteOperationTimeout)
		defer cancel()
		err = lock.Unlock(ctx)
		s.trace(lockReleased, r, action)
	} else {
		err = fmt.Errorf("trying to unlock %s %s multiple times", r.kind, r.name)
	}
	switch {
	case err == nil:
	case *final == nil:
		*final = err
	default:
		s.env.Logf("warning", "unlocking %s %s after a failed operation: %v", r.kind, r.name, err)
	}
}
