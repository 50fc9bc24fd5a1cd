package gate

import (
	"bufsim/gate/metrics"
	"bufsim/model/query"
	"bufsim/model/vterr"
)

// counters are the gate's own errors by kind. spec: gateway 9.2
type counters struct{ api, calls *metrics.Vector }

func newCounters(reg *metrics.Registry) counters {
	return counters{
		api: reg.Register(metrics.Family{
			Name: "vtgate_api_error_counts", Help: "Statements that failed, as clients saw them.",
			Type: metrics.Counter, Labels: []string{"operation", "keyspace", "db_type", "code"},
		}),
		calls: reg.Register(metrics.Family{
			Name: "vtgate_vttablet_call_error_count", Help: "Calls for a shard that failed in the end.",
			Type: metrics.Counter, Labels: []string{"operation", "keyspace", "shard_name", "db_type"},
		}),
	}
}

func (c counters) apiError(s *session, err error) {
	c.api.With("Execute", s.database.keyspace, s.database.tabletType.Lower(), vterr.CodeOf(err).String()).Add(1)
}

func (c counters) callError(target query.Target, err error) {
	switch vterr.CodeOf(err) {
	case vterr.AlreadyExists, vterr.InvalidArgument:
	default:
		c.calls.With("Execute", target.Keyspace, target.Shard, target.TabletType.Lower()).Add(1)
	}
}
