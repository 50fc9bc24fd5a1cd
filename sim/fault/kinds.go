package fault

// The names of the kinds of this package.
const (
	DoCrash     = "crash"
	DoPause     = "pause"
	DoPartition = "partition"
	DoIsolate   = "isolate"
	DoClog      = "clog"
	DoUnclog    = "unclog"
	DoSwizzle   = "swizzle-clog"
	DoSlow      = "slow"
	DoLoss      = "loss"
	DoMute      = "mute"
	DoReset     = "reset"
	DoRefuse    = "refuse"
	DoClockStep = "clock-step"
	DoClockRate = "clock-drift"
	DoHeal      = "heal"
)

// The directions of a fault between two sides, values of the argument way.
const (
	WayBoth = "both"
	WayOut  = "out"
	WayIn   = "in"
)

// Kinds is the table of the kinds that act on hosts and on the network.
func Kinds() Table {
	return Table{
		{
			Name: DoCrash, Target: Required, For: Optional,
			Meaning: "The process ends at once; after its time it starts again.",
			Example: "at 6s crash zone1-100 for 3s",
		},
		{
			Name: DoPause, Target: Required, For: Optional,
			Meaning: "The process freezes as with SIGSTOP; its connections stay.",
			Example: "at 6s pause primary:commerce/0 for 2s",
		},
		{
			Name: DoClockStep, Target: Required, For: Optional, Machine: true,
			Args:    []ArgSpec{{Name: "by", Form: Signed, Required: true, Meaning: "how far the wall clock jumps"}},
			Meaning: "The machine's wall clock jumps, and jumps back after its time.",
			Example: "at 6s clock-step zone1-100 by -5s",
		},
		{
			Name: DoClockRate, Target: Required, For: Optional, Machine: true,
			Args:    []ArgSpec{{Name: "ppm", Form: Number, Required: true, Meaning: "how much faster it runs, in parts per million"}},
			Meaning: "The machine's wall clock runs faster or slower; what it has gained stays.",
			Example: "at 1s clock-drift vtctld ppm 50000 for 20s",
		},
		{
			Name: DoHeal, Target: Optional, Blocks: true, Machine: true,
			Meaning: "Every fault under way ends, on the target or everywhere.",
			Example: "at 15s heal",
		},
		{
			Name: DoRefuse, Target: Required, For: Optional,
			Meaning: "The process refuses new connections; those that it has stay.",
			Example: "at 6s refuse topo for 5s",
		},
		{
			Name: DoReset, Target: Required, Peer: Optional, Machine: true,
			Meaning: "All connections between the two sides are reset at one instant.",
			Example: "at 7s reset clients peer gate-1",
		},
		networkKind(DoPartition, Required, "Messages between the two sides are dropped; nobody is told.", "at 6s partition primary:commerce/0 peer gate-1 for 3s"),
		networkKind(DoIsolate, None, "Messages between the target and everybody else are dropped.", "at 6s isolate zone1-100 for 5s"),
		networkKind(DoClog, Optional, "Messages are held, and go on in order when it is over.", "at 2s clog zone1-100 peer topo for 5s"),
		{
			Name: DoUnclog, Target: Required, Peer: Optional, Machine: true,
			Meaning: "Ends clogs of the links between the two sides.",
			Example: "at 4s unclog zone1-100 peer topo",
		},
		{
			Name: DoSwizzle, Target: Required, For: Required, Machine: true,
			Args:    []ArgSpec{{Name: "over", Form: Duration, Required: true, Meaning: "time from the first clog to the last, and from the first end to the last"}},
			Meaning: "The target's hosts are clogged one after the other, and set free in another order.",
			Example: "at 1s swizzle-clog cell:zone1 over 2s for 5s",
		},
		networkKind(DoSlow, Optional, "Messages take longer.", "at 2s slow vtctld peer topo add 3s for 20s",
			ArgSpec{Name: "factor", Form: Percent, Meaning: "the latency in percent of the link's own"},
			ArgSpec{Name: "add", Form: Duration, Meaning: "what comes on top"}),
		networkKind(DoLoss, Optional, "Transmissions are lost; as over TCP they come late, after retransmissions.", "at 2s loss gate-1 peer primary:commerce/0 share 20% for 10s",
			ArgSpec{Name: "share", Form: Percent, Required: true, Meaning: "how many are lost"}),
		networkKind(DoMute, Optional, "Messages vanish while their connection lives: the process keeps them to itself.", "at 6s mute zone1-100 peer vtctld message response for 5s",
			ArgSpec{Name: "method", Form: Word, Meaning: "only messages of this method"},
			ArgSpec{Name: "message", Form: Word, Words: []string{"request", "response", "stream"}, Meaning: "only messages of this kind"}),
	}
}

// networkKind is a kind that acts on the links between two sides.
func networkKind(name string, peer Need, meaning, example string, args ...ArgSpec) Kind {
	args = append(args, ArgSpec{
		Name: "way", Form: Word, Words: []string{WayBoth, WayOut, WayIn},
		Meaning: "only messages from the target (out) or to it (in)",
	})
	return Kind{Name: name, Meaning: meaning, Target: Required, Peer: peer, For: Optional, Args: args, Machine: true, Example: example}
}
