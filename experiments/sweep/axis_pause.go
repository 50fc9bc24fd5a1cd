package sweep

import (
	"errors"
	"slices"

	"bufsim/experiments/scenario"
)

// setPause sets the pause before each operation that follows another.
func setPause(s *scenario.Scenario, value string) error {
	d, err := nonNegative(value)
	if err != nil {
		return err
	}
	own := slices.Clone(s.Timeline)
	changed := false
	for i := range own {
		if own[i].After != "" {
			own[i].Wait, changed = scenario.Duration(d), true
		}
	}
	if !changed {
		return errors.New("no operation of the scenario follows another, so there is no pause to vary")
	}
	s.Timeline = own
	return nil
}
