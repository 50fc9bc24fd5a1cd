package vtorc_test

import (
	"fmt"
	"slices"
	"strings"
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
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
	"bufsim/tablet/vtorc"
	"bufsim/topo"
	"bufsim/topo/toposerver"
)

// setting describes a shard commerce/0, primary 100 and replicas 101, 102, ... and its VTOrcs.
type setting struct {
	seed       uint64
	release    string
	durability string
	tablets    int // 3 if zero
	vtorcs     int // 1 if zero, none if negative
	// far puts the replicas into another cell; they are 201 and 202 then.
	far bool
	// fresh leaves the shard without a first primary.
	fresh bool
	// change edits the flags of all processes.
	change func(*flags.Set)
}

// cluster is a real shard with its VTOrc processes. It is a require.TestingT for its script.
type cluster struct {
	setting
	t       require.TestingT
	world   *sim.World
	net     *simnet.Network
	profile release.Profile
	flags   flags.Set
	timings mysqld.Timings

	hosts   map[string]*sim.Host
	tablets map[uint32]*tablet.Tablet
	mysql   map[uint32]*mysqld.Server
	vtorc   []*vtorc.VTOrc

	// Of the script's own host.
	env      *sim.Env
	topo     *topo.Server
	tm       *tmclient.Client
	failures []string

	events []trace.Event
	logs   []string // texts of VTOrc's log, without duplicates

	// What the clients were told.
	acknowledged []int64 // keys of writes that were answered with success
	answers      []sim.Time
	refusals     map[string]int
	quiet        bool
}

// alias gives the alias of a tablet; those from 200 on are in zone2.
func alias(uid uint32) topodata.TabletAlias {
	if uid >= 200 {
		return topodata.TabletAlias{Cell: "zone2", UID: uid}
	}
	return topodata.TabletAlias{Cell: "zone1", UID: uid}
}

func tabletHost(uid uint32) string { return alias(uid).String() }
func mysqlHost(uid uint32) string  { return mysqld.HostName(alias(uid)) }

func (c *cluster) uids() []uint32 {
	if c.far {
		return []uint32{100, 201, 202}
	}
	var list []uint32
	for i := range c.setting.tablets {
		list = append(list, 100+uint32(i))
	}
	return list
}

// Record keeps what VTOrc does, and what the topology's locks do.
func (c *cluster) Record(e trace.Event) {
	if e.Kind == vtorc.KindDetect || e.Kind == vtorc.KindRecover || strings.HasPrefix(string(e.Kind), "topo") {
		c.events = append(c.events, e)
	}
	if text := e.Text("text"); e.Kind == trace.KindLog && strings.HasPrefix(e.Host, "vtorc") && !slices.Contains(c.logs, text) {
		c.logs = append(c.logs, text)
	}
}

// run plays a script on a shard that serves and that VTOrc watches.
func run(t require.TestingT, s setting, script func(c *cluster)) *cluster {
	if s.tablets == 0 {
		s.tablets = 3
	}
	if s.vtorcs == 0 {
		s.vtorcs = 1
	}
	if s.release == "" {
		s.release = "v24"
	}
	p, err := release.Lookup(s.release)
	require.NoError(t, err)
	c := &cluster{
		setting: s, t: t, profile: p, flags: flags.Defaults(p), timings: mysqld.DefaultTimings(), hosts: map[string]*sim.Host{},
		tablets: map[uint32]*tablet.Tablet{}, mysql: map[uint32]*mysqld.Server{}, refusals: map[string]int{},
	}
	if s.change != nil {
		s.change(&c.flags)
	}
	c.world = sim.New(sim.Config{Seed: s.seed + 1, MaxTime: sim.Time(3 * time.Hour), Sink: c})
	defer c.world.Close()
	c.addServers()
	c.world.AddHost("script", sim.HostOptions{}, func(env *sim.Env) {
		node := c.net.Node(env)
		c.env, c.topo, c.tm = env, topo.NewServer(env, node, topo.Options{}), tmclient.New(env, node)
		c.bootstrap()
		script(c)
		env.Stop("done")
	})
	out := c.world.Run()
	require.Empty(t, c.failures)
	require.Equal(t, "done", out.ID, "%v: %s", out.Kind, out.Detail)
	return c
}

