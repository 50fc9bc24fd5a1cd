package runner

import (
	"errors"
	"fmt"
	"time"

	"bufsim/experiments/invariant"
	"bufsim/experiments/scenario"
	"bufsim/experiments/workload"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/fault"
	"bufsim/sim/trace"
)

// Options are what a run takes besides its scenario. The zero value plays the
// scenario's own release and flags with its first seed.
type Options struct {
	Seed    uint64
	Release release.Profile
	Flags   flags.Set
	// SpelledFlags is [Result.Flags] of these flags for who knows it already: spelling them
	// takes as long as a hundred statements. nil works it out.
	SpelledFlags []string
	// Chooser makes the scheduling decisions; nil is first come, first served.
	Chooser sim.Chooser
	// Sink receives all events of the run, besides those that the report needs.
	Sink trace.Sink
	// Details records the tablets' steps and the gates' logs for the report. It
	// changes neither the run nor its hash.
	Details bool
	// Transcript keeps what gateslap's workers print.
	Transcript bool
	// Invariants watch the run; they change neither the run nor its hash. None costs nothing.
	Invariants []invariant.Invariant
	// FinishOperations has the run wait at its end for operations that are under way, as it does
	// for clients.
	FinishOperations bool
	// Pool is shared by the runs of one goroutine.
	Pool *sim.Pool
	// OnStep sees every step; for finding the first difference of two runs.
	OnStep func(sim.StepRecord)
}

// Run plays one run to its end. An error means that the scenario, the release and
// the flags do not go together; everything that happens inside the run is in the
// result.
func Run(s *scenario.Scenario, opts Options) (*Result, error) {
	if opts.Seed == 0 {
		opts.Seed = s.Seeds.First
	}
	if err := complete(s, &opts); err != nil {
		return nil, err
	}
	rec := trace.NewRecorder(reportKinds())
	watch, injector := opts.watch(s), fault.NewInjector(s.Plan(), scenario.FaultKinds())
	c := build(s, opts.Release, opts.Flags, sim.Config{
		Seed: opts.Seed, Chooser: opts.Chooser, Sink: injector.Watch(opts.sink(rec, watch)), Pool: opts.Pool, OnStep: opts.OnStep,
		MaxTime: sim.Time(timeLimit(s)), Epoch: epoch(opts.Seed),
	})
	p := &play{cluster: c, opts: opts, watch: watch, injector: injector}
	c.operatorHost = c.world.AddHost(hostOperator, sim.HostOptions{}, nil)
	c.steady.Go("direct", func() { p.direct(c.steady) })
	addCanary(c.world)
	outcome := c.world.Run()
	if p.err != nil {
		return nil, p.err
	}
	r, err := p.result(outcome, rec.Events())
	if err == nil {
		r.Decisions = c.world.Decisions()
	}
	return r, err
}

// complete fills in release and flags, and checks them together.
func complete(s *scenario.Scenario, opts *Options) (err error) {
	if opts.Release.Name == "" {
		if opts.Release, err = release.Lookup(s.Release); err != nil {
			return err
		}
	}
	if opts.Flags == (flags.Set{}) {
		if opts.Flags, err = s.FlagSet(opts.Release); err != nil {
			return err
		}
	}
	if err := flags.Validate(opts.Flags, opts.Release); err != nil {
		return err
	}
	if c, ok := opts.Chooser.(sim.Staller); ok && c.Stalls() {
		opts.Chooser = explore.NewStallLog(opts.Chooser)
	}
	return checkPlan(s)
}

// watch makes the checkers of the run; nil if there are none.
func (o *Options) watch(s *scenario.Scenario) *invariant.Watch {
	if len(o.Invariants) == 0 {
		return nil
	}
	return invariant.NewWatch(o.Invariants, facts(s, o))
}

func (o *Options) sink(rec *trace.Recorder, watch *invariant.Watch) trace.Sink {
	var sinks trace.Tee
	if watch != nil {
		sinks = append(sinks, watch)
	}
	if o.Details {
		sinks = append(sinks, rec)
	}
	if o.Sink != nil {
		sinks = append(sinks, o.Sink)
	}
	if len(sinks) == 0 {
		return nil
	}
	return sinks
}

// epoch is the wall clock at the start of a run: within a second of the beginning
// of 2026. Where a run lies within the second is drawn, since several things in a
// cluster look at whole seconds (D-93, T-77).
func epoch(seed uint64) int64 {
	const beginning = 1767225600_000000000
	return beginning + sim.NewRand(seed, "epoch").Int64n(int64(time.Second))
}

