package buffer

import (
	"strings"

	"bufsim/model/release"
	"bufsim/model/vterr"
)

// CausedByFailover reports whether an error may start or join buffering: CLUSTER_EVENT with
// any text, and (where the release knows it) the refusal of denied tables.
// spec: B-5, buffer 8.1
func CausedByFailover(err error, b release.Behaviors) bool {
	switch vterr.CodeOf(err) {
	case vterr.ClusterEvent:
		return true
	case vterr.FailedPrecondition:
		return b.ClassifyDeniedTables && strings.Contains(err.Error(), vterr.TextDisallowedByRule)
	default:
		return false
	}
}

// FailoverReason gives the known phrase in a failover-caused error, for the log; it is empty
// for any other error.
// spec: B-6
func FailoverReason(err error, b release.Behaviors) string {
	if !CausedByFailover(err, b) {
		return ""
	}
	text := err.Error()
	for _, phrase := range []string{vterr.TextBeingResharded, vterr.TextReparent, vterr.TextDisallowedByRule} {
		if strings.Contains(text, phrase) {
			return phrase
		}
	}
	return ""
}

// DueToReparent reports whether the error makes the watcher wait for a new primary.
// spec: B-7
func DueToReparent(err error) bool {
	return vterr.CodeOf(err) == vterr.ClusterEvent && !strings.Contains(err.Error(), vterr.TextBeingResharded)
}
