// Package invariant judges runs: it holds checkers that watch the trace of a run and tell
// what must never happen, or must have happened by the end.
//
//	watch := invariant.NewWatch(invariant.All(), facts)
//	// give watch to the world as its sink, run it
//	for _, v := range watch.Finish(invariant.End{Time: now}) {
//		fmt.Println(v)
//	}
//
// An [Invariant] has an id, a sentence for users, and the rules of Vitess's behaviour that
// it comes from. Its [Checker] sees the events of one run in their order, and remembers no
// more than the present state of the cluster and what is under way. Checkers observe only:
// a run with them has the hash of a run without.
//
// Vitess makes some promises under conditions. Where a run left the conditions, the checker
// still tells what it saw, with the condition that failed: such a [Violation] is excused and
// no finding. What nothing excuses is a finding.
//
// Liveness is judged only at the end of a run with a recovery phase: faults have stopped,
// the network is whole, and the operator has repaired what needs an operator.
//
// Left out: the contents of healthy lists and of the keyspace event watcher, which are in no
// trace; the property tests of gate/discovery hold their invariants.
package invariant
