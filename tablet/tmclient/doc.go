// Package tmclient is the client of vttablet's tablet manager: the calls that reparent
// commands, VTOrc and other tablets make, with their messages. The serving side is package
// tablet. It models Vitess's grpctmclient and tabletmanagerdata.
//
// A tablet's process listens under the text form of its alias (zone1-0000000101), so a
// client needs nothing but the alias.
//
// A call waits for a tablet that refuses connections, as gRPC's wait-for-ready does, until
// its context ends. Errors of the tablet arrive as the release words them.
//
// Left out: backups, schema and VReplication calls, concurrency limits of the client.
//
//	c := tmclient.New(env, node)
//	ctx, cancel := env.WithTimeout(env.Background(), remoteOperationTimeout)
//	defer cancel()
//	status, err := c.DemotePrimary(ctx, oldPrimary, false)
package tmclient
