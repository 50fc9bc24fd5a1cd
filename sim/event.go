package sim

// Event happens once and stays so, like a channel that is closed once. Make one
// with [Env.NewEvent].
type Event struct {
	Object
	set bool
	q   waitList
}

// NewEvent returns an event that has not happened.
func (e *Env) NewEvent(name string) *Event { return &Event{Object: e.object(name)} }

// InitEvent makes *v an event that has not happened: for one that is part of a
// larger object. Nobody may have waited for *v before.
func (e *Env) InitEvent(v *Event, name string) { *v = Event{Object: e.object(name)} }

// Set makes the event happen and wakes all that wait for it. It reports false if
// it had happened already.
func (v *Event) Set() bool {
	v.enter(OpClose)
	first := v.setQuiet()
	v.exit()
	return first
}

func (v *Event) setQuiet() bool {
	if v.set {
		return false
	}
	v.set = true
	for v.q.n > 0 {
		v.q.head.fire()
	}
	return true
}

// IsSet reports whether the event has happened.
func (v *Event) IsSet() bool {
	v.enter(OpLoad)
	set := v.set
	v.exit()
	return set
}

// Wait blocks until the event has happened.
func (v *Event) Wait() {
	if w := v.env.w; w != nil && w.attends {
		v.expect()
	}
	v.enter(OpWait)
	if !v.set {
		wt := v.env.begin(OpWait, &v.Object)
		wt.enrol(&v.q, nil)
		wt.park()
	}
	v.exit()
}

// OnEvent is a [Select] case that is ready once v has happened.
func OnEvent(v *Event) Case { return Case{src: v} }

func (v *Event) header() *Object      { return &v.Object }
func (v *Event) caseReady(*Case) bool { return v.set }
func (v *Event) caseTake(*Case)       {}
func (v *Event) caseEnrol(_ *Case, wt *wait) {
	wt.enrol(&v.q, nil)
}
func (v *Event) caseFinish(*Case, *node, bool) {}
