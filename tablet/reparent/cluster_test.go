package reparent_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/reparent"
	"bufsim/tablet/tmclient"
	"bufsim/topo"
	"bufsim/topo/toposerver"
)

// cluster is a real shard: a topology server, three tablets with their MySQL servers, clients
// that write, and vtctld processes that the script starts.
type cluster struct {
	t       require.TestingT
	world   *sim.World
	net     *simnet.Network
	release release.Profile
	timings mysqld.Timings

	hosts   map[string]*sim.Host
	tablets map[uint32]*tablet.Tablet
	mysql   map[uint32]*mysqld.Server

	// Of the script's own host.
	env      *sim.Env
	topo     *topo.Server
	failures []string

	acknowledged []int64    // keys of writes that were answered with success
	answers      []sim.Time // when
	refusals     map[string]int
	quiet        bool // the clients write no more
	fresh        bool // the shard was never initialised
	errantStarts bool // a tablet may fail to start because of an errant write
	rdonly       map[uint32]bool
	passive      bool // active reparents are disabled
}

func uids() []uint32 { return []uint32{100, 101, 102} }

// runCluster plays a script on a healthy shard whose primary is 100.
func runCluster(t require.TestingT, cfg sim.Config, p release.Profile, durability string, script func(c *cluster)) *cluster {
	return runShard(t, cfg, p, (*cluster).bootstrap, durability, script)
}

// runShard plays a script on a shard that some function has brought up.
func runShard(t require.TestingT, cfg sim.Config, p release.Profile, bootstrap func(c *cluster, durability string), durability string, script func(c *cluster)) *cluster {
	cfg.MaxTime = sim.Time(10 * time.Minute)
	c := &cluster{
		t: t, world: sim.New(cfg), release: p, timings: mysqld.DefaultTimings(), hosts: map[string]*sim.Host{},
		tablets: map[uint32]*tablet.Tablet{}, mysql: map[uint32]*mysqld.Server{}, refusals: map[string]int{},
	}
	defer c.world.Close()
	netEnv := c.world.AddHost("net", sim.HostOptions{}, nil).Env()
	c.net = simnet.New(netEnv, simnet.Options{Latency: sim.Constant(500 * time.Microsecond), Loopback: sim.Constant(50 * time.Microsecond)})
	store := toposerver.NewStore(netEnv)
	c.hosts["topo"] = c.world.AddHost("topo", sim.HostOptions{}, func(env *sim.Env) { toposerver.Serve(env, c.net.Node(env), store, toposerver.Options{}) })
	for _, uid := range uids() {
		server := mysqld.New(netEnv, mysqld.Options{Alias: alias(uid), Timings: &c.timings, NetTimeout: p.Defaults.ReplicaNetTimeout})
		c.mysql[uid] = server
		name := mysqld.HostName(alias(uid))
		c.hosts[name] = c.world.AddHost(name, sim.HostOptions{}, func(env *sim.Env) { server.Boot(env, c.net.Node(env)) })
	}
	c.world.AddHost("script", sim.HostOptions{}, func(env *sim.Env) {
		c.env, c.topo = env, topo.NewServer(env, c.net.Node(env), topo.Options{})
		bootstrap(c, durability)
		script(c)
		env.Stop("done")
	})
	out := c.world.Run()
	require.Empty(t, c.failures)
	require.Equal(t, "done", out.ID, "%v: %s", out.Kind, out.Detail)
	return c
}

// bootstrap makes the shard as an earlier initialisation left it, and waits until it serves.
func (c *cluster) bootstrap(durability string) {
	ctx := c.env.Background()
	require.NoError(c, c.topo.CreateCellInfo(ctx, "zone1", &topodata.CellInfo{ServerAddress: "topo", Root: "/vitess/zone1"}))
	spec := tablet.KeyspaceSpec{Name: "commerce", Durability: durability, Shards: []tablet.ShardSpec{{Name: "0"}}}
	for _, uid := range uids() {
		as := topodata.Replica
		switch {
		case uid == 100:
			as = topodata.Primary
		case c.rdonly[uid]:
			as = topodata.RDOnly
		}
		spec.Shards[0].Tablets = append(spec.Shards[0].Tablets, tablet.TabletSpec{Alias: alias(uid), Type: as, MySQL: c.mysql[uid]})
	}
	require.NoError(c, tablet.InitKeyspace(ctx, c.env, c.topo, spec))
	for _, uid := range uids() {
		c.startTablet(uid)
	}
	c.eventually("the shard serves", func() bool {
		for _, uid := range uids() {
			if tb := c.tablets[uid]; tb == nil || !tb.Status().Serving {
				return false
			}
		}
		return true
	})
	c.env.Sleep(time.Second)
}

