package gate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/gate"
	"bufsim/model/query"
	"bufsim/sim"
	"bufsim/sim/simnet"
)

const inconsistent = "1105 target: commerce.0.primary: inconsistent state detected, primary is serving but initially found no available tablet"

// While the watcher has not heard what the health check has, requests fail although buffering is
// on; afterwards they are held. spec: G-24c, G-44, D-89
func TestWatcherBehindTheHealthCheck(t *testing.T) {
	var early, late string
	playUnder(t, sim.Config{}, gate.Timings{WatcherDelay: sim.Constant(100 * time.Millisecond)}, unsharded(), []string{"0"}, func(c *cluster) {
		c.tablets["zone1-100"].Say(false, 1000)
		c.env.Sleep(50 * time.Millisecond)
		early = c.connect("commerce").do(query.VerbInsert)
		c.env.Sleep(100 * time.Millisecond)
		c.env.AfterFunc(time.Second, "promote", func() { promote(c.tablets["zone1-101"], 2000) })
		late = c.connect("commerce").do(query.VerbInsert)
	}, buffering)
	require.Equal(t, inconsistent, early)
	require.Equal(t, "ok", late)
}

// Before v19 a gate opens when the health check is ready; a failover before the watcher has heard
// of the shard is no failover to it. Newer gates are still closed then. spec: G-45, G-80, G-84
func TestFailoverRightAfterTheStart(t *testing.T) {
	for name, want := range map[string]string{
		"v18":  `1105 target: commerce.0.primary: no healthy tablet available for 'keyspace:"commerce" shard:"0" tablet_type:PRIMARY'`,
		"main": "refused",
	} {
		var early, late string
		playUnder(t, sim.Config{}, gate.Timings{WatcherDelay: sim.Constant(2 * time.Second)}, unsharded(), []string{"0"}, func(c *cluster) {
			c.tablets["zone1-100"].Say(false, 1000)
			c.env.Sleep(50 * time.Millisecond)
			conn := c.client.Dial("gate-1", simnet.DialOptions{})
			if _, err := conn.Call(c.env.Background(), query.MethodConnect, &query.ConnectRequest{}); err != nil {
				early = "refused"
			} else {
				early = c.connect("commerce").do(query.VerbInsert)
			}
			promote(c.tablets["zone1-101"], 2000)
			c.env.Sleep(40 * time.Second)
			late = c.connect("commerce").do(query.VerbInsert)
		}, releaseNamed(name), buffering)
		require.Equal(t, want, early)
		require.Equal(t, "ok", late)
	}
}

// The first statement of a transaction is held like any other; if it fails in the end, the
// transaction has not begun, and its error is not one of the transaction. spec: G-14, G-64
func TestFirstStatementOutlivesBuffering(t *testing.T) {
	var got []string
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		m := c.connect("commerce")
		c.tablets["zone1-100"].Say(false, 1000)
		c.env.Sleep(50 * time.Millisecond)
		got = append(got, m.do(query.VerbBegin), m.do(query.VerbInsert))
		c.tablets["zone1-100"].Say(true, 1000)
		c.env.Sleep(20 * time.Second)
		got = append(got, m.do(query.VerbInsert), m.do(query.VerbCommit))
	}, buffering)
	require.Equal(t, []string{
		"ok", "1105 target: commerce.0.primary: primary is not serving, there may be a reparent operation in progress", "ok", "ok",
	}, got)
}

// A gate without clients ends when its lameduck period does. spec: G-85
func TestShutdownOfAnIdleGate(t *testing.T) {
	var took time.Duration
	play(t, unsharded(), []string{"0"}, func(c *cluster) {
		began := c.env.Now()
		c.gate.Shutdown()
		took = c.env.Now().Sub(began)
	}, buffering)
	require.Equal(t, 50*time.Millisecond, took)
}
