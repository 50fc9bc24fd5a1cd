package sim

import (
	"fmt"
	"sort"
	"strings"
)

// OutcomeKind says how a run ended.
type OutcomeKind uint8

// The kinds of outcomes.
const (
	// Finished: all procs that are not daemons have ended, or nothing is left to do.
	Finished OutcomeKind = iota
	// Stopped: World.Stop was called.
	Stopped
	// TimeLimit: Config.MaxTime was reached.
	TimeLimit
	// Deadlock: procs wait for each other, or for what can no longer come.
	Deadlock
	// Livelock: too many steps at one instant.
	Livelock
	// StepLimit: Config.MaxSteps was reached.
	StepLimit
	// AssertionFailed: an Env.Assert did not hold.
	AssertionFailed
	// Panicked: a proc or callback panicked.
	Panicked
)

// String names the kind.
func (k OutcomeKind) String() string {
	return [...]string{
		"finished", "stopped", "time limit", "deadlock", "livelock", "step limit", "assertion failed", "panic",
	}[k]
}

// Outcome is how a run ended, and the fingerprint of what it did.
type Outcome struct {
	Kind OutcomeKind
	// ID is the id of a failed assertion, or the reason given to Stop.
	ID string
	// Detail explains: a report of who waits for what, a stack, the busy procs.
	Detail string
	Time   Time
	Steps  uint64
	Hash   uint64
	// Waiting lists the procs that were still waiting, daemons left out.
	Waiting []Waiting
}

// Failed reports whether the outcome is a fault of the program under test:
// deadlock, livelock, failed assertion or panic.
func (o *Outcome) Failed() bool {
	return o.Kind == Deadlock || o.Kind == Livelock || o.Kind == AssertionFailed || o.Kind == Panicked
}

// String is one line: kind, time, steps, hash.
func (o *Outcome) String() string {
	s := fmt.Sprintf("%s at %s after %d steps, hash %016x", o.Kind, o.Time, o.Steps, o.Hash)
	if o.ID != "" {
		s += " (" + o.ID + ")"
	}
	return s
}

// Waiting says what a proc waits for.
type Waiting struct {
	Proc   string
	Op     Op
	Object string
	Since  Time
	// Holder is the proc that holds the object, if it is a held lock.
	Holder string
}

// String is one sentence.
func (x Waiting) String() string {
	s := fmt.Sprintf("%s waits since %s to %s %s", x.Proc, x.Since, x.Op, x.Object)
	if x.Holder != "" {
		s += ", held by " + x.Holder
	}
	return s
}

func (p *Proc) waiting() Waiting {
	x := Waiting{Proc: p.fullName(), Op: p.wait.op, Since: p.wait.since}
	if obj := p.wait.obj; obj != nil {
		x.Object = obj.FullName()
		if h := obj.holding(); h != nil {
			x.Holder = h.fullName()
		} else if obj.holder != nil {
			x.Holder = "a proc that has ended"
		}
	}
	return x
}

// waitingProcs lists who waits, in order of proc id.
func (w *World) waitingProcs() []Waiting {
	var procs []*Proc
	for _, p := range w.procs {
		if p.state == procWaiting && !p.daemon {
			procs = append(procs, p)
		}
	}
	sort.Slice(procs, func(i, j int) bool { return procs[i].id < procs[j].id })
	list := make([]Waiting, len(procs))
	for i, p := range procs {
		list[i] = p.waiting()
	}
	return list
}

// checkCycle ends the world if p, about to wait for a lock, closes a circle of
// procs that wait for each other's locks: nothing could ever open it.
func (w *World) checkCycle(p *Proc, obj *Object) {
	if p == nil {
		return
	}
	hops := 0
	for o := obj; ; hops++ {
		h := o.holding()
		if h == p && hops > 0 {
			break
		}
		if h == nil || h == p || hops > len(w.procs) || !h.waitsForLock() {
			return
		}
		o = h.wait.obj
	}
	chain := []Waiting{{Proc: p.fullName(), Op: OpLock, Object: obj.FullName(), Since: w.now, Holder: obj.holder.fullName()}}
	for h := obj.holder; h != p; h = h.wait.obj.holder {
		chain = append(chain, h.waiting())
	}
	w.end(Outcome{Kind: Deadlock, Detail: "procs wait for each other:\n" + lines(chain)})
}

func (p *Proc) waitsForLock() bool {
	return p.state == procWaiting && p.wait.fired < 0 && (p.wait.op == OpLock || p.wait.op == OpRLock)
}

func lines(list []Waiting) string {
	var b strings.Builder
	for _, x := range list {
		b.WriteString("  " + x.String() + "\n")
	}
	return b.String()
}
