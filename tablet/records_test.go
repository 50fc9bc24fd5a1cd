package tablet_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
	"bufsim/model/topodata"
	"bufsim/model/vterr"
	"bufsim/tablet"
	"bufsim/tablet/mysqld"
	"bufsim/topo"
	"bufsim/topo/toposerver"
)

// The record that a tablet makes for itself when it starts for the first time, and its place
// on the shard's replication list.
// spec: T-3, T-85, O-66, O-69
func TestRecordOfANewTablet(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		require.NoError(x, x.extraTablet(200, flags.Defaults(latest())))
		record, err := x.topo.GetTablet(x.env.Background(), alias(200))
		require.NoError(x, err)
		require.Equal(x, alias(200), record.Alias)
		require.Equal(x, topodata.Replica, record.Type)
		require.Equal(x, []string{"commerce", "0"}, []string{record.Keyspace, record.Shard})
		require.Equal(x, topodata.PortMap{VT: 15200, GRPC: 16200}, record.PortMap)
		require.Equal(x, []any{"zone1-0000000200", "mysqld-zone1-0000000200", int32(17200)}, []any{record.Hostname, record.MySQLHostname, record.MySQLPort})
		require.NotZero(x, record.TabletStartTime)
		require.Zero(x, record.PrimaryTermStartTime)
		require.Zero(x, record.TabletShutdownTime)
		list, err := x.topo.GetShardReplication(x.env.Background(), "zone1", "commerce", "0")
		require.NoError(x, err)
		require.Contains(x, fmt.Sprint(list), alias(200).String())
	})
}

// Two writers of one record do not lose each other's change, and a writer that finds nothing
// to do writes nothing.
// spec: T-4
func TestRecordUpdates(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		group := x.env.NewWaitGroup("writers")
		for _, edit := range []func(*topodata.Tablet){
			func(r *topodata.Tablet) { r.Type = topodata.Spare },
			func(r *topodata.Tablet) { r.Tags = map[string]string{"a": "b"} },
		} {
			group.Go("writer", func() {
				_, err := x.topo.UpdateTabletFields(x.env.Background(), alias(replica2), func(r *topodata.Tablet) error {
					edit(r)
					return nil
				})
				require.NoError(x, err)
			})
		}
		group.Wait()
		record, err := x.topo.GetTablet(x.env.Background(), alias(replica2))
		require.NoError(x, err)
		require.Equal(x, topodata.Spare, record.Type)
		require.Equal(x, map[string]string{"a": "b"}, record.Tags)
		_, err = x.topo.UpdateTabletFields(x.env.Background(), alias(replica2), func(r *topodata.Tablet) error {
			r.Type = topodata.Primary
			return topo.NewError(topo.NoUpdateNeeded, "")
		})
		if err != nil {
			require.True(x, topo.IsErrType(err, topo.NoUpdateNeeded))
		}
		record, err = x.topo.GetTablet(x.env.Background(), alias(replica2))
		require.NoError(x, err)
		require.Equal(x, topodata.Spare, record.Type)
	})
}

// What a tablet that starts is, by the shard record and its own old one.
// spec: T-86, O-68
func TestPrimaryshipAtStart(t *testing.T) {
	const earlier, later = topodata.Timestamp(1000), topodata.Timestamp(2000)
	for _, c := range []struct {
		name   string
		named  bool // by the shard record, whose term is later
		old    topodata.TabletType
		oldPTS topodata.Timestamp
		want   topodata.TabletType
		term   topodata.Timestamp // 0: the start time, if PRIMARY
	}{
		{"named, no record", true, topodata.Unknown, 0, topodata.Primary, 0},
		{"named, record says so", true, topodata.Primary, earlier, topodata.Primary, earlier},
		{"named, record says otherwise", true, topodata.Replica, 0, topodata.Primary, later},
		{"not named, a later term", false, topodata.Primary, later + 1, topodata.Primary, later + 1},
		{"not named, the same term", false, topodata.Primary, later, topodata.Replica, 0},
		{"not named, an earlier term", false, topodata.Primary, earlier, topodata.Replica, 0},
		{"not named, a replica", false, topodata.RDOnly, 0, topodata.Replica, 0},
		{"not named, no record", false, topodata.Unknown, 0, topodata.Replica, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, setting{}, func(x *stage) {
				ctx := x.env.Background()
				x.hosts[alias(replica1).String()].Crash()
				x.hosts[alias(primary).String()].Crash() // nobody else writes the shard record
				_, err := x.topo.UpdateShardFields(ctx, "commerce", "0", func(s *topodata.Shard) error {
					s.PrimaryAlias, s.PrimaryTermStartTime = topodata.TabletAlias{}, later
					if c.named {
						s.PrimaryAlias = alias(replica1)
					}
					return nil
				})
				require.NoError(x, err)
				if c.old == topodata.Unknown {
					require.NoError(x, x.topo.DeleteTablet(ctx, alias(replica1)))
				} else {
					_, err := x.topo.UpdateTabletFields(ctx, alias(replica1), func(r *topodata.Tablet) error {
						r.Type, r.PrimaryTermStartTime = c.old, c.oldPTS
						return nil
					})
					require.NoError(x, err)
				}
				x.tablets[replica1] = nil
				x.hosts[alias(replica1).String()].Restart()
				x.eventually("serving", func() bool { return x.tablets[replica1] != nil && x.tablets[replica1].Status().State == tablet.Serving })
				status := x.tablets[replica1].Status()
				require.Equal(x, c.want, status.Type)
				want := c.term
				if c.want == topodata.Primary && want == 0 {
					record, err := x.topo.GetTablet(ctx, alias(replica1))
					require.NoError(x, err)
					want = record.TabletStartTime
				}
				require.Equal(x, want, status.Term)
			})
		})
	}
}

