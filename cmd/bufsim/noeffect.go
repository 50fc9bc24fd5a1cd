package main

import (
	"slices"

	"bufsim/model/release"
)

// withoutEffect tells why a Vitess flag that is read and checked changes nothing in
// a run, or "" if it does. Users are told, so that nobody draws conclusions from a
// knob that is not connected.
func withoutEffect(flag string, p release.Profile) string {
	switch {
	case slices.Contains(saidByScenario(), flag):
		return "the scenario says it for every gate"
	case slices.Contains(notSimulated(), flag):
		return "what it sets is not part of the simulation"
	case flag == "recovery-period-block-duration" && !p.Behaviors.RecoveryBlock:
		return "releases from v20 on read it and do not wait"
	case flag == "buffer-drain-concurrency" && !p.Behaviors.DrainConcurrencyHonoured:
		return "releases before v19 read it and drain one by one all the same"
	}
	return ""
}

// saidByScenario are flags whose values come from the scenario's cluster.
func saidByScenario() []string {
	return []string{"cell", "cells-to-watch", "tablet-types-to-wait"}
}

// notSimulated are flags of things that have no model.
func notSimulated() []string {
	return []string{
		"degraded-threshold",
		"replication-connect-retry", "transaction-mode",
	}
}
