package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

// A proc that one case of its Select has made ready, but that has not run yet, waits for none
// of the other cases any more: nothing may be handed to it.
func TestServedWaitLeavesAllListsAtOnce(t *testing.T) {
	chosen, sent := -1, true
	out := world(sim.Config{}, func(e *sim.Env) {
		first, second := e.NewEvent("first"), e.NewEvent("second")
		c := sim.NewChan[int](e, "c", 0)
		e.Go("waiter", func() {
			var v int
			chosen = e.Select(sim.OnEvent(first), sim.OnEvent(second), sim.OnRecv(c, &v, nil))
		})
		e.Sleep(time.Second)
		first.Set()
		second.Set()
		sent = c.TrySend(7)
	})
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Equal(t, 0, chosen)
	require.False(t, sent, "a value was handed to a proc that had stopped waiting for it")
}
