package buffer

import (
	"runtime"
	"slices"
	"strings"

	"bufsim/sim"
	"bufsim/sim/explore"
)

// uses says which uses of the world's tools can be exchanged with all that others do.
func (m modelWorld) uses() []explore.Use {
	list := []explore.Use{
		// Nobody makes another shard.
		{Tool: "shards.mu", Ops: []sim.Op{sim.OpRLock}},
		// One worker drains.
		{Tool: "drain line", Kinds: []string{"drain"}},
		// Who waits for it waits for nothing else.
		{Tool: "thread ended", Ops: []sim.Op{sim.OpClose, sim.OpWait}},
		// Who waits for it goes on in the same way if the context ends.
		{Tool: "retry done", Ops: []sim.Op{sim.OpClose, sim.OpSelect}},
		{Tool: "ctx", Ops: []sim.Op{sim.OpSelect}, Kinds: []string{"drain", "slot waiter"}},
		{Tool: "ctx", Ops: []sim.Op{sim.OpSelect, sim.OpNone}, Kinds: []string{"request"}, Matters: m.cancels > 0},
		{Tool: "ctx", Ops: []sim.Op{sim.OpClose}, Kinds: []string{"cancel"}, Matters: true},
		// Who waits is not hindered by more that is done, and does not go on before all is done.
		{Tool: "helpers ks/0", Ops: []sim.Op{sim.OpStore}},
		{Tool: "helpers ks/0", Ops: []sim.Op{sim.OpWait}, Matters: true},
		// A thread that ends listens to its timer no more.
		{Tool: "max duration", Ops: []sim.Op{sim.OpTimer}, Kinds: []string{"timeout"}},
		{Tool: "max duration", Matters: true},
	}
	if !m.shutdown {
		list = append(list, explore.Use{Tool: "stopped", Ops: []sim.Op{sim.OpLoad}})
	}
	return list
}

// describe tells a search the state of the run.
func (r *modelRun) describe(s *explore.State, p *sim.Point, n int) {
	r.lookInside(p, n)
	sb, g := r.b.made[0], r.shard("0")
	shared := numbers(0)
	shared.add(r.b.slots.free.Free(), int(sb.state.Load()), int(sb.currentPrimary.UID), int(g.draining))
	shared.bits(r.over, r.b.stopped.Load(), g.newcomer != "")
	if t := sb.thread; t != nil {
		shared.bits(t.maxReached.IsSet() && !t.ended.IsSet(), t.stopAsked.IsSet(), t.ended.IsSet())
		shared.add(r.noticed())
	}
	if r.remembers {
		shared.add(int(sim.HashString(0, r.brokenNames())))
	}
	s.Shared = uint64(shared)
	for i := range r.requests {
		part := r.partOf(i)
		s.Over = append(s.Over, part == partOver)
		if r.remembers {
			part += sim.HashString(0, r.fate(i))
		}
		s.Parts = append(s.Parts, part)
	}
}

