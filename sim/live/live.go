package live

import (
	"sync"
	"sync/atomic"
	"time"

	"bufsim/sim"
	"bufsim/sim/trace"
)

// Runtime is a [sim.Backend] over goroutines and the wall clock. It is safe for
// concurrent use.
type Runtime struct {
	monitor sync.Mutex
	start   time.Time
	seed    uint64
	sink    trace.Sink
	rand    *sim.Rand // under the monitor
	lastID  atomic.Uint64
	workers sync.WaitGroup
}

var (
	_ sim.Backend       = (*Runtime)(nil)
	_ sim.DaemonStarter = (*Runtime)(nil)
)

// New returns a runtime whose clock starts now. The seed feeds the named random
// streams, which give the same values as those of a world with that seed; who
// draws when is up to the machine.
func New(seed uint64) *Runtime {
	return &Runtime{start: time.Now(), seed: seed, rand: sim.NewRand(seed, "live/select")}
}

// Record has events recorded in sink, whose Record is never called by two
// goroutines at a time. It must be called before the first Start.
func (r *Runtime) Record(sink trace.Sink) { r.sink = sink }

// Start starts a host: boot runs in a goroutine of its own with the host's
// environment.
func (r *Runtime) Start(host string, boot func(*sim.Env)) {
	env := sim.NewLiveEnv(r, host)
	env.Go("boot", func() { boot(env) })
}

// Wait blocks until all goroutines that are not daemons have ended. Goroutines
// that wait for ever are not noticed: it then never returns.
func (r *Runtime) Wait() { r.workers.Wait() }

// Lock implements [sim.Backend].
func (r *Runtime) Lock() { r.monitor.Lock() }

// Unlock implements [sim.Backend].
func (r *Runtime) Unlock() { r.monitor.Unlock() }

// Now implements [sim.Backend]; the clock is monotonic.
func (r *Runtime) Now() sim.Time { return sim.Time(time.Since(r.start)) }

// Epoch implements [sim.Backend].
func (r *Runtime) Epoch() int64 { return r.start.UnixNano() }

// Intn implements [sim.Backend].
func (r *Runtime) Intn(n int) int { return r.rand.Intn(n) }

// Go implements [sim.Backend]. A panic ends the program, as Go has it.
func (r *Runtime) Go(_ string, fn func()) { r.workers.Go(fn) }

// GoDaemon implements [sim.DaemonStarter]; [Runtime.Wait] does not wait for it.
func (r *Runtime) GoDaemon(_ string, fn func()) { go fn() }

// AfterFunc implements [sim.Backend].
func (r *Runtime) AfterFunc(d time.Duration, fn func()) (stop func() bool) {
	return time.AfterFunc(d, fn).Stop
}

// NextID implements [sim.Backend].
func (r *Runtime) NextID() uint64 { return r.lastID.Add(1) }

// Seed implements [sim.Backend].
func (r *Runtime) Seed() uint64 { return r.seed }

// Sink implements [sim.Backend].
func (r *Runtime) Sink() trace.Sink { return r.sink }
