package explain

import (
	"bufsim/gate/buffer"
	"bufsim/gate/gateway"
	"bufsim/sim/trace"
)

// Follow is a sink that passes on what belongs to some requests: the events that name one, those
// of a proc while it takes one through the retry loop, and those of its entry in the buffer.
type Follow struct {
	// Requests are names such as gate-1/r42, or r42 for that of any gate.
	Requests []string
	To       trace.Sink
	// Opens and Closes are kinds of events by which a proc takes a request up and gives it back,
	// besides those of the gateway.
	Opens, Closes trace.Kind

	inside  map[proc]bool
	entries map[entry]bool
}

// Record implements trace.Sink.
func (f *Follow) Record(e trace.Event) {
	if f.belongs(&e) {
		f.To.Record(e)
	}
}

func (f *Follow) belongs(e *trace.Event) bool {
	if f.inside == nil {
		f.inside, f.entries = map[proc]bool{}, map[entry]bool{}
	}
	at := proc{e.Host, e.Incarnation, e.Task}
	within := f.inside[at]
	if e.Text("request") != "" {
		if !f.wanted(e.Text("request")) {
			return false
		}
		switch e.Kind {
		case gateway.KindBegin, f.Opens:
			f.inside[at] = true
		case gateway.KindEnd, f.Closes:
			delete(f.inside, at)
		}
		return true
	}
	if !e.Kind.In("buffer") {
		return within
	}
	id := entry{e.Host, e.Incarnation, e.Number("entry")}
	if e.Kind == buffer.KindBuffered && within {
		f.entries[id] = true
	}
	if id.id != 0 { // a newcomer evicts another request in its own proc
		return f.entries[id]
	}
	return within
}

func (f *Follow) wanted(id string) bool {
	for _, name := range f.Requests {
		if named(&Request{ID: id}, name) {
			return true
		}
	}
	return false
}
