package gate

import (
	"fmt"
	"strings"
	"time"

	"bufsim/gate/discovery"
	"bufsim/model/topodata"
)

// Status gives the status page as text: what the gateway sent, and the two tables of the
// health check, which need not agree. spec: G-89, G-90, G-91
func (g *Gate) Status() string {
	var b strings.Builder
	if g.gateway == nil {
		return "The gate has not started.\n"
	}
	b.WriteString("Gateway Status\nKeyspace\tShard\tTabletType\tQuery Sent\tQuery Error\tQPS (avg 1m)\tLatency (ms) (avg 1m)\n")
	for _, row := range g.gateway.Status() {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", row.Target.Keyspace, row.Target.Shard, row.Target.TabletType,
			row.Sent, row.Errors, hundredths(row.LastMinute*100/60), hundredths(int64(row.Latency*100/time.Millisecond)))
	}
	status := g.hc.Status()
	if g.behaviors.WaitForKeyspaceConsistency { // the second table came with v19
		writeHealth(&b, "Health Check - Cache", status.Cache)
		writeHealth(&b, "Health Check - Healthy Tablets", status.Healthy)
	} else {
		writeHealth(&b, "Health Check Cache", status.Cache)
	}
	return b.String()
}

// hundredths writes a number of hundredths as a decimal.
func hundredths(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }

// writeHealth writes one row for each cell, keyspace, shard and type, with its tablets.
// spec: G-90
func writeHealth(b *strings.Builder, title string, list []discovery.TabletHealth) {
	b.WriteString("\n" + title + "\nCell\tKeyspace\tShard\tTabletType\tTabletHealth\n")
	row := ""
	for i := range list {
		h := &list[i]
		key := fmt.Sprintf("%s\t%s\t%s\t%s\t", h.Alias().Cell, h.Target.Keyspace, h.Target.Shard, h.Target.TabletType)
		if key != row {
			row = key
			b.WriteString(key + tabletLine(h) + "\n")
			continue
		}
		b.WriteString("\t\t\t\t" + tabletLine(h) + "\n")
	}
}

func tabletLine(h *discovery.TabletHealth) string {
	name := h.Alias().String()
	switch {
	case h.LastError != nil:
		return name + " (" + h.LastError.Error() + ")"
	case !h.Serving:
		return name + " (Not Serving)"
	case h.Target.TabletType == topodata.Primary:
		return fmt.Sprintf("%s (PrimaryTermStartTime: %d)", name, h.PrimaryTermStartTime)
	default:
		return fmt.Sprintf("%s (RepLag: %d)", name, h.Stats.ReplicationLagSeconds)
	}
}