func (c *cluster) startTablet(uid uint32) {
	c.hosts[alias(uid).String()] = c.world.AddHost(alias(uid).String(), sim.HostOptions{}, func(env *sim.Env) {
		node := c.net.Node(env)
		opts := tablet.Options{Alias: alias(uid), Keyspace: "commerce", Shard: "0", Release: c.release, Flags: flags.Defaults(c.release)}
		if c.rdonly[uid] {
			opts.Flags.VTTablet.InitTabletType = "rdonly"
		}
		opts.Flags.Common.DisableActiveReparents = c.passive
		opts.Replicating = env.Incarnation() == 1 && !c.fresh
		tb := tablet.New(env, node, topo.NewServer(env, node, topo.Options{}), c.mysql[uid], opts)
		if err := tb.Start(); err != nil {
			delete(c.tablets, uid)
			// A machine that died may come back with a write that nobody else has.
			if !c.errantStarts || !strings.Contains(err.Error(), "Errant GTID detected") {
				c.Errorf("tablet %d: %v", uid, err)
			}
			return
		}
		c.tablets[uid] = tb
	})
}

// write starts clients that insert rows one after the other, each with a pause between 0 and
// twice the given one, into whichever tablet takes them.
func (c *cluster) write(clients int, pause time.Duration) {
	c.world.AddHost("clients", sim.HostOptions{}, func(env *sim.Env) {
		node := c.net.Node(env)
		for i := range clients {
			rnd := env.Rand(fmt.Sprint("client-", i))
			env.GoDaemon("client", func() {
				at := 0
				for key := int64(i + 1); !c.quiet; key += int64(clients) {
					env.Sleep(sim.Uniform(0, 2*pause).Draw(rnd))
					err := c.insert(env, node, uids()[at], key)
					if err == nil {
						c.acknowledged = append(c.acknowledged, key)
						c.answers = append(c.answers, env.Now())
						continue
					}
					c.refusals[err.Error()]++
					at = (at + 1) % len(uids())
				}
			})
		}
	})
}

func (c *cluster) insert(env *sim.Env, node *simnet.Node, uid uint32, key int64) error {
	conn := node.Dial(alias(uid).String(), simnet.DialOptions{})
	defer conn.Close()
	_, err := conn.Call(env.Background(), query.MethodExecute, &query.ExecuteRequest{
		Target:    query.Target{Keyspace: "commerce", Shard: "0", TabletType: topodata.Primary},
		Statement: insertOf(key),
	})
	return err
}

func insertOf(key int64) query.Statement {
	return query.Statement{Verb: query.VerbInsert, Table: "t", Key: key, Value: key}
}

// command is an operator's command under way.
type command struct {
	outcome
	host  *sim.Host
	began sim.Time
	over  *sim.Event
}

// operate starts a command in a process of its own, which lives on when the command is over.
func (c *cluster) operate(name string, run func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error)) *command {
	cmd := &command{over: c.env.NewEvent("command-over")}
	cmd.host = c.world.AddHost(name, sim.HostOptions{}, func(env *sim.Env) {
		node := c.net.Node(env)
		cmd.began = env.Now()
		r := reparent.New(env, topo.NewServer(env, node, topo.Options{}), tmclient.New(env, node), reparent.Options{Release: c.release})
		cmd.result, cmd.err = run(r, env.Background())
		cmd.took, cmd.ended = env.Now().Sub(cmd.began), true
		cmd.over.Set()
	})
	return cmd
}

func (c *cluster) prs(name string, opts reparent.PlannedOptions) *command {
	return c.operate(name, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		return r.PlannedReparentShard(ctx, "commerce", "0", opts)
	})
}

func (c *cluster) ers(name string, opts reparent.EmergencyOptions) *command {
	return c.operate(name, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) {
		return r.EmergencyReparentShard(ctx, "commerce", "0", opts)
	})
}

// do runs a command and waits for it.
func (c *cluster) do(name string, run func(r *reparent.Reparenter, ctx *sim.Context) error) error {
	cmd := c.operate(name, func(r *reparent.Reparenter, ctx *sim.Context) (*reparent.Result, error) { return nil, run(r, ctx) })
	cmd.over.Wait()
	return cmd.err
}

// servingPrimaries lists the tablets that advertise themselves as serving primaries.
func (c *cluster) servingPrimaries() []uint32 {
	var out []uint32
	for _, uid := range uids() {
		if c.tablets[uid] == nil || c.hosts[alias(uid).String()].Down() {
			continue
		}
		if st := c.tablets[uid].Status(); st.Type == topodata.Primary && st.Serving {
			out = append(out, uid)
		}
	}
	return out
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

func (c *cluster) eventually(what string, cond func() bool) {
	for range 60_000 {
		if cond() {
			return
		}
		c.env.Sleep(time.Millisecond)
	}
	require.Fail(c, "never: "+what)
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
