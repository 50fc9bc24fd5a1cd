package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/sim"
)

// TestCrashWhenADeadlineHasJustPassed: the deadline of a Select is due, but its
// proc has not run yet when another proc of that instant crashes the host. The
// dead proc's timer must not stay among the runnable tasks.
func TestCrashWhenADeadlineHasJustPassed(t *testing.T) {
	w := sim.New(sim.Config{})
	var srv *sim.Host
	w.AddHost("op", sim.HostOptions{}, func(e *sim.Env) {
		e.Sleep(time.Second)
		srv.Crash()
		srv.Restart()
		srv.Crash()
	})
	srv = w.AddHost("srv", sim.HostOptions{}, func(e *sim.Env) {
		never := e.NewEvent("never")
		e.Select(sim.OnEvent(never), e.After(time.Second))
		e.Stop("ran after its death")
	})
	out := w.Run()
	require.Equal(t, sim.Finished, out.Kind, out.Detail)
	require.Zero(t, w.Procs())
}
