package topo

import (
	"context"
	"errors"
	"fmt"

	"bufsim/sim"
	"bufsim/topo/wire"
)

// errChanged ends the wait for a change of a key.
var errChanged = errors.New("watched key changed")

// readAgain watches a key, which is at last, by waiting for a change and reading it
// again, so that fast changes collapse. It returns why the watch ended.
// spec: O-27, O-28
func (c *remoteConn) readAgain(ctx *sim.Context, out *sim.Chan[WatchData], last wire.KeyValue) error {
	for {
		kv, err := c.nextValue(ctx, last)
		if err != nil {
			return err
		}
		if kv.Revision == last.Revision {
			continue
		}
		last = kv
		if err := c.offer(ctx, out, WatchData{Contents: kv.Value, Version: c.version(kv.Revision, kv.Writes)}); err != nil {
			return err
		}
	}
}

// nextValue waits for a change of a key, in a poll only for a while, and reads it. All
// of it may take twice the time of the poll.
func (c *remoteConn) nextValue(ctx *sim.Context, last wire.KeyValue) (wire.KeyValue, error) {
	waiting := ctx
	if c.flavour.watch.poll != nil {
		poll := c.flavour.watch.poll(c.opts)
		limited, cancel := c.env.WithTimeout(ctx, 2*poll)
		defer cancel()
		wait, stop := c.env.WithTimeout(limited, poll)
		defer stop()
		ctx, waiting = limited, wait
	}
	err := c.follow(waiting, wire.WatchRequest{Key: last.Key, From: last.Revision + 1}, func(wire.WatchEvent) error { return errChanged })
	polled := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
	if !polled && !errors.Is(err, errChanged) {
		return last, c.endedWait(ctx, err, last.Key)
	}
	resp, err := c.call(ctx, wire.MethodRange, wire.RangeRequest{Op: wire.OpWatch, Key: last.Key}, true)
	if err != nil {
		return last, err
	}
	kvs := resp.(wire.RangeResponse).KVs
	if len(kvs) == 0 {
		return last, errWatchedGone
	}
	return kvs[0], nil
}

// endedWait is the error of a wait that broke.
func (c *remoteConn) endedWait(ctx *sim.Context, err error, key string) error {
	if ctx.Err() != nil || errors.Is(err, errConnClosed) || c.flavour.watch.ended == nil {
		return err
	}
	return c.flavour.watch.ended(err, key)
}

// lostStream is the error of a stream that ended before its time.
func (c *remoteConn) lostStream(err error) error {
	if c.flavour.watch.lost == nil {
		return err
	}
	return c.flavour.watch.lost(c.link, err)
}

// closedWatch is the last message of a watch whose connection was closed on this side.
func (c *remoteConn) closedWatch(key string) error {
	if c.flavour.watch.closedError == "" {
		return nil
	}
	return fmt.Errorf(c.flavour.watch.closedError, key)
}
