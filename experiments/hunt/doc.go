// Package hunt looks for bugs: it draws worlds, clusters, traffic, faults and schedules at
// random, plays them under the invariants, and keeps each failing run as a case that replays.
//
//	report, err := hunt.Explore(ctx, hunt.Options{Release: "v19", Runs: 2000, Seed: 1})
//	for _, f := range report.Findings {
//		fmt.Println(f.Signature, f.Case.Hash)
//	}
//
// An [Input] is everything that a run depends on, written as text: the release, flags, the
// world with what happens in it, the seed and the schedule. There are three worlds: "buffer" is
// a gate's buffer alone, "gate" everything of a gate below its sessions over tablets that do
// what a program of lines says, "cluster" a whole scenario. Small worlds reach the races of
// small parts thousands of times in a second; the big one shows what parts do to each other.
//
// Each run draws which features of its world are off ([Swarm testing]), since a feature that
// is always on hides what happens without it. Inputs that reached something new are drawn from
// again with small changes.
//
// A [Finding] is what no run may show: an invariant that did not hold, a deadlock, a livelock,
// a panic, a failed assertion. Runs are grouped by the finding's signature, which names roles
// instead of processes. The shortest run of a group becomes the [Case].
//
// [Explain] says why a case fails: what led to it, what its schedule did that the dull one would
// not have, and what would have saved it, by playing it with changes. [FindTipping] finds the
// decision with which the failure became likely.
//
// # Invariants of this package
//
//   - Equal options with a number of runs give equal reports, on any number of cores.
//   - A case that was written, read and played gives the run's hash.
//   - Shrinking keeps the signature.
//   - A change that is said to save was played, and where the recorded schedule did not fit it, under
//     schedules that show the finding without it.
//
// [Swarm testing]: https://doi.org/10.1145/2338965.2336763
package hunt
