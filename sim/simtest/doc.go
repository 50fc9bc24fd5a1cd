// Package simtest helps to test worlds.
//
//   - [Seeds] are the seeds that a test tries.
//   - [DoubleRun] plays a world twice and names the first step that differs.
//   - [Replay] plays a world again from its decision log.
//   - [Hashes] compares the fingerprints of runs with a committed list.
//   - [Nightly] and [Checks] tell how many cases a property tries.
//   - [Contract] holds what all backends of sim's waiting tools must keep.
//
// Only tests import it.
package simtest
