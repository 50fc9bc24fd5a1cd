package sim

// Touched objects. Two steps that touch no object in common can be exchanged without
// anybody noticing; choosers that search use that. The world tells what is touched; what
// shared state is not in waiting tools must be guarded by them.

// Toucher is an optional ability of a [Chooser]: if Touches answers true, the world tells
// it which objects the running step touches. A proc that is made runnable is touched, too,
// by the proc's ID, and so is a timer that is set or stopped. The world also asks a Toucher
// for a task, and whether to switch, when there is only one.
type Toucher interface {
	Touches() bool
	// Touch is called at each access.
	Touch(a Access)
	// Ended tells that a proc is over.
	Ended(id uint64)
}

// Access is one access of a step to an object.
type Access struct {
	// ID is the object's number, which is unique in a world.
	ID uint64
	// Name is the object's own name, without the host; empty for procs.
	Name string
	// Op is the operation, OpTimer for a timer that is set or stopped, OpNone if it is none of
	// those that are choice points.
	Op Op
	// Write is false if the access changes nothing.
	Write bool
}

// Numbers that stand for more than one object.
const (
	// TouchedAll: whatever there is may be changed, by a fault from outside.
	TouchedAll uint64 = 0
	// TouchedClock: time goes on while tasks are runnable; see [Untimed].
	TouchedClock uint64 = 1<<64 - 1
	// unnamedFrom begins the numbers of objects that have none of their own.
	unnamedFrom uint64 = 1 << 62
)

// touch tells that the running step does op on o; OpNone is any change.
func (w *World) touch(o *Object, op Op) {
	if w.toucher == nil || w.asking || o == &o.env.self || op == OpSelect {
		return // a Select tells of each of its cases
	}
	write := op != OpLoad && op != OpRLock && op != OpWait
	w.toucher.Touch(Access{w.numberOf(o), o.name, op, write})
}

// touchID is touch by number.
func (w *World) touchID(id uint64) {
	if w.toucher != nil {
		w.toucher.Touch(Access{ID: id, Write: true})
	}
}

// touchTimer tells that the running step sets or stops t.
func (w *World) touchTimer(t *Timer) {
	if w.toucher != nil {
		w.toucher.Touch(Access{t.id, t.name, OpTimer, true})
	}
}

// touchCase tells that a Select looks at a case. Only a look at an event changes nothing.
func (w *World) touchCase(c *Case) {
	if c.src == nil {
		return
	}
	_, reads := c.src.(*Event)
	o := c.src.header()
	w.toucher.Touch(Access{w.numberOf(o), o.name, OpSelect, !reads})
}

// numberOf gives an object a number if it has none.
func (w *World) numberOf(o *Object) uint64 {
	if o.id == 0 {
		w.unnamed++
		o.id = unnamedFrom + w.unnamed
	}
	return o.id
}
