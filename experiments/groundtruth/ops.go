package groundtruth

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"bufsim/experiments/scenario"
	"bufsim/sim/fault"
	"bufsim/tablet"
)

// step is what a recorded operation means: a command of the operator, or a fault.
type step struct {
	command *scenario.Operation
	fault   *fault.Fault
}

func command(o scenario.Operation) []step { return []step{{command: &o}} }

func faults(list ...fault.Fault) (steps []step) {
	for i := range list {
		steps = append(steps, step{fault: &list[i]})
	}
	return steps
}

// form is one way in which operations are described, and what it means. The forms are about
// the structure of the sentence, not about single runs: `kill -9 of <process> <when>`.
type form struct {
	sentence *regexp.Regexp
	example  string
	meaning  func(*staging, []string) ([]step, error)
	// atEnd: it happens when the operation is recorded as over, since finding the process takes
	// most of its time.
	atEnd bool
}

// forms are all sentences that are understood. Each may end with a condition (see condition)
// and a remark in brackets.
func forms() []form {
	is := func(pattern, example string, meaning func(*staging, []string) ([]step, error)) form {
		return form{regexp.MustCompile(`^(?i:` + pattern + `)$`), example, meaning, false}
	}
	atEnd := func(f form) form { f.atEnd = true; return f }
	return []form{
		is(`(PlannedReparentShard|EmergencyReparentShard)((?: --\S+(?: [^-\s(]\S*)?)*)( \(current primary\))?`,
			"PlannedReparentShard --new-primary zone1-101 --wait-replicas-timeout 5s", (*staging).reparent),
		is(`TabletExternallyReparented(?: (?:to|of|on) (\S+))?`, "TabletExternallyReparented", (*staging).external),
		is(`MySQL-level switch(?: to (\S+))?`, "MySQL-level switch", (*staging).switchMySQL),
		is(`SetWritable (true|false)(?: (?:on|of) (.+))?`, "SetWritable false on the primary", (*staging).setWritable),
		atEnd(is(`kill -9 of (.+)`, "kill -9 of the vttablet of the primary", (*staging).kill)),
		is(`SIGTERM of (.+)`, "SIGTERM of the vttablet of the primary", (*staging).terminate),
		is(`(.+) started(?: again)?`, "vttablet of the old primary started again", (*staging).start),
		is(`STOP REPLICA(?: SQL_THREAD)? on (.+)`, "STOP REPLICA SQL_THREAD on the candidate", (*staging).stopApplier),
		is(`START REPLICA(?: SQL_THREAD)? on (.+)`, "START REPLICA SQL_THREAD on the candidate", (*staging).startApplier),
	}
}

var (
	remark    = regexp.MustCompile(` \((?:its|as soon as|the|both|after)[^)]*\)`)
	notServed = regexp.MustCompile(`(?i)^(.*?)(?: ([0-9.]+) ?s after| as soon as| the moment| when)? the old primary (?:is|was) (?:seen )?not serving$`)
)

// condition cuts "2.5 s after the old primary is seen not serving" off a sentence.
func condition(sentence string) (rest string, waits bool, wait time.Duration) {
	m := notServed.FindStringSubmatch(sentence)
	if m == nil {
		return sentence, false, 0
	}
	if m[2] != "" {
		wait, _ = time.ParseDuration(m[2] + "s")
	}
	return strings.TrimSpace(m[1]), true, wait
}

// whenNotServing is when a script that waits from an instant on has seen that the primary serves
// no more: a demotion that begins later has drained.
func (g *staging) whenNotServing(from float64, wait time.Duration) fault.When {
	nth := 1
	for _, start := range g.reparents {
		if start < from {
			nth++
		}
	}
	return fault.When{
		Event: tablet.KindStep, Where: []fault.Match{{Key: "call", Value: "DemotePrimary"}, {Key: "step", Value: "drained"}},
		Nth: nth, Wait: scriptReaction + wait,
	}
}

// interpret turns an operation's sentence into steps.
func (g *staging) interpret(op Op) ([]step, error) {
	sentence := strings.TrimSpace(remark.ReplaceAllString(op.Op, ""))
	sentence, waits, wait := condition(sentence)
	for _, f := range forms() {
		m := f.sentence.FindStringSubmatch(sentence)
		if m == nil {
			continue
		}
		steps, err := f.meaning(g, m)
		if err != nil {
			return nil, fmt.Errorf("operation %q: %w", op.Op, err)
		}
		for _, s := range steps {
			switch {
			case s.command != nil && waits:
				return nil, fmt.Errorf("operation %q: a command that waits for something is not played", op.Op)
			case s.command != nil:
				s.command.At, s.command.Outcome = g.at(seconds(op.Start)+clientLaunch), scenario.OutcomeAny
			case waits:
				when := g.whenNotServing(op.Start, wait)
				when.Wait += s.fault.When.At
				s.fault.When = when
			case f.atEnd:
				s.fault.When.At += g.lead + seconds(op.End)
			default:
				s.fault.When.At += g.lead + seconds(op.Start)
			}
		}
		return steps, nil
	}
	var known []string
	for _, f := range forms() {
		known = append(known, f.example)
	}
	return nil, fmt.Errorf("operation %q is not understood; known are sentences such as: %s", op.Op, strings.Join(known, "; "))
}

