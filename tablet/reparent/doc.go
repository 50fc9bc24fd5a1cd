// Package reparent moves the PRIMARY role of a shard, as vtctld does for an operator. It
// models Vitess's reparentutil with the commands of vtctlclient and vtctldclient.
//
// There is one file for each operation. PlannedReparentShard is in planned.go; its steps, in
// planned_*.go, are preflight, election, one of four branches (graceful, contested, partial,
// initial) and repointing. EmergencyReparentShard is in emergency.go; its steps, in
// emergency_*.go, are the stop of all replicas, the search for candidates without errant
// transactions, the choice, an intermediate source if need be, and the promotion.
// TabletExternallyReparented is in external.go, InitShardPrimary in initshard.go, the
// commands on one tablet in commands.go, listings in listings.go. A Reparenter lives in a
// process that may be killed at any step: nothing here is undone by deferred calls, since a
// dead vtctld undoes nothing.
//
// Left out: VTOrc, which is package vtorc; positions without GTIDs.
//
// Invariants: the shard lock is given up at the end of every operation, failed or not; a
// demotion is undone only if a planned switch's candidate fails to catch up with it (R-56,
// R-202); at most one tablet is promoted; no tablet is changed after the lock was given up,
// except by an emergency's calls to the replicas that follow later.
//
//	r := reparent.New(env, topoServer, tmclient.New(env, node), reparent.Options{})
//	result, err := r.PlannedReparentShard(env.Background(), "commerce", "0", reparent.PlannedOptions{})
//	out := reparent.FormatClientOutput(reparent.ClientFor(release.Latest()), "PlannedReparentShard", result, err, env.Wall())
//	fmt.Print(out.Stdout)
package reparent