const (
	// startLimit bounds the start of the cluster.
	startLimit = time.Minute
	// overtime is how long clients may finish what is under way at the end.
	overtime = 45 * time.Second
)

// timeLimit is when a run is stopped at the latest.
func timeLimit(s *scenario.Scenario) time.Duration {
	limit := s.Duration.Std() + startLimit + overtime
	if s.Recovery > 0 {
		limit += s.Recovery.Std() + recoveryExtra
	}
	return limit
}

// play is one run under way.
type play struct {
	*cluster
	opts       Options
	journal    *workload.Journal
	over       *sim.Event // no new work
	operations []*operation
	injector   *fault.Injector
	// vtctld says that a server carries out the operator's commands.
	vtctld bool
	watch  *invariant.Watch // nil without checkers
	// healed is when the recovery began, recovered says that it is over.
	healed    sim.Time
	recovered bool
	err       error
}

// direct is the run's main proc: it starts the cluster, the clients and the
// timeline, and decides when the run is over.
func (p *play) direct(env *sim.Env) {
	p.over = env.NewEvent("over")
	p.journal = workload.NewJournal(env)
	p.journal.Keep = p.opts.Transcript
	if p.err = p.start(env); p.err != nil {
		env.Stop("start failed")
		return
	}
	p.startClients()
	p.startTimeline()
	p.startFaults()
	end := sim.Time(p.scenario.Duration.Std())
	p.wait(env, end)
	if p.scenario.Recovery > 0 {
		p.recover(env)
		env.Stop("end of the recovery")
		return
	}
	p.over.Set()
	env.Select(sim.OnEvent(p.journal.Idle()), env.After(overtime))
	if p.opts.FinishOperations {
		p.finishOperations(env, end.Add(overtime))
	}
	env.Stop("end of the scenario")
}

// finishOperations blocks until the operations that have begun are over, or until the end.
func (p *play) finishOperations(env *sim.Env, end sim.Time) {
	for _, o := range p.operations {
		if o.started && !o.done.IsSet() && env.Select(sim.OnEvent(o.done), sim.At(end)) == 1 {
			return
		}
	}
}

// start brings the cluster up to the point where gates answer.
func (p *play) start(env *sim.Env) error {
	ready, cancel := env.WithTimeout(env.Background(), startLimit)
	defer cancel()
	if p.scenario.Start == scenario.StartFromNothing {
		return p.serversUp(env, ready)
	}
	p.vtctld = true
	if err := p.initialise(p.operatorHost.Env(), ready); err != nil {
		return fmt.Errorf("the cluster could not be initialised: %w", err)
	}
	p.startVTOrc()
	for _, g := range p.gates {
		p.startGate(g)
	}
	for _, g := range p.gates {
		for !g.life.serving {
			if g.life.err != nil {
				return fmt.Errorf("%s did not start: %w", g.name, g.life.err)
			}
			if env.SleepCtx(ready, startPoll) != nil {
				return errors.New("the gates did not start within " + startLimit.String())
			}
		}
	}
	return p.settle(env, ready)
}

// settle has the primaries say their health once more, one after the other. Where
// the first messages of all tablets come at once, old releases drop some (D-48), and
// a gate may not know of a primary before its next message; clusters of scenarios
// have been up for longer than that.
func (p *play) settle(env *sim.Env, ready *sim.Context) error {
	for _, m := range p.tablets {
		if m.kind != topodata.Primary {
			continue
		}
		m.process.RunHealthCheck()
		if err := env.SleepCtx(ready, startPoll); err != nil {
			return err
		}
	}
	return nil
}

// startPoll is the pause between looks at a starting process.
const startPoll = 5 * time.Millisecond

// wait blocks until what the scenario's until names has happened, and the settling
// time after it, or until the end.
func (p *play) wait(env *sim.Env, end sim.Time) {
	done := sim.OnEvent(p.journal.Idle())
	switch p.scenario.Until {
	case scenario.UntilTimeline:
		for _, o := range p.operations {
			if env.Select(sim.OnEvent(o.done), sim.At(end)) == 1 {
				return
			}
		}
	case scenario.UntilClients:
		if env.Select(done, sim.At(end)) == 1 {
			return
		}
	default:
		env.SleepUntil(end)
		return
	}
	env.SleepUntil(min(end, env.Now().Add(p.scenario.Settle.Std())))
}
