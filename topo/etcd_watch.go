package topo

import (
	"errors"
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

// Watch implements [Conn]. An outage of the server is not seen by the watcher: the
// stream is opened again from the last revision when the server is back.
// spec: O-23, O-24, O-25
func (c *etcdConn) Watch(ctx *sim.Context, path string) (WatchData, *sim.Chan[WatchData], error) {
	initial, from, err := c.watchStart(ctx, path)
	if err != nil {
		return WatchData{}, nil, err
	}
	out := sim.NewChan[WatchData](c.env, "watch", sim.Unbounded)
	c.env.GoDaemon("watch", func() {
		defer out.Close()
		err := c.follow(ctx, wire.WatchRequest{Key: c.key(path), From: from}, func(ev wire.WatchEvent) error {
			if ev.Deleted {
				return errWatchedGone
			}
			out.Send(WatchData{Contents: ev.Value, Version: Version(ev.Revision)})
			return nil
		})
		switch {
		case errors.Is(err, errConnClosed): // the channel closes without a word, spec: O-26
		case errors.Is(err, errWatchedGone):
			out.Send(WatchData{Err: NewError(NoNode, c.key(path))})
		default:
			out.Send(WatchData{Err: c.convert(err, c.key(path))})
		}
	})
	return initial, out, nil
}

// watchStart reads the present value and the revision of the store at that time.
// The stream starts there, so a value written by the store's last change comes
// twice. spec: O-23, O-24
func (c *etcdConn) watchStart(ctx *sim.Context, path string) (WatchData, int64, error) {
	ctx, cancel := c.env.WithTimeout(ctx, c.opts.rpcTimeout)
	defer cancel()
	resp, err := c.read(ctx, wire.RangeRequest{Key: c.key(path)})
	if err != nil {
		return WatchData{}, 0, err
	}
	if len(resp.KVs) == 0 {
		return WatchData{}, 0, NewError(NoNode, c.key(path))
	}
	kv := resp.KVs[0]
	return WatchData{Contents: kv.Value, Version: Version(kv.Revision)}, resp.Revision, nil
}

// awaitDeletion waits until a key, which existed at a revision, is gone.
func (c *etcdConn) awaitDeletion(ctx *sim.Context, key string, revision int64) error {
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

// follow passes the events of a key to each until each returns an error, which it
// returns, or ctx ends, or the connection is closed (errConnClosed). It opens the
// stream anew whenever it breaks.
func (c *etcdConn) follow(ctx *sim.Context, req wire.WatchRequest, each func(wire.WatchEvent) error) error {
	ctx, cancel := c.env.WithCancel(ctx)
	defer cancel() // tells the server that nobody listens any more
	reopenings := 0
	for {
		stream, err := c.link.stream(ctx, wire.MethodWatch, req)
		if err == nil {
			err = pump(stream, &req.From, each)
		}
		_, broken := brokenBy(err)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case c.link.closing.IsSet():
			return errConnClosed
		case errors.Is(err, errWatchedGone):
			return err
		case broken:
			c.link.reportBroken()
			continue
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
		*from = ev.Revision + 1
		if err := each(ev); err != nil {
			return err
		}
	}
}
