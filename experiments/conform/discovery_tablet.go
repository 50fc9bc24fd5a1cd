package conform

import (
	"bufsim/gate/discovery"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// scriptedTablets are all tablets of a schedule; they dial themselves.
type scriptedTablets struct {
	env    *sim.Env
	byName map[topodata.TabletAlias]*scriptedTablet
	// executing is told of each execution that begins.
	executing func(request string, tablet topodata.TabletAlias)
}

// scriptedTablet does what the steps of a schedule say.
type scriptedTablet struct {
	all   *scriptedTablets
	alias topodata.TabletAlias
	down  bool
	last  *query.StreamHealthResponse
	// streams get each message, or nil for the end of the stream.
	streams []*sim.Chan[*query.StreamHealthResponse]
	mode    string
	takes   Seconds
}

func newScriptedTablets(env *sim.Env, executing func(string, topodata.TabletAlias)) *scriptedTablets {
	return &scriptedTablets{env: env, byName: map[topodata.TabletAlias]*scriptedTablet{}, executing: executing}
}

// add makes a tablet and gives its record.
func (all *scriptedTablets) add(t ScriptedTablet) topodata.Tablet {
	a := alias(t.Alias)
	all.byName[a] = &scriptedTablet{all: all, alias: a, mode: "ok"}
	return topodata.Tablet{
		Alias: a, Hostname: t.Alias, PortMap: topodata.PortMap{GRPC: 15991}, Keyspace: t.Ks, Shard: t.Shard, Type: tabletType(t.Type),
	}
}

// Dial implements discovery.Dialer.
func (all *scriptedTablets) Dial(t topodata.Tablet) (discovery.TabletConn, error) {
	return all.byName[t.Alias], nil
}

// step does the steps that are about tablets; it says whether it knows the op.
func (all *scriptedTablets) step(s DiscoveryStep) bool {
	if s.Tablet == "" {
		return false
	}
	t := all.byName[alias(s.Tablet)]
	switch s.Op {
	case "health":
		t.last = healthMessage(s)
		t.send(t.last)
	case "stream_end":
		t.down, t.last = true, nil
		t.send(nil)
	case "stream_up":
		t.down = false
	case "tablet_mode":
		t.mode, t.takes = s.Mode, s.Takes
	default:
		return false
	}
	return true
}

func healthMessage(s DiscoveryStep) *query.StreamHealthResponse {
	return &query.StreamHealthResponse{
		Target:  query.Target{Keyspace: s.Ks, Shard: s.Shard, TabletType: tabletType(s.Type)},
		Serving: s.Serving, PrimaryTermStartTimestamp: s.Term, TabletAlias: alias(s.Tablet),
		RealtimeStats: &query.RealtimeStats{HealthError: s.HealthError},
	}
}

func (t *scriptedTablet) send(msg *query.StreamHealthResponse) {
	for _, stream := range t.streams {
		stream.Send(msg)
	}
	if msg == nil {
		t.streams = nil
	}
}

// StreamHealth implements discovery.TabletConn.
func (t *scriptedTablet) StreamHealth(ctx *sim.Context, recv func(*query.StreamHealthResponse) error) error {
	if t.down {
		return vterr.New(vterr.Unavailable, "connection refused")
	}
	stream := sim.NewChan[*query.StreamHealthResponse](t.all.env, "stream", sim.Unbounded)
	t.streams = append(t.streams, stream)
	if t.last != nil {
		stream.Send(t.last)
	}
	for {
		var msg *query.StreamHealthResponse
		if t.all.env.Select(sim.OnRecv(stream, &msg, nil), sim.OnDone(ctx)) == 1 {
			return ctx.Err()
		}
		if msg == nil {
			return vterr.New(vterr.Unavailable, "connection reset")
		}
		if err := recv(msg); err != nil {
			return err
		}
	}
}

// Call implements discovery.TabletConn. How long it takes is fixed when it begins, what comes
// of it when it ends.
func (t *scriptedTablet) Call(_ *sim.Context, _ string, req any) (any, error) {
	t.all.executing(req.(*query.ExecuteRequest).RequestID, t.alias)
	if t.takes > 0 {
		t.all.env.Sleep(t.takes.duration())
	}
	return &query.ExecuteResponse{}, t.answer()
}

func (t *scriptedTablet) answer() error {
	switch t.mode {
	case "unavailable":
		return vterr.New(vterr.Unavailable, "connection refused")
	case "wrong_type":
		return vterr.New(vterr.ClusterEvent, vterr.TextWrongTabletType+": PRIMARY, want: REPLICA or []")
	case "app_error":
		return vterr.New(vterr.InvalidArgument, "syntax error")
	case "denied":
		err, _ := cause("move_tables")
		return err
	case "ok":
		return nil
	default:
		err, ok := cause(t.mode)
		if !ok {
			panic("unknown mode of a tablet: " + t.mode)
		}
		return err
	}
}

// Close implements discovery.TabletConn.
func (t *scriptedTablet) Close() {}