// The reasons not to start, word by word.
// spec: T-85, O-66, O-67, O-69
func TestReasonsNotToStart(t *testing.T) {
	start := func(x *stage, keyspace, shard, initType string) (err error) {
		f := flags.Defaults(latest())
		f.VTTablet.InitTabletType, f.VTTablet.InitTimeout = initType, 10*time.Second
		return x.extraTabletOf(201, tablet.Options{Alias: alias(201), Keyspace: keyspace, Shard: shard, Flags: f, Timings: &tablet.Timings{}})
	}
	for _, c := range []struct{ keyspace, shard, initType, text string }{
		{"", "0", "REPLICA", "init-keyspace and init-shard must be specified"},
		{"commerce", "", "REPLICA", "init-keyspace and init-shard must be specified"},
		{"commerce", "0", "MASTER", ""},
		{"commerce", "0", "DRAINED", "invalid init-tablet-type DRAINED; can only be REPLICA, RDONLY or SPARE"},
		{"other", "-80", "REPLICA", "initTablet failed because existing tablet keyspace and shard commerce/0 differ from the provided ones other/-80"},
	} {
		play(t, setting{}, func(x *stage) {
			if c.keyspace == "other" {
				require.NoError(x, x.topo.CreateTablet(x.env.Background(), &topodata.Tablet{Alias: alias(201), Keyspace: "commerce", Shard: "0", Type: topodata.Replica}))
			}
			err := start(x, c.keyspace, c.shard, c.initType)
			if c.text == "" {
				require.Error(x, err)
				return
			}
			require.EqualError(x, err, c.text)
		})
	}
	play(t, setting{}, func(x *stage) { // the global records are tried again until --init-timeout
		x.hosts["topo"].Crash()
		var err error
		took := x.took(func() { err = start(x, "commerce", "0", "REPLICA") })
		require.ErrorContains(x, err, "createKeyspaceShard: cannot GetOrCreateShard shard: ")
		require.InDelta(x, 10*time.Second, took, float64(2*time.Second))
	})
}

// A replica does not start if the shard's primary cannot be asked for its position; before
// v22 nobody asks.
// spec: T-87
func TestStartNeedsThePrimary(t *testing.T) {
	for release, starts := range map[string]bool{"v24": false, "v21": true} {
		play(t, setting{release: release}, func(x *stage) {
			x.hosts[alias(primary).String()].Crash()
			host := x.hosts[alias(replica1).String()]
			host.Crash()
			x.started[replica1] = errors.New("not yet")
			host.Restart()
			x.env.Sleep(time.Minute)
			require.Equal(x, starts, x.started[replica1] == nil, "%s: %v", release, x.started[replica1])
		})
	}
}

// A record that belongs to another process, by host name or port, is not written; one that
// was deleted ends the process, and its loops with it.
// spec: T-84, T-140, O-70
func TestOwnershipOfTheRecord(t *testing.T) {
	x := play(t, setting{}, func(x *stage) {
		_, err := x.topo.UpdateTabletFields(x.env.Background(), alias(replica1), func(r *topodata.Tablet) error {
			r.Hostname = "elsewhere"
			return nil
		})
		require.NoError(x, err)
		x.changeType(replica1, topodata.Spare)
		record, err := x.topo.GetTablet(x.env.Background(), alias(replica1))
		require.NoError(x, err)
		require.Equal(x, topodata.Replica, record.Type)
		require.Equal(x, topodata.Spare, x.tablets[replica1].Status().Type)

		require.NoError(x, x.topo.DeleteTablet(x.env.Background(), alias(primary)))
		x.changeType(primary, topodata.Replica)
		x.tablets[primary].Stopped().Wait()
		require.ErrorContains(x, x.dial(primary, topodata.Replica).read(), "connection refused")
	})
	require.Empty(t, x.since(replica1, tablet.KindRecord))
	require.Contains(t, x.since(primary, tablet.KindLife), "what=term error= ")
}

