package gate

import (
	"strings"

	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
)

// lostConnection says whether the reserved connection itself is gone, while its tablet is
// fine. spec: G-65
func lostConnection(err error) bool {
	num, _, text := vterr.SQLError(err)
	switch num {
	case 2006, 2013:
		return true
	case vterr.ERQueryInterrupted:
		return closedTransaction(text)
	default:
		return false
	}
}

// closedTransaction recognises a tablet's texts about a transaction or reserved connection
// that it has ended. spec: G-61, T-55
func closedTransaction(text string) bool {
	_, after, found := strings.Cut(text, "transaction ")
	for _, reason := range []string{": ended at ", ": not found", ": in use: for tx killer rollback"} {
		if found && strings.Contains(after, reason) {
			return true
		}
	}
	return false
}

// tabletUnfit says whether another tablet may serve where this one cannot. spec: G-65
func tabletUnfit(target query.Target, err error) bool {
	text := err.Error()
	switch vterr.CodeOf(err) {
	case vterr.Unavailable:
		return true
	case vterr.FailedPrecondition:
		return strings.Contains(text, vterr.TextWrongTabletType) || strings.Contains(text, "invalid tablet type")
	case vterr.ClusterEvent:
		return target.TabletType == topodata.Primary || strings.Contains(text, "operation not allowed in state")
	default:
		return false
	}
}
