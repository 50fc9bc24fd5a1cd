package scenario

import (
	"slices"

	"bufsim/sim/fault"
)

// FaultPatterns are all named patterns of faults, sorted by name. The parameters' defaults
// fit the default scenario.
func FaultPatterns() []fault.Pattern {
	list := slices.Concat(fault.Patterns(), serverPatterns(), gatePatterns(), topoPatterns(), reparentPatterns())
	slices.SortFunc(list, func(a, b fault.Pattern) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return list
}

// pattern writes a pattern down; params are names and defaults in turn.
func pattern(name, meaning string, lines []string, params ...string) fault.Pattern {
	p := fault.Pattern{Name: name, Meaning: meaning, Lines: lines}
	for i := 0; i+1 < len(params); i += 2 {
		p.Params = append(p.Params, fault.Arg{Name: params[i], Value: params[i+1]})
	}
	return p
}

func serverPatterns() []fault.Pattern {
	const primary = "primary:commerce/0"
	return []fault.Pattern{
		pattern("slow-disk", "A MySQL server's disk is slow.",
			[]string{"at {at} slow-disk {target} factor {factor} for {for}"}, "target", primary, "factor", "20", "at", "6s", "for", "5s"),
		pattern("stalled-disk", "A MySQL server's disk takes no writes, while it answers reads.",
			[]string{"at {at} stall-disk {target} for {for}"}, "target", primary, "at", "6s", "for", "5s"),
		pattern("frozen-mysqld", "A MySQL server hangs, while its vttablet lives.",
			[]string{"at {at} pause mysqld:{target} for {for}"}, "target", primary, "at", "6s", "for", "5s"),
		pattern("dropped-health-stream", "A gate hears nothing of a tablet's health, while queries pass.",
			[]string{"at {at} drop-health {target} peer {gate} for {for}"}, "target", primary, "gate", "gate-1", "at", "5s", "for", "10s"),
		pattern("held-health-stream", "A tablet's health streams stand still, and say afterwards what was.",
			[]string{"at {at} hold-health {target} for {for}"}, "target", primary, "at", "5s", "for", "10s"),
		// spec: O-98
		pattern("kubernetes-restart", "The primary's pod is deleted; its machine comes back read-only.",
			[]string{"at {at} crash host:{target} for {for}"}, "target", primary, "at", "6s", "for", "15s"),
		pattern("crash-at-step", "A process dies at one step of a tablet's call; StepPlans enumerates all steps of a recorded run.",
			[]string{"when tablet.step call={call} step={step} crash {target} for {for}"}, "call", "PromoteReplica", "step", "begin", "target", "zone1-101", "for", "10s"),
	}
}

func gatePatterns() []fault.Pattern {
	return []fault.Pattern{
		pattern("gate-restart-mid-buffer", "A gate is restarted in good order while it holds requests.",
			[]string{"after buffer.start wait {wait} restart {gate}"}, "gate", "gate:"+FullestBuffer, "wait", "50ms"),
		pattern("gate-crash-mid-buffer", "A gate dies while it holds requests.",
			[]string{"after buffer.start wait {wait} crash {gate} for {for}"}, "gate", "gate:"+FullestBuffer, "wait", "50ms", "for", "2s"),
		pattern("client-give-up-storm", "All clients drop their connections at one instant while their requests are held.",
			[]string{"after buffer.start wait {wait} reset clients peer gates"}, "wait", "50ms"),
	}
}

// topoPatterns: spec: O-92, O-93, O-94, O-95, O-96, O-97
func topoPatterns() []fault.Pattern {
	return []fault.Pattern{
		pattern("topo-outage", "The topology cluster is gone and does not heal by itself.", []string{"at {at} lose-quorum topo"}, "at", "5s"),
		pattern("topo-member-stall", "One server of the topology cluster does not answer its clients.", []string{"at {at} stall-member topo member {member}"}, "at", "5s", "member", "0"),
		pattern("topo-data-loss", "The topology server comes back without any record.", []string{"at {at} wipe-topo topo for {for}"}, "at", "5s", "for", "2s"),
		pattern("leader-election", "The topology cluster elects a leader.", []string{"at {at} lose-quorum topo for {for}"}, "at", "6s", "for", "3s"),
		pattern("slow-topo", "Every request to the topology takes long.", []string{"at {at} slow-topo topo add {add} for {for}"}, "at", "5s", "add", "3s", "for", "30s"),
		pattern("stale-watch", "Watches tell what is long over.", []string{"at {at} stale-watch topo delay {delay} for {for}"}, "at", "5s", "delay", "5s", "for", "30s"),
		pattern("skipping-watch", "Watches skip values in between.", []string{"at {at} stale-watch topo delay {delay} values latest for {for}"}, "at", "5s", "delay", "5s", "for", "30s"),
		pattern("doubling-watch", "Watches tell each value twice.", []string{"at {at} stale-watch topo delay {delay} values twice for {for}"}, "at", "5s", "delay", "10ms", "for", "30s"),
		pattern("compacted-watch", "The server has forgotten where watches are, and cancels them.", []string{"at {at} break-watches topo way compacted"}, "at", "6s"),
		pattern("dead-watch", "Watches are open and tell nothing any more.", []string{"at {at} break-watches topo way silent"}, "at", "5s"),
		pattern("blind-to-topo", "One component does not reach the topology, while its queries pass.",
			[]string{"at {at} partition {target} peer topo for {for}"}, "target", "primary:commerce/0", "at", "5s", "for", "20s"),
		pattern("vtctld-pause", "The reparent tool freezes for longer than its lock's lease.",
			[]string{"when reparent.phase phase={phase} what=begin pause vtctld for {for}"}, "phase", "demotion", "for", "40s"),
		pattern("lock-lost", "The reparent tool loses its lock while it works.",
			[]string{"when reparent.phase phase={phase} what=end expire-leases topo"}, "phase", "catch_up"),
		pattern("topo-down-during-prs", "The topology fails in the middle of a switch.",
			[]string{"when reparent.phase phase={phase} what=begin lose-quorum topo for {for}"}, "phase", "demotion", "for", "10s"),
	}
}

// reparentPatterns are mishaps of a switch; the rows F2a to F10 of the failure table are
// among them. spec
func reparentPatterns() []fault.Pattern {
	const shard = "commerce/0"
	return []fault.Pattern{
		pattern("double-prs", "A second switch begins while the first is under way.",
			[]string{"when reparent.phase phase={phase} what=begin prs {shard}"}, "shard", shard, "phase", "demotion"),
		pattern("prs-to-lagging-replica", "The elect is far behind.",
			[]string{"at {lag-from} set-delay {to} delay {delay}", "at {at} prs {shard} to {to}"}, "shard", shard, "to", "zone1-102", "delay", "8s", "lag-from", "2s", "at", "6s"),
		pattern("demotion-reply-lost", "The primary has been demoted, and nobody hears of it.",
			[]string{"when tablet.step call=DemotePrimary step=begin mute {primary} peer vtctld message response for {for}"}, "primary", "primary:"+shard, "for", "10s"),
		pattern("vtctld-dies-after-demotion", "The reparent tool dies between demotion and promotion.",
			[]string{"when reparent.phase phase=demotion what=end crash vtctld for {for}"}, "for", "5s"),
		pattern("catch-up-hangs", "The elect does not catch up.",
			[]string{"when reparent.phase phase=demotion what=begin stop-applier {elect} for {for}"}, "elect", "replicas:"+shard, "for", "20s"),
		pattern("undo-fails", "The elect does not catch up, and the old primary cannot be told to go on.",
			[]string{
				"when reparent.phase phase=demotion what=begin stop-applier {elect} for {for}",
				"when reparent.phase phase=catch_up what=begin partition {primary} peer vtctld for {for}",
			}, "elect", "replicas:"+shard, "primary", "primary:"+shard, "for", "30s"),
		pattern("promotion-fails", "The elect dies while it is promoted.",
			[]string{"when tablet.step call=PromoteReplica step=begin crash {elect} for {for}"}, "elect", "zone1-101", "for", "5s"),
		pattern("no-acknowledgement", "The new primary finds no replica that acknowledges.",
			[]string{"when tablet.step call=PromoteReplica step=begin isolate mysqld:replicas:{shard} for {for}"}, "shard", shard, "for", "10s"),
		pattern("repointing-fails", "A replica cannot be told of its new source.",
			[]string{"when reparent.phase phase=promotion what=begin partition {replica} peer vtctld for {for}"}, "replica", "zone1-102", "for", "20s"),
	}
}
