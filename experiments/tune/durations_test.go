package tune

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string][2]time.Duration{
		"5s": {5 * time.Second, 5 * time.Second}, "9s,2s,5s": {2 * time.Second, 9 * time.Second},
		"2s..8s": {2 * time.Second, 8 * time.Second}, "2s..8s/3s": {2 * time.Second, 8 * time.Second},
	} {
		d, err := ParseDurations(text)
		require.NoError(t, err)
		require.Equal(t, want, [2]time.Duration{d.Min(), d.Max()}, text)
		require.Equal(t, text, d.String())
	}
	for text, want := range map[string]string{
		"8s..2s": "not a range", "fast": "not a duration", "-5s": "not a duration", "2s..": "not a range", "1s,,2s": "empty value", "1..3": "not a range",
	} {
		_, err := ParseDurations(text)
		require.ErrorContains(t, err, want, text)
	}
}

// Measured lengths stand one a line, with a unit or in seconds.
func TestReadDurations(t *testing.T) {
	d, err := ReadDurations("m.txt", strings.NewReader("# PRS in production\n4.2s\n\n1500ms\n12\n"))
	require.NoError(t, err)
	require.Equal(t, []time.Duration{1500 * time.Millisecond, 4200 * time.Millisecond, 12 * time.Second}, d.Values)
	require.Equal(t, "3 measured lengths from 1.5s to 12s", d.String())
	_, err = ReadDurations("m.txt", strings.NewReader("1s\nsoon\n"))
	require.EqualError(t, err, `m.txt:2: "soon" is not a duration; write one a line, such as 4.2s`)
	_, err = ReadDurations("m.txt", strings.NewReader("# none\n"))
	require.ErrorContains(t, err, "m.txt: no duration in it")
}

// Every series has the longest and the shortest; the rest lies between, is the same for the
// same seed, and reaches most of the range.
func TestDraw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := time.Duration(rapid.IntRange(0, 5000).Draw(t, "low")) * time.Millisecond
		d := Durations{Low: low, High: low + time.Duration(rapid.IntRange(0, 9000).Draw(t, "width"))*time.Millisecond, text: "range"}
		if rapid.Bool().Draw(t, "list") {
			d.Values = []time.Duration{d.Low, (d.Low + d.High) / 2, d.High}
		}
		seed := rapid.Uint64Range(1, 1<<40).Draw(t, "seed")
		require.Equal(t, d.Max(), d.draw(0, seed, "prs"))
		require.Equal(t, d.Min(), d.draw(1, seed, "prs"))
		x := d.draw(2, seed, "prs")
		require.Equal(t, x, d.draw(77, seed, "prs"))
		require.True(t, d.Min() <= x && x <= d.Max())
		if len(d.Values) > 0 {
			require.Contains(t, d.Values, x)
		}
	})
	d, err := ParseDurations("2s..8s")
	require.NoError(t, err)
	sum := time.Duration(0)
	for seed := range uint64(1000) {
		sum += d.draw(2, seed+1, "prs")
	}
	require.InDelta(t, 5, (sum / 1000).Seconds(), 0.2)
}
