package sim

// Op is an operation of a proc on an object, as reports and choosers name it.
type Op uint8

// The operations.
const (
	OpNone Op = iota
	OpStart
	OpSleep
	OpYield
	OpLock
	OpUnlock
	OpRLock
	OpRUnlock
	OpWait
	OpSignal
	OpSend
	OpRecv
	OpClose
	OpSelect
	OpAcquire
	OpRelease
	OpLoad
	OpStore
	OpTimer
)

// String names the operation.
func (o Op) String() string {
	return [...]string{
		"", "start", "sleep", "yield", "lock", "unlock", "rlock", "runlock", "wait", "signal",
		"send", "recv", "close", "select", "acquire", "release", "load", "store", "timer",
	}[o]
}

// Object is the header of every waiting tool: its name, its number in the world
// and the env that made it.
type Object struct {
	env  *Env
	name string
	id   uint64
	// holder is the proc that holds the object exclusively; nil for tools without
	// a holder, in real time, and when a callback holds it. Procs are used again, so
	// holderID says which one it was.
	holder   *Proc
	holderID uint64
}

func (e *Env) object(name string) Object { return Object{env: e, name: name, id: e.nextID()} }

// ID returns the object's number, by which choosers know it.
func (o *Object) ID() uint64 { return o.id }

// FullName returns the object's name with its host in front, e.g. "gate-1/sb.mu".
func (o *Object) FullName() string { return o.env.qualify(o.name) }

// enter is called before every operation of a waiting tool. In a World it is a
// choice point; in real time it takes the monitor that guards the tools' state.
func (o *Object) enter(op Op) {
	if w := o.env.w; w == nil || w.attends {
		o.enterSlow(op)
	}
}

func (o *Object) enterSlow(op Op) {
	if w := o.env.w; w == nil {
		o.env.live.Lock()
	} else if !w.asking {
		if w.cur != nil {
			w.switchPoint(op, o)
		}
		w.touch(o, op)
	}
}

// enterQuiet is enter without a choice point.
func (o *Object) enterQuiet() {
	if w := o.env.w; w == nil || w.toucher != nil {
		o.enterQuietSlow()
	}
}

func (o *Object) enterQuietSlow() {
	if w := o.env.w; w == nil {
		o.env.live.Lock()
	} else {
		w.touch(o, OpNone)
	}
}

// exit ends an operation that enter began.
func (o *Object) exit() {
	if o.env.w == nil {
		o.env.live.Unlock()
	}
}

// misuse ends an operation with a panic; it leaves the monitor, so that a
// recovered panic does no further harm.
func (o *Object) misuse(what string) {
	o.exit()
	panic("sim: " + what + " " + o.FullName())
}

// setHolder notes who holds the object from now on.
func (o *Object) setHolder(p *Proc) {
	o.holder = p
	if p != nil {
		o.holderID = p.id
		p.locks++
	}
}

// freeHolder notes that nobody holds the object any more.
func (o *Object) freeHolder() {
	if p := o.holding(); p != nil {
		p.locks--
	}
	o.holder = nil
}

// holding returns the proc that holds the object, if it has not ended.
func (o *Object) holding() *Proc {
	if o.holder != nil && o.holder.id == o.holderID {
		return o.holder
	}
	return nil
}

// foreign reports whether the current proc is being unwound and does not hold o:
// it was killed while it waited, and its deferred unlock must do nothing.
func (o *Object) foreign() bool {
	w := o.env.w
	return w != nil && w.cur != nil && w.cur.killed && o.holding() != w.cur
}

// pickWaiter decides which of the n waiters of o is served.
func (o *Object) pickWaiter(op Op, n int) int {
	if w := o.env.w; w != nil {
		return w.choose(KindWaiter, op, o, n)
	}
	return 0
}
