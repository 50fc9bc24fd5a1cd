package topo

import (
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/topo/wire"
)

// locksDir holds the queue of a directory's lock: one key per contender, named by
// its lease.
const locksDir = "locks"

// leaseNode is the node of errors about leases. spec: O-36
const leaseNode = "lease"

// namedLockTTL is how long a named lock lives. spec: O-38
const namedLockTTL = 24 * time.Hour

// remoteLock is a held lock: a key that lives as long as its lease.
type remoteLock struct {
	c     *remoteConn
	lease wire.LeaseID
	// lost is set when the client knows that the lease is gone; nil if it never looks.
	lost *sim.Event
	// letGo ends what keeps the lease alive; nil if nothing does.
	letGo func()
}

// Lock implements [Conn]. spec: O-35, O-37, O-38
func (c *remoteConn) Lock(ctx *sim.Context, dir, contents string) (LockDescriptor, error) {
	return c.lockDir(ctx, wire.OpLock, dir, contents, 0)
}

// LockWithTTL implements [Conn].
func (c *remoteConn) LockWithTTL(ctx *sim.Context, dir, contents string, ttl time.Duration) (LockDescriptor, error) {
	return c.lockDir(ctx, wire.OpLockWithTTL, dir, contents, ttl)
}

// LockName implements [Conn].
func (c *remoteConn) LockName(ctx *sim.Context, dir, contents string) (LockDescriptor, error) {
	return asDescriptor(c.contend(ctx, dir, contents, c.flavour.locks.session(c.opts, namedLockTTL)))
}

// TryLock implements [Conn]. Looking and locking are two steps: under a race it
// waits like Lock. spec: O-40
func (c *remoteConn) TryLock(ctx *sim.Context, dir, contents string) (LockDescriptor, error) {
	if c.flavour.locks.tryWaits {
		return c.Lock(ctx, dir, contents)
	}
	resp, err := c.read(ctx, wire.RangeRequest{Op: wire.OpTryLock, Key: c.queuePrefix(dir), Prefix: true})
	if err != nil {
		return nil, err
	}
	if len(resp.KVs) > 0 {
		return nil, NewError(NodeExists, "lock already exists at path "+dir)
	}
	return c.Lock(ctx, dir, contents)
}

func (c *remoteConn) queuePrefix(dir string) string { return c.key(dir) + "/" + locksDir + "/" }

// lockDir is Lock and LockWithTTL; a TTL of zero is the default.
func (c *remoteConn) lockDir(ctx *sim.Context, op wire.Operation, dir, contents string, ttl time.Duration) (LockDescriptor, error) {
	if !c.flavour.locks.needsNoFile {
		resp, err := c.read(ctx, wire.RangeRequest{Op: op, Key: c.key(dir) + "/", Prefix: true})
		if err != nil {
			return nil, err
		}
		if len(resp.KVs) == 0 {
			return nil, NewError(NoNode, c.key(dir))
		}
	}
	return asDescriptor(c.contend(ctx, dir, contents, c.flavour.locks.session(c.opts, ttl)))
}

// asDescriptor keeps a nil lock from becoming a descriptor that is not nil.
func asDescriptor(lock *remoteLock, err error) (LockDescriptor, error) {
	if err != nil {
		return nil, err
	}
	return lock, nil
}

// contend queues a key under a lease and waits until no older key is left. The lease
// is kept alive while it waits, and longer only if the session is kept.
// spec: O-37, O-38
func (c *remoteConn) contend(ctx *sim.Context, dir, contents string, session lockSession) (*remoteLock, error) {
	grant := wire.GrantRequest{TTL: session.ttl, Forever: session.forever, Linger: session.linger}
	resp, err := c.call(ctx, wire.MethodGrant, grant, true)
	if err != nil {
		return nil, c.flavour.convert(err, c.key(dir))
	}
	lock := &remoteLock{c: c, lease: resp.(wire.GrantResponse).ID}

	waiting, stop := c.env.WithCancel(ctx)
	defer stop()
	if session.kept {
		lock.lost = c.env.NewEvent("lock-lost")
		waiting, lock.letGo = c.env.WithCancel(c.env.Background())
	}
	if !session.forever {
		c.env.GoDaemon("lock-keepalive", func() { lock.keepAlive(waiting, session.ttl) })
	}
	revision, err := lock.queue(ctx, dir, contents)
	if err != nil {
		c.env.GoDaemon("lock-abandon", lock.abandon)
		return nil, err
	}
	if session.monitored {
		c.env.GoDaemon("lock-monitor", func() { lock.monitor(waiting, dir, revision) })
	}
	return lock, nil
}

