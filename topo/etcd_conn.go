package topo

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// etcdConn implements [Conn] over an etcd server: keys are absolute paths,
// versions are modification revisions.
// spec: O-9, O-18
type etcdConn struct {
	env  *sim.Env
	opts etcdOptions
	link *etcdLink
}

type etcdOptions struct {
	host       string
	root       string
	leaseTTL   time.Duration
	rpcTimeout time.Duration
}

func newEtcdConn(env *sim.Env, node *simnet.Node, opts etcdOptions) *etcdConn {
	return &etcdConn{env: env, opts: opts, link: newEtcdLink(env, node, opts.host)}
}

// open waits until the server answers; the error is the context's.
func (c *etcdConn) open(ctx *sim.Context) error {
	_, err := c.link.call(ctx, wire.MethodStatus, wire.StatusRequest{}, true)
	return err
}

// Close implements [Conn].
func (c *etcdConn) Close() { c.link.close() }

func (c *etcdConn) key(path string) string {
	if path == "" {
		return c.opts.root
	}
	return c.opts.root + "/" + path
}

// convert makes a topology error of what a call returned.
func (c *etcdConn) convert(err error, node string) error {
	switch {
	case errors.Is(err, errUnavailable), errors.Is(err, context.DeadlineExceeded):
		return NewError(Timeout, node)
	case errors.Is(err, errConnClosed), errors.Is(err, context.Canceled):
		return NewError(Interrupted, node)
	default:
		return err
	}
}

// read makes a range request.
func (c *etcdConn) read(ctx *sim.Context, req wire.RangeRequest) (wire.RangeResponse, error) {
	resp, err := c.link.call(ctx, wire.MethodRange, req, true)
	if err != nil {
		return wire.RangeResponse{}, c.convert(err, strings.TrimSuffix(req.Key, "/"))
	}
	return resp.(wire.RangeResponse), nil
}

// ListDir implements [Conn].
func (c *etcdConn) ListDir(ctx *sim.Context, dir string, full bool) ([]DirEntry, error) {
	prefix := c.key(dir) + "/"
	resp, err := c.read(ctx, wire.RangeRequest{Key: prefix, Prefix: true})
	if err != nil {
		return nil, err
	}
	if len(resp.KVs) == 0 {
		return nil, NewError(NoNode, c.key(dir))
	}
	var entries []DirEntry
	for _, kv := range resp.KVs {
		name, _, isDir := strings.Cut(kv.Key[len(prefix):], "/")
		e := DirEntry{Name: name}
		if full && !isDir {
			e.Type, e.Ephemeral = TypeFile, kv.Lease != 0
		}
		entries = append(entries, e)
	}
	// Keys are in the order of whole paths, in which a-b stands before a/b.
	slices.SortStableFunc(entries, func(a, b DirEntry) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(entries, func(a, b DirEntry) bool { return a.Name == b.Name }), nil
}

// Get implements [Conn].
func (c *etcdConn) Get(ctx *sim.Context, path string) (any, Version, error) {
	resp, err := c.read(ctx, wire.RangeRequest{Key: c.key(path)})
	if err != nil {
		return nil, AnyVersion, err
	}
	if len(resp.KVs) == 0 {
		return nil, AnyVersion, NewError(NoNode, c.key(path))
	}
	return resp.KVs[0].Value, Version(resp.KVs[0].Revision), nil
}

// List implements [Conn].
func (c *etcdConn) List(ctx *sim.Context, prefix string) ([]KeyValue, error) {
	resp, err := c.read(ctx, wire.RangeRequest{Key: c.opts.root + "/" + prefix, Prefix: true})
	if err != nil {
		return nil, err
	}
	if len(resp.KVs) == 0 {
		return nil, NewError(NoNode, c.key(prefix))
	}
	list := make([]KeyValue, len(resp.KVs))
	for i, kv := range resp.KVs {
		list[i] = KeyValue{Path: kv.Key[len(c.opts.root)+1:], Contents: kv.Value, Version: Version(kv.Revision)}
	}
	return list, nil
}

// Create implements [Conn].
func (c *etcdConn) Create(ctx *sim.Context, path string, contents any) (Version, error) {
	return c.put(ctx, path, wire.PutRequest{Value: contents, Compare: wire.Compare{Active: true}}, NodeExists)
}

// Update implements [Conn]. A versioned update of a missing file is a BadVersion.
// spec: topo 7
func (c *etcdConn) Update(ctx *sim.Context, path string, contents any, version Version) (Version, error) {
	req := wire.PutRequest{Value: contents, Compare: compare(version)}
	return c.put(ctx, path, req, BadVersion)
}

func compare(version Version) wire.Compare {
	return wire.Compare{Active: version != AnyVersion, Revision: int64(version)}
}

// put stores a file; refused is the error if the condition does not hold.
func (c *etcdConn) put(ctx *sim.Context, path string, req wire.PutRequest, refused ErrorCode) (Version, error) {
	req.Key = c.key(path)
	resp, err := c.link.call(ctx, wire.MethodPut, req, false)
	if err != nil {
		return AnyVersion, c.convert(err, req.Key)
	}
	w := resp.(wire.WriteResponse)
	if !w.Applied {
		return AnyVersion, NewError(refused, req.Key)
	}
	return Version(w.Revision), nil
}

// Delete implements [Conn].
func (c *etcdConn) Delete(ctx *sim.Context, path string, version Version) error {
	req := wire.DeleteRequest{Key: c.key(path), Compare: compare(version)}
	resp, err := c.link.call(ctx, wire.MethodDelete, req, false)
	if err != nil {
		return c.convert(err, req.Key)
	}
	switch w := resp.(wire.WriteResponse); {
	case !w.Existed:
		return NewError(NoNode, req.Key)
	case !w.Applied:
		return NewError(BadVersion, req.Key)
	default:
		return nil
	}
}
