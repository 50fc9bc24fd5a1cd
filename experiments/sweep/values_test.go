package sweep

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/scenario"
)

func TestParseValues(t *testing.T) {
	for text, want := range map[string]string{
		"10s":                    "10s",
		"1s, 2s,5s":              "1s 2s 5s",
		"1s..3s":                 "1s 2s 3s",
		"1s..3s/500ms":           "1s 1.5s 2s 2.5s 3s",
		"1s..2900ms":             "1s 2s",
		"2..10/4":                "2 6 10",
		"5..5":                   "5",
		"-2..0":                  "-2 -1 0",
		"true,false":             "true false",
		"1s..2s,10s..12s/1s,30s": "1s 2s 10s 11s 12s 30s",
		"9223372036854775806..9223372036854775807":                      "9223372036854775806 9223372036854775807",
		"-9223372036854775808..9223372036854775807/9223372036854775807": "-9223372036854775808 -1 9223372036854775806",
	} {
		got, err := ParseValues(text)
		require.NoError(t, err, text)
		require.Equal(t, strings.Fields(want), got, text)
	}
	for text, want := range map[string]string{
		"":             "empty value",
		"1s,,2s":       "empty value",
		"3s..1s":       `"3s..1s": the range ends before it begins`,
		"1s..3s/0s":    "the step must be positive",
		"1s..3s/-1s":   "the step must be positive",
		"1s..3s/":      `"" is not a duration`,
		"1s..":         `"" is not a duration`,
		"..3s":         `"" is not a duration`,
		"1..3s":        `"3s" is not a whole number; write a range like 2..10 or 2..10/2`,
		"1s..3":        `"3" is not a duration; write a range like 1s..10s or 1s..3s/500ms`,
		"a..b":         `"a" is not a duration`,
		"0..1000":      "the range has more than 1000 values; give a larger step",
		"1ms..10s/1ms": "more than 1000 values",
		"0s..9000000s": "more than 1000 values",
		"-9223372036854775808..9223372036854775807": "more than 1000 values",
	} {
		_, err := ParseValues(text)
		require.ErrorContains(t, err, want, text)
	}
}

// Whatever the text, there are at most a thousand values a part, none of them empty
// and each of them a value by itself.
func FuzzParseValues(f *testing.F) {
	for _, text := range []string{"1s..10s", "1s..3s/500ms", "2..10/2", "1,2", "9223372036854775807..9223372036854775807/1", "1h..-1h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := ParseValues(text)
		if err != nil {
			require.Empty(t, values)
			return
		}
		require.NotEmpty(t, values)
		require.LessOrEqual(t, len(values), stepsInRange*(1+strings.Count(text, ",")))
		for _, v := range values {
			again, err := ParseValues(v)
			require.NoError(t, err)
			require.Equal(t, []string{v}, again)
		}
	})
}

func TestParseSeeds(t *testing.T) {
	fallback := scenario.Seeds{First: 3, Last: 9}
	for text, want := range map[string]scenario.Seeds{"": fallback, "7": {First: 7, Last: 7}, "1-50": {First: 1, Last: 50}} {
		got, err := parseSeeds(text, fallback)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"0", "0-5", "5-1", "a", "1-", "-1", "1-18446744073709551616"} {
		_, err := parseSeeds(text, fallback)
		require.ErrorContains(t, err, "seeds: ", text)
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]struct {
		x    float64
		unit string
	}{"1500ms": {1.5, "s"}, "1000": {1000, ""}, "0": {0, ""}, "0s": {0, "s"}} {
		x, unit, err := number(text)
		require.NoError(t, err, text)
		require.InDelta(t, want.x, x, 0)
		require.Equal(t, want.unit, unit, text)
	}
	_, _, err := number("true")
	require.ErrorContains(t, err, "no place on an axis")
}
