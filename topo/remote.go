package topo

import (
	"slices"
	"strings"

	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo/wire"
)

// remoteConn implements [Conn] over a topology server: keys are absolute paths, and
// its flavour says what the implementation does otherwise. spec: O-9, O-18
type remoteConn struct {
	env     *sim.Env
	flavour *flavour
	opts    Options
	root    string
	link    *link
}

func newRemoteConn(env *sim.Env, node *simnet.Node, f *flavour, opts Options, host, root string) *remoteConn {
	return &remoteConn{env: env, flavour: f, opts: opts, root: root, link: newLink(env, node, host, f)}
}

// open waits until the server answers; the error is the context's. A lazy
// implementation never waits. spec: topo 7
func (c *remoteConn) open(ctx *sim.Context) error {
	if c.flavour.lazy {
		return nil
	}
	_, err := c.call(ctx, wire.MethodStatus, wire.StatusRequest{}, true)
	return err
}

// Close implements [Conn].
func (c *remoteConn) Close() { c.link.close() }

func (c *remoteConn) key(path string) string {
	if path == "" {
		return c.root
	}
	return c.root + "/" + path
}

func (c *remoteConn) call(ctx *sim.Context, method string, req any, repeatable bool) (any, error) {
	return c.flavour.call(c.link, ctx, method, req, repeatable)
}

// data is the context of a read or write of a file. spec: topo 7
func (c *remoteConn) data(ctx *sim.Context) *sim.Context {
	if c.flavour.deaf {
		return c.env.Background()
	}
	return ctx
}

// version is the version of a file in the implementation's way. spec: O-18
func (c *remoteConn) version(revision, writes int64) Version {
	if c.flavour.fileVersions {
		return Version(writes - 1)
	}
	return Version(revision)
}

// compare is the condition that a file has the version.
func (c *remoteConn) compare(version Version) wire.Compare {
	switch {
	case version == AnyVersion:
		return wire.Compare{}
	case c.flavour.fileVersions:
		return wire.Compare{Active: true, Writes: int64(version) + 1}
	default:
		return wire.Compare{Active: true, Revision: int64(version)}
	}
}

// read makes a range request.
func (c *remoteConn) read(ctx *sim.Context, req wire.RangeRequest) (wire.RangeResponse, error) {
	resp, err := c.call(ctx, wire.MethodRange, req, true)
	if err != nil {
		return wire.RangeResponse{}, c.flavour.convert(err, strings.TrimSuffix(req.Key, "/"))
	}
	return resp.(wire.RangeResponse), nil
}

// ListDir implements [Conn].
func (c *remoteConn) ListDir(ctx *sim.Context, dir string, full bool) ([]DirEntry, error) {
	prefix := c.key(dir) + "/"
	resp, err := c.read(c.data(ctx), wire.RangeRequest{Op: wire.OpListDir, Key: prefix, Prefix: true})
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
func (c *remoteConn) Get(ctx *sim.Context, path string) (any, Version, error) {
	kv, err := c.readFile(c.data(ctx), wire.RangeRequest{Op: wire.OpGet, Key: c.key(path)})
	if err != nil {
		return nil, AnyVersion, err
	}
	return kv.Value, c.version(kv.Revision, kv.Writes), nil
}

// readFile reads one key.
func (c *remoteConn) readFile(ctx *sim.Context, req wire.RangeRequest) (wire.KeyValue, error) {
	resp, err := c.read(ctx, req)
	if err != nil {
		return wire.KeyValue{}, err
	}
	if len(resp.KVs) == 0 {
		return wire.KeyValue{}, NewError(NoNode, req.Key)
	}
	return resp.KVs[0], nil
}

// GetVersion implements [Conn].
func (c *remoteConn) GetVersion(ctx *sim.Context, path string, version Version) (any, error) {
	if !c.flavour.history {
		return nil, NewError(NoImplementation, "GetVersion not supported in "+c.flavour.name+" topo")
	}
	kv, err := c.readFile(ctx, wire.RangeRequest{Op: wire.OpGetVersion, Key: c.key(path), At: int64(version)})
	return kv.Value, err
}

// List implements [Conn].
func (c *remoteConn) List(ctx *sim.Context, prefix string) ([]KeyValue, error) {
	if !c.flavour.lists {
		return nil, NewError(NoImplementation, "List not supported in "+c.flavour.name+" topo")
	}
	resp, err := c.read(c.data(ctx), wire.RangeRequest{Op: wire.OpList, Key: c.root + "/" + prefix, Prefix: true})
	if err != nil {
		return nil, err
	}
	if len(resp.KVs) == 0 {
		return nil, NewError(NoNode, c.key(prefix))
	}
	return c.keyValues(resp.KVs), nil
}

func (c *remoteConn) keyValues(kvs []wire.KeyValue) []KeyValue {
	list := make([]KeyValue, len(kvs))
	for i, kv := range kvs {
		list[i] = KeyValue{Path: kv.Key[len(c.root)+1:], Contents: kv.Value, Version: c.version(kv.Revision, kv.Writes)}
	}
	return list
}

// Create implements [Conn].
func (c *remoteConn) Create(ctx *sim.Context, path string, contents any) (Version, error) {
	w, err := c.put(ctx, path, wire.PutRequest{Op: wire.OpCreate, Value: contents, Compare: wire.Compare{Active: true}})
	if err == nil && !w.Applied {
		err = NewError(NodeExists, c.key(path))
	}
	return c.written(w, err)
}

// Update implements [Conn]. spec: topo 7
func (c *remoteConn) Update(ctx *sim.Context, path string, contents any, version Version) (Version, error) {
	w, err := c.put(ctx, path, wire.PutRequest{Op: wire.OpUpdate, Value: contents, Compare: c.compare(version)})
	switch {
	case err != nil || w.Applied:
	case w.Existed:
		err = NewError(BadVersion, c.key(path))
	default:
		err = NewError(c.flavour.updateMissing, c.key(path))
	}
	return c.written(w, err)
}

// put asks for a write, whose condition may not hold.
func (c *remoteConn) put(ctx *sim.Context, path string, req wire.PutRequest) (wire.WriteResponse, error) {
	req.Key = c.key(path)
	resp, err := c.call(c.data(ctx), wire.MethodPut, req, false)
	if err != nil {
		return wire.WriteResponse{}, c.flavour.convert(err, req.Key)
	}
	return resp.(wire.WriteResponse), nil
}

// written is the result of a write.
func (c *remoteConn) written(w wire.WriteResponse, err error) (Version, error) {
	if err != nil {
		return AnyVersion, err
	}
	return c.version(w.Revision, w.Writes), nil
}

// Delete implements [Conn].
func (c *remoteConn) Delete(ctx *sim.Context, path string, version Version) error {
	req := wire.DeleteRequest{Op: wire.OpDelete, Key: c.key(path), Compare: c.compare(version)}
	resp, err := c.call(c.data(ctx), wire.MethodDelete, req, false)
	if err != nil {
		return c.flavour.convert(err, req.Key)
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
