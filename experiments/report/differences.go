package report

import (
	"fmt"

	"bufsim/model/release"
)

// Differences says in words in what a release differs from another as far as the
// figures of the buffering guide are concerned.
func Differences(from, to release.Profile) []string {
	var list []string
	say := func(differs bool, format string, args ...any) {
		if differs {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	a, b := from.Behaviors, to.Behaviors
	say(a.BufferObjectWhenDisabled && !b.BufferObjectWhenDisabled,
		"without --enable-buffer there is no buffer object that counts requests as Disabled (G-2)")
	say(!a.HandshakeAutocommit && b.HandshakeAutocommit,
		"the handshake shows autocommit, so the driver turns it off and its statements stay in open transactions, which are not buffered (W-30)")
	say(from.Defaults.BufferImplementation != to.Defaults.BufferImplementation,
		"buffering ends by health records alone and starts only on a tablet's own error (L-6)")
	say(from.Defaults.BufferSize != to.Defaults.BufferSize, "buffer_size is %d by default", to.Defaults.BufferSize)
	say(from.Defaults.WaitReplicasTimeout != to.Defaults.WaitReplicasTimeout,
		"a reparent waits %s for replicas by default (R-7)", to.Defaults.WaitReplicasTimeout)
	say(from.Defaults.ShutdownGracePeriod != to.Defaults.ShutdownGracePeriod,
		"a demotion waits %s at most for what is under way (T-31)", to.Defaults.ShutdownGracePeriod)
	say(!a.MarkShardNotServing && b.MarkShardNotServing,
		"the start of buffering is told to the keyspace event watcher (B-17)")
	return list
}