func (c *cluster) addServers() {
	netEnv := c.world.AddHost("net", sim.HostOptions{}, nil).Env()
	c.net = simnet.New(netEnv, simnet.Options{Latency: sim.Constant(500 * time.Microsecond), Loopback: sim.Constant(50 * time.Microsecond)})
	store := toposerver.NewStore(netEnv)
	c.hosts["topo"] = c.world.AddHost("topo", sim.HostOptions{}, func(env *sim.Env) { toposerver.Serve(env, c.net.Node(env), store, toposerver.Options{}) })
	for _, uid := range c.uids() {
		server := mysqld.New(netEnv, mysqld.Options{
			Alias: alias(uid), Timings: &c.timings, NetTimeout: c.profile.Defaults.ReplicaNetTimeout,
			StartWithoutSuper: !c.profile.Behaviors.StartsSuperReadOnly,
		})
		c.mysql[uid] = server
		c.hosts[mysqlHost(uid)] = c.world.AddHost(mysqlHost(uid), sim.HostOptions{}, func(env *sim.Env) { server.Boot(env, c.net.Node(env)) })
	}
}

// bootstrap brings the shard and VTOrc up.
func (c *cluster) bootstrap() {
	ctx := c.env.Background()
	for _, cell := range []string{"zone1", "zone2"} {
		require.NoError(c, c.topo.CreateCellInfo(ctx, cell, &topodata.CellInfo{ServerAddress: "topo", Root: "/vitess/" + cell}))
	}
	if c.fresh {
		require.NoError(c, c.topo.CreateKeyspace(ctx, "commerce", &topodata.Keyspace{DurabilityPolicy: c.durability}))
	} else {
		spec := tablet.KeyspaceSpec{Name: "commerce", Durability: c.durability, Shards: []tablet.ShardSpec{{Name: "0"}}}
		for i, uid := range c.uids() {
			as := topodata.Replica
			if i == 0 {
				as = topodata.Primary
			}
			spec.Shards[0].Tablets = append(spec.Shards[0].Tablets, tablet.TabletSpec{Alias: alias(uid), Type: as, MySQL: c.mysql[uid]})
		}
		require.NoError(c, tablet.InitKeyspace(ctx, c.env, c.topo, spec))
	}
	for _, uid := range c.uids() {
		c.startTablet(uid)
	}
	for n := range max(c.vtorcs, 0) {
		c.startVTOrc(fmt.Sprintf("vtorc-%d", n+1))
	}
	c.within(time.Minute, "the shard serves", func() bool {
		for _, uid := range c.uids() {
			if tb := c.tablets[uid]; tb == nil || !tb.Status().Serving {
				return false
			}
		}
		return c.fresh || len(c.serving()) == 1
	})
	c.env.Sleep(2 * time.Second)
}

func (c *cluster) startTablet(uid uint32) {
	c.hosts[tabletHost(uid)] = c.world.AddHost(tabletHost(uid), sim.HostOptions{}, func(env *sim.Env) {
		node := c.net.Node(env)
		opts := tablet.Options{Alias: alias(uid), Keyspace: "commerce", Shard: "0", Release: c.profile, Flags: c.flags}
		opts.Replicating = env.Incarnation() == 1 && !c.fresh
		for {
			tb := tablet.New(env, node, topo.NewServer(env, node, topo.Options{}), c.mysql[uid], opts)
			c.tablets[uid] = tb
			if tb.Start() == nil {
				return
			}
			// The supervisor starts it again. MODEL: the world's host stays the same.
			env.Sleep(5 * time.Second)
		}
	})
}

