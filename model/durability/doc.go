// Package durability holds Vitess's durability policies as pure functions: how many
// semi-sync acknowledgements a primary needs, which tablets give them, which tablets may be
// promoted, and what follows for a reparent that reached only some tablets.
//
// Left out: policies from plugins.
//
// Invariant: every answer depends only on the aliases and types of the arguments.
//
//	policy, err := durability.Lookup("semi_sync")
//	fmt.Println(policy.AcksNeeded(), err) // 1 <nil>
package durability
