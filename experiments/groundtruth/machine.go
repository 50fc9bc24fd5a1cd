package groundtruth

import (
	"time"

	"bufsim/experiments/scenario"
)

const ms = time.Millisecond

// setMachine gives a cluster the times of the measured one, where they differ from the
// defaults; the steps of reparents do not, since their defaults come from the same records. None
// is tuned to a run: but for what is called an assumption, tests compute each from all records
// together and compare.
func setMachine(c *scenario.Cluster) {
	c.MySQL.ReadTime = scenario.Lognormal(statementMedian, statementP99)
	c.MySQL.WriteTime = scenario.Lognormal(statementMedian, statementP99)
	c.MySQL.ApplyRate = applyRate
	c.CPU.WatcherDelay = scenario.Lognormal(watcherMedian, watcherP99)
	c.Cores = cores
}

const (
	// statementMedian and statementP99 are the service times of statements: what is left of the
	// latencies under light traffic when network, gate, tablet and acknowledgement are taken off.
	statementMedian = 2800 * time.Microsecond
	statementP99    = 10 * ms
	// watcherMedian and watcherP99: how long a gate's keyspace event watcher waits for its turn
	// while statements come in. The logs show it only in gates that hold them all (see
	// scenario.CPU); that a time slice of the kernel is in the way of one in a hundred is assumed.
	watcherMedian = 100 * time.Microsecond
	watcherP99    = 3 * ms
	// cores: everything ran on one machine with two. What else ran there (tablets, gate, clients,
	// the replicas' appliers) is not charged to them.
	cores = 2
	// applyRate: replicas kept up with 235 writes a second, and now and then not with 265.
	applyRate = 300
	// clientLaunch is from an operator's command to vtctld's first step, clientFinish from its
	// last to the client's exit.
	clientLaunch = 69 * ms
	clientFinish = 9 * ms
	// clientConnect is from second 0 of a record to the first statement: the clients connect.
	clientConnect = 60 * ms
	// scriptReaction is from the health message that a script waits for to what it then does.
	scriptReaction = 17 * ms
	// mysqldExit and tabletExit are from kill -9 of a process to the end of file that its peers
	// get: the kernel frees its memory before it closes its sockets.
	mysqldExit = 107 * ms
	tabletExit = 9 * ms
	// tabletLaunch is from the start of a vttablet's process to the first step that the model
	// has: program, flags, connections.
	tabletLaunch = 195 * ms
)
