package sweep

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bufsim/experiments/scenario"
)

// stepsInRange bounds how many values a range without a step may stand for.
const stepsInRange = 1000

// ParseValues reads a list of values and ranges: `1s,2s,5s`, `1s..10s` (in steps of
// one second), `1s..3s/500ms`, `2..10/2` (whole numbers).
func ParseValues(text string) ([]string, error) {
	var values []string
	for part := range strings.SplitSeq(text, ",") {
		from, rest, isRange := strings.Cut(strings.TrimSpace(part), "..")
		if !isRange {
			values = append(values, from)
			continue
		}
		expanded, err := expand(from, rest)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", part, err)
		}
		values = append(values, expanded...)
	}
	return values, nil
}

func expand(from, rest string) ([]string, error) {
	to, step, _ := strings.Cut(rest, "/")
	if _, err := strconv.Atoi(from); err == nil {
		return expandNumbers(from, to, step)
	}
	return expandDurations(from, to, step)
}

func expandNumbers(from, to, step string) ([]string, error) {
	if step == "" {
		step = "1"
	}
	var n [3]int
	for i, text := range []string{from, to, step} {
		v, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number; write a range like 2..10 or 2..10/2", text)
		}
		n[i] = v
	}
	if err := checkRange(n[0], n[1], n[2]); err != nil {
		return nil, err
	}
	var values []string
	for i := range (n[1]-n[0])/n[2] + 1 {
		values = append(values, strconv.Itoa(n[0]+i*n[2]))
	}
	return values, nil
}

func expandDurations(from, to, step string) ([]string, error) {
	if step == "" {
		step = "1s"
	}
	var d [3]time.Duration
	for i, text := range []string{from, to, step} {
		v, err := time.ParseDuration(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a duration; write a range like 1s..10s or 1s..3s/500ms", text)
		}
		d[i] = v
	}
	if err := checkRange(d[0], d[1], d[2]); err != nil {
		return nil, err
	}
	var values []string
	for i := range (d[1]-d[0])/d[2] + 1 {
		values = append(values, (d[0] + i*d[2]).String())
	}
	return values, nil
}

func checkRange[T int | time.Duration](from, to, step T) error {
	width := to - from
	switch {
	case to < from:
		return errors.New("the range ends before it begins")
	case step <= 0:
		return errors.New("the step must be positive")
	case width < 0:
		return errors.New("the range is too wide")
	case width/step >= stepsInRange:
		return fmt.Errorf("the range has %d values, more than %d; give a larger step", width/step+1, stepsInRange)
	}
	return nil
}

// durations parses a list; an empty one stands for a single 0.
func durations(what string, list []string) ([]time.Duration, error) {
	if len(list) == 0 {
		return []time.Duration{0}, nil
	}
	var out []time.Duration
	for _, text := range list {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return nil, fmt.Errorf("%s: %q is not a duration such as 5s", what, text)
		}
		out = append(out, d)
	}
	return out, nil
}

// parseSeeds reads `1-50` or `7`; empty is the scenario's own range.
func parseSeeds(text string, fallback scenario.Seeds) (scenario.Seeds, error) {
	if text == "" {
		return fallback, nil
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	var s scenario.Seeds
	var err1, err2 error
	s.First, err1 = strconv.ParseUint(first, 10, 64)
	s.Last, err2 = strconv.ParseUint(last, 10, 64)
	if err1 != nil || err2 != nil || s.Last < s.First {
		return s, fmt.Errorf("seeds: %q is not a range such as 1-50", text)
	}
	return s, nil
}
