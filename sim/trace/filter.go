package trace

import (
	"slices"
	"strings"
)

// Filter chooses events. All conditions must hold; an empty one always does.
type Filter struct {
	// Hosts are full host names.
	Hosts []string
	// Kinds are kinds or families of kinds: "net" is "net" and all "net.*".
	Kinds []string
	// Procs are prefixes of proc names, without the host.
	Procs []string
	// From and Until are the first and the last instant, in nanoseconds since the
	// world's start; Until 0 is no end.
	From, Until int64
}

// Match reports whether the filter chooses e.
func (f *Filter) Match(e *Event) bool {
	return e.Time >= f.From && (f.Until == 0 || e.Time <= f.Until) &&
		(len(f.Hosts) == 0 || slices.Contains(f.Hosts, e.Host)) &&
		(len(f.Kinds) == 0 || slices.ContainsFunc(f.Kinds, e.Kind.In)) &&
		(len(f.Procs) == 0 || slices.ContainsFunc(f.Procs, func(p string) bool { return strings.HasPrefix(e.Proc, p) }))
}

// Select returns the events that the filter chooses.
func (f *Filter) Select(events []Event) []Event {
	var chosen []Event
	for i := range events {
		if f.Match(&events[i]) {
			chosen = append(chosen, events[i])
		}
	}
	return chosen
}

// In reports whether the kind is the named one or belongs to the named family.
func (k Kind) In(family string) bool {
	rest, ok := strings.CutPrefix(string(k), family)
	return ok && (rest == "" || rest[0] == '.')
}
