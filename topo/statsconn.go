package topo

import (
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/topo/wire"
)

// statsConn is what every connection is wrapped in. It counts the operations, limits
// the reads in flight, and refuses writes where there is only a read-only server.
// Further reads queue; writes, locks and watches are not limited.
// spec: O-10, O-11, O-12
type statsConn struct {
	conn     Conn
	env      *sim.Env
	reads    *sim.Semaphore
	counts   *connCounts
	readOnly bool
	refused  error // of everything, if there is no connection
}

// measured wraps a connection.
func (s *Server) measured(env *sim.Env, cell string, conn Conn) *statsConn {
	return &statsConn{conn: conn, env: env, reads: env.NewSemaphore("reads", s.opts.ReadConcurrency), counts: s.countsOf(cell)}
}

// refusing stands where there is no connection.
func (s *Server) refusing(cell string, err error) *statsConn {
	c := s.measured(s.env, cell, nil)
	c.refused = err
	return c
}

// read does a read with a permit. The error of a wait for it is that of ctx, as it is.
func (c *statsConn) read(ctx *sim.Context, op wire.Operation, do func() error) error {
	return c.count(op, func() error {
		began := c.env.Now()
		err := c.reads.Acquire(ctx)
		c.counts.waited(op, c.env.Now().Sub(began))
		if err != nil {
			return err
		}
		defer c.reads.Release()
		return do()
	})
}

// readOnlyError refuses a write. spec: O-10
type readOnlyError struct {
	op   wire.Operation
	path string
}

func (e *readOnlyError) Error() string {
	return fmt.Sprintf("cannot perform %s on %s as the topology server connection is read-only", e.op, e.path)
}

// Code is the code of the error in Vitess. spec: O-10
func (e *readOnlyError) Code() string { return "READ_ONLY" }

// write does a write or takes a lock; label is its name in the metrics.
func (c *statsConn) write(op, label wire.Operation, path string, do func() error) error {
	return c.count(label, func() error {
		if c.readOnly {
			return &readOnlyError{op, path}
		}
		return do()
	})
}

// count does an operation and counts it.
func (c *statsConn) count(op wire.Operation, do func() error) error {
	if c.refused != nil {
		return c.refused
	}
	began := c.env.Now()
	err := do()
	c.counts.done(op, c.env.Now().Sub(began), err)
	return err
}

// ListDir implements [Conn].
func (c *statsConn) ListDir(ctx *sim.Context, dir string, full bool) (entries []DirEntry, err error) {
	err = c.read(ctx, wire.OpListDir, func() (err error) { entries, err = c.conn.ListDir(ctx, dir, full); return err })
	return entries, err
}

// Get implements [Conn].
func (c *statsConn) Get(ctx *sim.Context, path string) (contents any, version Version, err error) {
	version = AnyVersion
	err = c.read(ctx, wire.OpGet, func() (err error) { contents, version, err = c.conn.Get(ctx, path); return err })
	return contents, version, err
}

// GetVersion implements [Conn].
func (c *statsConn) GetVersion(ctx *sim.Context, path string, version Version) (contents any, err error) {
	err = c.read(ctx, wire.OpGetVersion, func() (err error) { contents, err = c.conn.GetVersion(ctx, path, version); return err })
	return contents, err
}

// List implements [Conn].
func (c *statsConn) List(ctx *sim.Context, prefix string) (list []KeyValue, err error) {
	err = c.read(ctx, wire.OpList, func() (err error) { list, err = c.conn.List(ctx, prefix); return err })
	return list, err
}

// Create implements [Conn].
func (c *statsConn) Create(ctx *sim.Context, path string, contents any) (v Version, err error) {
	v = AnyVersion
	err = c.write(wire.OpCreate, wire.OpCreate, path, func() (err error) { v, err = c.conn.Create(ctx, path, contents); return err })
	return v, err
}

// Update implements [Conn].
func (c *statsConn) Update(ctx *sim.Context, path string, contents any, version Version) (v Version, err error) {
	v = AnyVersion
	err = c.write(wire.OpUpdate, wire.OpUpdate, path, func() (err error) { v, err = c.conn.Update(ctx, path, contents, version); return err })
	return v, err
}

// Delete implements [Conn].
func (c *statsConn) Delete(ctx *sim.Context, path string, version Version) error {
	return c.write(wire.OpDelete, wire.OpDelete, path, func() error { return c.conn.Delete(ctx, path, version) })
}

// Lock implements [Conn].
func (c *statsConn) Lock(ctx *sim.Context, dir, contents string) (lock LockDescriptor, err error) {
	err = c.lock(wire.OpLock, dir, func() (err error) { lock, err = c.conn.Lock(ctx, dir, contents); return err })
	return lock, err
}

// LockWithTTL implements [Conn].
func (c *statsConn) LockWithTTL(ctx *sim.Context, dir, contents string, ttl time.Duration) (lock LockDescriptor, err error) {
	err = c.lock(wire.OpLockWithTTL, dir, func() (err error) { lock, err = c.conn.LockWithTTL(ctx, dir, contents, ttl); return err })
	return lock, err
}

// LockName implements [Conn].
func (c *statsConn) LockName(ctx *sim.Context, dir, contents string) (lock LockDescriptor, err error) {
	err = c.lock(wire.OpLockName, dir, func() (err error) { lock, err = c.conn.LockName(ctx, dir, contents); return err })
	return lock, err
}

// TryLock implements [Conn].
func (c *statsConn) TryLock(ctx *sim.Context, dir, contents string) (lock LockDescriptor, err error) {
	err = c.lock(wire.OpTryLock, dir, func() (err error) { lock, err = c.conn.TryLock(ctx, dir, contents); return err })
	return lock, err
}

// lock takes a lock; all ways to do so count as Lock. spec: O-12
func (c *statsConn) lock(op wire.Operation, dir string, do func() error) error {
	return c.write(op, wire.OpLock, dir, do)
}

// Watch implements [Conn].
func (c *statsConn) Watch(ctx *sim.Context, path string) (current WatchData, changes *sim.Chan[WatchData], err error) {
	err = c.count(wire.OpWatch, func() (err error) { current, changes, err = c.conn.Watch(ctx, path); return err })
	return current, changes, err
}

// WatchRecursive implements [Conn].
func (c *statsConn) WatchRecursive(ctx *sim.Context, dir string) (current []KeyValue, changes *sim.Chan[WatchDataRecursive], err error) {
	err = c.count(wire.OpWatchRecursive, func() (err error) { current, changes, err = c.conn.WatchRecursive(ctx, dir); return err })
	return current, changes, err
}

// NewLeaderParticipation implements [Conn].
func (c *statsConn) NewLeaderParticipation(name, id string) (p LeaderParticipation, err error) {
	err = c.count(wire.OpElection, func() (err error) { p, err = c.conn.NewLeaderParticipation(name, id); return err })
	return p, err
}

// Close implements [Conn].
func (c *statsConn) Close() {
	if c.conn != nil {
		c.conn.Close()
	}
}
