//go:build bufsim_canary

package runner

import (
	"time"

	"bufsim/sim"
)

// addCanary adds an actor that breaks determinism in the two ways that are easiest
// to write by mistake: it goes through a map, and it reads the machine's clock. A
// test builds with this file and demands that the comparison of equal seeds fails.
func addCanary(w *sim.World) {
	w.AddHost("canary", sim.HostOptions{}, func(env *sim.Env) {
		pauses := map[string]time.Duration{"a": 1, "b": 10, "c": 100, "d": 1000}
		for _, d := range pauses {
			env.Sleep(d)
		}
		env.Sleep(time.Duration(time.Now().UnixNano() % 1009))
	})
}
