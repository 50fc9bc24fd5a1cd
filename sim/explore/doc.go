// Package explore holds the choosers of a world: the policies that make its
// scheduling decisions.
//
// A [Strategy] is named by a text such as `pct:3+stall`; [Parse] reads it, [Strategies]
// lists all, and [Portfolio] takes turns with them:
//
//   - [First] takes the dull alternative: first come, first served.
//   - [Random] walks at random, with its own seed; [Walk] with equal chances, or by how
//     much each task has still to do.
//   - [Priorities] and [PCT] give whole tasks random priorities, [POS] single operations.
//   - [Bounded] departs from the dull schedule at few places.
//   - [WithStalls] puts procs aside for a while, [WithEarlyTimers] makes the world untimed.
//
// [Exhaustive] tries every schedule of a small world, up to a number of preemptions; a
// [Search] does without a bound, but leaves out orders of steps that end alike; a
// [StateSearch] is told what a state is, and goes on from each once. [Mixed] numbers the
// schedules of a plain search.
//
// [Decisions] is a schedule as it was decided, with a text form. [Replay] follows it and says
// where it no longer fits; [Tape] reads one from a fuzzer's bytes; a [Shrinker] makes one
// simpler while what it finds stays the same. [Anchors] draws instants that meet.
package explore
