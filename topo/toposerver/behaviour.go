package toposerver

import (
	"time"

	"bufsim/topo/wire"
)

// behaviour is where the servers of the implementations differ; what their clients
// do otherwise is in package topo. spec: O-44
type behaviour struct {
	// proc is the name of the server's procs.
	proc string
	// patience is how long a request waits for a leader before it is refused; forever
	// if it is negative. spec: O-93
	patience time.Duration
	// statusNeedsLeader: without a leader the server does not even greet clients.
	statusNeedsLeader bool
	// watchesNeedLeader: the loss of the leader ends watches. spec: O-25, O-28
	watchesNeedLeader bool
	// randomStart: the versions begin at a random number. spec: O-18
	randomStart bool
	// quietCreate: an unconditional write that creates a key is not told to those who
	// watch prefixes. spec: O-29
	quietCreate bool
	// tellsErrors: an error set for all operations is told to the watches. spec: O-29
	tellsErrors bool
}

// requestPatience is how long etcd works on a request without a leader: 5 s and two
// election timeouts of a second. spec: O-93
const requestPatience = 7 * time.Second

// behaviourOf gives the behaviour of an implementation; that of etcd2 if there is no
// such name.
func behaviourOf(implementation string) behaviour {
	switch implementation {
	case wire.ZK2:
		return behaviour{proc: wire.ZK2, statusNeedsLeader: true, watchesNeedLeader: true}
	case wire.Consul:
		return behaviour{proc: wire.Consul, watchesNeedLeader: true}
	case wire.MemoryTopo:
		return behaviour{proc: wire.MemoryTopo, patience: -1, randomStart: true, quietCreate: true, tellsErrors: true}
	default:
		return behaviour{proc: "etcd", patience: requestPatience}
	}
}
