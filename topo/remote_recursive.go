package topo

import (
	"errors"

	"bufsim/sim"
	"bufsim/topo/wire"
)

// WatchRecursive implements [Conn]. spec: O-30
func (c *remoteConn) WatchRecursive(ctx *sim.Context, dir string) ([]KeyValue, *sim.Chan[WatchDataRecursive], error) {
	if !c.flavour.recursive {
		return nil, nil, NewError(NoImplementation, c.key(dir))
	}
	prefix := c.key(dir) + "/"
	initial, from, err := c.readTree(ctx, prefix)
	if err != nil {
		return nil, nil, err
	}
	out := sim.NewChan[WatchDataRecursive](c.env, "watch-recursive", sim.Unbounded)
	c.env.GoDaemon("watch-recursive", func() {
		defer out.Close()
		err := c.follow(ctx, wire.WatchRequest{Key: prefix, Prefix: true, From: from}, func(ev wire.WatchEvent) error {
			out.Send(c.recursiveData(ev))
			return nil
		})
		if !errors.Is(err, errConnClosed) {
			out.Send(WatchDataRecursive{WatchData: WatchData{Err: c.flavour.convert(err, c.key(dir))}})
		}
	})
	return initial, out, nil
}

// readTree reads what lies under a prefix now, and where a watch of it starts.
func (c *remoteConn) readTree(ctx *sim.Context, prefix string) ([]KeyValue, int64, error) {
	ctx, cancel := c.env.WithTimeout(ctx, c.opts.RemoteOperationTimeout)
	defer cancel()
	resp, err := c.read(ctx, wire.RangeRequest{Op: wire.OpWatchRecursive, Key: prefix, Prefix: true})
	if err != nil {
		return nil, 0, err
	}
	return c.keyValues(resp.KVs), resp.Revision, nil
}

func (c *remoteConn) recursiveData(ev wire.WatchEvent) WatchDataRecursive {
	d := WatchDataRecursive{Path: ev.Key[len(c.root)+1:]}
	if ev.Deleted {
		d.Err = NewError(NoNode, ev.Key)
		return d
	}
	d.Contents, d.Version, d.Err = ev.Value, c.version(ev.Revision, ev.Writes), ev.Err
	return d
}
