package fault_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/sim/fault"
	"bufsim/sim/simnet"
	"bufsim/sim/trace"
)

// rig is a world with the hosts a, b and c, of which b has a second process b2 on its
// machine. Each process asks each other one every 100ms, with a deadline of 40ms, and
// notes from when to when it got no answer.
type rig struct {
	world *sim.World
	env   *sim.Env
	net   *simnet.Network
	hosts map[string]*sim.Host
	in    *fault.Injector
	rec   *trace.Recorder
	// silent are the probes without an answer, by "from>to", in steps of 100ms.
	silent map[string][]int
	walls  map[string]time.Duration // how far each wall clock is ahead at the end
	custom map[string]fault.Effect
	role   string // whom "leader" names
}

func (*rig) names() []string { return []string{"a", "b", "b2", "c"} }

// Hosts implements fault.Domain.
func (r *rig) Hosts(target string, machine bool) []*sim.Host {
	if target == "leader" {
		target = r.role
	}
	var list []*sim.Host
	for _, name := range r.names() {
		same := machine && strings.TrimSuffix(name, "2") == target
		if target == "" || target == "all" || name == target || same {
			list = append(list, r.hosts[name])
		}
	}
	return list
}

// Machine implements fault.Domain.
func (*rig) Machine(h *sim.Host) string { return strings.TrimSuffix(h.Name(), "2") }

// Effect implements fault.Domain.
func (r *rig) Effect(kind string) fault.Effect { return r.custom[kind] }

// testKinds are the kinds of the package and one that blocks.
func testKinds() fault.Table {
	return append(fault.Kinds(), fault.Kind{Name: "knock", Target: fault.Required, For: fault.Optional, Blocks: true})
}

const kindProbe trace.Kind = "probe"

func newRig(t *testing.T, plan string, cfg sim.Config) *rig {
	t.Helper()
	p, err := fault.ParsePlan(plan, testKinds())
	require.NoError(t, err)
	r := &rig{
		hosts: map[string]*sim.Host{}, silent: map[string][]int{}, walls: map[string]time.Duration{},
		rec: trace.NewRecorder(trace.Filter{}), in: fault.NewInjector(p, testKinds()), role: "a",
	}
	cfg.Sink = r.in.Watch(r.rec)
	r.world = sim.New(cfg)
	r.env = r.world.AddHost("net", sim.HostOptions{}, nil).Env()
	r.net = simnet.New(r.env, simnet.Options{Latency: sim.Uniform(time.Millisecond, 2*time.Millisecond)})
	for _, name := range r.names() {
		r.hosts[name] = r.world.AddHost(name, sim.HostOptions{}, func(e *sim.Env) { r.boot(e) })
	}
	return r
}

func (r *rig) boot(e *sim.Env) {
	nd := r.net.Node(e)
	nd.Handle("ask", func(*sim.Context, any) (any, error) { return "answer", nil })
	nd.Listen()
	for _, to := range r.names() {
		if to == e.HostName() {
			continue
		}
		conn := nd.Dial(to, simnet.DialOptions{})
		key := e.HostName() + ">" + to
		e.GoDaemon("probe/"+to, func() {
			for {
				tick := int(e.Now()/sim.Time(step)) + 1
				e.SleepUntil(sim.Time(tick) * sim.Time(step))
				ctx, cancel := e.WithTimeout(e.Background(), 40*time.Millisecond)
				_, err := conn.Call(ctx, "ask", nil)
				cancel()
				e.Emit(kindProbe, trace.Str("to", to), trace.Int("tick", int64(tick)), trace.Bool("ok", err == nil))
				if err != nil {
					r.silent[key] = append(r.silent[key], tick)
				}
			}
		})
	}
}

const step = 100 * time.Millisecond

// play runs the world for some seconds with the plan.
func (r *rig) play(t *testing.T, length time.Duration) sim.Outcome {
	t.Helper()
	r.env.Go("end", func() {
		r.in.Start(fault.Site{World: r.world, Env: r.env, Net: r.net, Domain: r})
		r.env.Sleep(length)
		for name, h := range r.hosts {
			r.walls[name] = time.Duration(h.Env().Wall() - r.env.Wall())
		}
		r.env.Stop("end")
	})
	out := r.world.Run()
	require.Equal(t, sim.Stopped, out.Kind, out.Detail)
	return out
}

// gaps is the silence of each pair, as "a>b 1s-2s": from the first probe without an
// answer to the last.
func (r *rig) gaps() []string {
	var list []string
	for key, ticks := range r.silent {
		from, to := time.Duration(ticks[0])*step, time.Duration(ticks[len(ticks)-1])*step
		list = append(list, fmt.Sprintf("%s %v-%v", key, from, to))
	}
	slices.Sort(list)
	return list
}
