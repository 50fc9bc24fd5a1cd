package topo_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"bufsim/sim"
	"bufsim/topo"
)

// Of many candidates the one that came first leads, and the next one when it has stopped; one
// that gives up in the queue changes nothing. When Stop returns the leadership is given up. Who
// follows hears of each leader once, from the present one on.
// spec: O-42
func TestLeadersOfMany(t *testing.T) {
	c := newCluster(0)
	withKeyspace(t, c, func(env *sim.Env, ts *topo.Server) {
		ctx := env.Background()
		conn, err := ts.ConnForCell(ctx, topo.GlobalCell)
		assert.NoError(t, err)
		var list []topo.LeaderParticipation
		leading := map[int]*sim.Context{}
		for i := range 4 {
			p, err := conn.NewLeaderParticipation("vtctld", fmt.Sprint("id-", i))
			assert.NoError(t, err)
			list = append(list, p)
			env.Go("candidate", func() {
				if leads, err := p.WaitForLeadership(); err == nil {
					leading[i] = leads
				}
			})
			env.Sleep(time.Second)
		}
		leaders, err := list[3].WaitForNewLeader(ctx)
		assert.NoError(t, err)
		var heard []string
		env.GoDaemon("follow", func() {
			for {
				id, ok := leaders.Recv()
				if !ok {
					return
				}
				heard = append(heard, id)
			}
		})
		leader := func() string {
			id, err := list[3].GetCurrentLeaderID(ctx)
			assert.NoError(t, err)
			return id
		}
		assert.Equal(t, "id-0", leader())
		list[1].Stop() // from the middle of the queue
		env.Sleep(time.Minute)
		assert.Equal(t, "id-0", leader())
		assert.Len(t, leading, 1)
		list[0].Stop()
		assert.Equal(t, "id-2", leader(), "given up when Stop returns")
		assert.Error(t, leading[0].Err())
		env.Sleep(2 * time.Minute)
		assert.NoError(t, leading[2].Err())
		list[2].Stop()
		env.Sleep(time.Second)
		assert.Equal(t, "id-3", leader())
		assert.NoError(t, leading[3].Err())
		list[3].Stop()
		assert.Empty(t, leader())
		env.Sleep(time.Second)
		assert.Equal(t, []string{"id-0", "id-2", "id-3"}, heard)
	})
	runCluster(t, c)
}