// Changes that come while the record cannot be written ride on the loop that tries: it writes
// the newest one, once, thirty seconds after it failed.
// spec: T-84, O-70
func TestPublishingLoop(t *testing.T) {
	x := play(t, setting{}, func(x *stage) {
		x.hosts["topo"].Crash()
		for _, to := range []topodata.TabletType{topodata.Spare, topodata.RDOnly, topodata.Drained} {
			_ = x.tmc.ChangeType(x.within(time.Minute), alias(replica1), to, false)
		}
		require.Equal(x, topodata.Drained, x.tablets[replica1].Status().Type)
		x.hosts["topo"].Restart()
		x.env.Sleep(time.Minute)
		record, err := x.topo.GetTablet(x.env.Background(), alias(replica1))
		require.NoError(x, err)
		require.Equal(x, topodata.Drained, record.Type)
	})
	written := x.since(replica1, tablet.KindRecord)
	require.LessOrEqual(t, len(written), 2, "the one in between is never written")
	require.Equal(t, "type=DRAINED pts=0 ", written[len(written)-1])
}

// A promotion that cannot write its record looks until its caller's time is over whether the
// write landed; MySQL stays read-only and the tablet a replica.
// spec: T-81, O-71
func TestPromotionWithoutTopology(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		x.demote()
		x.hosts["topo"].Crash()
		_, err := x.tmc.PromoteReplica(x.within(remoteTimeout), alias(replica1), false)
		require.Error(x, err)
		x.env.Sleep(time.Second)
		var reason string
		for _, e := range x.events.events {
			if e.Kind == tablet.KindStep && e.Text("call") == "PromoteReplica" && e.Text("step") == "end" {
				reason = e.Text("error")
			}
		}
		require.Equal(x, "context canceled updating tablet_type for zone1-0000000101 in the topo, please retry", reason)
		require.Equal(x, topodata.Replica, x.tablets[replica1].Status().Type)
		readOnly, _, err := x.mysql[replica1].Client(x.env).ReadOnly()
		require.NoError(x, err)
		require.True(x, readOnly)
	})
}

// A write of the record that landed although its answer was lost counts: the promotion goes
// on as soon as the topology can be read again.
// spec: T-81, O-71
func TestPromotionWhoseWriteLanded(t *testing.T) {
	x := play(t, setting{}, func(x *stage) {
		x.demote()
		topology := x.hosts["topo"].Name()
		x.env.Go("cut", func() { // when the write is there, and before its answer is
			x.eventually("written", func() bool {
				for _, e := range x.events.events {
					if e.Kind == toposerver.KindWrite && strings.Contains(text(e), "0000000101/Tablet") && e.Time > int64(x.began) {
						return true
					}
				}
				return false
			})
			x.net.Partition(alias(replica1).String(), topology)
			x.env.Sleep(8 * time.Second)
			x.net.Heal(alias(replica1).String(), topology)
		})
		_, err := x.tmc.PromoteReplica(x.within(time.Minute), alias(replica1), false)
		require.NoError(x, err)
		require.NoError(x, x.dial(replica1, topodata.Primary).insert(1))
	})
	require.Len(t, x.since(replica1, tablet.KindType), 1)
}

// The shard record follows the tablet: a primary's later term is written, also half a minute
// after it could not be; only a primary watches.
// spec: T-82, O-72
func TestShardSyncRetries(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		x.demote()
		topology := x.hosts["topo"].Name()
		x.env.Go("cut", func() {
			x.eventually("serving", func() bool { return x.tablets[replica1].Status().Type == topodata.Primary })
			x.net.Partition(alias(replica1).String(), topology)
		})
		_, _ = x.tmc.PromoteReplica(x.within(remoteTimeout), alias(replica1), false)
		x.env.Sleep(20 * time.Second)
		shard, err := x.topo.GetShard(x.env.Background(), "commerce", "0")
		require.NoError(x, err)
		require.Equal(x, alias(primary), shard.PrimaryAlias)
		x.net.Heal(alias(replica1).String(), topology)
		x.eventually("written", func() bool {
			shard, err := x.topo.GetShard(x.env.Background(), "commerce", "0")
			return err == nil && shard.PrimaryAlias == alias(replica1)
		})
	})
}

