//go:build !bufsim_canary

package runner

import "bufsim/sim"

// addCanary does nothing; see the other file of this function.
func addCanary(*sim.World) {}
