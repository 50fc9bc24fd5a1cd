package sweep

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseValues(t *testing.T) {
	for text, want := range map[string]string{
		"1s,2s,5s":     "1s 2s 5s",
		"1s..3s":       "1s 2s 3s",
		"1s..2s/500ms": "1s 1.5s 2s",
		"2..10/4":      "2 6 10",
		"1,4..5":       "1 4 5",
		"true,false":   "true false",
		"9223372036854775806..9223372036854775807": "9223372036854775806 9223372036854775807",
	} {
		values, err := ParseValues(text)
		require.NoError(t, err, text)
		require.Equal(t, want, strings.Join(values, " "), text)
	}
}

func TestParseValuesRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"10s..1s":                 `"10s..1s": the range ends before it begins`,
		"1..9/0":                  `"1..9/0": the step must be positive`,
		"1..9999":                 `"1..9999": the range has 9999 values, more than 1000; give a larger step`,
		"1s..x":                   `"1s..x": "x" is not a duration; write a range like 1s..10s or 1s..3s/500ms`,
		"1..x":                    `"1..x": "x" is not a whole number; write a range like 2..10 or 2..10/2`,
		"-2..9223372036854775807": `"-2..9223372036854775807": the range is too wide`,
	} {
		_, err := ParseValues(text)
		require.EqualError(t, err, want)
	}
}

// Ranges end, whatever their ends and their step are.
func FuzzParseValues(f *testing.F) {
	for _, seed := range []string{"1s..10s", "1..9/2", "1s,2s", "..", "1../", "9223372036854775806..9223372036854775807/2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := ParseValues(text)
		if err == nil {
			require.LessOrEqual(t, len(values), (strings.Count(text, ",")+1)*stepsInRange)
		}
	})
}
