package hunt

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"bufsim/experiments/invariant"
	"bufsim/sim"
)

// Finding is one thing that no run may show, with the shortest run that shows it.
type Finding struct {
	// Signature names the invariant and the sort of object, so that runs with the same cause
	// come together.
	Signature string `json:"signature"`
	Invariant string `json:"invariant"`
	Meaning   string `json:"meaning"`
	// Object, At, Detail and Events are those of the example.
	Object string   `json:"object"`
	At     sim.Time `json:"at_ns"`
	Detail string   `json:"detail"`
	Events []string `json:"events,omitempty"`
	// Runs is how many runs showed it, First the number of the first of them, from 1.
	Runs  int `json:"runs"`
	First int `json:"first_run"`
	// Status is new, ongoing, regressed or resolved, by a list of known findings.
	Status string `json:"status,omitempty"`
	// Nondeterminism is what differs if the run, played again, was another one.
	Nondeterminism string `json:"nondeterminism,omitempty"`
	Case           *Case  `json:"-"`
	// Folder is where the case was written.
	Folder string `json:"folder,omitempty"`
}

// concrete are names of single objects, and what takes their place in signatures.
var concrete = []struct {
	pattern *regexp.Regexp
	role    string
}{
	{regexp.MustCompile(`\b[a-z]+\d*-0*\d{3,}\b`), "TABLET"},
	{regexp.MustCompile(`\bgate-\d+\b`), "GATE"},
	{regexp.MustCompile(`\b[a-z]+\d*/[0-9a-f]*-?[0-9a-f]*`), "SHARD"},
	{regexp.MustCompile(`\d+`), "N"},
}

// class names the sort of an object: gate-2 ks/-80 is GATE SHARD.
func class(object string) string {
	for _, c := range concrete {
		object = c.pattern.ReplaceAllString(object, c.role)
	}
	return object
}

// lockName names a lock by its sort.
func lockName(object string) string { return digits.ReplaceAllString(object, "N") }

var digits = regexp.MustCompile(`\d+`)

// findings are what a run shows that it must not, one for each signature.
func (p *Played) findings() []Finding {
	var list []Finding
	if f, ok := outcomeFinding(&p.Outcome); ok {
		list = append(list, f)
	}
	for _, v := range p.Violations {
		if !v.Finding() {
			continue
		}
		f := Finding{
			Signature: signature(v), Invariant: v.Invariant, Meaning: v.Meaning, Object: v.Object, At: v.At, Detail: v.Detail, Events: v.Events,
		}
		if !slices.ContainsFunc(list, func(o Finding) bool { return o.Signature == f.Signature }) {
			list = append(list, f)
		}
	}
	return list
}

func signature(v invariant.Violation) string {
	if v.Invariant == stuckID {
		return v.Invariant + " " + v.Object
	}
	return v.Invariant + " " + class(v.Object)
}

// outcomeFinding is what the end of a run tells: a fault of the programs in it.
func outcomeFinding(out *sim.Outcome) (f Finding, bad bool) {
	f = Finding{At: out.Time, Detail: out.Detail}
	first, _, _ := strings.Cut(out.Detail, "\n")
	switch out.Kind {
	case sim.Deadlock:
		f.Invariant, f.Meaning, f.Object = "no-deadlock", "No procs wait for each other.", "locks"
		f.Signature = f.Invariant + " " + lockName(lockCircle(out.Detail))
	case sim.Livelock:
		f.Invariant, f.Meaning, f.Object = "no-livelock", "Time goes on.", first
	case sim.StepLimit:
		f.Invariant, f.Meaning, f.Object = "ends", "A run ends within its steps.", "run"
	case sim.Panicked:
		f.Invariant, f.Meaning, f.Object, f.Detail = "no-panic", "No program panics.", first, frames(out.Detail)
	case sim.AssertionFailed:
		f.Invariant, f.Meaning, f.Object = "assertion", "What a program asserts holds.", out.ID
	default:
		return f, false
	}
	f.Signature = cmp.Or(f.Signature, f.Invariant+" "+class(f.Object))
	return f, true
}

// arguments are what a stack tells of a call besides the function: addresses, which differ from
// run to run.
var arguments = regexp.MustCompile(`\((0x|_|\.\.\.|\{)[^()]*\)$`)

// frames gives a panic with the functions that it went through, innermost first, without what
// differs from machine to machine.
func frames(stack string) string {
	var list []string
	for line := range strings.Lines(stack) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '\t' || strings.HasPrefix(line, "goroutine ") || strings.HasPrefix(line, "created by ") || strings.HasPrefix(line, "runtime") {
			continue
		}
		list = append(list, arguments.ReplaceAllString(line, ""))
	}
	return strings.Join(list[:min(len(list), framesMax)], "\n")
}

// framesMax is how many lines of a panic are told.
const framesMax = 10

// lockCircle lists the locks of a circle of waiting procs.
func lockCircle(detail string) string {
	var locks []string
	for line := range strings.Lines(detail) {
		if _, after, ok := strings.Cut(line, " to lock "); ok {
			name, _, _ := strings.Cut(after, ",")
			locks = append(locks, strings.TrimSpace(name))
		}
	}
	slices.Sort(locks)
	return strings.Join(locks, " ")
}

// size orders runs that show the same thing: the shortest is the best example.
func (c *Case) size() int {
	in := c.Input
	n := len(in.Steps) + 4*len(in.Shards)
	if s := in.Scenario; s != nil {
		n += 100 + 5*len(s.Faults) + 5*len(s.Timeline)
		for _, w := range s.Workload {
			if w.Closed != nil {
				n += w.Closed.Clients
			}
		}
		for _, k := range s.Cluster.Keyspaces {
			for _, sh := range k.Shards {
				n += 5 * len(sh.Tablets)
			}
		}
	}
	return n
}
