package reparent

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bufsim/model/gtid"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/sim"
)

// GetTablets reads the tablets of one cell, or of all if cell is empty, sorted by alias. A
// primary whose term is older than that of another primary of its shard has the type UNKNOWN.
// An unreadable cell fails the command. The old client's name is ListAllTablets.
// spec: R-160
func (r *Reparenter) GetTablets(ctx *sim.Context, cell string) ([]*topodata.Tablet, error) {
	ctx, cancel := r.withActionTimeout(ctx)
	defer cancel()
	cells := []string{cell}
	if cell == "" {
		var err error
		if cells, err = r.ts.GetCellNames(ctx); err != nil {
			return nil, err
		}
	}
	var list []*topodata.Tablet
	for _, c := range cells {
		tablets, err := r.ts.GetTabletsByCell(ctx, c)
		if err != nil {
			return nil, err
		}
		list = append(list, tablets...)
	}
	return withoutStalePrimaries(list), nil
}

// withoutStalePrimaries gives copies in which old primaries have an unknown type.
func withoutStalePrimaries(tablets []*topodata.Tablet) []*topodata.Tablet {
	stale := func(t *topodata.Tablet) bool {
		return t.Type == topodata.Primary && slices.ContainsFunc(tablets, func(o *topodata.Tablet) bool {
			return o.Type == topodata.Primary && o.Keyspace == t.Keyspace && o.Shard == t.Shard && o.PrimaryTermStartTime > t.PrimaryTermStartTime
		})
	}
	list := make([]*topodata.Tablet, len(tablets))
	for i, t := range tablets {
		shown := t.Clone()
		if stale(t) {
			shown.Type = topodata.Unknown
		}
		list[i] = &shown
	}
	return list
}

// TabletPosition is one tablet's line in ShardReplicationPositions.
type TabletPosition struct {
	Tablet *topodata.Tablet
	// Unreachable says that the tablet did not answer in time; then the rest is empty.
	Unreachable bool
	Position    gtid.Set
	Lag         time.Duration
}

// ShardReplicationPositions asks the primary and the replicas of a shard for their positions,
// within one remote operation timeout. Who does not answer in time is listed as unreachable;
// any other error fails the command. First come the unreachable, then the primary, then the
// others by type, the least advanced first. spec: R-161
func (r *Reparenter) ShardReplicationPositions(ctx *sim.Context, keyspace, shard string) ([]TabletPosition, error) {
	tablets, err := r.ts.GetTabletMapForShard(ctx, keyspace, shard)
	if err != nil {
		return nil, err
	}
	var list []TabletPosition
	for _, t := range tablets {
		if t.Type == topodata.Primary || t.Type.IsReplicaType() {
			list = append(list, TabletPosition{Tablet: t})
		}
	}
	ctx, cancel := r.withROT(ctx)
	defer cancel()
	errs := make([]error, len(list))
	r.inParallel("positions", len(list), func(i int) { errs[i] = r.ask(ctx, &list[i]) })
	if err := joined(errs); err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, lessAdvanced)
	return list, nil
}

func (r *Reparenter) ask(ctx *sim.Context, s *TabletPosition) error {
	var err error
	if s.Tablet.Type == topodata.Primary {
		s.Position, err = r.tm.PrimaryPosition(ctx, s.Tablet.Alias)
	} else {
		status, statusErr := r.tm.ReplicationStatus(ctx, s.Tablet.Alias)
		s.Position, s.Lag, err = status.Position, status.Lag, statusErr
	}
	if s.Unreachable = err != nil && vterr.CodeOf(err) == vterr.DeadlineExceeded; s.Unreachable {
		return nil
	}
	return fromTablet(err, r.behaviors())
}

// lessAdvanced orders standings. Sets that are not comparable keep the order of their aliases.
func lessAdvanced(x, y TabletPosition) int {
	if x.Unreachable != y.Unreachable {
		return boolOrder(x.Unreachable) - boolOrder(y.Unreachable)
	}
	if byType := cmp.Compare(x.Tablet.Type, y.Tablet.Type); byType != 0 || x.Unreachable {
		return byType
	}
	return cmp.Compare(x.Position.Count(), y.Position.Count())
}

// FormatTablets is the output of GetTablets. spec: R-160
func FormatTablets(tablets []*topodata.Tablet) string {
	var out strings.Builder
	for _, t := range tablets {
		out.WriteString(tabletLine(t) + "\n")
	}
	return out.String()
}

// FormatPositions is the output of ShardReplicationPositions. The new client forgets a space.
// spec: R-161
func FormatPositions(client Client, standings []TabletPosition) string {
	var out strings.Builder
	for _, s := range standings {
		line := tabletLine(s.Tablet)
		switch {
		case !s.Unreachable:
			line += fmt.Sprintf(" %s %d", gtid.EncodePosition(s.Position), s.Lag/time.Second)
		case client == VTCtlClient:
			line += " <err> <err> <err>"
		default:
			line += "<err> <err> <err>"
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// tabletLine is one tablet in both clients' listings. spec: R-160
func tabletLine(t *topodata.Tablet) string {
	var tags []string
	for _, key := range slices.Sorted(maps.Keys(t.Tags)) {
		tags = append(tags, fmt.Sprintf("%s: %q", key, t.Tags[key]))
	}
	term := null
	if t.PrimaryTermStartTime.Seconds() > 0 {
		term = instant(int64(t.PrimaryTermStartTime), time.RFC3339)
	}
	return fmt.Sprintf("%v %s %s %s %s:%d %s:%d [%s] %s", t.Alias, cmp.Or(t.Keyspace, null), cmp.Or(t.Shard, null), t.Type.Lower(),
		t.Hostname, t.PortMap.VT, t.MySQLHostname, t.MySQLPort, strings.Join(tags, " "), term)
}

const null = "<null>"
