package tablet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/model/query"
	"bufsim/model/topodata"
	"bufsim/sim"
	"bufsim/sim/explore"
	"bufsim/tablet/mysqld"
	"bufsim/tablet/tmclient"
)

// The invariants of section 14 hold in small worlds under random schedules: clients write,
// read and hold transactions while the primary is demoted, put back, replaced, and while
// processes crash.
// spec: T-150, T-151, T-152, T-153, T-154, T-155, T-156, T-157
func TestInvariants(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := setting{seed: seed, chooser: explore.NewRandom(seed, true), realTimings: true, semiSyncPoll: seed%3 == 0}
			s.release = []string{"v24", "v22", "v19", "v12"}[seed%4]
			if seed%2 == 0 {
				s.durability = "semi_sync"
			}
			x := play(t, s, func(x *stage) { disturb(x, sim.NewRand(seed, "disturb")) })
			checkEvents(t, x)
		})
	}
}

// disturb runs clients and random operations, lets everything settle, and checks the end.
func disturb(x *stage, rnd *sim.Rand) {
	stop := x.env.NewEvent("stop")
	clients := x.env.NewWaitGroup("clients")
	for i := range 4 {
		clients.Go(fmt.Sprintf("client-%d", i), func() { work(x, stop, x.env.Rand(fmt.Sprintf("client-%d", i)), int64(i+1)*1_000_000) })
	}
	x.env.GoDaemon("growth", func() { watchGrowth(x) })
	messages := map[uint32]*[]heard{}
	for range 6 {
		x.env.Sleep(time.Duration(rnd.Intn(300)) * time.Millisecond)
		operate(x, rnd)
	}
	stop.Set()
	clients.Wait()
	heal(x)
	for _, uid := range uids() {
		messages[uid] = x.watchHealth(uid)
	}
	x.env.Sleep(45 * time.Second) // a shard-sync retry, and all statements' time
	for _, uid := range uids() {
		status := x.tablets[uid].Status()
		require.Equal(x, status.Want, status.State, "wish and reality agree: %d", uid)
		require.Zero(x, status.Requests, uid)
		got := *messages[uid]
		require.NotEmpty(x, got)
		last := got[len(got)-1].msg
		require.Equal(x, status.Serving, last.Serving, uid)
		require.Equal(x, status.Type, last.Target.TabletType, uid)
	}
}

// work is a client that writes, reads and opens transactions on whatever is primary.
func work(x *stage, stop *sim.Event, rnd *sim.Rand, key int64) {
	sessions := map[uint32]*session{}
	for _, uid := range uids() {
		sessions[uid] = x.dial(uid, topodata.Primary)
	}
	for !stop.IsSet() {
		uid := uids()[rnd.Intn(3)]
		s := sessions[uid]
		key++
		switch rnd.Intn(4) {
		case 0:
			_ = s.read()
		case 1:
			if tx, err := s.begin(key); err == nil {
				x.env.Sleep(time.Duration(rnd.Intn(200)) * time.Millisecond)
				_ = s.commit(tx)
			}
		default:
			resp, err := s.callWithin(x.within(2*time.Second), query.MethodExecute, insert(key), 0)
			if err == nil {
				checkWritten(x, uid, resp.Result.GTID)
			}
		}
		x.env.Sleep(time.Duration(rnd.Intn(20)) * time.Millisecond)
	}
}

// checkWritten makes sure that an answered write is on its server.
func checkWritten(x *stage, uid uint32, text string) {
	set, err := gtid.ParseSet(text)
	require.NoError(x, err)
	require.True(x, x.mysql[uid].Executed().Contains(set), "%s on %d", text, uid)
}

// watchGrowth checks that executed sets never lose anything.
func watchGrowth(x *stage) {
	var before [3]gtid.Set
	for {
		for i, uid := range uids() {
			now := x.mysql[uid].Executed()
			require.True(x, now.Contains(before[i]), "executed set of %d shrank", uid)
			before[i] = now
		}
		x.env.Sleep(10 * time.Millisecond)
	}
}

// operate does one random thing to the shard; whether it succeeds does not matter.
func operate(x *stage, rnd *sim.Rand) {
	ctx := x.within(5 * time.Second)
	uid := uids()[rnd.Intn(3)]
	current := uids()[0]
	for _, u := range uids() {
		if x.tablets[u].Status().Type == topodata.Primary {
			current = u
		}
	}
	switch rnd.Intn(7) {
	case 0:
		_, _ = x.tmc.DemotePrimary(ctx, alias(current), false)
		_ = x.tmc.UndoDemotePrimary(ctx, alias(current), false)
	case 1:
		short := x.within(time.Duration(rnd.Intn(200)) * time.Millisecond)
		_, _ = x.tmc.DemotePrimary(short, alias(current), false)
	case 2, 3:
		switchTo(x, current, uid)
	case 4:
		x.hosts[alias(uid).String()].Crash()
		x.env.Sleep(50 * time.Millisecond)
		x.hosts[alias(uid).String()].Restart()
	case 5:
		host := x.hosts[mysqld.HostName(alias(uid))]
		host.Crash()
		x.env.Sleep(50 * time.Millisecond)
		host.Restart()
	default:
		_ = x.tmc.StopReplication(ctx, alias(uid))
		x.env.Sleep(20 * time.Millisecond)
		_ = x.tmc.StartReplication(ctx, alias(uid), true)
	}
}

// switchTo moves the primary without asking whether that is wise.
func switchTo(x *stage, from, to uint32) {
	ctx := x.within(10 * time.Second)
	if from == to {
		return
	}
	demoted, err := x.tmc.DemotePrimary(ctx, alias(from), false)
	if err != nil || x.tmc.WaitForPosition(x.within(3*time.Second), alias(to), demoted.Position) != nil {
		return
	}
	if _, err := x.tmc.PromoteReplica(ctx, alias(to), false); err != nil {
		return
	}
	for _, uid := range uids() {
		if uid != to {
			_ = x.tmc.SetReplicationSource(ctx, alias(uid), tmclient.SetReplicationSourceRequest{Parent: alias(to)})
		}
	}
}

// heal starts tablets that could not start, and replication.
func heal(x *stage) {
	for _, uid := range uids() {
		if host := x.hosts[alias(uid).String()]; x.started[uid] != nil {
			host.Crash()
			host.Restart()
		}
		_ = x.tmc.StartReplication(x.within(5*time.Second), alias(uid), false)
	}
}

// checkEvents has every checker judge the run.
func checkEvents(t *testing.T, x *stage) {
	t.Helper()
	for _, c := range checkers() {
		require.Empty(t, judge(c, x.events.events))
	}
}