// brokenNames are the properties that are broken so far.
func (r *modelRun) brokenNames() string {
	var names []string
	for _, text := range r.broken {
		if name, _, _ := strings.Cut(text, ":"); !r.untimed || !strings.HasPrefix(name, "P-12") && !strings.HasPrefix(name, "P-13") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// fate is what became of a request.
func (r *modelRun) fate(i int) string {
	switch {
	case r.held[i] != nil:
		return r.entries[r.held[i].id].left
	case r.returned[i]:
		return "passed"
	}
	return "under way"
}

// fates are those of all requests, in no order.
func (r *modelRun) fates() string {
	var list []string
	for i := range r.held {
		list = append(list, r.fate(i))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// partOver is the number of a request of which nothing is left: it has returned, and its slot
// is free.
const partOver = 1

// partOf is a number for a request.
func (r *modelRun) partOf(i int) uint64 {
	e, part := r.held[i], numbers(0)
	if e == nil {
		return 0
	}
	x := r.entries[e.id]
	if r.returned[i] && (x.released || !x.slot) {
		return partOver
	}
	place := 0
	for j, other := range r.held { // the order matters in the queue and in the drain
		if other != nil && j != i && other.id < e.id && (x.left == "") == (r.entries[other.id].left == "") {
			place++
		}
	}
	if x.left != "" {
		place = 0
	}
	part.add(place)
	part.bits(
		x.slot, x.left == "", x.left == "drained", x.released, e.queue != nil,
		e.unblocked.IsSet(), e.err != nil, e.finished.IsSet(), e.ctx.Err() != nil,
		x.left == "" && r.world.Now() >= e.deadline,
	)
	return uint64(part)
}

// numbers are a number for many.
type numbers uint64

func (n *numbers) add(list ...int) {
	for _, v := range list {
		*n = (*n ^ numbers(v)) * 0x9e3779b97f4a7c15
		*n ^= *n >> 29
	}
}

func (n *numbers) bits(list ...bool) {
	v := 1
	for _, set := range list {
		v *= 2
		if set {
			v++
		}
	}
	n.add(v)
}

// describeTask tells a search for which request a task is.
func (r *modelRun) describeTask(t *explore.TaskState) {
	name := strings.TrimPrefix(t.Name, "gate-1/")
	switch {
	case strings.HasPrefix(name, "request "):
		t.Kind, t.Part = "request", int(name[len("request ")]-'0')
	case strings.HasPrefix(name, "cancel "):
		t.Kind, t.Part = "cancel", int(name[len("cancel ")]-'0')
	case strings.HasPrefix(name, "buffer/slot waiter "):
		t.Kind = "slot waiter"
		if t.Op == sim.OpSelect {
			for i, e := range r.held {
				if e != nil && e.finished.ID() == t.Tool {
					t.Part = i
				}
			}
		}
	case strings.HasPrefix(name, "buffer/drain "):
		t.Kind = "drain"
	case strings.HasPrefix(name, "buffer/timeout "):
		t.Kind = "timeout"
		if t.Op != sim.OpNone {
			r.describeThread(t)
		}
	}
}

// describeThread tells whose turn the timeout thread waits for.
func (r *modelRun) describeThread(t *explore.TaskState) {
	switch doing := r.methods.of(t); {
	case strings.Contains(doing, "waitForHead") && t.Op == sim.OpSelect:
		t.Part = -1
		if q := r.b.made[0].queue; q != nil && q.head != nil {
			t.Part = r.whose(q.head)
		}
	case !strings.Contains(doing, "evictByWindow"):
		t.Part = -1
	}
}

func (r *modelRun) whose(e *entry) int {
	for i := range r.held {
		if r.held[i] == e {
			return i
		}
	}
	return -1
}

func (r *modelRun) whoseID(id int64) int {
	return slices.IndexFunc(r.held, func(e *entry) bool { return e != nil && e.id == id })
}

// methods remembers which methods of the package are under way at a place.
type methods map[uint64]string

func (m methods) of(t *explore.TaskState) string {
	if text, known := m[t.Place]; known {
		return text
	}
	text, frames := "", runtime.CallersFrames(t.Calls)
	for {
		frame, more := frames.Next()
		if _, name, ours := strings.Cut(frame.Function, "gate/buffer."); ours {
			text += name + " "
		}
		if !more {
			break
		}
	}
	m[t.Place] = text
	return text
}

// noticed is the state of the notice: whether one is kept or, if none can be, whether the one
// that the timeout thread asked for last has come.
func (r *modelRun) noticed() int {
	if n, ok := r.listener.notice.(*rememberedNotice); ok {
		return n.slot.Len()
	}
	if e := r.listener.event; e != nil && e.IsSet() {
		return 1
	}
	return 0
}

// listener sees what the timeout thread asks for.
type listener struct {
	notice
	event *sim.Event // of a fleeting notice
}

func (l *listener) given() sim.Case {
	c := l.notice.given()
	if n, fleeting := l.notice.(*fleetingNotice); fleeting {
		l.event = n.current
	}
	return c
}
