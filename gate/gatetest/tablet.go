package gatetest

import (
	"time"

	"bufsim/gate/discovery"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

// Record makes a tablet record; the host's name is the alias as it is written here.
func Record(alias, keyspace, shard string, t topodata.TabletType) topodata.Tablet {
	a, err := topodata.ParseTabletAlias(alias)
	if err != nil {
		panic(err)
	}
	return topodata.Tablet{
		Alias: a, Hostname: alias, PortMap: topodata.PortMap{GRPC: 15991}, Keyspace: keyspace, Shard: shard, Type: t,
	}
}

// Tablets are the tablets of a test. They are a discovery.Dialer.
type Tablets struct {
	env    *sim.Env
	byName map[topodata.TabletAlias]*Tablet
	// Dials lists when each dial happened.
	Dials []sim.Time
	// DialErr, if set, makes dialling fail.
	DialErr error
}

// NewTablets makes an empty set.
func NewTablets(env *sim.Env) *Tablets {
	return &Tablets{env: env, byName: map[topodata.TabletAlias]*Tablet{}}
}

// Call is one call that reached a tablet.
type Call struct {
	At     sim.Time
	Method string
	Req    any
}

// Tablet does what a test says.
type Tablet struct {
	env    *sim.Env
	Record topodata.Tablet
	// Type is what it says that it is; at first what its record says.
	Type topodata.TabletType
	// Down makes new streams and calls fail as connections that are refused.
	Down bool
	// Answer decides about calls; nil answers well.
	Answer func(ctx *sim.Context, method string, req any) (any, error)
	// Calls are the calls that came, Streams when streams were opened.
	Calls   []Call
	Streams []sim.Time

	mu   *sim.Mutex // guards what follows
	last *query.StreamHealthResponse
	open []*sim.Chan[*query.StreamHealthResponse]
	end  error // why the streams end; nil is a clean end
}

// Add makes a tablet.
func (all *Tablets) Add(record topodata.Tablet) *Tablet {
	t := &Tablet{env: all.env, Record: record, Type: record.Type, mu: all.env.NewMutex("tablet/" + record.Hostname)}
	all.byName[record.Alias] = t
	return t
}

// Dial implements discovery.Dialer.
func (all *Tablets) Dial(record topodata.Tablet) (discovery.TabletConn, error) {
	all.Dials = append(all.Dials, all.env.Now())
	if all.DialErr != nil {
		return nil, all.DialErr
	}
	return all.byName[record.Alias], nil
}

// Target is what the tablet says that it serves.
func (t *Tablet) Target() query.Target {
	return query.Target{Keyspace: t.Record.Keyspace, Shard: t.Record.Shard, TabletType: t.Type}
}

// Say sends a health message to all streams, and keeps it for later ones. term is the primary
// term in seconds.
func (t *Tablet) Say(serving bool, term int64) {
	t.Send(&query.StreamHealthResponse{
		Target: t.Target(), Serving: serving, PrimaryTermStartTimestamp: term, TabletAlias: t.Record.Alias,
		RealtimeStats: &query.RealtimeStats{},
	})
}

// SayLag is Say of a serving replica with a replication lag in seconds.
func (t *Tablet) SayLag(lag uint32) {
	t.Send(&query.StreamHealthResponse{
		Target: t.Target(), Serving: true, TabletAlias: t.Record.Alias, RealtimeStats: &query.RealtimeStats{ReplicationLagSeconds: lag},
	})
}

// Send sends any message.
func (t *Tablet) Send(msg *query.StreamHealthResponse) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = msg
	for _, stream := range t.open {
		stream.Send(msg)
	}
}

// EndStreams ends all streams, with an error or cleanly, and forgets the last message.
func (t *Tablet) EndStreams(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end, t.last = err, nil
	for _, stream := range t.open {
		stream.Close()
	}
	t.open = nil
}

// Crash ends the streams with an error and refuses new ones.
func (t *Tablet) Crash() {
	t.Down = true
	t.EndStreams(vterr.FromTablet(vterr.StreamBroken()))
}

func (t *Tablet) refused() error {
	return vterr.FromTablet(vterr.DialRefused(t.Record.Hostname + ":15991"))
}

// StreamHealth implements discovery.TabletConn.
func (t *Tablet) StreamHealth(ctx *sim.Context, recv func(*query.StreamHealthResponse) error) error {
	t.Streams = append(t.Streams, t.env.Now())
	if t.Down {
		return t.refused()
	}
	stream := t.openStream()
	for {
		var msg *query.StreamHealthResponse
		var ok bool
		switch {
		case t.env.Select(sim.OnRecv(stream, &msg, &ok), sim.OnDone(ctx)) == 1:
			return ctx.Err()
		case !ok:
			return t.end
		}
		if err := recv(msg); err != nil {
			return err
		}
	}
}

func (t *Tablet) openStream() *sim.Chan[*query.StreamHealthResponse] {
	t.mu.Lock()
	defer t.mu.Unlock()
	stream := sim.NewChan[*query.StreamHealthResponse](t.env, "health/"+t.Record.Hostname, sim.Unbounded)
	t.open = append(t.open, stream)
	if t.last != nil {
		stream.Send(t.last)
	}
	return stream
}

// Call implements discovery.TabletConn.
func (t *Tablet) Call(ctx *sim.Context, method string, req any) (any, error) {
	if t.Down {
		return nil, t.refused()
	}
	t.Calls = append(t.Calls, Call{t.env.Now(), method, req})
	if t.Answer != nil {
		return t.Answer(ctx, method, req)
	}
	return t.Open(method), nil
}

// Open is a good answer to a call: it opens what the method wants.
func (t *Tablet) Open(method string) any {
	resp := &query.ExecuteResponse{Alias: t.Record.Alias, Result: query.Result{RowsAffected: 1}}
	n := int64(len(t.Calls))
	switch method {
	case query.MethodBeginExecute:
		resp.TransactionID = n
	case query.MethodReserveExecute:
		resp.ReservedID = n
	case query.MethodReserveBeginExecute:
		resp.TransactionID, resp.ReservedID = n, n
	case query.MethodCommit, query.MethodRollback:
		return &query.CommitResponse{}
	case query.MethodRelease:
		return &query.ReleaseResponse{}
	}
	return resp
}

// Wait lets time pass on the tablet's host.
func (t *Tablet) Wait(d time.Duration) { t.env.Sleep(d) }

// Close implements discovery.TabletConn.
func (t *Tablet) Close() {}

// Serve puts the tablet behind a node of the network.
func (t *Tablet) Serve(node *simnet.Node) {
	for _, method := range []string{
		query.MethodExecute, query.MethodBeginExecute, query.MethodReserveExecute, query.MethodReserveBeginExecute,
		query.MethodCommit, query.MethodRollback, query.MethodRelease,
	} {
		node.Handle(method, func(ctx *sim.Context, req any) (any, error) { return t.Call(ctx, method, req) })
	}
	node.HandleStream(query.MethodStreamHealth, func(ctx *sim.Context, _ any, out *simnet.ServerStream) error {
		return t.StreamHealth(ctx, func(msg *query.StreamHealthResponse) error { return out.Send(msg) })
	})
	node.Listen()
}

// ErrApplication is an error that nobody retries.
func ErrApplication() error { return vterr.New(vterr.InvalidArgument, "syntax error") }
