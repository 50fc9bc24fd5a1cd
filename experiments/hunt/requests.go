package hunt

import (
	"strings"

	"bufsim/experiments/explain"
	"bufsim/experiments/workload"
	"bufsim/gate"
	"bufsim/gate/gateway"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/trace"
	"bufsim/tablet"
)

// requests is a sink that has a watch of package explain see the requests of a small world, which
// has neither sessions nor clients, as the statements of clients that send one each.
type requests struct {
	watch   *explain.Watch
	journal workload.Journal
	// open are the requests under way by their procs.
	open map[uint64]*asked
}

// asked is a request under way.
type asked struct {
	id     string
	client int
	since  sim.Time
	// tablet is the one that it was sent to and has no answer of.
	tablet string
}

func newRequests() *requests {
	return &requests{watch: explain.NewWatch(), open: map[uint64]*asked{}}
}

// noErrno is the number of errors that never came to a MySQL session.
const noErrno = -1

// Record implements trace.Sink.
func (r *requests) Record(e trace.Event) {
	a := r.open[e.Task]
	switch {
	case e.Kind == kindAsk:
		r.ask(&e)
	case a == nil:
		r.watch.Record(e)
	case e.Kind == kindAnswer:
		r.answer(a, &e)
		delete(r.open, e.Task)
	case e.Kind == gateway.KindBegin:
	default:
		if e.Kind == gateway.KindAttempt || e.Kind.In("buffer") || e.Kind == gateway.KindEnd {
			r.called(a, &e)
		}
		if e.Kind == gateway.KindAttempt {
			a.tablet = e.Text("tablet")
		}
		r.watch.Record(e)
	}
}

// ask begins a statement with one way through the retry loop.
func (r *requests) ask(e *trace.Event) {
	client := len(r.journal.Clients)
	a := &asked{id: e.Host + "/" + e.Text("request"), client: client, since: sim.Time(e.Time)}
	r.open[e.Task] = a
	r.journal.Clients = append(r.journal.Clients, workload.Client{Name: "the client of " + e.Text("request")})
	r.emit(e, gate.KindStatement, trace.Str("request", a.id), trace.Int("connection", int64(client)+1), trace.Str("verb", "request"),
		trace.Str("table", "t"), trace.Int("key", int64(client)<<32))
	r.emit(e, gateway.KindBegin, trace.Str("request", a.id), trace.Str("method", "Execute"),
		trace.Str("target", strings.Replace(e.Text("shard"), "/", ".", 1)+".primary"))
}

// called ends the call of a tablet: the gateway goes on after it.
func (r *requests) called(a *asked, e *trace.Event) {
	if a.tablet == "" {
		return
	}
	code, text := "FAILED", e.Text("error")
	switch {
	case e.Kind == gateway.KindEnd && text == "":
		code = "OK"
	case text == "":
		text = "an error after which the gate may try again"
	}
	at := *e
	at.Host, a.tablet = a.tablet, ""
	r.emit(&at, tablet.KindQuery, trace.Str("request", a.id), trace.Str("code", code), trace.Str("error", text))
}

func (r *requests) answer(a *asked, e *trace.Event) {
	errno, text := int64(0), e.Text("error")
	record := workload.Record{Client: a.client, Kind: "request", Start: a.since, End: sim.Time(e.Time), Executions: 1}
	if text != "" {
		errno = noErrno
		record.First, record.FirstAt, record.Failed = &vterr.MySQLError{Num: noErrno, Text: text}, sim.Time(e.Time), true
	}
	r.journal.Records = append(r.journal.Records, record)
	r.emit(e, gateway.KindEnd, trace.Str("request", a.id), trace.Str("error", text))
	r.emit(e, gate.KindAnswer, trace.Str("request", a.id), trace.Int("took", int64(sim.Time(e.Time).Sub(a.since))), trace.Int("errno", errno),
		trace.Str("code", ""), trace.Str("error", text))
}

// emit has the watch see an event at the place of another one.
func (r *requests) emit(at *trace.Event, kind trace.Kind, fields ...trace.Field) {
	e := *at
	e.Kind, e.Fields = kind, fields
	r.watch.Record(e)
}
