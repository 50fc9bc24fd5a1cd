package hunt

import (
	"fmt"
	"slices"
	"time"

	"bufsim/experiments/invariant"
	"bufsim/experiments/runner"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/sim/trace"
)

// World is one kind of world that a hunt plays.
type World struct {
	Name string
	// Meaning is one sentence for lists.
	Meaning string
	// Steps are the kinds of lines that its programs take; none for clusters.
	Steps []StepKind
	// Draw draws an input; release and seed are filled in already.
	Draw func(d *Draw, in *Input)
	// Kinds are the families of events that its runs can have, of which coverage is told.
	Kinds []trace.Kind

	play func(*playing) error
}

// Worlds lists the worlds, small ones first.
func Worlds() []World { return []World{bufferWorld(), gateWorld(), clusterWorld()} }

// worldOf finds a world by its name.
func worldOf(name string) (World, error) {
	worlds := Worlds()
	i := slices.IndexFunc(worlds, func(w World) bool { return w.Name == name })
	if i < 0 {
		return World{}, fmt.Errorf("there is no world %q, but buffer, gate and cluster", name)
	}
	return worlds[i], nil
}

// PlayOptions are what a run takes besides its input.
type PlayOptions struct {
	// Sink receives all events.
	Sink trace.Sink
	// Invariants watch the run; nil are [Invariants].
	Invariants []invariant.Invariant
	Pool       *sim.Pool
	// Chooser decides instead of the input's own.
	Chooser sim.Chooser
	// MaxSteps ends a run that gets nowhere; 0 is 20 million.
	MaxSteps uint64
}

// Played is what came out of a run.
type Played struct {
	Outcome    sim.Outcome
	Violations []invariant.Violation
	Decisions  []sim.Decision
	// Misfit is where recorded choices no longer fitted the run, nil if they did.
	Misfit *explore.Misfit
	// Reached is what the run came to.
	Reached Reached
	// Result is what else came out of a cluster; nil in other worlds.
	Result *runner.Result
}

// Hash is the fingerprint of the run.
func (p *Played) Hash() string { return fmt.Sprintf("%016x", p.Outcome.Hash) }

// playing is a run under way.
type playing struct {
	in      *Input
	opts    PlayOptions
	profile release.Profile
	flags   flags.Set
	chooser sim.Chooser
	stalls  *explore.StallLog // what the chooser puts aside; nil if it does not
	sink    trace.Tee
	played  *Played
}

// Play plays an input. An error means that its parts do not go together; everything that
// happens inside the run is in what it returns.
func (in *Input) Play(opts PlayOptions) (*Played, error) {
	w, err := worldOf(in.World)
	if err != nil {
		return nil, err
	}
	p := &playing{in: in, opts: opts, played: &Played{Reached: Reached{}}}
	if p.profile, err = in.profile(); err != nil {
		return nil, err
	}
	if p.flags, err = in.flagSet(p.profile); err != nil {
		return nil, err
	}
	var replay *explore.Replay
	if p.chooser, replay, err = in.chooser(); err != nil {
		return nil, err
	}
	if opts.Chooser != nil {
		p.chooser = opts.Chooser
	}
	if p.opts.Invariants == nil {
		p.opts.Invariants = Invariants()
	}
	if p.opts.MaxSteps == 0 {
		p.opts.MaxSteps = 20_000_000
	}
	p.sink = append(p.sink, &reacher{reached: p.played.Reached})
	if opts.Sink != nil {
		p.sink = append(p.sink, opts.Sink)
	}
	if err := w.play(p); err != nil {
		return nil, err
	}
	if replay != nil {
		p.played.Misfit = replay.Misfit()
	}
	return p.played, nil
}

// small plays a world of one host, the gate's, and judges it. The program begins when start
// returns; the world ends a good while after its last step.
func (p *playing) small(start func(env *sim.Env) (program, error)) error {
	if s, ok := p.chooser.(sim.Staller); ok && s.Stalls() {
		p.stalls = explore.NewStallLog(p.chooser)
		p.chooser = p.stalls
	}
	watch := invariant.NewWatch(inSmallWorlds(p.opts.Invariants), p.facts())
	p.sink = append(p.sink, watch)
	w := sim.New(sim.Config{Seed: p.in.Seed, Chooser: p.chooser, Sink: p.sink, Pool: p.opts.Pool, MaxSteps: p.opts.MaxSteps})
	var wrong error
	var healed sim.Time
	w.AddHost(hostGate, sim.HostOptions{}, func(env *sim.Env) {
		do, err := start(env)
		if err != nil {
			wrong = err
			env.Stop("the world could not be made")
			return
		}
		end := p.program(env, do)
		env.SleepUntil(end)
		healed = env.Now()
		env.Sleep(quietTime(p.flags))
		env.Stop(endOfProgram)
	})
	out := w.Run()
	p.played.Outcome, p.played.Decisions = out, w.Decisions()
	end := invariant.End{Time: out.Time, Recovered: out.ID == endOfProgram, Healed: healed}
	p.played.Violations = append(watch.Finish(end), p.stuck(end)...)
	return wrong
}

// facts is what the checkers of a small world know beforehand.
func (p *playing) facts() invariant.Facts {
	f := invariant.Facts{Release: p.profile, Flags: p.flags, Gates: []string{hostGate}}
	if p.stalls != nil {
		f.Stalls = p.stalls.Within
	}
	return f
}

const (
	hostGate     = "gate-1"
	endOfProgram = "end of the program"
)

// program does one step of a small world.
type program func(s *Step)

// program has each step happen at its instant and returns the instant of the last.
func (p *playing) program(env *sim.Env, do program) sim.Time {
	end := env.Now()
	for i := range p.in.Steps {
		s := &p.in.Steps[i]
		end = max(end, sim.Time(s.At))
		env.Go(s.Do, func() {
			env.SleepUntil(sim.Time(s.At))
			do(s)
		})
	}
	return end
}

// quietTime is how long a program's effects may last: a failover that nobody ends, the window
// of the last request, and retries.
func quietTime(set flags.Set) time.Duration {
	return set.VTGate.BufferMaxFailoverDuration + set.VTGate.BufferWindow + 30*time.Second
}

// stuck tells procs that wait for a lock that somebody holds, far longer than anything may.
func (p *playing) stuck(end invariant.End) []invariant.Violation {
	f := p.facts()
	for _, x := range p.played.Outcome.Waiting {
		if x.Holder == "" || x.Op != sim.OpLock && x.Op != sim.OpRLock || end.Time.Sub(x.Since) < stuckAfter+f.Slack(x.Since, end.Time) {
			continue
		}
		return []invariant.Violation{{
			Invariant: stuckID, Meaning: "Nobody waits for a lock for longer than 30s.", Object: lockName(x.Object),
			At: x.Since, Count: 1, Detail: x.String(),
		}}
	}
	return nil
}

// stuckID names it.
const stuckID = "nobody-is-stuck"

// stuckAfter is longer than anybody holds a lock: the longest call with a lock held is a
// topology operation of 15 s.
const stuckAfter = 30 * time.Second
