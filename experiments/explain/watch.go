package explain

import (
	"strconv"
	"strings"
	"time"

	"bufsim/experiments/runner"
	"bufsim/gate"
	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gateway"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// Watch is a sink that puts the events of a run together by request. It keeps the requests
// and what happened to shards, not the events.
type Watch struct {
	requests []*Request
	byID     map[string]*Request
	// loops are the passes under way, by the proc that makes them.
	loops map[proc]*Pass
	// owner is the request of a pass.
	owner map[*Pass]*Request
	held  map[entry]*Hold
	// clients are the clients of connections, known from their keys.
	clients map[connection]int
	cycles  []*cycle
	open    map[place]*cycle
	moments []moment
	shardOf map[string]string
}

type (
	proc struct {
		host        string
		incarnation uint32
		task        uint64
	}
	entry struct {
		gate string
		inc  uint32
		id   int64
	}
	connection struct {
		gate string
		inc  uint32
		id   int64
	}
	place struct {
		gate  string
		inc   uint32
		shard string
	}
)

// cycle is one failover as a gate's buffer saw it.
type cycle struct {
	place
	start, stop, drained sim.Time
	cause, reason        string
	stopped, idle        bool
}

// moment is something that happened to a tablet or a gate. gate is the gate that saw it, ""
// for what happened itself.
type moment struct {
	at         sim.Time
	gate, host string
	shard      string
	kind       trace.Kind
	what       string
}

// NewWatch returns a watch without requests.
func NewWatch() *Watch {
	return &Watch{
		byID: map[string]*Request{}, loops: map[proc]*Pass{}, owner: map[*Pass]*Request{}, held: map[entry]*Hold{},
		clients: map[connection]int{}, open: map[place]*cycle{}, shardOf: map[string]string{},
	}
}

// Record implements trace.Sink.
func (w *Watch) Record(e trace.Event) {
	switch {
	case e.Kind == gate.KindStatement:
		w.statement(&e)
	case e.Kind == gate.KindAnswer:
		w.answer(&e)
	case e.Kind.In("gateway"):
		w.loop(&e)
	case e.Kind == tablet.KindQuery:
		w.query(&e)
	case e.Kind.In("buffer"):
		w.buffer(&e)
	case e.Kind == discovery.KindHealth, e.Kind == tablet.KindState, e.Kind == tablet.KindDrain, e.Kind == tablet.KindKill,
		e.Kind == trace.KindHost, e.Kind == tablet.KindLife:
		w.moment(&e)
	}
}

func (w *Watch) statement(e *trace.Event) {
	r := &Request{
		ID: e.Text("request"), Gate: e.Host, Client: -1, Connection: e.Number("connection"), Verb: e.Text("verb"), incarnation: e.Incarnation,
		InTransaction: e.Number("in_transaction") == 1, From: sim.Time(e.Time),
	}
	at := connection{e.Host, e.Incarnation, r.Connection}
	// The upper half of a row's key is the number of the client that it belongs to.
	if e.Text("table") != "" {
		w.clients[at] = int(e.Number("key") >> 32)
	}
	if c, known := w.clients[at]; known {
		r.Client = c
	}
	w.byID[r.ID] = r
	w.requests = append(w.requests, r)
}

func (w *Watch) answer(e *trace.Event) {
	r := w.byID[e.Text("request")]
	if r == nil {
		return
	}
	r.Answered, r.To = true, sim.Time(e.Time)
	r.Errno, r.Code, r.Error = e.Number("errno"), e.Text("code"), e.Text("error")
}

// loop follows a request through the retry loop; what the buffer tells in the same proc
// meanwhile is about this request.
func (w *Watch) loop(e *trace.Event) {
	at := proc{e.Host, e.Incarnation, e.Task}
	switch e.Kind {
	case gateway.KindBegin:
		r := w.byID[e.Text("request")]
		if r == nil {
			return
		}
		p := &Pass{Method: e.Text("method"), Target: e.Text("target"), From: sim.Time(e.Time)}
		r.Passes = append(r.Passes, p)
		w.loops[at], w.owner[p] = p, r
	case gateway.KindAttempt:
		if p := w.loops[at]; p != nil {
			p.Calls = append(p.Calls, Call{At: sim.Time(e.Time), Tablet: runner.ShortHostName(e.Text("tablet"))})
		}
	case gateway.KindEnd:
		if p := w.loops[at]; p != nil {
			p.Ended, p.To, p.Error = true, sim.Time(e.Time), e.Text("error")
			delete(w.loops, at)
		}
	}
}

// query notes the end of a call at its tablet.
func (w *Watch) query(e *trace.Event) {
	r := w.byID[e.Text("request")]
	if r == nil {
		return
	}
	for i := len(r.Passes) - 1; i >= 0; i-- {
		calls := r.Passes[i].Calls
		for k := len(calls) - 1; k >= 0; k-- {
			if c := &calls[k]; c.Tablet == runner.ShortHostName(e.Host) && c.Code == "" {
				c.End, c.Code, c.Error = sim.Time(e.Time), e.Text("code"), e.Text("error")
				return
			}
		}
	}
	took := time.Duration(e.Number("took_ns"))
	r.Direct = append(r.Direct, Call{
		At: sim.Time(e.Time).Add(-took), Tablet: runner.ShortHostName(e.Host), End: sim.Time(e.Time), Code: e.Text("code"), Error: e.Text("error"),
	})
}

func (w *Watch) buffer(e *trace.Event) {
	at := place{e.Host, e.Incarnation, e.Text("keyspace") + "/" + e.Text("shard")}
	pass := w.loops[proc{e.Host, e.Incarnation, e.Task}]
	now := sim.Time(e.Time)
	switch e.Kind {
	case buffer.KindStart:
		c := &cycle{place: at, start: now, cause: e.Text("error")}
		w.open[at] = c
		w.cycles = append(w.cycles, c)
	case buffer.KindStop:
		if c := w.open[at]; c != nil {
			c.stop, c.reason, c.stopped = now, e.Text("reason"), true
		}
	case buffer.KindDrained:
		if c := w.open[at]; c != nil {
			c.drained, c.idle = now, true
		}
	case buffer.KindSkipped:
		if pass != nil {
			pass.Skips = append(pass.Skips, Skip{now, e.Text("reason")})
		}
	case buffer.KindRefused:
		if pass != nil {
			pass.Skips = append(pass.Skips, Skip{now, "Refused"})
		}
	default:
		w.hold(e, at, pass)
	}
}

// hold follows one entry of the buffer.
func (w *Watch) hold(e *trace.Event, at place, pass *Pass) {
	id, now := entry{e.Host, e.Incarnation, e.Number("entry")}, sim.Time(e.Time)
	h := w.held[id]
	switch e.Kind {
	case buffer.KindBuffered:
		h = &Hold{
			Entry: id.id, From: now, Deadline: sim.Time(e.Number("deadline")), Queued: e.Number("queued"), Slots: e.Number("slots"),
		}
		w.held[id] = h
		if pass != nil {
			pass.Hold = h
		}
	case buffer.KindEvicted:
		if h != nil {
			h.To, h.How = now, e.Text("reason")
		}
	case buffer.KindUnblocked:
		if h != nil && h.How == "" {
			h.To, h.Drained, h.Error = now, true, e.Text("error")
			if c := w.open[at]; c != nil {
				h.How = c.reason
			}
		}
	}
}

// moment notes what happens to hosts.
func (w *Watch) moment(e *trace.Event) {
	m := moment{at: sim.Time(e.Time), host: runner.ShortHostName(e.Host), shard: w.shardOf[runner.ShortHostName(e.Host)], kind: e.Kind}
	switch e.Kind {
	case discovery.KindHealth:
		m.gate, m.host = e.Host, runner.ShortHostName(e.Text("tablet"))
		m.shard = e.Text("keyspace") + "/" + e.Text("shard")
		w.shardOf[m.host] = m.shard
		m.what = strings.ToUpper(e.Text("type")) + " " + servingWord(e.Number("serving") == 1)
	case tablet.KindState:
		m.what = e.Text("type") + " " + e.Text("state")
	case tablet.KindDrain:
		m.what = e.Text("phase")
	case tablet.KindKill:
		m.what = strconv.FormatInt(e.Number("n"), 10) + " " + e.Text("what")
	default:
		m.what = e.Text("what")
	}
	w.moments = append(w.moments, m)
}

func servingWord(serving bool) string {
	if serving {
		return "serving"
	}
	return "not serving"
}
