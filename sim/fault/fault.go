package fault

import (
	"strconv"
	"strings"
	"time"

	"bufsim/sim/trace"
)

// Fault is one thing that breaks. The text form is described in docs/faults.md.
type Fault struct {
	When When
	// Do is the name of the kind.
	Do string
	// Target and Peer name hosts or roles, resolved when the fault happens.
	Target, Peer string
	// Args are the details of the kind, in the order of its table.
	Args []Arg
	// For is how long it lasts; 0 is until a heal or the end of the run.
	For time.Duration
}

// When says when a fault happens: at an instant, or upon an event.
type When struct {
	// At is virtual time since the start of the world; it counts if Event is "".
	At time.Duration
	// Event is the kind of the event that triggers the fault: the Nth one, from 1,
	// whose fields are as Where says.
	Event trace.Kind
	Where []Match
	Nth   int
	// Wait is the time from the event to the fault.
	Wait time.Duration
}

// Match is a condition on an event. Key is the name of a field, or host or proc;
// the value of host is a target, resolved when the event happens.
type Match struct{ Key, Value string }

// Arg is one detail of a fault.
type Arg struct{ Name, Value string }

// Plan is a list of faults. They do not depend on each other.
type Plan []Fault

// Arg returns the value of an argument, "" if it is not given.
func (f *Fault) Arg(name string) string {
	for _, a := range f.Args {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Duration returns the value of an argument that is a duration, 0 if it is not given.
func (f *Fault) Duration(name string) time.Duration {
	d, err := time.ParseDuration(f.Arg(name))
	if err != nil {
		return 0 // not given: the parser lets no other text pass
	}
	return d
}

// Number returns the value of an argument that is a whole number, or fallback if it
// is not given.
func (f *Fault) Number(name string, fallback int64) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(f.Arg(name), "%"), 10, 64)
	if err != nil {
		return fallback
	}
	return n
}

// String is the text form of the fault: one line that parses back.
func (f *Fault) String() string { return f.When.String() + " " + f.Action() }

// Action is the line without its beginning that says when.
func (f *Fault) Action() string {
	words := []string{f.Do}
	if f.Target != "" {
		words = append(words, quote(f.Target))
	}
	if f.Peer != "" {
		words = append(words, "peer", quote(f.Peer))
	}
	for _, a := range f.Args {
		words = append(words, a.Name, quote(a.Value))
	}
	if f.For > 0 {
		words = append(words, "for", f.For.String())
	}
	return strings.Join(words, " ")
}

// String is the beginning of a fault's line.
func (w *When) String() string {
	if w.Event == "" {
		return "at " + w.At.String()
	}
	words := []string{"when", string(w.Event)}
	if w.Wait > 0 {
		words[0] = "after"
	}
	for _, m := range w.Where {
		words = append(words, m.Key+"="+quote(m.Value))
	}
	if w.Nth > 1 {
		words = append(words, "nth", strconv.Itoa(w.Nth))
	}
	if w.Wait > 0 {
		words = append(words, "wait", w.Wait.String())
	}
	return strings.Join(words, " ")
}

// String is the plan with one line for each fault.
func (p Plan) String() string {
	var b strings.Builder
	for i := range p {
		b.WriteString(p[i].String() + "\n")
	}
	return b.String()
}

// quote writes a word so that it is read back as one.
func quote(s string) string {
	plain := s != "" && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"=\`, r) }) < 0
	if plain {
		return s
	}
	return strconv.QuoteToASCII(s)
}
