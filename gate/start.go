package gate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bufsim/gate/buffer"
	"bufsim/gate/discovery"
	"bufsim/gate/gateway"
	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
	"bufsim/sim/simnet"
	"bufsim/topo"
)

// Start brings the gate up. It blocks until the tablets are there, or the time for that is
// over, and then opens the MySQL endpoint. An error is what makes a real process exit with
// status 1 at its start. ctx bounds the start only.
// spec: G-1..G-5, G-80..G-84
func (g *Gate) Start(ctx *sim.Context) error {
	types, err := g.checkFlags(ctx)
	if err != nil {
		return err
	}
	g.ctx, g.cancel = g.env.WithCancel(g.env.Background())
	g.startDiscovery()
	if err := g.startGateway(); err != nil {
		return err
	}
	if err := g.rebuildTopology(ctx); err != nil {
		return err
	}
	if err := g.waitForTablets(ctx, types); err != nil {
		return err
	}
	g.srv.WatchSrvVSchema(g.opts.Cell, g.vschema.update)
	g.server.listen()
	return nil
}

// checkFlags makes the checks of a gate's start. spec: G-5, O-75
func (g *Gate) checkFlags(ctx *sim.Context) ([]topodata.TabletType, error) {
	if err := g.checkCells(ctx); err != nil {
		return nil, fmt.Errorf("cells_to_watch validation failed: %w", err)
	}
	if err := flags.ValidateBuffer(g.opts.Flags.VTGate, g.opts.Release); err != nil {
		g.env.Logf("error", "Invalid buffer configuration: %v", err)
		return nil, err
	}
	types, err := topodata.ParseTabletTypes(g.opts.Flags.VTGate.TabletTypesToWait)
	if err != nil {
		return nil, err
	}
	types = slices.DeleteFunc(types, func(t topodata.TabletType) bool { return !t.IsServing() })
	if len(types) == 0 {
		return nil, errors.New("tablet-types-to-wait must contain at least one serving tablet type")
	}
	return types, nil
}

func (g *Gate) checkCells(ctx *sim.Context) error {
	known, err := g.topo.GetCellNames(ctx)
	switch {
	case err != nil:
		return err
	case len(known) == 0:
		return errors.New("topo server should have at least one cell")
	case g.opts.Cell == "":
		return errors.New("cell flag must be set")
	case !slices.Contains(known, g.opts.Cell):
		return fmt.Errorf("cell:[%s] does not exist in topo", g.opts.Cell)
	case len(g.opts.CellsToWatch) == 0:
		return errors.New("cells_to_watch flag cannot be empty")
	}
	for _, cell := range g.opts.CellsToWatch {
		if !slices.Contains(known, cell) {
			return fmt.Errorf("cell: [%s] is not valid. Available cells: [%s]", cell, strings.Join(known, ","))
		}
	}
	return nil
}

// startDiscovery starts the health check, which starts the topology watchers at once. spec: G-1
func (g *Gate) startDiscovery() {
	f := g.opts.Flags.VTGate
	keepalive := simnet.DialOptions{
		KeepaliveTime: g.opts.Flags.Common.GRPCKeepaliveTime, KeepaliveTimeout: g.opts.Flags.Common.GRPCKeepaliveTimeout,
	}
	g.hc = discovery.NewHealthCheck(g.env, discovery.NetworkDialer{Node: g.node, Options: keepalive}, nil, g.registry, discovery.Options{
		LocalCell: g.opts.Cell, RetryDelay: f.HealthCheckRetryDelay, Timeout: f.HealthCheckTimeout,
		LagLow: f.DiscoveryLowReplicationLag, LagHigh: f.DiscoveryHighReplicationLagMinimumServing,
		ServingMin: f.MinNumberServingVTTablets, LegacyLagAlgorithm: f.LegacyReplicationLagAlgorithm, Behaviors: g.behaviors,
	})
	g.stopWatchers = discovery.StartTopologyWatchers(g.env, g.topo, g.hc, g.hc.LoadTrigger(), g.opts.CellsToWatch, g.registry, discovery.WatcherOptions{
		RefreshInterval: f.TabletRefreshInterval, KeepKnown: !f.TabletRefreshKnownTablets,
		Keyspaces: listOf(f.KeyspacesToWatch), Behaviors: g.behaviors,
	})
}

