package invariant

import (
	"bufsim/gate"
	"bufsim/gate/gateway"
	"bufsim/sim/trace"
	"bufsim/tablet/mysqld"
)

// writeKinds are the events that writes follow.
func writeKinds() []string {
	return []string{
		string(trace.KindHost), string(gate.KindStatement), string(gate.KindAnswer), string(gateway.KindBegin), string(gateway.KindAttempt), string(mysqld.KindCommit),
	}
}

// rowWrite is what a write does: clients give each write of a row its own value, so that it
// names the statement, too. A client that tries a statement again writes the same.
type rowWrite struct {
	table      string
	key, value int64
}

// writes follows the writes that are under way from the gates to the engines.
type writes struct {
	requests map[string]*writeRequest
	// rows are the writes that requests under way want.
	rows map[rowWrite]*rowView
	// open are the answered writes of open transactions, by gate and connection.
	open map[connection][]rowWrite
}

type connection struct {
	gate string
	id   int64
}

// writeRequest is a statement under way at a gate.
type writeRequest struct {
	connection connection
	verb       string
	row        rowWrite
	statement  trace.Event
	// autocommit: the statement commits by itself.
	autocommit bool
	// calls counts the tablets that were asked for it.
	calls int
}

// rowView is what has become of a write so far.
type rowView struct {
	requests int // under way, or answered in an open transaction
	commits  []trace.Event
}

func newWrites() *writes {
	return &writes{requests: map[string]*writeRequest{}, rows: map[rowWrite]*rowView{}, open: map[connection][]rowWrite{}}
}

// answer is a statement that has been answered.
type answer struct {
	*writeRequest
	// ok: the client was told that it succeeded.
	ok bool
	// commits are those that a success acknowledges: of the statement itself, or with a
	// COMMIT of its transaction's first writes.
	commits []trace.Event
}

// observe takes over what an event says, and gives the answered statement if it is an answer
// to one that the writes follow.
func (w *writes) observe(e *trace.Event) (a answer, answered bool) {
	switch e.Kind {
	case trace.KindHost:
		if e.Text("what") == "crash" {
			w.crash(e.Host)
		}
	case gate.KindStatement:
		w.begin(e)
	case gateway.KindBegin:
		if r := w.requests[e.Text("request")]; r != nil {
			method := e.Text("method")
			r.autocommit = !r.inTransaction() && (method == "query.Execute" || method == "query.ReserveExecute")
		}
	case gateway.KindAttempt:
		if r := w.requests[e.Text("request")]; r != nil {
			r.calls++
		}
	case mysqld.KindCommit:
		row := rowWrite{e.Text("table"), e.Number("key"), e.Number("value")}
		if v := w.rows[row]; v != nil {
			v.commits = append(v.commits, keep(*e))
		}
	case gate.KindAnswer:
		if r := w.requests[e.Text("request")]; r != nil {
			delete(w.requests, e.Text("request"))
			return w.end(r, e.Number("errno") == 0), true
		}
	}
	return answer{}, false
}

func (r *writeRequest) inTransaction() bool { return r.statement.Number("in_transaction") != 0 }

// isWrite reports whether a verb writes rows.
func isWrite(verb string) bool {
	switch verb {
	case "INSERT", "UPDATE", "DELETE", "REPLACE":
		return true
	}
	return false
}

func (w *writes) begin(e *trace.Event) {
	verb := e.Text("verb")
	if !isWrite(verb) && verb != "COMMIT" && verb != "ROLLBACK" && verb != "BEGIN" {
		return
	}
	r := &writeRequest{
		connection: connection{e.Host, e.Number("connection")}, verb: verb, statement: keep(*e),
		row: rowWrite{e.Text("table"), e.Number("key"), e.Number("value")},
	}
	w.requests[e.Text("request")] = r
	if isWrite(verb) {
		w.follow(r.row)
	}
}

func (w *writes) follow(row rowWrite) {
	if w.rows[row] == nil {
		w.rows[row] = &rowView{}
	}
	w.rows[row].requests++
}

func (w *writes) forget(row rowWrite) {
	v := w.rows[row]
	if v == nil {
		return
	}
	if v.requests--; v.requests == 0 {
		delete(w.rows, row)
	}
}

// end judges an answered statement. The commits of one that was autocommitted are its own;
// others wait for the end of their transaction.
func (w *writes) end(r *writeRequest, ok bool) answer {
	a := answer{writeRequest: r, ok: ok}
	switch {
	case !isWrite(r.verb):
		for _, row := range w.open[r.connection] {
			a.commits = append(a.commits, w.rows[row].commits...)
			w.forget(row)
		}
		delete(w.open, r.connection)
	case ok && !r.autocommit:
		w.open[r.connection] = append(w.open[r.connection], r.row)
	default:
		a.commits = w.rows[r.row].commits
		w.forget(r.row)
	}
	return a
}

// crash forgets what a gate was about: nobody will be told.
func (w *writes) crash(host string) {
	for id, r := range w.requests { // in any order: each by itself
		if r.connection.gate == host {
			delete(w.requests, id)
			if isWrite(r.verb) {
				w.forget(r.row)
			}
		}
	}
	for c, rows := range w.open { // in any order
		if c.gate == host {
			for _, row := range rows {
				w.forget(row)
			}
			delete(w.open, c)
		}
	}
}
