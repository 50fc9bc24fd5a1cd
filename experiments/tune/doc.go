// Package tune finds the smallest settings of vtgate's buffer under which failovers meet
// a target, for a given traffic and given lengths of the write outage. It has no
// counterpart in Vitess.
//
// A [Problem] is a scenario with what is not known for sure about it: the lengths that
// its reparents may take and the lag of its replicas, as ranges, lists or measured
// values ([Durations]). Where there is no scenario, [Load] makes one of a rate, a number
// of connections and a mix; [FromTraffic] takes those from what was observed at a real
// gate.
//
// [Solve] plays the candidates of one flag after the other on the same seeds: the window
// with the maximum failover duration, the size, the drain concurrency, the gap. It
// bisects, and then plays the neighbours of what it found, since a smaller value may do
// where a larger one does not; if the order is broken, it plays all candidates. The
// result is played again with seeds that the search has not seen, and grows until it
// holds there. [Advice] tells what was found, how sure it is, what it assumes, and why
// smaller values fail.
//
// Left out: what the scenario has no model of, and every length of outage that was not
// played. An Advice says both.
//
// Invariants: the advice is a pure function of the problem, whatever the cores did; a
// setting is recommended only if every release check passes and the target was met by
// all runs of it, those with fresh seeds included.
package tune
