// Package query holds the messages between the gate and a tablet's query service, in the
// words of Vitess's querypb: targets, statements, results and health messages.
//
// Messages are immutable by convention: whoever received or sent one does not change it,
// and slices in it may be shared. So a simulated network can pass them on without copies.
//
// Left out: streaming results (StreamExecute answers once, at its end), two-phase commit, message streams, VStream. The text of a
// statement is optional; what a statement does is in its typed fields.
//
// Invariant: the zero of every field means "not given".
//
//	target := query.Target{Keyspace: "commerce", Shard: "0", TabletType: topodata.Primary}
//	fmt.Println(target)         // keyspace:"commerce" shard:"0" tablet_type:PRIMARY
//	fmt.Println(target.Lower()) // commerce.0.primary
package query
