package topo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"bufsim/sim"
	"bufsim/topo"
	"bufsim/topo/topotest"
	"bufsim/topo/wire"
)

// heard is everything that a watch tells from now on for d; "closed" ends it.
func heard(env *sim.Env, changes *sim.Chan[topo.WatchData], d time.Duration) []any {
	var list []any
	end := env.Now().Add(d)
	for {
		var msg topo.WatchData
		var ok bool
		switch {
		case env.Select(sim.OnRecv(changes, &msg, &ok), sim.At(end)) == 1:
			return list
		case !ok:
			return append(list, "closed")
		case msg.Err != nil:
			list = append(list, msg.Err.Error())
		default:
			list = append(list, msg.Contents)
		}
	}
}

// What an outage of half a minute does to a running watch: nothing in etcd2 and
// memorytopo, which hear of the next write; elsewhere it is over. spec: O-25, O-27, O-28
func TestWatchInAnOutage(t *testing.T) {
	each(t, [4][]any{
		{1},
		{"received a non-OK event for /vitess/global/a/File: zk: connection closed", "closed"},
		{"read tcp topo: read: connection reset by peer", "closed"},
		{1},
	}, func(t *testing.T, c *topotest.Cluster, want []any) {
		withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
			changes, put := watched(t, env, ts)
			outage(env, c, 30*time.Second)
			env.Sleep(2 * time.Minute)
			put(1)
			assert.Equal(t, want, heard(env, changes, time.Minute))
		})
	})
}

// A leader election of a second ends the watches of consul with the raw error, and
// those of zk2; etcd's do not hear of it. spec: O-28, O-93
func TestWatchInAnElection(t *testing.T) {
	each(t, [4][]any{
		{1},
		{"received a non-OK event for /vitess/global/a/File: zk: connection closed", "closed"},
		{"Unexpected response code: 500 (No cluster leader)", "closed"},
		{1},
	}, func(t *testing.T, c *topotest.Cluster, want []any) {
		withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
			changes, put := watched(t, env, ts)
			c.Store.Elect(time.Second)
			env.Sleep(10 * time.Second)
			put(1)
			assert.Equal(t, want, heard(env, changes, time.Minute))
		})
	})
}

// A watch of consul goes on over many polls; fast changes collapse where a change only
// means to read again, and the last one comes everywhere. spec: O-23, O-27, O-28
func TestWatchCollapses(t *testing.T) {
	each(t, [4]bool{false, true, true, false}, func(t *testing.T, c *topotest.Cluster, collapses bool) {
		withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
			changes, put := watched(t, env, ts)
			env.Sleep(10*time.Minute + time.Second)
			assert.Zero(t, changes.Len())
			assert.False(t, changes.Closed())
			group := env.NewWaitGroup("puts")
			for i := range 20 {
				group.Go("put", func() { put(i + 1) })
			}
			group.Wait()
			put(21)
			list := heard(env, changes, time.Second)
			assert.Equal(t, 21, list[len(list)-1])
			assert.Equal(t, collapses, len(list) < 21, "%v", list)
		})
	})
}

// A poll that is not answered within twice its time ends a watch of consul with the
// context's error as a topology error. spec: O-28
func TestConsulPollTimesOut(t *testing.T) {
	c := clusterOf(wire.Consul, 0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		changes, _ := watched(t, env, ts)
		c.Net.Partition("topo", "client")
		assert.Equal(t, []any{"deadline exceeded: /vitess/global/a/File", "closed"}, heard(env, changes, 3*time.Minute))
	})
	runCluster(t, c)
}

// Closing the connection ends a watch of zk2 with a text of its own; ending the context
// is Interrupted. spec: O-23, O-27
func TestWatchContext(t *testing.T) {
	for _, name := range topo.Implementations() {
		c := clusterOf(name, 0)
		withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
			_, put := watched(t, env, ts)
			put(1)
			conn, err := ts.ConnForCell(env.Background(), topo.GlobalCell)
			assert.NoError(t, err)
			ctx, cancel := env.WithCancel(env.Background())
			_, changes, err := conn.Watch(ctx, "a/File")
			assert.NoError(t, err)
			env.Sleep(time.Second)
			heard(env, changes, time.Second)
			cancel()
			assert.Equal(t, []any{"interrupted: /vitess/global/a/File", "closed"}, heard(env, changes, time.Second), name)
		})
		runCluster(t, c)
	}
}

// A watcher of memorytopo that does not read holds up to a hundred changes; the error of
// everything is told to it once and does not end its watch. spec: O-29
func TestMemoryWatch(t *testing.T) {
	c := clusterOf(wire.MemoryTopo, 0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		changes, put := watched(t, env, ts)
		for i := range 150 {
			put(i + 1)
		}
		env.Sleep(time.Minute)
		assert.Equal(t, 100, changes.Len())
		assert.Equal(t, 100, changes.Cap())
		assert.Len(t, heard(env, changes, time.Second), 150)
		c.Store.SetError(errors.New("boom"))
		assert.Equal(t, []any{"boom"}, heard(env, changes, time.Minute))
		c.Store.SetError(nil)
		put(151)
		assert.Equal(t, []any{151}, heard(env, changes, time.Second))
	})
	runCluster(t, c)
}

// A watch of a directory tells of all files under it, of deletions without ending, and
// of what it missed in an outage; memorytopo says nothing of files that an
// unconditional write creates. spec: O-29, O-30
func TestWatchRecursive(t *testing.T) {
	each(t, [4][]string{
		{"a/Old 1", "a/New 2", "a/Blind 3", "a/Old gone", "a/Late 4"},
		nil, nil,
		{"a/Old 1", "a/New 2", "a/Old gone", "a/Late 4"},
	}, func(t *testing.T, c *topotest.Cluster, want []string) {
		withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
			ctx := env.Background()
			conn, err := ts.ConnForCell(ctx, topo.GlobalCell)
			assert.NoError(t, err)
			_, err = conn.Create(ctx, "a/Old", 0)
			assert.NoError(t, err)
			assert.NoError(t, write(env, ts)())
			current, changes, err := conn.WatchRecursive(ctx, "a")
			if want == nil {
				assert.EqualError(t, err, "no such topology implementation /vitess/global/a")
				return
			}
			assert.NoError(t, err)
			assert.Len(t, current, 1)
			assert.Equal(t, "a/Old", current[0].Path)
			_, _ = conn.Update(ctx, "a/Old", 1, topo.AnyVersion)
			_, _ = conn.Create(ctx, "a/New", 2)
			_, _ = conn.Create(ctx, "ab/Other", 9)
			_, _ = conn.Update(ctx, "a/Blind", 3, topo.AnyVersion)
			_ = conn.Delete(ctx, "a/Old", topo.AnyVersion)
			env.Sleep(time.Second)
			outage(env, c, 30*time.Second)
			env.Sleep(2 * time.Minute)
			_, _ = conn.Create(ctx, "a/Late", 4)
			env.Sleep(time.Second)
			var got []string
			for {
				msg, ok := changes.TryRecv()
				if !ok {
					break
				}
				got = append(got, told(msg))
			}
			assert.Equal(t, want, got)
		})
	})
}

func told(msg topo.WatchDataRecursive) string {
	if topo.IsErrType(msg.Err, topo.NoNode) {
		return msg.Path + " gone"
	}
	return msg.Path + " " + string(rune('0'+msg.Contents.(int)))
}
