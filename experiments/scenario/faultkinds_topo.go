package scenario

import "bufsim/sim/fault"

// The names of the kinds that know the topology service.
const (
	FaultWipeTopo     = "wipe-topo"
	FaultLoseQuorum   = "lose-quorum"
	FaultStallMember  = "stall-member"
	FaultSlowTopo     = "slow-topo"
	FaultStaleWatch   = "stale-watch"
	FaultBreakWatches = "break-watches"
	FaultExpireLeases = "expire-leases"
)

// The ways of break-watches.
const (
	WatchesSilent    = "silent"
	WatchesCompacted = "compacted"
	WatchesClosed    = "closed"
)

// topoFaults are the kinds that act on the topology server as a service; what acts on its
// host or on its links are kinds of hosts. spec: O-92, O-93, O-94, O-95, O-97
func topoFaults() fault.Table {
	topo := sorts(TargetTopo)
	return fault.Table{
		{
			Name: FaultWipeTopo, Target: fault.Required, For: fault.Optional, Blocks: true, Sorts: topo,
			Meaning: "The topology server dies and comes back, after its time or at once, without any record.",
			Example: "at 6s wipe-topo topo for 2s",
		},
		{
			Name: FaultLoseQuorum, Target: fault.Required, For: fault.Optional, Blocks: true, Sorts: topo,
			Meaning: "The topology cluster has no leader: an election, or an outage that does not heal by itself.",
			Example: "at 6s lose-quorum topo for 3s",
		},
		{
			Name: FaultStallMember, Target: fault.Required, Blocks: true, Sorts: topo,
			Args:    []fault.ArgSpec{{Name: "member", Form: fault.Number, Required: true, Meaning: "which of the three servers: 0, 1 or 2"}},
			Meaning: "One server of the topology cluster stops answering; its clients find another one after 5s.",
			Example: "at 6s stall-member topo member 0",
		},
		{
			Name: FaultSlowTopo, Target: fault.Required, For: fault.Optional, Blocks: true, Sorts: topo,
			Args:    []fault.ArgSpec{{Name: "add", Form: fault.Duration, Required: true, Meaning: "what every request takes longer"}},
			Meaning: "The topology server works, but slowly.",
			Example: "at 5s slow-topo topo add 3s for 30s",
		},
		{
			Name: FaultStaleWatch, Target: fault.Required, For: fault.Optional, Blocks: true, Sorts: topo,
			Args: []fault.ArgSpec{
				{Name: "delay", Form: fault.Duration, Required: true, Meaning: "how late values come"},
				{Name: "values", Form: fault.Word, Words: []string{"all", "latest", "twice"}, Meaning: "all of them, the latest only, or each one twice"},
			},
			Meaning: "Watches tell values late, while reads and writes work.",
			Example: "at 5s stale-watch topo delay 4s values latest for 20s",
		},
		{
			Name: FaultBreakWatches, Target: fault.Required, Blocks: true, Sorts: topo,
			Args:    []fault.ArgSpec{{Name: "way", Form: fault.Word, Required: true, Words: []string{WatchesSilent, WatchesCompacted, WatchesClosed}, Meaning: "how the watches end"}},
			Meaning: "All watches that are open now fall silent, are cancelled as compacted, or are closed.",
			Example: "at 5s break-watches topo way silent",
		},
		{
			Name: FaultExpireLeases, Target: fault.Required, Blocks: true, Sorts: topo,
			Args:    []fault.ArgSpec{{Name: "prefix", Form: fault.Word, Meaning: "only leases that hold a key that begins so"}},
			Meaning: "Leases end while their holders live: locks are lost.",
			Example: "when reparent.phase phase=demotion what=end expire-leases topo prefix /vitess/global/keyspaces",
		},
	}
}
