package topo

import (
	"bufsim/model/topodata"
	"bufsim/sim"
)

// Watched is one message of a typed watch: a new value or the error that ends it.
type Watched[T any] struct {
	Value *T
	Err   error
}

// The messages of the three typed watches.
type (
	SrvKeyspaceWatch = Watched[topodata.SrvKeyspace]
	SrvVSchemaWatch  = Watched[topodata.SrvVSchema]
	ShardWatch       = Watched[topodata.Shard]
)

// WatchSrvKeyspace watches a cell's serving record of a keyspace: the present
// value and a channel of later ones, as [Conn.Watch] describes. The start is
// bounded by the remote operation timeout; ending ctx ends the watch. Values may
// come twice: compare content. spec: O-23, O-24
func (s *Server) WatchSrvKeyspace(ctx *sim.Context, cell, keyspace string) (*topodata.SrvKeyspace, *sim.Chan[SrvKeyspaceWatch], error) {
	return watchRecord[topodata.SrvKeyspace](ctx, s, cell, srvKeyspacePath(keyspace))
}

// WatchSrvVSchema watches a cell's routing record; see WatchSrvKeyspace.
func (s *Server) WatchSrvVSchema(ctx *sim.Context, cell string) (*topodata.SrvVSchema, *sim.Chan[SrvVSchemaWatch], error) {
	return watchRecord[topodata.SrvVSchema](ctx, s, cell, srvVSchemaPath)
}

// WatchShard watches a shard's global record, as a primary does; see
// WatchSrvKeyspace. spec: O-72
func (s *Server) WatchShard(ctx *sim.Context, keyspace, shard string) (*topodata.Shard, *sim.Chan[ShardWatch], error) {
	return watchRecord[topodata.Shard](ctx, s, GlobalCell, shardPath(keyspace, shard))
}

func watchRecord[T record[T]](ctx *sim.Context, s *Server, cell, path string) (*T, *sim.Chan[Watched[T]], error) {
	conn, err := s.connForWatch(ctx, cell)
	if err != nil {
		return nil, nil, err
	}
	watch, cancel := s.env.WithCancel(ctx)
	initial, raw, err := conn.Watch(watch, path)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	value, err := decode[T](initial.Contents)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	out := sim.NewChan[Watched[T]](s.env, "watch-record", sim.Unbounded)
	s.env.GoDaemon("watch-record", func() {
		defer cancel()
		defer out.Close()
		for {
			data, ok := raw.Recv()
			if !ok {
				return
			}
			msg := Watched[T]{Err: data.Err}
			if msg.Err == nil {
				msg.Value, msg.Err = decode[T](data.Contents)
			}
			out.Send(msg)
			if msg.Err != nil {
				return
			}
		}
	})
	return value, out, nil
}

// connForWatch is ConnForCell with the time limit of a watch's start: a watch's
// own context usually has none.
func (s *Server) connForWatch(ctx *sim.Context, cell string) (Conn, error) {
	ctx, cancel := s.env.WithTimeout(ctx, s.opts.RemoteOperationTimeout)
	defer cancel()
	return s.ConnForCell(ctx, cell)
}
