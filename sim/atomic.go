package sim

// Atomic is a value that several procs share without a lock; each access is a
// choice point. Make one with [NewAtomic].
type Atomic[T comparable] struct {
	Object
	v T
}

// NewAtomic returns a shared value that starts as v.
func NewAtomic[T comparable](e *Env, name string, v T) *Atomic[T] {
	return &Atomic[T]{Object: e.object(name), v: v}
}

// Load returns the value.
func (a *Atomic[T]) Load() T {
	a.enter(OpLoad)
	v := a.v
	a.exit()
	return v
}

// Store sets the value.
func (a *Atomic[T]) Store(v T) {
	a.enter(OpStore)
	a.v = v
	a.exit()
}

// Swap sets the value and returns the one before.
func (a *Atomic[T]) Swap(v T) T {
	a.enter(OpStore)
	old := a.v
	a.v = v
	a.exit()
	return old
}

// CompareAndSwap sets the value to v if it is old, and says whether it was.
func (a *Atomic[T]) CompareAndSwap(old, v T) bool {
	a.enter(OpStore)
	same := a.v == old
	if same {
		a.v = v
	}
	a.exit()
	return same
}
