package tablet_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
	"bufsim/tablet"
	"bufsim/topo/toposerver"
)

// A tablet that starts again finds its record and not its place on the shard's replication
// list, since somebody has lost that. It takes the place first and overwrites the record then,
// so that one that dies in between is on the list with its old record, and never the other way
// round: with a new record that nobody finds by the list.
// spec: O-69
func TestRestartRepairsTheListFirst(t *testing.T) {
	x := play(t, setting{}, func(x *stage) {
		host := x.hosts[alias(replica1).String()]
		host.Crash()
		record, err := x.topo.GetTablet(x.env.Background(), alias(replica1))
		require.NoError(x, err)
		require.NoError(x, x.topo.RemoveShardReplication(x.env.Background(), record))
		x.began = x.env.Now()
		x.tablets[replica1] = nil
		host.Restart()
		x.eventually("serving", func() bool { return x.tablets[replica1] != nil && x.tablets[replica1].Status().State == tablet.Serving })
		list, err := x.topo.GetShardReplication(x.env.Background(), "zone1", "commerce", "0")
		require.NoError(x, err)
		require.Contains(x, list.Nodes, alias(replica1))
	})
	var writes []string
	for _, e := range x.events.events {
		if e.Kind == toposerver.KindWrite && sim.Time(e.Time) > x.began {
			if path := strings.Split(e.Text("key"), "/"); path[len(path)-1] != "SrvVSchema" {
				writes = append(writes, path[len(path)-1])
			}
		}
	}
	require.Equal(t, []string{"ShardReplication", "Tablet"}, writes)
}
