package history

import (
	"fmt"
	"time"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gatetest"
	"bufsim/gate/gateway"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// gateWorld is everything of a gate below its sessions, over tablets that do what a story says.
type gateWorld struct {
	*teller
	env     *sim.Env
	topo    *gatetest.Topo
	tablets *gatetest.Tablets
	health  *discovery.HealthCheck
	watcher *discovery.KeyspaceEventWatcher
	gateway *gateway.TabletGateway
	next    int // the number of the next tablet
}

// shape are the shards of each keyspace of a story, in a fixed order.
type shape struct {
	keyspace string
	shards   []string
}

// playGate plays a story until an instant. It begins with the health check, the watcher and
// the buffer running, and no tablets.
func playGate(t *teller, cfg sim.Config, b release.Behaviors, end time.Duration, keyspaces []shape, story func(*gateWorld)) {
	w := sim.New(cfg)
	w.AddHost("gate-1", sim.HostOptions{}, func(env *sim.Env) {
		s := &gateWorld{teller: t, env: env, topo: gatetest.NewTopo("zone1"), tablets: gatetest.NewTablets(env), next: 100}
		for _, k := range keyspaces {
			s.topo.SetKeyspace(k.keyspace, k.shards...)
		}
		reg := metrics.NewRegistry(env)
		c := enabled()
		c.Size = 1000
		buf := buffer.New(env, c, reg, b)
		s.health = discovery.NewHealthCheck(env, s.tablets, nil, reg, discovery.Options{LocalCell: "zone1", Behaviors: b})
		s.watcher = discovery.NewKeyspaceEventWatcher(env, s.topo, s.topo, s.health, "zone1", sim.Dist{}, b)
		s.gateway = gateway.New(env, s.health, s.watcher, buf, gateway.Options{LocalCell: "zone1", RetryCount: 2, Behaviors: b})
		s.gateway.ConsumeKeyspaceEvents(env.Background(), s.watcher.Subscribe())
		story(s)
		env.SleepUntil(sim.Time(end))
		env.Stop("end of the story")
	})
	t.run(w)
}

// pair is the primary and the replica of a shard.
type pair struct {
	s              *gateWorld
	name           string
	old, candidate *gatetest.Tablet
}

// pair adds a shard's tablets, of which the primary has term 100, and waits until the watcher
// knows them.
func (s *gateWorld) pair(keyspace, shard string) *pair {
	add := func(kind topodata.TabletType) *gatetest.Tablet {
		t := s.tablets.Add(gatetest.Record(fmt.Sprintf("zone1-%d", s.next), keyspace, shard, kind))
		s.next++
		s.health.AddTablet(t.Record)
		return t
	}
	p := &pair{s: s, name: keyspace + "/" + shard, old: add(topodata.Primary), candidate: add(topodata.Replica)}
	p.old.Say(true, 100)
	p.candidate.Say(true, 0)
	s.env.Sleep(time.Millisecond)
	return p
}

// refuse makes the primary refuse from now on.
func (p *pair) refuse(err error) {
	p.s.tell(p.s.now(), "the primary of %s refuses: %s", p.name, err)
	p.old.Answer = func(*sim.Context, string, any) (any, error) { return nil, err }
}

// stop makes the primary refuse and say that it does not serve.
func (p *pair) stop() {
	p.refuse(vterr.ShuttingDown())
	p.sayNotServing()
}

func (p *pair) sayNotServing() {
	p.s.tell(p.s.now(), "the primary of %s says that it does not serve", p.name)
	p.old.Say(false, 100)
}

// promote makes the replica the primary.
func (p *pair) promote() {
	p.s.tell(p.s.now(), "%s has a new primary that serves", p.name)
	p.candidate.Type = topodata.Primary
	p.candidate.Say(true, 200)
}

// at does something at an instant.
func (s *gateWorld) at(when time.Duration, name string, do func()) {
	s.env.Go(name, func() {
		s.env.SleepUntil(sim.Time(when))
		do()
	})
}

// request sends a write to a shard; the answer is told and given to check.
func (s *gateWorld) request(when time.Duration, keyspace, shard string, check func(took time.Duration, err error)) {
	s.at(when, "client", func() {
		err := s.write(keyspace, shard)
		if check != nil {
			check(s.now()-when, err)
		}
	})
}

// write sends a write to a shard and waits for the answer.
func (s *gateWorld) write(keyspace, shard string) error {
	s.tell(s.now(), "a client writes to %s/%s", keyspace, shard)
	_, err := s.gateway.Execute(s.env.Background(), query.MethodExecute,
		&query.ExecuteRequest{Target: query.Target{Keyspace: keyspace, Shard: shard, TabletType: topodata.Primary}})
	if err != nil {
		s.tell(s.now(), "the client of %s/%s gets an error: %s", keyspace, shard, oneLine(err))
	} else {
		s.tell(s.now(), "the client of %s/%s has its answer", keyspace, shard)
	}
	return err
}

func (s *gateWorld) now() time.Duration { return time.Duration(s.env.Now()) }
