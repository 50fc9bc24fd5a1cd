// Package vterr holds errors as Vitess has them: a code, a text, and possibly a cause. It
// also holds every text that a client of the gate can see (texts*.go), how errors change on
// their way from a tablet to the gate to a MySQL client, and how they merge.
//
// It models Vitess's vterrors package, its gRPC error conversion and its mapping to MySQL
// error numbers. Left out: stack traces, error states, terse errors.
//
// Invariants: the plain text (Error) never shows a code; wrapping keeps the code; what
// Vitess prints with the verb %v is Verbose, never the %v of fmt, so that the longer form
// appears only where a rule asks for it.
//
//	err := vterr.Wrap(vterr.New(vterr.ClusterEvent, "operation not allowed in state NOT_SERVING"), "target: ks.0.primary")
//	fmt.Println(err)               // target: ks.0.primary: operation not allowed in state NOT_SERVING
//	fmt.Println(vterr.CodeOf(err)) // CLUSTER_EVENT
package vterr
