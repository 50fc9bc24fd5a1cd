// Package sim is the kernel of bufsim: a deterministic world of procs, virtual
// time and named objects. It knows nothing of Vitess.
//
// # The idea
//
// A [World] is one thread, one virtual clock and one seed. Components are
// ordinary blocking Go code written against an [Env]: they start procs with
// [Env.Go], sleep, lock a [Mutex], wait on a [Cond], send on a [Chan], [Select]
// over several cases and carry a [Context]. Each proc is a coroutine; only the
// scheduler resumes it. High-volume actors can be callbacks on a [Timer]
// instead; the same scheduler runs both.
//
// # What decides
//
// Every scheduling decision goes through [Chooser.Choose]: which runnable task
// goes next, which waiter gets a lock, which ready case a Select takes, whether
// to switch before an operation. Choice 0 is always the dull one (first come,
// first served; no switch), so a truncated or zeroed decision log is a legal,
// simpler run. All other randomness comes from named streams ([Env.Rand]) that
// are derived from the seed and the name alone: a new consumer never shifts
// another's draws.
//
// # Time
//
// [Time] is nanoseconds since the start of the world. It advances only when
// nothing is runnable. Each [Host] also has a wall clock with skew and drift.
//
// # Outcomes
//
// [World.Run] ends with an [Outcome]: finished, stopped, deadlock (who waits for
// what, since when, held by whom), livelock, budget, panic or failed assertion.
// It never hangs: a world without runnable tasks and without timers is over.
//
// # The same code in real time
//
// The waiting tools keep their state under a monitor that is free in a World.
// Package sim/live supplies a [Backend] over goroutines and the wall clock, and
// the same components run there with real parallelism.
//
// # Invariants
//
//   - At most one proc runs at a time in a World.
//   - Equal (seed, chooser, program) give equal [World.Hash] values, on every
//     machine, GOMAXPROCS, architecture and coroutine back end.
//   - After [World.Run] no coroutine of the world is left.
package sim
