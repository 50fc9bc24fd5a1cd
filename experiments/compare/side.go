package compare

import (
	"errors"
	"fmt"
	"strings"

	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/model/release"
)

// Side is one of the two settings.
type Side struct {
	// Label is how the side was written.
	Label   string
	Setting sweep.Setting
}

// ParseSide reads one side: words that each name a release, a scenario (built in or a
// file), or a change, NAME=VALUE, of a Vitess flag or of an axis of sweeps such as
// lag=2s. What it does not say is as in the plan, with the flags that base gives.
func ParseSide(text string, plan sweep.Plan, base sweep.BaseFlags) (Side, error) {
	plan.Vary = nil
	for _, word := range strings.Fields(text) {
		name, value, err := meaning(word)
		if err != nil {
			return Side{}, fmt.Errorf("%q: %w", text, err)
		}
		plan.Vary = append(plan.Vary, sweep.Axis{Name: name, Values: []string{value}})
	}
	if len(plan.Vary) == 0 {
		return Side{}, errors.New("a side is empty; name a release, a scenario or a change such as buffer-window=5s")
	}
	r, err := plan.Resolve(base)
	if err != nil {
		return Side{}, fmt.Errorf("%q: %w", text, err)
	}
	return Side{Label: text, Setting: r.Points[0].Setting}, nil
}

// meaning says what a word of a side varies.
func meaning(word string) (name, value string, err error) {
	if name, value, ok := strings.Cut(word, "="); ok {
		return strings.TrimLeft(name, "-"), value, nil
	}
	if _, err := release.Lookup(word); err == nil {
		return "release", word, nil
	}
	if _, err := scenario.Lookup(word); err == nil || strings.HasSuffix(word, ".yaml") || strings.HasSuffix(word, ".yml") {
		return "scenario", word, nil
	}
	return "", "", fmt.Errorf("%s is neither a release nor a scenario, nor a change such as buffer-window=5s", word)
}
