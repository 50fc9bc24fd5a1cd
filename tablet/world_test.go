package tablet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
	"bufsim/topo"
	"bufsim/topo/toposerver"
)

// setting describes a small world: shard commerce/0 with a primary 100 and replicas 101, 102.
type setting struct {
	seed       uint64
	chooser    sim.Chooser
	release    string
	durability string
	// change edits the flags of all tablets.
	change func(*flags.Set)
	// mysql and tablet edit the timings; by default nothing costs time but the network.
	mysql  func(*mysqld.Timings)
	tablet func(*tablet.Timings)
	// realTimings starts from the default timings.
	realTimings bool
	// semiSyncPoll keeps MySQL's slow switch of semi-sync.
	semiSyncPoll bool
}

// stage is what a script plays on. It is a require.TestingT whose FailNow ends the world.
type stage struct {
	env     *sim.Env
	node    *simnet.Node
	net     *simnet.Network
	tmc     *tmclient.Client
	topo    *topo.Server
	store   *toposerver.Store
	world   *sim.World
	hosts   map[string]*sim.Host
	tablets map[uint32]*tablet.Tablet
	mysql   map[uint32]*mysqld.Server
	events  *recorder
	began   sim.Time
	// started is how the latest start of each tablet ended.
	started map[uint32]error
	errors  []string
}

// recorder keeps all events.
type recorder struct{ events []trace.Event }

func (r *recorder) Record(e trace.Event) { r.events = append(r.events, e) }

func alias(uid uint32) topodata.TabletAlias { return topodata.TabletAlias{Cell: "zone1", UID: uid} }

const (
	primary  = uint32(100)
	replica1 = uint32(101)
	replica2 = uint32(102)
)

func uids() []uint32 { return []uint32{primary, replica1, replica2} }

// play runs a script in a world whose shard serves.
func play(t *testing.T, s setting, script func(x *stage)) *stage {
	t.Helper()
	x := &stage{events: &recorder{}}
	out := build(s, x, script).Run()
	require.Empty(t, x.errors)
	require.Equal(t, "done", out.ID, "%v: %s", out.Kind, out.Detail)
	checkFields(t, x.events)
	return x
}

// checkFields makes sure that events have the fields that their kinds document.
func checkFields(t *testing.T, events *recorder) {
	t.Helper()
	documented := map[trace.Kind]string{}
	for _, d := range append(tablet.TraceKinds(), mysqld.TraceKinds()...) {
		documented[d.Kind] = d.Fields
	}
	for _, e := range events.events {
		if fields, ours := documented[e.Kind]; ours {
			require.Equal(t, fields, keys(e), e.Kind)
		}
	}
}

func keys(e trace.Event) string {
	var names []string
	for _, f := range e.Fields {
		names = append(names, f.Key)
	}
	return strings.Join(names, " ")
}