// contender is the key of the lock's place in the queue.
func (l *remoteLock) contender(dir string) string {
	return fmt.Sprintf("%s%016x", l.c.queuePrefix(dir), int64(l.lease))
}

// queue puts the contender's key, waits for its turn, and returns the key's revision.
func (l *remoteLock) queue(ctx *sim.Context, dir, contents string) (int64, error) {
	put := wire.PutRequest{Key: l.contender(dir), Value: contents, Lease: l.lease}
	resp, err := l.c.call(ctx, wire.MethodPut, put, false)
	if err != nil {
		return 0, l.c.flavour.convert(err, l.c.key(dir))
	}
	if resp.(wire.WriteResponse).LeaseMissing {
		return 0, NewError(NoNode, leaseNode)
	}
	mine := resp.(wire.WriteResponse).Revision
	for {
		older, revision, err := l.youngestOlder(ctx, l.c.queuePrefix(dir), mine)
		if err != nil || older == "" {
			return mine, err
		}
		if err := l.c.awaitDeletion(ctx, older, revision); err != nil {
			return 0, l.c.flavour.convert(err, l.c.key(dir))
		}
	}
}

// youngestOlder names the contender directly before the one that queued at
// revision mine; "" if there is none.
func (l *remoteLock) youngestOlder(ctx *sim.Context, prefix string, mine int64) (key string, revision int64, err error) {
	queue, err := l.c.read(ctx, wire.RangeRequest{Key: prefix, Prefix: true})
	if err != nil {
		return "", 0, err
	}
	var newest int64
	queued := false
	for _, kv := range queue.KVs {
		queued = queued || kv.Created == mine
		if kv.Created < mine && kv.Created > newest {
			key, newest = kv.Key, kv.Created
		}
	}
	if !queued {
		return "", 0, NewError(NoNode, leaseNode) // the lease expired in the queue
	}
	return key, queue.Revision, nil
}

// keepAlive renews the lease three times per lifetime until ctx ends or it is lost.
func (l *remoteLock) keepAlive(ctx *sim.Context, ttl time.Duration) {
	for l.c.env.SleepCtx(ctx, ttl/3) == nil {
		err := l.renew(ctx)
		switch {
		case IsErrType(err, NoNode):
			if l.lost != nil {
				l.lost.Set()
			}
			return
		case err != nil && l.c.link.closing.IsSet():
			return
		}
	}
}

// monitor watches the lock's own key; whatever ends that loses the lock. spec: O-36
func (l *remoteLock) monitor(ctx *sim.Context, dir string, revision int64) {
	_ = l.c.follow(ctx, wire.WatchRequest{Key: l.contender(dir), From: revision + 1}, func(ev wire.WatchEvent) error {
		return errWatchedGone
	})
	if ctx.Err() == nil {
		l.lost.Set()
	}
}

// abandon gives up the place in the queue; if that fails, the lease expires.
func (l *remoteLock) abandon() {
	ctx, cancel := l.c.env.WithTimeout(l.c.env.Background(), l.c.opts.RemoteOperationTimeout)
	defer cancel()
	if err := l.Unlock(ctx); err != nil {
		l.c.env.Logf("warning", "revoking the lease of an abandoned lock failed: %v", err)
	}
}

// Check implements [LockDescriptor]. spec: O-36
func (l *remoteLock) Check(ctx *sim.Context) error { return l.c.flavour.locks.check(l, ctx) }

// Unlock implements [LockDescriptor].
func (l *remoteLock) Unlock(ctx *sim.Context) error {
	if l.letGo != nil {
		l.lost.Set()
		l.letGo()
	}
	return l.call(ctx, wire.MethodRevoke)
}

// renew gives the lease its full time again; NoNode if it is gone.
func (l *remoteLock) renew(ctx *sim.Context) error { return l.call(ctx, wire.MethodKeepAlive) }

func (l *remoteLock) call(ctx *sim.Context, method string) error {
	resp, err := l.c.call(ctx, method, wire.LeaseRequest{ID: l.lease}, true)
	if err != nil {
		return l.c.flavour.convert(err, leaseNode)
	}
	if !resp.(wire.LeaseResponse).Found {
		return NewError(NoNode, leaseNode)
	}
	return nil
}
