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

// etcdLock is a held lock: a key that lives as long as its lease.
type etcdLock struct {
	c     *etcdConn
	lease wire.LeaseID
}

// TryLock implements [Conn]. Looking and locking are two steps: under a race it
// waits like Lock. spec: O-40
func (c *etcdConn) TryLock(ctx *sim.Context, dir, contents string) (LockDescriptor, error) {
	prefix := c.key(dir) + "/" + locksDir + "/"
	resp, err := c.read(ctx, wire.RangeRequest{Key: prefix, Prefix: true})
	if err != nil {
		return nil, err
	}
	if len(resp.KVs) > 0 {
		return nil, NewError(NodeExists, "lock already exists at path "+dir)
	}
	return c.Lock(ctx, dir, contents)
}

// Lock implements [Conn]. The contender queues a key under a lease and waits until
// no older key is left. The lease is kept alive only while it waits: once the lock
// is held, it lives for the lease's time to live unless Check renews it.
// spec: O-35, O-37, O-38
func (c *etcdConn) Lock(ctx *sim.Context, dir, contents string) (LockDescriptor, error) {
	if _, err := c.ListDir(ctx, dir, false); err != nil {
		return nil, err
	}
	ttl := c.opts.leaseTTL.Truncate(time.Second)
	resp, err := c.link.call(ctx, wire.MethodGrant, wire.GrantRequest{TTL: ttl}, true)
	if err != nil {
		return nil, c.convert(err, c.key(dir))
	}
	lock := &etcdLock{c: c, lease: resp.(wire.GrantResponse).ID}

	waiting, stop := c.env.WithCancel(ctx)
	defer stop()
	c.env.GoDaemon("lock-keepalive", func() { lock.keepAlive(waiting, ttl) })
	if err := lock.queue(ctx, dir, contents); err != nil {
		c.env.GoDaemon("lock-abandon", lock.abandon)
		return nil, err
	}
	return lock, nil
}

// queue puts the contender's key and waits for its turn.
func (l *etcdLock) queue(ctx *sim.Context, dir, contents string) error {
	prefix := l.c.key(dir) + "/" + locksDir + "/"
	key := fmt.Sprintf("%s%016x", prefix, int64(l.lease))
	resp, err := l.c.link.call(ctx, wire.MethodPut, wire.PutRequest{Key: key, Value: contents, Lease: l.lease}, false)
	if err != nil {
		return l.c.convert(err, l.c.key(dir))
	}
	if resp.(wire.WriteResponse).LeaseMissing {
		return NewError(NoNode, leaseNode)
	}
	mine := resp.(wire.WriteResponse).Revision
	for {
		older, revision, err := l.youngestOlder(ctx, prefix, mine)
		if err != nil || older == "" {
			return err
		}
		if err := l.c.awaitDeletion(ctx, older, revision); err != nil {
			return l.c.convert(err, l.c.key(dir))
		}
	}
}

// youngestOlder names the contender directly before the one that queued at
// revision mine; "" if there is none.
func (l *etcdLock) youngestOlder(ctx *sim.Context, prefix string, mine int64) (key string, revision int64, err error) {
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

// keepAlive renews the lease three times per lifetime until ctx ends.
func (l *etcdLock) keepAlive(ctx *sim.Context, ttl time.Duration) {
	for l.c.env.SleepCtx(ctx, ttl/3) == nil {
		if l.Check(ctx) != nil {
			return
		}
	}
}

// abandon gives up the place in the queue; if that fails, the lease expires.
func (l *etcdLock) abandon() {
	ctx, cancel := l.c.env.WithTimeout(l.c.env.Background(), l.c.opts.rpcTimeout)
	defer cancel()
	if err := l.Unlock(ctx); err != nil {
		l.c.env.Logf("warning", "revoking the lease of an abandoned lock failed: %v", err)
	}
}

// Check implements [LockDescriptor].
func (l *etcdLock) Check(ctx *sim.Context) error { return l.call(ctx, wire.MethodKeepAlive) }

// Unlock implements [LockDescriptor].
func (l *etcdLock) Unlock(ctx *sim.Context) error { return l.call(ctx, wire.MethodRevoke) }

func (l *etcdLock) call(ctx *sim.Context, method string) error {
	resp, err := l.c.link.call(ctx, method, wire.LeaseRequest{ID: l.lease}, true)
	if err != nil {
		return l.c.convert(err, leaseNode)
	}
	if !resp.(wire.LeaseResponse).Found {
		return NewError(NoNode, leaseNode)
	}
	return nil
}
