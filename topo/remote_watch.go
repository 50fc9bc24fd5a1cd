package topo

import (
	"errors"
	"fmt"
	"time"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// reopeningsFree is how often a watch is reopened at once after the server ended
// it; later reopenings each wait as many seconds as there were. spec: O-25
const reopeningsFree = 10

// errWatchedGone: the watched key was deleted.
var errWatchedGone = errors.New("watched key deleted")

// Watch implements [Conn]. An outage of the server is not seen by the watcher of a
// sturdy implementation: the stream is opened again from the last revision when the
// server is back. spec: O-23, O-24, O-25
func (c *remoteConn) Watch(ctx *sim.Context, path string) (WatchData, *sim.Chan[WatchData], error) {
	kv, from, err := c.watchStart(ctx, path)
	if err != nil {
		return WatchData{}, nil, err
	}
	out := sim.NewChan[WatchData](c.env, "watch", c.watchCapacity())
	c.env.GoDaemon("watch", func() {
		defer out.Close()
		if c.flavour.watch.again {
			c.endWatch(out, c.readAgain(ctx, out, kv), path)
			return
		}
		c.endWatch(out, c.follow(ctx, wire.WatchRequest{Key: c.key(path), From: from}, func(ev wire.WatchEvent) error {
			if ev.Deleted {
				return errWatchedGone
			}
			return c.offer(ctx, out, WatchData{Contents: ev.Value, Version: c.version(ev.Revision, ev.Writes), Err: ev.Err})
		}), path)
	})
	return WatchData{Contents: kv.Value, Version: c.version(kv.Revision, kv.Writes)}, out, nil
}

func (c *remoteConn) watchCapacity() int {
	if n := c.flavour.watch.capacity; n > 0 {
		return n
	}
	return sim.Unbounded
}

// offer sends a message, for which a bounded channel may have to be waited for.
func (c *remoteConn) offer(ctx *sim.Context, out *sim.Chan[WatchData], data WatchData) error {
	if c.flavour.watch.capacity == 0 {
		out.Send(data)
		return nil
	}
	switch c.env.Select(sim.OnSend(out, data), sim.OnDone(ctx), sim.OnEvent(c.link.closing)) {
	case 0:
		return nil
	case 1:
		return ctx.Err()
	default:
		return errConnClosed
	}
}

// endWatch sends the last message of a watch. spec: O-23, O-26, O-27
func (c *remoteConn) endWatch(out *sim.Chan[WatchData], err error, path string) {
	switch {
	case errors.Is(err, errWatchedGone):
		err = NewError(NoNode, c.key(path))
	case errors.Is(err, errConnClosed):
		if err = c.closedWatch(c.key(path)); err == nil {
			return
		}
	default:
		err = c.flavour.convert(err, c.key(path))
	}
	if c.flavour.watch.capacity == 0 {
		out.Send(WatchData{Err: err})
		return
	}
	c.env.TrySelect(sim.OnSend(out, WatchData{Err: err})) // whoever has not read 100 messages reads no more
}

// watchStart reads the present value and the revision of the store at that time.
// The stream starts there, so a value written by the store's last change comes
// twice. spec: O-23, O-24
func (c *remoteConn) watchStart(ctx *sim.Context, path string) (wire.KeyValue, int64, error) {
	ctx, cancel := c.env.WithTimeout(ctx, c.opts.RemoteOperationTimeout)
	defer cancel()
	resp, err := c.read(ctx, wire.RangeRequest{Op: wire.OpWatch, Key: c.key(path)})
	if err != nil {
		return wire.KeyValue{}, 0, err
	}
	if len(resp.KVs) == 0 {
		return wire.KeyValue{}, 0, NewError(NoNode, c.key(path))
	}
	return resp.KVs[0], resp.Revision, nil
}

// awaitDeletion waits until a key, which existed at a revision, is gone.
func (c *remoteConn) awaitDeletion(ctx *sim.Context, key string, revision int64) error {
	err := c.follow(ctx, wire.WatchRequest{Key: key, From: revision}, func(ev wire.WatchEvent) error {
		if ev.Deleted {
			return errWatchedGone
		}
		return nil
	})
	if errors.Is(err, errWatchedGone) {
		return nil
	}
	return err
}

// serverEnded: the server ended a stream, for a reason or none.
type serverEnded struct{ cause error }

func (e *serverEnded) Error() string { return fmt.Sprintf("watch ended by the server: %v", e.cause) }

// follow passes the events of a key to each until each returns an error, which it
// returns, or ctx ends, or the connection is closed (errConnClosed), or the server ends
// the watch for a reason, which is then the error. A sturdy implementation opens the
// stream anew whenever it breaks or ends for no reason.
func (c *remoteConn) follow(ctx *sim.Context, req wire.WatchRequest, each func(wire.WatchEvent) error) error {
	streaming, cancel := c.env.WithCancel(ctx)
	defer func() { cancel() }() // tells the server that nobody listens any more
	reopenings := 0
	for {
		stream, err := c.link.stream(streaming, wire.MethodWatch, req)
		if err == nil {
			err = pump(stream, &req.From, each)
		}
		var ended *serverEnded
		_, broken := brokenBy(err)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case c.link.closing.IsSet():
			return errConnClosed
		case errors.As(err, &ended):
			if cancel(); ended.cause != nil || !c.flavour.watch.sturdy {
				return c.lostStream(ended.cause)
			}
			streaming, cancel = c.env.WithCancel(ctx)
		case broken:
			c.link.reportBroken()
			if !c.flavour.watch.sturdy {
				return c.lostStream(err)
			}
			continue
		default:
			return err
		}
		if reopenings++; reopenings > reopeningsFree {
			if err := c.env.SleepCtx(ctx, time.Duration(reopenings)*time.Second); err != nil {
				return err
			}
		}
	}
}

// pump passes the events of one stream on; *from is where the next stream starts.
func pump(stream *simnet.ClientStream, from *int64, each func(wire.WatchEvent) error) error {
	for {
		v, err := stream.Recv()
		if err != nil {
			return err
		}
		ev := v.(wire.WatchEvent)
		if ev.Cancelled {
			return &serverEnded{ev.Err}
		}
		if ev.Err == nil {
			*from = ev.Revision + 1
		}
		if err := each(ev); err != nil {
			return err
		}
	}
}
