// Package workload plays the clients of a scenario against gates.
//
//   - [Gateslap] is the traffic generator of the buffering guide: pooled, one-off
//     and persistent workers, with the hidden second and third execution of their
//     driver library, driven by unmodified .ini files (package gateslap).
//   - [Closed] is a closed loop: each client waits for its answer.
//   - [Open] is an open loop: requests arrive whatever happened to earlier ones.
//
// What is left out: the memory and speed of client libraries, the current
// connection that pooled gateslap workers share by mistake (W-24), and the cost of
// selects that grows with the table (W-9): generated selects read one row.
//
// All of them speak the gates' MySQL endpoint through a [Driver] and write what
// their users saw into a [Journal]. All draws come from one random stream per
// client, so that a change of a flag leaves the traffic as it was.
package workload
