package metrics

import (
	"slices"
	"strings"

	"bufsim/sim"
)

// Type says how the values of a family behave.
type Type uint8

// The types.
const (
	// Counter is meant to grow. (One of Vitess's counters is set back at times.)
	Counter Type = iota
	// Gauge goes up and down.
	Gauge
	// Histogram counts durations by their length. A registry has none: see [HistogramSample].
	Histogram
)

// String gives the name of the type in the exposition text.
func (t Type) String() string {
	return [...]string{Counter: "counter", Gauge: "gauge", Histogram: "histogram"}[t]
}

// Family describes all series of one name.
type Family struct {
	// Name is the public name, such as vtgate_buffer_starts.
	Name string
	// Help is one sentence for people.
	Help string
	Type Type
	// Labels are the names of the labels, in the order in which With takes their values.
	Labels []string
}

// Vector is a family and its series, one for each combination of label values in use.
type Vector struct {
	env    *sim.Env
	mu     *sim.Mutex // the registry's
	family Family
	// places lists the labels in alphabetical order of their names.
	places []int
	series map[string]*Series
}

// Series is one number. Its methods never block and are no choice points.
type Series struct {
	counter sim.Counter
	labels  []Label
}

// Label is one name with its value.
type Label struct{ Name, Value string }

func newVector(env *sim.Env, mu *sim.Mutex, family Family) *Vector {
	v := &Vector{env: env, mu: mu, family: family, places: make([]int, 0, len(family.Labels)), series: map[string]*Series{}}
	for i := range family.Labels {
		v.places = append(v.places, i)
	}
	slices.SortFunc(v.places, func(a, b int) int { return strings.Compare(family.Labels[a], family.Labels[b]) })
	return v
}

// With gives the series with these label values, in the order of Family.Labels; it is made,
// with value 0, if it does not exist. A dot in a value becomes an underscore. Keep the result
// where it is used often.
// spec: buffer 9
func (v *Vector) With(values ...string) *Series {
	v.env.Assert(len(values) == len(v.family.Labels), "metrics-label-count")
	key := dotless(strings.Join(values, "\x00"))
	v.mu.Lock()
	defer v.mu.Unlock()
	if s, ok := v.series[key]; ok {
		return s
	}
	s := &Series{labels: make([]Label, 0, len(values))}
	v.env.InitCounter(&s.counter)
	for _, place := range v.places {
		s.labels = append(s.labels, Label{v.family.Labels[place], dotless(values[place])})
	}
	v.series[key] = s
	return s
}

func dotless(text string) string { return strings.ReplaceAll(text, ".", "_") }

// Add changes the value by n.
func (s *Series) Add(n int64) { s.counter.Add(n) }

// Set makes the value n.
func (s *Series) Set(n int64) { s.counter.Set(n) }

// Value gives the value.
func (s *Series) Value() int64 { return s.counter.Value() }
