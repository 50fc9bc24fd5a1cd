package metrics

import (
	"slices"
	"strings"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// Registry is all metrics of one process.
type Registry struct {
	env *sim.Env
	mu  *sim.Mutex // guards the families and their sets of series
	// vectors is sorted by name.
	vectors []*Vector
}

// NewRegistry returns a registry without families. A process that restarts makes a new one.
func NewRegistry(env *sim.Env) *Registry {
	return &Registry{env: env, mu: env.NewMutex("metrics")}
}

// Register adds a family without series. Each name can be registered once.
func (r *Registry) Register(f Family) *Vector {
	v := newVector(r.env, r.mu, f)
	r.mu.Lock()
	defer r.mu.Unlock()
	place, taken := slices.BinarySearchFunc(r.vectors, f.Name, func(v *Vector, name string) int {
		return strings.Compare(v.family.Name, name)
	})
	r.env.Assert(!taken, "metrics-name-taken", trace.Str("name", f.Name))
	r.vectors = slices.Insert(r.vectors, place, v)
	return v
}

// Snapshot reads all values. Values that change meanwhile are read before or after.
func (r *Registry) Snapshot() Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	snap := make(Snapshot, 0, len(r.vectors))
	for _, v := range r.vectors {
		snap = append(snap, v.snapshot())
	}
	return snap
}

// snapshot runs with the registry's lock held.
func (v *Vector) snapshot() FamilySnapshot {
	f := FamilySnapshot{Family: v.family}
	for _, s := range v.series { // order-free: sorted below
		f.Samples = append(f.Samples, Sample{Name: v.family.Name, Labels: s.labels, Value: s.Value()})
	}
	slices.SortFunc(f.Samples, func(a, b Sample) int {
		return slices.CompareFunc(a.Labels, b.Labels, func(x, y Label) int { return strings.Compare(x.Value, y.Value) })
	})
	return f
}
