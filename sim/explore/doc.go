// Package explore holds the choosers of a world: the policies that make its
// scheduling decisions.
//
//   - [First] takes the dull alternative: first come, first served.
//   - [Random] walks at random, with its own seed.
//   - [Priorities] gives whole tasks random priorities.
//   - [Replay] follows a decision log and says where it no longer fits.
//   - [Mixed] numbers the schedules of a search that takes turns with them.
//   - [Exhaustive] tries every schedule of a small world, up to a number of preemptions.
package explore
