package groundtruth

import (
	"time"

	"bufsim/gate/buffer"
	"bufsim/sim/trace"
	"bufsim/tablet"
	"bufsim/tablet/reparent"
	"bufsim/topo"
)

// phaseLength is a row of the summary of phases: from one instant to another.
type phaseLength struct{ name, from, to string }

// phaseLengths are the rows of the summary, in the order of a reparent.
func phaseLengths() []phaseLength {
	return []phaseLength{
		{"preflight", "start_lock_taken", "preflight_done"},
		{"election", "preflight_done", "elected"},
		{"candidate_check", "elected", "candidate_check_end"},
		{"candidate_check_to_demotion", "candidate_check_end", "demote_begin"},
		{"drain", "drain_begin", "drain_end"},
		{"super_read_only", "super_read_only_on", "semi_sync_source_off_begin"},
		{"semi_sync_source_off_and_status", "semi_sync_source_off_begin", "demote_end"},
		{"catch_up", "catch_up_begin", "catch_up_end"},
		{"old_primary_becomes_replica_before_new_serves", "old_primary_type_replica", "new_primary_serving"},
		{"promote_to_serving", "promote_begin", "new_primary_serving"},
		{"serving_to_gate", "new_primary_serving", "gate_sees_new_primary"},
		{"serving_to_shard_record", "new_primary_serving", "shard_record_written"},
		{"serving_to_end", "new_primary_serving", "end_unlocked"},
		{"write_outage", "drain_begin", "new_primary_serving"},
		{"total", "start_lock_taken", "end_unlocked"},
	}
}

// stepInstants says which step of a tablet's call is which instant of the records.
func stepInstants() map[string]string {
	return map[string]string{
		"new SetReplicationSource begin":    "candidate_check_begin",
		"new SetReplicationSource end":      "candidate_check_end",
		"old DemotePrimary begin":           "demote_begin",
		"old DemotePrimary super_read_only": "super_read_only_on",
		"old DemotePrimary semi_sync_off":   "semi_sync_source_off_begin",
		"old DemotePrimary end":             "demote_end",
		"new PromoteReplica begin":          "promote_begin",
		"new PromoteReplica reset_replica":  "reset_replica_all",
		"new ChangeTabletType topo":         "new_primary_topo_record_written",
		"new ChangeTabletType read_write":   "new_primary_read_write",
		"new ChangeTabletType serving":      "new_primary_serving",
		"new PromoteReplica end":            "promote_end",
		"new PopulateReparentJournal end":   "journal_done",
		"old SetReplicationSource begin":    "old_primary_repoint_begin",
		"old SetReplicationSource end":      "old_primary_repointed",
	}
}

// instantKinds are the kinds of events that simulatedInstants reads.
func instantKinds() []string {
	return []string{
		string(topo.KindLock), string(reparent.KindPhase), string(tablet.KindStep), string(tablet.KindDrain), string(tablet.KindType),
		string(tablet.KindShardSync), string(buffer.KindPrimary),
	}
}

// simulatedInstants reads the instants of a reparent off the trace of a run that has one, by
// the names that the records give them: the first event that a logged line stands for.
func simulatedInstants(events []trace.Event, from time.Duration) PhaseRun {
	tablets, steps := map[string]string{}, stepInstants()
	for i := range events {
		if e := &events[i]; e.Kind == tablet.KindStep {
			if role, decides := map[string]string{"DemotePrimary": "old ", "PromoteReplica": "new "}[e.Text("call")]; decides {
				tablets[e.Host] = role
			}
		}
	}
	r := PhaseRun{Instants: map[string]any{}}
	for i := range events {
		e := &events[i]
		if time.Duration(e.Time) < from {
			continue
		}
		name := ""
		switch e.Kind {
		case topo.KindLock:
			name = map[string]string{"wait": "start_lock_taken", "released": "end_unlocked"}[e.Text("what")]
		case reparent.KindPhase:
			name = map[string]string{"preflight end": "preflight_done", "election end": "elected", "catch_up begin": "catch_up_begin", "catch_up end": "catch_up_end"}[e.Text("phase")+" "+e.Text("what")]
		case tablet.KindStep:
			name = steps[tablets[e.Host]+e.Text("call")+" "+e.Text("step")]
		case tablet.KindDrain:
			name = map[string]string{"begin": "drain_begin", "end": "drain_end"}[e.Text("phase")]
		case tablet.KindType:
			name = map[string]string{"old REPLICA": "old_primary_type_replica"}[tablets[e.Host]+e.Text("type")]
		case tablet.KindShardSync:
			name = "shard_record_written"
		case buffer.KindPrimary:
			name = "gate_sees_new_primary"
		}
		if _, known := r.Instants[name]; name != "" && !known {
			r.Instants[name] = time.Duration(e.Time).Seconds()
		}
	}
	return r
}
