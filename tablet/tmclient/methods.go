package tmclient

// The methods of the tablet manager, as they are named on the network and, without the
// prefix, in its errors.
const (
	MethodPing                        = prefix + "Ping"
	MethodChangeType                  = prefix + "ChangeType"
	MethodRefreshState                = prefix + "RefreshState"
	MethodSetReadOnly                 = prefix + "SetReadOnly"
	MethodSetReadWrite                = prefix + "SetReadWrite"
	MethodReplicationStatus           = prefix + "ReplicationStatus"
	MethodPrimaryStatus               = prefix + "PrimaryStatus"
	MethodPrimaryPosition             = prefix + "PrimaryPosition"
	MethodFullStatus                  = prefix + "FullStatus"
	MethodGetGlobalStatusVars         = prefix + "GetGlobalStatusVars"
	MethodWaitForPosition             = prefix + "WaitForPosition"
	MethodStopReplication             = prefix + "StopReplication"
	MethodStartReplication            = prefix + "StartReplication"
	MethodRestartReplication          = prefix + "RestartReplication"
	MethodStopReplicationAndGetStatus = prefix + "StopReplicationAndGetStatus"
	MethodResetReplication            = prefix + "ResetReplication"
	MethodResetReplicationParameters  = prefix + "ResetReplicationParameters"
	MethodInitPrimary                 = prefix + "InitPrimary"
	MethodInitReplica                 = prefix + "InitReplica"
	MethodDemotePrimary               = prefix + "DemotePrimary"
	MethodUndoDemotePrimary           = prefix + "UndoDemotePrimary"
	MethodPromoteReplica              = prefix + "PromoteReplica"
	MethodSetReplicationSource        = prefix + "SetReplicationSource"
	MethodPopulateReparentJournal     = prefix + "PopulateReparentJournal"
	MethodReadReparentJournalInfo     = prefix + "ReadReparentJournalInfo"
	MethodExecuteFetchAsDBA           = prefix + "ExecuteFetchAsDba"
)

const prefix = "tm."

// Name gives the method without the service's prefix, as it stands in errors.
func Name(method string) string { return method[len(prefix):] }