func build(s setting, x *stage, script func(x *stage)) *sim.World {
	config := sim.Config{Seed: s.seed + 1, Chooser: s.chooser, MaxTime: sim.Time(10 * time.Minute)}
	if x.events != nil {
		config.Sink = x.events
	}
	w := sim.New(config)
	x.world, x.hosts, x.started = w, map[string]*sim.Host{}, map[uint32]error{}
	x.tablets, x.mysql = map[uint32]*tablet.Tablet{}, map[uint32]*mysqld.Server{}
	x.hosts["net"] = w.AddHost("net", sim.HostOptions{}, nil)
	net := x.hosts["net"].Env()
	x.net = simnet.New(net, simnet.Options{Latency: sim.Constant(200 * time.Microsecond), Loopback: sim.Constant(50 * time.Microsecond)})
	store := toposerver.NewStore(net)
	x.store = store
	x.hosts["topo"] = w.AddHost("topo", sim.HostOptions{}, func(env *sim.Env) { toposerver.Serve(env, x.net.Node(env), store, toposerver.Options{}) })
	profile := release.Latest()
	if s.release != "" {
		profile, _ = release.Lookup(s.release)
	}
	mt, tt := mysqld.Timings{}, tablet.Timings{}
	if s.realTimings {
		mt, tt = mysqld.DefaultTimings(), tablet.DefaultTimings()
	}
	if s.mysql != nil {
		s.mysql(&mt)
	}
	if s.tablet != nil {
		s.tablet(&tt)
	}
	f := flags.Defaults(profile)
	if s.change != nil {
		s.change(&f)
	}
	for _, uid := range uids() {
		server := mysqld.New(net, mysqld.Options{Alias: alias(uid), Timings: &mt, SemiSyncSwitchInstant: !s.semiSyncPoll, NetTimeout: profile.Defaults.ReplicaNetTimeout})
		x.mysql[uid] = server
		name := mysqld.HostName(alias(uid))
		x.hosts[name] = w.AddHost(name, sim.HostOptions{}, func(env *sim.Env) { server.Boot(env, x.net.Node(env)) })
	}
	w.AddHost("test", sim.HostOptions{}, func(env *sim.Env) {
		x.env, x.node = env, x.net.Node(env)
		x.tmc, x.topo = tmclient.New(env, x.node), topo.NewServer(env, x.node, topo.Options{})
		require.NoError(x, x.topo.CreateCellInfo(env.Background(), "zone1", &topodata.CellInfo{ServerAddress: "topo", Root: "/vitess/zone1"}))
		spec := tablet.KeyspaceSpec{Name: "commerce", Durability: s.durability, Shards: []tablet.ShardSpec{{Name: "0"}}}
		for i, uid := range uids() {
			as := topodata.Replica
			if i == 0 {
				as = topodata.Primary
			}
			spec.Shards[0].Tablets = append(spec.Shards[0].Tablets, tablet.TabletSpec{Alias: alias(uid), Type: as, MySQL: x.mysql[uid]})
		}
		require.NoError(x, tablet.InitKeyspace(env.Background(), env, x.topo, spec))
		for _, uid := range uids() {
			x.startTablet(uid, tablet.Options{Alias: alias(uid), Keyspace: "commerce", Shard: "0", Release: profile, Flags: f, Timings: &tt})
		}
		for _, uid := range uids() {
			x.eventually("tablet serves", func() bool { return x.tablets[uid] != nil && x.tablets[uid].Status().Serving })
		}
		env.Sleep(100 * time.Millisecond) // replicas attach
		x.began = env.Now()
		script(x)
		env.Stop("done") // health streams and binlog dumps never end by themselves
	})
	return w
}

// startTablet adds the process of a tablet; it boots again whenever its host restarts.
func (x *stage) startTablet(uid uint32, opts tablet.Options) {
	x.hosts[alias(uid).String()] = x.world.AddHost(alias(uid).String(), sim.HostOptions{}, func(env *sim.Env) {
		node := x.net.Node(env)
		o := opts
		o.Replicating = env.Incarnation() == 1
		tb := tablet.New(env, node, topo.NewServer(env, node, topo.Options{}), x.mysql[uid], o)
		x.tablets[uid] = tb
		x.started[uid] = tb.Start()
	})
}

func (x *stage) Errorf(format string, args ...any) {
	x.errors = append(x.errors, fmt.Sprintf(format, args...))
}

func (x *stage) FailNow() {
	x.env.Stop("test failed")
	x.env.NewEvent("never").Wait()
}

// eventually waits up to a virtual minute.
func (x *stage) eventually(what string, cond func() bool) {
	for range 60000 {
		if cond() {
			return
		}
		x.env.Sleep(time.Millisecond)
	}
	require.Fail(x, "never: "+what)
}

// took gives the duration of fn.
func (x *stage) took(fn func()) time.Duration {
	started := x.env.Now()
	fn()
	return x.env.Now().Sub(started)
}

// within gives a context that ends after d.
func (x *stage) within(d time.Duration) *sim.Context {
	ctx, _ := x.env.WithTimeout(x.env.Background(), d)
	return ctx
}

// session is a client's connection to one tablet.
type session struct {
	x    *stage
	conn *simnet.Conn
	as   topodata.TabletType
}

