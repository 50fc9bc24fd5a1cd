package sim

import (
	"time"

	"bufsim/sim/trace"
)

// Backend is the real-time counterpart of a [World]: what the waiting tools need
// to run on goroutines and the wall clock. Package sim/live implements it.
type Backend interface {
	// Lock and Unlock are the monitor that guards the state of all waiting tools.
	// Lock is not reentrant.
	Lock()
	Unlock()
	// Now is the time since the start. It needs no monitor.
	Now() Time
	// Epoch is the wall clock at Now() == 0, in nanoseconds since 1970.
	Epoch() int64
	// Intn picks among n ready cases; called inside the monitor.
	Intn(n int) int
	// Go starts fn as a goroutine; called outside of the monitor.
	Go(name string, fn func())
	// AfterFunc runs fn once, on a goroutine of its own and outside of the
	// monitor, after d; stop reports whether it prevented that.
	AfterFunc(d time.Duration, fn func()) (stop func() bool)
	// NextID gives numbers to objects; called outside of the monitor.
	NextID() uint64
	// Seed is the seed of the named random streams.
	Seed() uint64
	// Sink receives events, or is nil; calls are made inside the monitor.
	Sink() trace.Sink
}

// DaemonStarter is an optional ability of a [Backend]: it starts the procs of
// [Env.GoDaemon], which serve for ever. A backend without it starts them with Go.
type DaemonStarter interface {
	GoDaemon(name string, fn func())
}

// NewLiveEnv returns the environment of the named host over a real-time backend.
func NewLiveEnv(b Backend, host string) *Env {
	return newEnv(&Env{live: b, host: &Host{name: host}})
}
