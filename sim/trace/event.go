package trace

// Kind names a kind of event, e.g. "buffer.start". Each package that emits events
// declares its kinds as constants and documents them in a table.
type Kind string

// Kinds that the kernel itself emits.
const (
	// KindLog is a log line. Fields: level, text.
	KindLog Kind = "log"
	// KindHost is a change of a host's life. Fields: what (boot, crash, pause, resume, clock).
	KindHost Kind = "host"
	// KindMark says that a state worth reaching was reached. Fields: id.
	KindMark Kind = "mark"
)

// KindDoc documents one kind for the generated reference.
type KindDoc struct {
	Kind    Kind
	Fields  string // names of the fields, in order
	Meaning string // one sentence
}

// KernelKinds documents the kinds that the kernel emits.
func KernelKinds() []KindDoc {
	return []KindDoc{
		{KindLog, "level text", "A component wrote a log line."},
		{KindHost, "what", "A host booted, crashed, paused, resumed, or its clock was stepped."},
		{KindMark, "id", "A state worth reaching was reached."},
	}
}

// Event is one thing that happened.
type Event struct {
	// Time is nanoseconds since the world's start.
	Time int64
	// Step is the scheduler step in which it happened.
	Step uint64
	// Cause is the step that made the running task runnable; 0 if none.
	Cause uint64
	// Host and Incarnation name the process; Proc is the proc's name on it.
	Host        string
	Incarnation uint32
	Proc        string
	// Task tells procs of the same name apart: it is a proc's alone, and 0 for a timer's
	// callback and in real time. The encoders do not write it.
	Task uint64
	Kind Kind
	// Fields are in the order that the kind documents.
	Fields []Field
}

// Field is one named value of an event: a string, or an integer if IsNum is set.
type Field struct {
	Key   string
	Str   string
	Num   int64
	IsNum bool
}

// Str makes a string field.
func Str(key, value string) Field { return Field{Key: key, Str: value} }

// Int makes an integer field.
func Int(key string, value int64) Field { return Field{Key: key, Num: value, IsNum: true} }

// Bool makes a field that is 1 or 0.
func Bool(key string, value bool) Field {
	if value {
		return Int(key, 1)
	}
	return Int(key, 0)
}

// Get returns the field with the given key; ok is false if there is none.
func (e *Event) Get(key string) (f Field, ok bool) {
	for _, f := range e.Fields {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// Text returns the string field with the given key, or "".
func (e *Event) Text(key string) string {
	f, _ := e.Get(key)
	return f.Str
}

// Number returns the integer field with the given key, or 0.
func (e *Event) Number(key string) int64 {
	f, _ := e.Get(key)
	return f.Num
}

// Sink receives events in the order in which they happen. Record must not keep
// e.Fields beyond the call unless it copies them.
type Sink interface {
	Record(e Event)
}