// dial opens a session whose requests ask for a tablet type.
func (x *stage) dial(uid uint32, as topodata.TabletType) *session {
	return &session{x: x, conn: x.node.Dial(alias(uid).String(), simnet.DialOptions{}), as: as}
}

func (s *session) target() query.Target {
	return query.Target{Keyspace: "commerce", Shard: "0", TabletType: s.as}
}

func (s *session) call(method string, st query.Statement, tx int64) (*query.ExecuteResponse, error) {
	return s.callWithin(s.x.env.Background(), method, st, tx)
}

func (s *session) callWithin(ctx *sim.Context, method string, st query.Statement, tx int64) (*query.ExecuteResponse, error) {
	resp, err := s.conn.Call(ctx, method, &query.ExecuteRequest{Target: s.target(), Statement: st, TransactionID: tx, CallerID: "userData1"})
	r, _ := resp.(*query.ExecuteResponse)
	if r == nil {
		r = &query.ExecuteResponse{}
	}
	return r, err
}

func (s *session) insert(key int64) error {
	_, err := s.call(query.MethodExecute, insert(key), 0)
	return err
}

func (s *session) read() error {
	_, err := s.call(query.MethodExecute, query.Statement{Verb: query.VerbSelect, Table: "t", Key: 1}, 0)
	return err
}

func (s *session) begin(key int64) (int64, error) {
	resp, err := s.call(query.MethodBeginExecute, insert(key), 0)
	return resp.TransactionID, err
}

func (s *session) commit(tx int64) error {
	_, err := s.conn.Call(s.x.env.Background(), query.MethodCommit, &query.CommitRequest{Target: s.target(), TransactionID: tx, CallerID: "userData1"})
	return err
}

func insert(key int64) query.Statement {
	return query.Statement{Verb: query.VerbInsert, Table: "t", Key: key, Value: key}
}

func sleepFor(d time.Duration) query.Statement {
	return query.Statement{Verb: query.VerbSleep, Cost: d}
}

// count gives the rows of the test table on one server.
func (x *stage) count(uid uint32) int64 {
	table, _ := x.mysql[uid].Table("t")
	return table.Count
}

// since lists the events of a kind on a host since the script began, as "fields".
func (x *stage) since(uid uint32, kind trace.Kind) []string {
	var out []string
	for _, e := range x.events.events {
		if e.Kind != kind || e.Host != alias(uid).String() || sim.Time(e.Time) < x.began {
			continue
		}
		out = append(out, text(e))
	}
	return out
}

func text(e trace.Event) string {
	line := ""
	for _, f := range e.Fields {
		if f.IsNum {
			line += fmt.Sprintf("%s=%d ", f.Key, f.Num)
		} else {
			line += fmt.Sprintf("%s=%s ", f.Key, f.Str)
		}
	}
	return line
}

// tabletEnv gives the environment of a tablet's process.
func (x *stage) tabletEnv(uid uint32) *sim.Env { return x.hosts[alias(uid).String()].Env() }

func latest() release.Profile { return release.Latest() }

// extraTablet starts one more tablet with its MySQL server and waits for the outcome.
func (x *stage) extraTablet(uid uint32, f flags.Set) error {
	return x.extraTabletOf(uid, tablet.Options{Alias: alias(uid), Keyspace: "commerce", Shard: "0", Flags: f, Timings: &tablet.Timings{}})
}

func (x *stage) extraTabletOf(uid uint32, opts tablet.Options) error {
	server := mysqld.New(x.hosts["net"].Env(), mysqld.Options{Alias: alias(uid), Timings: &mysqld.Timings{}})
	x.mysql[uid] = server
	x.world.AddHost(mysqld.HostName(alias(uid)), sim.HostOptions{}, func(env *sim.Env) { server.Boot(env, x.net.Node(env)) })
	var result error
	done := x.env.NewEvent("started")
	x.world.AddHost(alias(uid).String(), sim.HostOptions{}, func(env *sim.Env) {
		node := x.net.Node(env)
		tb := tablet.New(env, node, topo.NewServer(env, node, topo.Options{}), server, opts)
		x.tablets[uid] = tb
		result = tb.Start()
		done.Set()
	})
	done.Wait()
	return result
}
