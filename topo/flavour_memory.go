package topo

import (
	"time"

	"bufsim/topo/wire"
)

// memoryWatchCapacity is the capacity of a watch's channel. spec: O-29
const memoryWatchCapacity = 100

// flavourMemory: calls wait for a server that does not answer until their context
// ends, as those to the address "unreachable" do; locks never end by time and are
// never looked at. spec: O-29
func flavourMemory() *flavour {
	return &flavour{
		name: wire.MemoryTopo, lazy: true, lists: true, recursive: true, leaderNews: true, updateMissing: NoNode,
		call: (*link).callWaiting, convert: convertEtcd2, redial: func(int) time.Duration { return time.Second },
		locks: lockFlavour{
			tryWaits: true,
			session: func(Options, time.Duration) lockSession { // spec: O-39, O-41
				return lockSession{forever: true}
			},
			check: neverLost,
		},
		watch: watchFlavour{sturdy: true, capacity: memoryWatchCapacity},
	}
}
