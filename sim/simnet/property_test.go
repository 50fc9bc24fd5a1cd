package simnet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/simnet"
)

func drawConfig(t *rapid.T) sim.Config {
	cfg := sim.Config{Seed: rapid.Uint64().Draw(t, "seed"), MaxSteps: 1_000_000}
	if rapid.Bool().Draw(t, "random schedule") {
		cfg.Chooser = explore.NewRandom(rapid.Uint64().Draw(t, "schedule"), true)
	}
	return cfg
}

func drawLatency(t *rapid.T, name string) sim.Dist {
	lo := time.Duration(rapid.IntRange(0, 20).Draw(t, name+" lo")) * ms
	return sim.Uniform(lo, lo+time.Duration(rapid.IntRange(0, 50).Draw(t, name+" range"))*ms)
}

// TestStreamsAreFIFO: whatever the latencies, losses and schedules, the values of
// each stream arrive complete and in order.
func TestStreamsAreFIFO(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const streams, n = 3, 20
		var got [streams][]any
		p := newPair(drawConfig(t), func(env *sim.Env, nd *simnet.Node) {
			nd.HandleStream("s", func(_ *sim.Context, req any, out *simnet.ServerStream) error {
				for i := range n {
					if err := out.Send(i); err != nil {
						return err
					}
					env.Sleep(time.Duration(i%3) * ms)
				}
				return nil
			})
		}, func(env *sim.Env, nd *simnet.Node) {
			c := nd.Dial("srv", simnet.DialOptions{})
			for i := range streams {
				env.Go("stream", func() {
					s, err := c.Stream(env.Background(), "s", nil)
					env.Assert(err == nil, "stream")
					got[i], _ = drain(s)
				})
			}
		})
		p.net.SetLatency("cli", "srv", drawLatency(t, "up"))
		p.net.SetLatency("srv", "cli", drawLatency(t, "down"))
		p.net.SetLoss("srv", "cli", int64(rapid.IntRange(0, 5).Draw(t, "loss")), 10)
		out := p.w.Run()
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		for i := range got {
			require.Len(t, got[i], n)
			for j, v := range got[i] {
				require.Equal(t, j, v)
			}
		}
	})
}

// TestRequestsOfOneConnectionAreFIFO: with first come, first served scheduling the
// handlers start in the order of the calls.
func TestRequestsOfOneConnectionAreFIFO(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 30
		var served []any
		p := newPair(sim.Config{Seed: rapid.Uint64().Draw(t, "seed")}, func(_ *sim.Env, nd *simnet.Node) {
			nd.Handle("note", func(_ *sim.Context, req any) (any, error) {
				served = append(served, req)
				return nil, nil
			})
		}, func(env *sim.Env, nd *simnet.Node) {
			c := nd.Dial("srv", simnet.DialOptions{})
			for i := range n {
				env.Go("call", func() { _, _ = c.Call(env.Background(), "note", i) })
				env.Sleep(time.Duration(i%4) * ms)
			}
		})
		p.net.SetLatency("cli", "srv", drawLatency(t, "up"))
		p.net.SetLoss("cli", "srv", int64(rapid.IntRange(0, 5).Draw(t, "loss")), 10)
		out := p.w.Run()
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		require.Len(t, served, n)
		for i, v := range served {
			require.Equal(t, i, v)
		}
	})
}

// chaos is a world of two servers and three clients that call them while faults
// come and go. It counts what must hold for each call.
type chaos struct {
	pair
	served   map[int]int // how often the handler of a call finished
	answered map[int]int // how often a call returned without an error
	returned int
	wrong    int // answers of another call
	leaked   int // procs that were left when all was quiet
	streams  int // values out of order
	healed   int // calls that failed after everything was healed
}

func newChaos(cfg sim.Config, faults *sim.Rand) *chaos {
	x := &chaos{served: map[int]int{}, answered: map[int]int{}}
	x.w = sim.New(cfg)
	x.net = simnet.New(x.w.AddHost("net", sim.HostOptions{}, nil).Env(), simnet.Options{Latency: sim.Uniform(0, 20*ms)})
	var hosts []*sim.Host
	for _, name := range []string{"s1", "s2"} {
		hosts = append(hosts, x.w.AddHost(name, sim.HostOptions{}, x.serve))
	}
	for i, name := range []string{"c1", "c2", "c3"} {
		hosts = append(hosts, x.w.AddHost(name, sim.HostOptions{}, func(env *sim.Env) { x.call(env, (i*10+int(env.Incarnation()))*1000) }))
	}
	x.w.AddHost("chaos", sim.HostOptions{}, func(env *sim.Env) { x.disturb(env, hosts, faults) })
	return x
}

func (x *chaos) serve(env *sim.Env) {
	nd := x.net.Node(env)
	work := func(ctx *sim.Context, req any) (any, error) {
		if err := env.SleepCtx(ctx, time.Duration(req.(int)%7)*10*ms); err != nil {
			return nil, err
		}
		x.served[req.(int)]++
		return req, nil
	}
	nd.Handle("work", work)
	nd.HandleDetached("detached", work)
	nd.HandleStream("stream", func(ctx *sim.Context, _ any, out *simnet.ServerStream) error {
		for i := 0; ; i++ {
			if err := out.Send(i); err != nil {
				return err
			}
			if err := env.SleepCtx(ctx, 30*ms); err != nil {
				return err
			}
		}
	})
	nd.Listen()
}

