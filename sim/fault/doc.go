// Package fault holds plans of faults as values: what breaks, when, on whom, for how
// long. A plan has a text form, one line for each fault, that parses back; an
// [Injector] carries it out on a world. The package knows hosts and the network;
// a [Domain] brings the names of targets and kinds of its own, such as a server's
// slow disk.
//
//	at 6s partition primary:commerce/0 peer gate-1 for 3s
//	when tablet.step call=PromoteReplica step=begin crash zone1-100 for 10s
//	after buffer.start wait 200ms pause gate-1 for 1s
//
// # How it works
//
// Faults act between two steps of the world ([sim.World.Intervene]): a fault at an
// instant comes before the tasks of that instant, a triggered one right after the
// step in which its event was recorded. Targets are resolved when the fault
// happens, so that a plan can aim at roles. What was done is noted in parts, each
// with the hosts that it touches and what takes it back; the end of the fault's
// time, a heal or [Injector.HealAll] take back parts, and only those.
//
// # What is left out
//
// Lost, doubled and reordered messages of a living connection: the network stands
// for TCP, which hides them. A real disk.
//
// # Invariants
//
//   - Parse(f.String()) is f.
//   - A fault draws from no random stream but those named by its own line, makes no
//     choice of the schedule, and takes nothing back but what it did itself: where
//     two faults overlap, the effect lasts as long as one of them does.
//   - A fault that does not happen leaves no trace in the run, not even in its hash.
//   - A triggered fault happens at most once.
//
// # Example
//
//	kinds := fault.Kinds()
//	plan, err := fault.ParsePlan("at 2s crash b for 1s\n", kinds)
//	...
//	in := fault.NewInjector(plan, kinds)
//	w := sim.New(sim.Config{Sink: in.Watch(nil)})
//	...
//	in.Start(fault.Site{World: w, Env: steady, Net: net, Domain: domain})
package fault