func (c *cluster) startVTOrc(name string) {
	c.hosts[name] = c.world.AddHost(name, sim.HostOptions{}, func(env *sim.Env) {
		node := c.net.Node(env)
		v := vtorc.New(env, topo.NewServer(env, node, topo.Options{}), tmclient.New(env, node),
			vtorc.Options{Release: c.profile, Common: c.flags.Common, VTOrc: c.flags.VTOrc})
		c.vtorc = append(c.vtorc, v)
		v.Start()
	})
}

// write starts clients that insert rows one after the other, each with a pause between 0 and
// twice the given one, into whichever tablet takes them. A client that gets no answer for 10 s
// tries elsewhere.
func (c *cluster) write(clients int, pause time.Duration) {
	c.world.AddHost("clients", sim.HostOptions{}, func(env *sim.Env) {
		node := c.net.Node(env)
		for i := range clients {
			rnd := env.Rand(fmt.Sprint("client-", i))
			env.GoDaemon("client", func() {
				at := 0
				for key := int64(i + 1); !c.quiet; key += int64(clients) {
					env.Sleep(sim.Uniform(0, 2*pause).Draw(rnd))
					err := c.insert(env, node, c.uids()[at], key)
					if err == nil {
						c.acknowledged = append(c.acknowledged, key)
						c.answers = append(c.answers, env.Now())
						continue
					}
					c.refusals[err.Error()]++
					at = (at + 1) % len(c.uids())
				}
			})
		}
	})
}

func (c *cluster) insert(env *sim.Env, node *simnet.Node, uid uint32, key int64) error {
	conn := node.Dial(tabletHost(uid), simnet.DialOptions{})
	defer conn.Close()
	ctx, cancel := env.WithTimeout(env.Background(), 10*time.Second)
	defer cancel()
	_, err := conn.Call(ctx, query.MethodExecute, &query.ExecuteRequest{
		Target:    query.Target{Keyspace: "commerce", Shard: "0", TabletType: topodata.Primary},
		Statement: insertOf(key),
	})
	return err
}

func insertOf(key int64) query.Statement {
	return query.Statement{Verb: query.VerbInsert, Table: "t", Key: key, Value: key}
}

// operate runs a command in a process of its own and gives the host and an event for its end.
func (c *cluster) operate(name string, do func(r *reparent.Reparenter, ctx *sim.Context) error) (host *sim.Host, over *sim.Event, err *error) {
	over, err = c.env.NewEvent("command-over"), new(error)
	host = c.world.AddHost(name, sim.HostOptions{}, func(env *sim.Env) {
		node := c.net.Node(env)
		r := reparent.New(env, topo.NewServer(env, node, topo.Options{}), tmclient.New(env, node), reparent.Options{Release: c.profile})
		*err = do(r, env.Background())
		over.Set()
	})
	return host, over, err
}

// crashMachine takes a tablet and its MySQL down; vanish cuts them off instead, so that nobody
// is told.
func (c *cluster) crashMachine(uid uint32) {
	c.hosts[tabletHost(uid)].Crash()
	c.hosts[mysqlHost(uid)].Crash()
}

func (c *cluster) vanish(uid uint32) { c.isolate(uid, c.names()...) }

// isolate cuts a machine off from some hosts.
func (c *cluster) isolate(uid uint32, others ...string) {
	others = slices.DeleteFunc(slices.Clone(others), func(n string) bool { return n == tabletHost(uid) || n == mysqlHost(uid) })
	c.net.Partition(tabletHost(uid), others...)
	c.net.Partition(mysqlHost(uid), others...)
}

