package topo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"bufsim/sim"
	"bufsim/topo"
)

// What a watcher hears of a file that is written while it is cut off from the server, when the
// cut is healed: the last value if it changed, however often, and never an older one; its end
// if the file was deleted, also if there is one of that name again; nothing new if nothing
// happened. After its end nothing comes any more.
// spec: O-23, O-25, I-O2
func TestWatchAcrossACut(t *testing.T) {
	for name, c := range map[string]struct {
		write func(ctx *sim.Context, conn topo.Conn) error
		want  []any // values, then nil for the end; the present one may come again before
	}{
		"nothing":      {func(*sim.Context, topo.Conn) error { return nil }, nil},
		"another file": {func(ctx *sim.Context, conn topo.Conn) error { _, err := conn.Create(ctx, "dir/other", 9); return err }, nil},
		"one change": {func(ctx *sim.Context, conn topo.Conn) error {
			_, err := conn.Update(ctx, "dir/file", 2, topo.AnyVersion)
			return err
		}, []any{2}},
		"the same value again": {func(ctx *sim.Context, conn topo.Conn) error {
			_, err := conn.Update(ctx, "dir/file", 1, topo.AnyVersion)
			return err
		}, nil},
		"many changes": {func(ctx *sim.Context, conn topo.Conn) error {
			for n := 2; n < 9; n++ {
				if _, err := conn.Update(ctx, "dir/file", n, topo.AnyVersion); err != nil {
					return err
				}
			}
			return nil
		}, []any{8}},
		"deleted": {func(ctx *sim.Context, conn topo.Conn) error { return conn.Delete(ctx, "dir/file", topo.AnyVersion) }, []any{nil}},
		"deleted and made again": {func(ctx *sim.Context, conn topo.Conn) error {
			if err := conn.Delete(ctx, "dir/file", topo.AnyVersion); err != nil {
				return err
			}
			_, err := conn.Create(ctx, "dir/file", 5)
			return err
		}, []any{nil}},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := newCluster(0)
			var heard []any
			ended := false
			cluster.Client("watcher", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
				ctx := env.Background()
				conn, err := ts.ConnForCell(ctx, topo.GlobalCell)
				assert.NoError(t, err)
				_, err = conn.Create(ctx, "dir/file", 1)
				assert.NoError(t, err)
				data, changes, err := conn.Watch(ctx, "dir/file")
				assert.NoError(t, err)
				assert.Equal(t, 1, data.Contents)
				env.GoDaemon("listen", func() {
					for {
						msg, ok := changes.Recv()
						switch {
						case !ok:
							ended = true
							return
						case msg.Err != nil:
							wantErr(t, msg.Err, topo.NoNode)
							heard = append(heard, nil)
						case msg.Contents != 1:
							heard = append(heard, msg.Contents)
						}
					}
				})
				env.Sleep(5 * time.Minute)
			})
			cluster.Client("writer", topo.Options{}, func(env *sim.Env, ts *topo.Server) {
				env.Sleep(time.Second)
				cluster.Net.Partition("topo", "watcher")
				cluster.Net.Reset("topo", "watcher")
				conn, err := ts.ConnForCell(env.Background(), topo.GlobalCell)
				assert.NoError(t, err)
				assert.NoError(t, c.write(env.Background(), conn))
				env.Sleep(time.Second)
				cluster.Net.Heal("topo", "watcher")
			})
			runCluster(t, cluster)
			assert.Equal(t, c.want, heard)
			assert.Equal(t, len(c.want) > 0 && c.want[len(c.want)-1] == nil, ended, "the channel closes with the end, and only then")
		})
	}
}

// Every watcher of a file hears of every change, whoever else watches and leaves; a cancelled
// one hears that it was interrupted, and nothing after.
// spec: O-23
func TestWatchersOfOneFile(t *testing.T) {
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		conn, err := ts.ConnForCell(ctx, topo.GlobalCell)
		assert.NoError(t, err)
		_, err = conn.Create(ctx, "dir/file", 0)
		assert.NoError(t, err)
		const n = 4
		heard := [n][]int{}
		interrupted := [n]bool{}
		var cancels [n]func()
		for i := range n {
			watch, cancel := env.WithCancel(ctx)
			cancels[i] = cancel
			_, changes, err := conn.Watch(watch, "dir/file")
			assert.NoError(t, err)
			env.GoDaemon("listen", func() {
				for {
					msg, ok := changes.Recv()
					if !ok {
						return
					}
					assert.False(t, interrupted[i], "nothing after the end")
					if msg.Err != nil {
						wantErr(t, msg.Err, topo.Interrupted)
						interrupted[i] = true
					} else if v := msg.Contents.(int); v > 0 {
						heard[i] = append(heard[i], v)
					}
				}
			})
		}
		for value := 1; value <= n; value++ {
			_, err := conn.Update(ctx, "dir/file", value, topo.AnyVersion)
			assert.NoError(t, err)
			env.Sleep(time.Second)
			cancels[value-1]()
			env.Sleep(time.Second)
		}
		assert.Equal(t, [n][]int{{1}, {1, 2}, {1, 2, 3}, {1, 2, 3, 4}}, heard)
		assert.Equal(t, [n]bool{true, true, true, true}, interrupted)
	})
	runCluster(t, c)
}
