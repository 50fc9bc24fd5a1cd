package hunt

import (
	"fmt"
	"slices"
	"time"

	"bufsim/gate/buffer"
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
)

// bufferWorld is a gate's buffer alone, with requests, events of keyspaces and a shutdown at
// chosen instants.
func bufferWorld() World {
	return World{
		Name: "buffer", Meaning: "A buffer alone: requests, keyspace events and a shutdown at chosen instants.",
		Steps: []StepKind{
			{Do: "request", OnShard: true, Args: []string{"cause", "patience", "retry"}, Meaning: "A request comes, after an error of its tablet or none; its client gives up after its patience, and its retry takes a time."},
			{Do: "promoted", OnShard: true, Args: []string{"primary"}, Meaning: "The keyspace event says that the shard serves with this primary."},
			{Do: "shutdown", Meaning: "The gate shuts its buffer down."},
		},
		Draw: drawBuffer, Kinds: []trace.Kind{"buffer", "world"},
		play: playBuffer,
	}
}

// causes are the errors that are drawn for requests.
func causes() []string {
	return []string{"none", "shutting-down", "read-only", "not-serving", "application"}
}

// refusals are the errors that a program may name: those that are drawn, and that of a table whose
// traffic MoveTables switches.
func refusals() []string { return append(causes(), "denied") }

func cause(name string) error {
	switch name {
	case "denied":
		return vterr.DeniedTables("")
	case "shutting-down":
		return vterr.ShuttingDown()
	case "read-only":
		return vterr.ServerReadOnly("--super-read-only", "", "")
	case "not-serving":
		return vterr.NotServing()
	case "application":
		return vterr.New(vterr.InvalidArgument, "syntax error")
	}
	return nil
}

func playBuffer(p *playing) error {
	return p.small(func(env *sim.Env) (program, error) {
		b := buffer.New(env, buffer.ConfigOf(p.flags.VTGate), metrics.NewRegistry(env), p.profile.Behaviors)
		asked := 0
		return func(s *Step) {
			keyspace, shard := splitShard(s.Shard)
			switch s.Do {
			case "request":
				asked++
				ask(env, s, asked, func(ctx *sim.Context) error {
					done, err := b.WaitForFailoverEnd(ctx, keyspace, shard, nil, cause(s.Arg("cause")))
					if done != nil {
						env.Sleep(s.Duration("retry"))
						done()
					}
					return err
				})
			case "promoted":
				b.HandleKeyspaceEvent(&buffer.KeyspaceEvent{Cell: "zone1", Keyspace: keyspace, Shards: []buffer.ShardEvent{{
					Primary: topodata.TabletAlias{Cell: "zone1", UID: uint32(s.Number("primary", 101))}, Serving: true,
					Target: query.Target{Keyspace: keyspace, Shard: shard, TabletType: topodata.Primary},
				}}})
			case "shutdown":
				b.Shutdown()
			}
		}, nil
	})
}

// ask plays one request from its arrival to its answer.
func ask(env *sim.Env, s *Step, number int, do func(*sim.Context) error) {
	ctx := env.Background()
	if d := s.Duration("patience"); d > 0 {
		ctx, _ = env.WithTimeout(ctx, d)
	}
	id := fmt.Sprintf("q%d", number)
	env.Emit(kindAsk, trace.Str("request", id), trace.Str("shard", s.Shard))
	text := ""
	if err := do(ctx); err != nil {
		text = err.Error()
	}
	env.Emit(kindAnswer, trace.Str("request", id), trace.Str("shard", s.Shard), trace.Str("error", text))
}

// drawBuffer draws a failover or two of a buffer. The instants lie around those at which
// something ends: a window, the maximum, a client's patience.
func drawBuffer(d *Draw, in *Input) {
	f := drawBufferFlags(d, in)
	in.Shards = []string{"ks/0"}
	if d.Feature("two shards", 30) {
		in.Shards = []string{"ks/-80", "ks/80-"}
	}
	begin := time.Second
	for range 1 + d.Intn(2) {
		drawFailover(d, in, f, begin)
		begin += f.max + f.gap + d.Of(0, time.Second, f.window)
	}
	sortSteps(in)
}

// drawFailover draws what happens from one instant on.
func drawFailover(d *Draw, in *Input, f bufferFlags, begin time.Duration) {
	ends := []time.Duration{begin, begin, begin + f.window, begin + f.max, begin + time.Second}
	impatient, refused := d.Feature("impatient clients", 40), d.Feature("other errors", 20)
	slow := d.Feature("slow retries", 40)
	for i := range d.In(1, 1+d.Intn(min(2*f.size, 12))) {
		s := Step{At: d.Near(ends), Do: "request", Shard: in.Shards[d.Intn(len(in.Shards))]}
		why := "shutting-down"
		switch {
		case i == 0:
			s.At = begin
		case refused && d.Chance(20):
			why = causes()[d.Intn(len(causes()))]
		case d.Chance(50):
			why = "none"
		}
		s.Args = append(s.Args, Arg{"cause", why})
		if impatient && d.Chance(50) {
			patience := d.Of(time.Second, time.Second, f.window, 100*time.Millisecond, f.max-time.Second)
			s.Args = append(s.Args, Arg{"patience", max(patience, time.Millisecond).String()})
			ends = append(ends, s.At+patience)
			if d.Chance(50) { // somebody comes at the very instant at which this one goes
				in.Steps = append(in.Steps, Step{At: s.At + max(patience, time.Millisecond), Do: "request", Shard: s.Shard})
			}
		}
		ends = append(ends, s.At+f.window)
		if slow {
			s.Args = append(s.Args, Arg{"retry", d.Of(0, 100*time.Millisecond, time.Second).String()})
		}
		in.Steps = append(in.Steps, s)
	}
	for range d.Intn(3) {
		in.Steps = append(in.Steps, Step{
			At: d.Near(ends), Do: "promoted", Shard: in.Shards[d.Intn(len(in.Shards))],
			Args: []Arg{{"primary", fmt.Sprint(d.In(100, 103))}},
		})
	}
	if d.Feature("shutdown", 15) {
		in.Steps = append(in.Steps, Step{At: d.Near(ends), Do: "shutdown"})
	}
}

// sortSteps puts a program in the order in which it is read.
func sortSteps(in *Input) {
	slices.SortStableFunc(in.Steps, func(a, b Step) int { return int(a.At - b.At) })
}
