package trace

// Recorder is a sink that keeps the events that its filter lets through.
type Recorder struct {
	keep   Filter
	events []Event
	arena  []Field // the unused rest of the block that fields are copied into
}

// arenaBlock is how many fields are allocated at a time.
const arenaBlock = 1024

// NewRecorder returns a recorder; the zero filter keeps everything.
func NewRecorder(keep Filter) *Recorder { return &Recorder{keep: keep} }

// Record implements Sink. It copies the fields.
func (r *Recorder) Record(e Event) {
	if !r.keep.Match(&e) {
		return
	}
	if n := len(e.Fields); n > 0 {
		if n > len(r.arena) {
			r.arena = make([]Field, max(n, arenaBlock))
		}
		copy(r.arena, e.Fields)
		e.Fields, r.arena = r.arena[:n:n], r.arena[n:]
	}
	r.events = append(r.events, e)
}

// Events returns what was recorded so far. The caller must not change it.
func (r *Recorder) Events() []Event { return r.events }

// Reset forgets all events.
func (r *Recorder) Reset() { r.events, r.arena = nil, nil }

// Tee is a sink that passes each event on to all of its sinks, in order.
type Tee []Sink

// Record implements Sink.
func (t Tee) Record(e Event) {
	for _, s := range t {
		s.Record(e)
	}
}