// An orderly end leaves the record without addresses; a crash leaves it as it was.
// spec: T-89, O-73
func TestRecordAfterTheEnd(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		before, err := x.topo.GetTablet(x.env.Background(), alias(replica2))
		require.NoError(x, err)
		x.hosts[alias(replica2).String()].Crash()
		x.env.Sleep(time.Second)
		after, err := x.topo.GetTablet(x.env.Background(), alias(replica2))
		require.NoError(x, err)
		require.Equal(x, before, after)

		x.tabletEnv(replica1).Go("term", x.tablets[replica1].Terminate)
		x.tablets[replica1].Stopped().Wait()
		record, err := x.topo.GetTablet(x.env.Background(), alias(replica1))
		require.NoError(x, err)
		require.Empty(x, record.Hostname+record.MySQLHostname)
		require.Zero(x, record.PortMap)
		require.Zero(x, record.TabletStartTime)
		require.InDelta(x, x.env.Wall(), int64(record.TabletShutdownTime), float64(time.Second))
		require.Equal(x, topodata.Replica, record.Type)
	})
}

// RefreshState takes the controls of both records; if one cannot be read, nothing changes.
// spec: T-2, O-74
func TestRefreshState(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		ctx := x.env.Background()
		srv, err := x.topo.GetSrvKeyspace(ctx, "zone1", "commerce")
		require.NoError(x, err)
		disable := func(off bool) {
			for i := range srv.Partitions {
				srv.Partitions[i].ShardTabletControls = nil
				if srv.Partitions[i].ServedType == topodata.Replica {
					srv.Partitions[i].ShardTabletControls = []topodata.ShardTabletControl{{Name: "0", QueryServiceDisabled: off}}
				}
			}
			require.NoError(x, x.topo.UpdateSrvKeyspace(ctx, "zone1", "commerce", srv))
		}
		disable(true)
		require.True(x, x.tablets[replica1].Status().Serving, "nobody watches it")
		x.hosts["topo"].Crash()
		require.Error(x, x.tmc.RefreshState(x.within(time.Minute), alias(replica1)))
		require.True(x, x.tablets[replica1].Status().Serving)
		x.hosts["topo"].Restart()
		require.NoError(x, x.tmc.RefreshState(x.within(remoteTimeout), alias(replica1)))
		require.EqualError(x, x.dial(replica1, topodata.Replica).read(), "operation not allowed in state NOT_SERVING")
		x.changeType(replica1, topodata.RDOnly)
		require.NoError(x, x.dial(replica1, topodata.RDOnly).read(), "other types are not meant")
		x.changeType(replica1, topodata.Replica)
		require.False(x, x.tablets[replica1].Status().Serving)
		disable(false)
		require.NoError(x, x.tmc.RefreshState(x.within(remoteTimeout), alias(replica1)))
		require.NoError(x, x.dial(replica1, topodata.Replica).read())
	})
}

// The calls that change something go one by one, and one that waits ends with its caller;
// questions are answered meanwhile.
// spec: T-80
func TestActionsAreSerial(t *testing.T) {
	play(t, setting{}, func(x *stage) {
		_, err := x.dial(primary, topodata.Primary).begin(1)
		require.NoError(x, err)
		x.env.Go("demote", func() { x.demote() }) // three seconds
		x.env.Sleep(100 * time.Millisecond)
		err = x.tmc.SetReadOnly(x.within(time.Second), alias(primary))
		require.Equal(x, vterr.DeadlineExceeded, vterr.CodeOf(err))
		for name, ask := range map[string]func() error{
			"Ping":            func() error { return x.tmc.Ping(x.within(time.Second), alias(primary)) },
			"PrimaryPosition": func() error { _, err := x.tmc.PrimaryPosition(x.within(time.Second), alias(primary)); return err },
			"PrimaryStatus":   func() error { _, err := x.tmc.PrimaryStatus(x.within(time.Second), alias(primary)); return err },
			"FullStatus":      func() error { _, err := x.tmc.FullStatus(x.within(time.Second), alias(primary)); return err },
			"ReplicationStatus": func() error {
				_, err := x.tmc.ReplicationStatus(x.within(time.Second), alias(primary))
				return notReplica(err)
			},
			"WaitForPosition": func() error {
				return x.tmc.WaitForPosition(x.within(1500*time.Millisecond), alias(primary), x.mysql[primary].Executed())
			},
		} {
			require.Less(x, x.took(func() { require.NoError(x, ask(), name) }), 100*time.Millisecond, name)
		}
		require.Less(x, time.Second, x.took(func() {
			require.NoError(x, x.tmc.SetReadWrite(x.within(remoteTimeout), alias(primary)))
		}), "it waits for the demotion")
	})
}

// notReplica takes the answer of a server without a source for an answer.
func notReplica(err error) error {
	if err != nil && strings.Contains(err.Error(), mysqld.ErrNotReplica.Error()) {
		return nil
	}
	return err
}