// startGateway makes the gateway, with buffer and keyspace event watcher as far as this
// release has them. spec: G-2, G-4, gateway 13
func (g *Gate) startGateway() error {
	f, b := g.opts.Flags.VTGate, g.behaviors
	allowed, err := topodata.ParseTabletTypes(f.AllowedTabletTypes)
	if err != nil {
		return err
	}
	var watcher gateway.Watcher
	var buf gateway.Buffer
	byHealth := b.LegacyBuffer && f.BufferImplementation == "healthcheck"
	if f.EnableBuffer || b.BufferObjectWhenDisabled {
		g.buffer = buffer.New(g.env, buffer.ConfigOf(f), g.registry, b)
		buf = g.buffer
		if !byHealth {
			g.kew = discovery.NewKeyspaceEventWatcher(g.env, g.srv, g.topo, g.hc, g.opts.Cell, g.opts.Timings.WatcherDelay, b)
			watcher = g.kew
		}
	} else {
		g.env.Logf("info", vterr.TextBufferingDisabled)
	}
	g.gateway = gateway.New(g.env, g.hc, watcher, buf, gateway.Options{
		LocalCell: g.opts.Cell, RetryCount: f.RetryCount, AllowedTabletTypes: allowed, Behaviors: b,
	})
	switch {
	case g.kew != nil:
		g.gateway.ConsumeKeyspaceEvents(g.ctx, g.kew.Subscribe())
	case g.buffer != nil:
		g.gateway.ConsumeHealth(g.ctx, g.hc.Subscribe("TabletGateway"))
	}
	return nil
}

// rebuildTopology makes the serving records that the cell lacks. A topology that cannot be read
// ends the start; a rebuild that fails is only told. spec: G-83, O-81, topo 12
func (g *Gate) rebuildTopology(ctx *sim.Context) error {
	cells := []string{g.opts.Cell}
	keyspaces, err := g.topo.GetKeyspaces(ctx)
	if err != nil {
		return fmt.Errorf("rebuildTopoGraphs failed: failed to read keyspaces: %w", err)
	}
	for _, keyspace := range keyspaces {
		_, err := g.topo.GetSrvKeyspace(ctx, g.opts.Cell, keyspace)
		switch {
		case err == nil:
			continue
		case !topo.IsErrType(err, topo.NoNode):
			return fmt.Errorf("rebuildTopoGraphs failed: failed to read SrvKeyspace: %w", err)
		}
		if err := g.topo.RebuildKeyspaceGraph(ctx, keyspace, cells); err != nil {
			g.env.Logf("error", "vtgate: failed to rebuild keyspace %s: %v", keyspace, err)
		}
	}
	value, err := g.topo.GetSrvVSchema(ctx, g.opts.Cell)
	if err != nil && !topo.IsErrType(err, topo.NoNode) {
		return fmt.Errorf("rebuildTopoGraphs failed: failed to read SrvVSchema: %w", err)
	}
	missing := err != nil || slices.ContainsFunc(keyspaces, func(keyspace string) bool {
		return !slices.Contains(value.Keyspaces, keyspace)
	})
	if !missing {
		return nil
	}
	if err := g.topo.RebuildSrvVSchema(ctx, cells); err != nil {
		g.env.Logf("error", "vtgate: failed to rebuild srv vschema: %v", err)
	}
	return nil
}

// waitForTablets waits until every shard has its tablets and every keyspace is consistent. One
// deadline is for both; when it is over, the gate starts all the same. spec: G-80, G-81, G-82
func (g *Gate) waitForTablets(ctx *sim.Context, types []topodata.TabletType) error {
	ctx, cancel := g.env.WithTimeout(ctx, g.opts.Flags.VTGate.GatewayInitialTabletTimeout)
	defer cancel()
	err := g.waitUntilReady(ctx, types)
	if err != nil && (vterr.CodeOf(err) == vterr.DeadlineExceeded || ctx.Err() != nil) {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = t.String()
		}
		g.env.Logf("warning", "%s", vterr.WaitTimedOut("["+strings.Join(names, " ")+"]"))
		return nil
	}
	return err
}

func (g *Gate) waitUntilReady(ctx *sim.Context, types []topodata.TabletType) error {
	keyspaces := listOf(g.opts.Flags.VTGate.KeyspacesToWatch)
	targets, err := discovery.FindTargets(ctx, g.env, g.srv, g.opts.Cell, keyspaces, types)
	if err != nil {
		return err
	}
	if err := g.hc.WaitForTablets(ctx, targets); err != nil {
		return err
	}
	if g.kew == nil || !slices.Contains(types, topodata.Primary) || !g.behaviors.WaitForKeyspaceConsistency {
		return nil
	}
	var names []string
	for _, target := range targets {
		if target.TabletType == topodata.Primary && !slices.Contains(names, target.Keyspace) {
			names = append(names, target.Keyspace)
		}
	}
	return g.kew.WaitForConsistency(ctx, names)
}

// listOf splits a comma list; an empty text is an empty list.
func listOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