// at is an instant of the record in the simulated run.
func (g *staging) at(t time.Duration) *scenario.Duration {
	d := scenario.Duration(g.lead + t)
	return &d
}

// reparent reads a PRS or ERS with its flags.
func (g *staging) reparent(m []string) ([]step, error) {
	o := scenario.Operation{Do: scenario.DoPlannedReparentShard}
	if strings.EqualFold(m[1], "EmergencyReparentShard") {
		o.Do = scenario.DoEmergencyReparentShard
	}
	words := strings.Fields(m[2])
	for i := 0; i < len(words); i++ {
		name, value, given := strings.Cut(strings.TrimLeft(words[i], "-"), "=")
		if !given && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") {
			i++
			value = words[i]
		}
		if name == "new-primary" && value == "" && m[3] != "" {
			value = g.primary
		}
		if err := reparentFlag(&o.Args, name, value); err != nil {
			return nil, err
		}
	}
	return command(o), nil
}

func reparentFlag(a *scenario.Args, name, value string) error {
	switch name {
	case "new-primary":
		a.NewPrimary = value
	case "avoid-primary":
		a.AvoidPrimary = value
	case "wait-replicas-timeout":
		d, err := time.ParseDuration(value)
		if err != nil {
			return err
		}
		wait := scenario.Duration(d)
		a.WaitReplicasTimeout = &wait
	default:
		return fmt.Errorf("flag --%s is not played", name)
	}
	if value == "" {
		return fmt.Errorf("--%s has no value", name)
	}
	return nil
}

func (g *staging) external(m []string) ([]step, error) {
	to := m[1]
	if to == "" {
		to = g.next()
	}
	return command(scenario.Operation{Do: scenario.DoTabletExternallyReparented, Args: scenario.Args{Target: scenario.Target(to)}}), nil
}

func (g *staging) switchMySQL(m []string) ([]step, error) {
	to := m[1]
	if to == "" {
		to = g.next()
	}
	return faults(fault.Fault{Do: scenario.FaultSwitchMySQL, Target: to}), nil
}

func (g *staging) setWritable(m []string) ([]step, error) {
	value := strings.EqualFold(m[1], "true")
	target, err := g.tablet(m[2])
	return command(scenario.Operation{Do: scenario.DoSetWritable, Args: scenario.Args{Target: scenario.Target(target), Value: &value}}), err
}

// kill ends a process. It keeps its sockets for a while, in which it answers nobody. If
// mysqld_safe lives, a mysqld is soon back.
func (g *staging) kill(m []string) ([]step, error) {
	target, err := g.process(m[1])
	if err != nil {
		return nil, err
	}
	g.down = append(g.down, target)
	crash := fault.Fault{Do: fault.DoCrash, Target: target}
	exit := tabletExit
	switch {
	case strings.HasPrefix(target, mysqldOf):
		exit = mysqldExit
		if !strings.Contains(m[1], "mysqld_safe") {
			crash.For = supervisorRestart
		}
	case !g.has(target):
		return faults(crash), nil
	}
	crash.When.At = exit
	return faults(fault.Fault{Do: fault.DoPause, Target: target, For: exit}, crash), nil
}

// terminate sends SIGTERM. The process is started again by the record's next operation; that
// waits for its end, so the whole is one fault.
func (g *staging) terminate(m []string) ([]step, error) {
	target, err := g.process(m[1])
	g.restarted = append(g.restarted, target)
	return faults(fault.Fault{Do: scenario.FaultRestart, Target: target, For: respawn + tabletLaunch}), err
}

// start starts what was killed before.
func (g *staging) start(m []string) ([]step, error) {
	target, err := g.process(m[1])
	if err != nil {
		return nil, err
	}
	if i := slices.Index(g.restarted, target); i >= 0 {
		g.restarted = slices.Delete(g.restarted, i, i+1)
		return nil, nil
	}
	i := slices.Index(g.down, target)
	if i < 0 {
		return nil, fmt.Errorf("%s was not killed before", m[1])
	}
	g.down = slices.Delete(g.down, i, i+1)
	f := fault.Fault{Do: scenario.FaultRestart, Target: target}
	if g.has(target) { // a vttablet
		f.When.At = tabletLaunch
	}
	return faults(f), nil
}

func (g *staging) stopApplier(m []string) ([]step, error) {
	target, err := g.tablet(m[1])
	return faults(fault.Fault{Do: scenario.FaultStopApplier, Target: target}), err
}

func (g *staging) startApplier(m []string) ([]step, error) {
	target, err := g.tablet(m[1])
	return faults(fault.Fault{Do: fault.DoHeal, Target: target}), err
}
