// Package explore holds the choosers of a world: the policies that make its
// scheduling decisions.
//
//   - [First] takes the dull alternative: first come, first served.
//   - [Random] walks at random, with its own seed.
//   - [Replay] follows a decision log and says where it no longer fits.
package explore