func (x *chaos) call(env *sim.Env, id int) {
	nd := x.net.Node(env)
	opts := simnet.DialOptions{KeepaliveTime: 300 * ms, KeepaliveTimeout: 300 * ms}
	conns := []*simnet.Conn{nd.Dial("s1", opts), nd.Dial("s2", opts)}
	for i := range 25 {
		conn, id := conns[i%2], id+i
		env.Go("call", func() {
			ctx, cancel := env.WithCancel(env.Background())
			defer cancel()
			if id%3 == 0 {
				ctx, cancel = env.WithTimeout(ctx, 200*ms)
				defer cancel()
			}
			v, err := conn.Call(ctx, []string{"work", "detached"}[id%2], id)
			x.returned++
			if err == nil {
				x.answered[id]++
				if v != id {
					x.wrong++
				}
			}
		})
		if i%5 == 0 {
			env.Go("stream", func() { x.stream(env, conn) })
		}
		env.Sleep(50 * ms)
	}
	env.Sleep(4 * time.Second) // until everything is healed
	for i, c := range conns {
		_, _ = c.Call(env.Background(), "work", id+900+i) // a connection that broke unseen may cost one call
		if _, err := c.Call(env.Background(), "work", id+910+i); err != nil {
			x.healed++
		}
		c.Close()
	}
}

func (x *chaos) stream(env *sim.Env, conn *simnet.Conn) {
	ctx, cancel := env.WithTimeout(env.Background(), 500*ms)
	defer cancel()
	s, err := conn.Stream(ctx, "stream", nil)
	if err != nil {
		return
	}
	got, _ := drain(s)
	for i, v := range got {
		if v != i {
			x.streams++
		}
	}
}

func (x *chaos) disturb(env *sim.Env, hosts []*sim.Host, r *sim.Rand) {
	name := func() string { return hosts[r.Intn(len(hosts))].Name() }
	for range 20 {
		env.Sleep(time.Duration(r.Intn(100)) * ms)
		switch r.Intn(9) {
		case 0:
			x.net.Partition(name(), name())
		case 1:
			x.net.PartitionOneWay(name(), name())
		case 2:
			x.net.Clog(name(), name())
		case 3:
			x.net.Unclog(name(), name())
		case 4:
			x.net.Reset(name(), name())
		case 5:
			h := hosts[r.Intn(len(hosts))]
			h.Crash()
			env.Sleep(time.Duration(r.Intn(50)) * ms)
			h.Restart()
		case 6:
			x.net.SetLoss(name(), name(), int64(r.Intn(3)), 10)
		case 7:
			x.net.Heal(name(), name())
		case 8:
			h := hosts[r.Intn(len(hosts))]
			h.Pause()
			env.Sleep(time.Duration(r.Intn(100)) * ms)
			h.Resume()
		}
	}
	x.net.HealAll()
	for _, from := range hosts {
		for _, to := range hosts {
			x.net.SetLoss(from.Name(), to.Name(), 0, 1)
		}
	}
	env.Sleep(20 * time.Second)
	x.leaked = x.w.Procs() - 1 // this one
}

// TestCallsAreAnsweredOnce: under any faults a handler's work is done at most once
// per call, a call that succeeds got its own answer, and once all is healed calls
// succeed and nothing is left behind.
func TestCallsAreAnsweredOnce(t *testing.T) {
	succeeded, failed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		x := newChaos(drawConfig(t), sim.NewRand(rapid.Uint64().Draw(t, "faults"), "faults"))
		out := x.w.Run()
		require.Equal(t, sim.Finished, out.Kind, out.Detail)
		for id, n := range x.served {
			require.Equal(t, 1, n, "call %d", id)
		}
		for id, n := range x.answered {
			require.Equal(t, 1, n, "call %d", id)
			require.Equal(t, 1, x.served[id], "call %d", id)
		}
		require.Zero(t, x.wrong)
		require.Zero(t, x.streams)
		require.Zero(t, x.healed)
		require.Zero(t, x.leaked)
		succeeded += len(x.answered)
		failed += x.returned - len(x.answered)
	})
	require.Positive(t, succeeded)
	require.Positive(t, failed, "the faults had no effect")
}

func TestEqualSeedsGiveEqualRuns(t *testing.T) {
	run := func(seed, schedule uint64) sim.Outcome {
		x := newChaos(sim.Config{Seed: seed, Chooser: explore.NewRandom(schedule, true)}, sim.NewRand(seed, "faults"))
		return x.w.Run()
	}
	hashes := map[uint64]bool{}
	for seed := range uint64(5) {
		a, b := run(seed, seed), run(seed, seed)
		require.Equal(t, a, b)
		hashes[a.Hash] = true
		hashes[run(seed, seed+1).Hash] = true
	}
	require.Len(t, hashes, 10)
}
