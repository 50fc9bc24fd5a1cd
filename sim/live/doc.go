// Package live runs components that are written against sim.Env in real time: on
// goroutines, the wall clock and the processors that there are.
//
// It keeps the components honest. What runs here under the race detector does not
// lean on the simulation's habit of running one proc at a time. It is no basis for
// experiments: nothing about it is reproducible, hosts cannot crash or pause, and
// all share one clock.
//
// The waiting tools are those of package sim. Their state is guarded by one mutex
// per [Runtime], and a waiting goroutine blocks on a channel of its own.
//
//	r := live.New(1)
//	r.Start("gate-1", func(env *sim.Env) { ... })
//	r.Wait()
package live
