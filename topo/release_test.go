package topo_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"bufsim/sim"
	"bufsim/topo"
)

// A lock is given up though the operation's context has ended, by its deadline or by its caller:
// who comes next has it at once and does not wait for the lease.
// spec: O-33, R-6
func TestReleaseAfterTheEndOfTheContext(t *testing.T) {
	for _, cancels := range []bool{true, false} {
		withShard(t, topo.Options{}, func(env *sim.Env, ts *topo.Server) {
			ctx, cancel := env.WithTimeout(env.Background(), 5*time.Second)
			defer cancel()
			_, unlock, err := ts.LockShard(ctx, "ks", "0", "first")
			assert.NoError(t, err)
			if cancels {
				cancel()
			} else {
				env.Sleep(6 * time.Second)
			}
			assert.Error(t, ctx.Err())
			unlock(&err)
			assert.NoError(t, err)
			_, unlock, err = ts.TryLockShard(env.Background(), "ks", "0", "second")
			assert.NoError(t, err)
			unlock(&err)
			assert.NoError(t, err)
		})
	}
}
