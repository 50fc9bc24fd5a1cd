package explore

import (
	"fmt"

	"bufsim/sim"
)

// Mixed gives the n-th schedule of a search, and its name: the default one for 0, from 1 on
// random ones. The odd ones decide each step by itself ([Random]), the even ones give whole
// tasks priorities ([Priorities]); each finds what the other misses.
func Mixed(n uint64) (sim.Chooser, string) {
	switch {
	case n == 0:
		return nil, "default"
	case n%2 == 0:
		return NewPriorities(n), fmt.Sprintf("priorities %d", n)
	default:
		return NewRandom(n, true), fmt.Sprintf("random %d", n)
	}
}
