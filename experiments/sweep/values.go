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
		part = strings.TrimSpace(part)
		if part == "" {
			return nil, fmt.Errorf("%q has an empty value; write a list such as 1s,2s,5s or a range such as 1s..10s", text)
		}
		from, rest, isRange := strings.Cut(part, "..")
		if !isRange {
			values = append(values, part)
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

// expand takes a range apart: from, and `to` or `to/step`.
func expand(from, rest string) ([]string, error) {
	to, step, stepped := strings.Cut(rest, "/")
	number := func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }
	if _, err := number(from); err == nil {
		return steps(from, to, orElse(stepped, step, "1"), number, func(n int64) string { return strconv.FormatInt(n, 10) },
			"a whole number; write a range like 2..10 or 2..10/2")
	}
	duration := func(text string) (int64, error) {
		d, err := time.ParseDuration(text)
		return int64(d), err
	}
	return steps(from, to, orElse(stepped, step, "1s"), duration, func(n int64) string { return time.Duration(n).String() },
		"a duration; write a range like 1s..10s or 1s..3s/500ms")
}

func orElse(given bool, text, fallback string) string {
	if given {
		return text
	}
	return fallback
}

// steps lists the values of a range.
func steps(from, to, step string, parse func(string) (int64, error), format func(int64) string, form string) ([]string, error) {
	var n [3]int64
	for i, text := range []string{from, to, step} {
		v, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not %s", text, form)
		}
		n[i] = v
	}
	first, last, by := n[0], n[1], n[2]
	switch {
	case last < first:
		return nil, errors.New("the range ends before it begins")
	case by <= 0:
		return nil, errors.New("the step must be positive")
	}
	// The difference of two int64 may need 64 bits without a sign.
	more := (uint64(last) - uint64(first)) / uint64(by)
	if more >= stepsInRange {
		return nil, fmt.Errorf("the range has more than %d values; give a larger step", stepsInRange)
	}
	values := make([]string, 0, more+1)
	for i := range more + 1 {
		values = append(values, format(first+int64(i)*by))
	}
	return values, nil
}

// parseSeeds reads `1-50` or `7`; empty is the scenario's own range.
func parseSeeds(text string, fallback scenario.Seeds) (scenario.Seeds, error) {
	if text == "" {
		return fallback, nil
	}
	var s scenario.Seeds
	if err := s.UnmarshalText([]byte(text)); err != nil {
		return s, fmt.Errorf("seeds: %w; write a range such as 1-50", err)
	}
	if s.First == 0 {
		return s, fmt.Errorf("seeds: %q begins with 0; seeds begin with 1", text)
	}
	return s, nil
}

// isRange reports whether a text of values is a single range.
func isRange(text string) bool { return strings.Contains(text, "..") && !strings.Contains(text, ",") }
