package wire

// Operation is the operation of the connection contract that a request is made
// for; the names are those of Vitess's metrics. spec: O-12
type Operation string

// The operations.
const (
	OpListDir        Operation = "ListDir"
	OpCreate         Operation = "Create"
	OpUpdate         Operation = "Update"
	OpGet            Operation = "Get"
	OpGetVersion     Operation = "GetVersion"
	OpList           Operation = "List"
	OpDelete         Operation = "Delete"
	OpLock           Operation = "Lock"
	OpLockWithTTL    Operation = "LockWithTTL"
	OpLockName       Operation = "LockName"
	OpTryLock        Operation = "TryLock"
	OpWatch          Operation = "Watch"
	OpWatchRecursive Operation = "WatchRecursive"
	OpElection       Operation = "NewLeaderParticipation"
)
