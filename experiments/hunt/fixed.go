package hunt

import (
	"time"

	"bufsim/experiments/scenario"
)

// Fixed draws nothing but the seed and the schedule: every run plays the scenario. A scenario
// without a recovery gets one, so that liveness can be judged.
func Fixed(s *scenario.Scenario) func(*Draw, *Input) {
	own := cloneScenario(s)
	if own.Recovery == 0 && own.Start != scenario.StartFromNothing {
		own.Recovery = recoveryDefault
	}
	return func(_ *Draw, in *Input) { in.Scenario = own }
}

// recoveryDefault is how long a cluster has to become whole again.
const recoveryDefault = scenario.Duration(time.Minute)
