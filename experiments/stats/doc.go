// Package stats turns the results of many runs into numbers with honest
// intervals. It has no counterpart in Vitess.
//
// The run is the unit of replication. Requests inside one run are not
// independent: one failover hits them all together. An interval computed over
// pooled requests would therefore be far too narrow. So every run is first
// reduced to one number (its share of failed statements, its p99, a yes or a
// no), and the functions here work on those numbers:
//
//   - [Mean]: the mean over runs with a BCa or percentile bootstrap interval,
//     or Student's t interval for reference;
//   - [Wilson], [ClopperPearson]: the share of runs in which something happened;
//   - [Quantile], [QuantileInterval]: quantiles over runs;
//   - [Compare]: paired differences of two settings on common seeds;
//     [Holm]: correction when several such comparisons are made;
//   - [FixedWidth]: sampling until an interval is narrow enough;
//   - [Latencies]: all latencies of a run or of many runs, for p50, p90, p99
//     and the maximum. These describe requests; they carry no interval.
//
// Left out: regression, anything Bayesian, stopping as soon as something is significant.
//
// Invariants: results do not depend on the order of the runs; they are a pure
// function of the data, the options and the state of the [Rand] passed in; a
// wider level never gives a narrower interval; data that cannot support an
// interval (no run, one run, all runs equal) is reported as such and never as a
// narrow interval.
//
// Example:
//
//	shares := []float64{0, 0.012, 0.034, 0, 0.021} // failed share, one per run
//	est, err := stats.Mean(shares, stats.NewRand(1), stats.Options{})
//	// est.Mean, est.Low, est.High at est.Level = 0.95, est.Method = "bca"
package stats