// names lists the hosts of the cluster in order, clients and script included.
func (c *cluster) names() []string {
	list := []string{"clients", "script"}
	for name := range c.hosts {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// serving lists the tablets that advertise themselves as serving primaries.
func (c *cluster) serving() []uint32 {
	var out []uint32
	for _, uid := range c.uids() {
		if c.tablets[uid] == nil || c.hosts[tabletHost(uid)].Down() {
			continue
		}
		if st := c.tablets[uid].Status(); st.Type == topodata.Primary && st.Serving {
			out = append(out, uid)
		}
	}
	return out
}

// writable lists the tablets that serve as primary with a MySQL that takes writes.
func (c *cluster) writable() []uint32 {
	return slices.DeleteFunc(c.serving(), func(uid uint32) bool {
		readOnly, _, err := c.mysql[uid].Client(c.env).ReadOnly()
		return err != nil || readOnly
	})
}

// lost lists the acknowledged writes that a server does not have.
func (c *cluster) lost(uid uint32) []int64 {
	_, rows := c.mysql[uid].Table("t", c.acknowledged...)
	var out []int64
	for _, key := range c.acknowledged {
		if rows[key].Writes == 0 {
			out = append(out, key)
		}
	}
	return out
}

// replicatesFrom reports whether a server replicates from another one.
func (c *cluster) replicatesFrom(uid, source uint32) bool {
	st, err := c.mysql[uid].Client(c.env).ReplicationStatus()
	return err == nil && st.Source == alias(source) && st.IO == mysqld.Running && st.SQL == mysqld.Running
}

// within waits until something holds and gives the time that it took.
func (c *cluster) within(limit time.Duration, what string, cond func() bool) time.Duration {
	began := c.env.Now()
	for c.env.Now().Sub(began) < limit {
		if cond() {
			return c.env.Now().Sub(began)
		}
		c.env.Sleep(5 * time.Millisecond)
	}
	require.Fail(c, "never: "+what, "%s", strings.Join(c.story(), "\n"))
	return 0
}

// newPrimary waits for a serving, writable primary other than the old one.
func (c *cluster) newPrimary(old uint32, limit time.Duration) (uid uint32, took time.Duration) {
	took = c.within(limit, "another primary serves", func() bool {
		list := slices.DeleteFunc(c.writable(), func(u uint32) bool { return u == old })
		if len(list) == 1 {
			uid = list[0]
		}
		return len(list) == 1
	})
	return uid, took
}

// story tells what VTOrc found and did, one line each.
func (c *cluster) story() []string {
	var list []string
	for _, e := range c.events {
		if e.Kind == vtorc.KindDetect || e.Kind == vtorc.KindRecover {
			line := fmt.Sprintf("%v %s %s", sim.Time(e.Time), e.Host, strings.TrimPrefix(string(e.Kind), "vtorc."))
			for _, f := range e.Fields {
				line += " " + f.Str
			}
			list = append(list, line)
		}
	}
	return list
}

// did lists the recoveries that VTOrc began, as "analysis on uid".
func (c *cluster) did() []string {
	var list []string
	for _, e := range c.events {
		if e.Kind == vtorc.KindRecover && e.Text("what") == "begin" {
			list = append(list, e.Text("analysis")+" on "+e.Text("tablet")[len("zone1-0000000"):])
		}
	}
	return list
}

// failed gives the error of the first recovery that failed.
func (c *cluster) failed() string {
	for _, e := range c.events {
		if e.Kind == vtorc.KindRecover && e.Text("what") == "failed" {
			return e.Text("detail")
		}
	}
	return ""
}

// sawLock reports whether somebody held a lock for a reason.
func (c *cluster) sawLock(action string) bool {
	return slices.ContainsFunc(c.events, func(e trace.Event) bool { return e.Text("action") == action })
}

// found reports whether VTOrc ever found something.
func (c *cluster) found(a vtorc.Analysis) bool {
	return slices.ContainsFunc(c.events, func(e trace.Event) bool {
		return e.Kind == vtorc.KindDetect && e.Text("analysis") == string(a) && e.Text("what") == "found"
	})
}

// Errorf and FailNow make the cluster a require.TestingT for its script.
func (c *cluster) Errorf(format string, args ...any) {
	c.failures = append(c.failures, fmt.Sprintf(format, args...))
}

// FailNow ends the world; the test reports what Errorf collected.
func (c *cluster) FailNow() {
	c.env.Stop("failed")
	c.env.NewEvent("never").Wait()
}
