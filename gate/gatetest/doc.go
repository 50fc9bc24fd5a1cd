// Package gatetest has stand-ins for what a gate talks to, for the tests of the packages under
// gate: a topology whose values a test sets, and tablets that do what a test says, either
// dialled directly or over a network.
//
// It models no Vitess component; the real ones are in packages topo and tablet.
//
//	world := gatetest.NewTopo("zone1")
//	world.SetKeyspace("commerce", "0")
//	tablets := gatetest.NewTablets(env)
//	primary := tablets.Add(gatetest.Record("zone1-100", "commerce", "0", topodata.Primary))
//	primary.Say(true, 1000)
package gatetest
