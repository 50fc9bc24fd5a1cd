package plotstyle

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"pgregory.net/rapid"
)

func TestTicksAreRoundAndLabelled(t *testing.T) {
	for _, tc := range []struct {
		axis      Axis
		low, high float64
		want      string
	}{
		{Axis{}, 0, 30, "0 5 10 15 20 25 30"},
		{Axis{}, 0.4, 30.6, "5 10 15 20 25 30"},
		{Axis{}, -2, 2, "-2 -1 0 1 2"},
		{Axis{}, 0, 0.012, "0.000 0.002 0.004 0.006 0.008 0.010 0.012"},
		{Axis{Percent: true}, 0, 1, "0 20 40 60 80 100"},
		{Axis{Percent: true}, 0, 0.03, "0.0 0.5 1.0 1.5 2.0 2.5 3.0"},
		{Axis{}, 0, 2e6, "0 500000 1000000 1500000 2000000"},
	} {
		var labels []string
		for _, mark := range (ticks{of: tc.axis}).Ticks(tc.low, tc.high) {
			labels = append(labels, mark.Label)
		}
		require.Equal(t, tc.want, strings.Join(labels, " "))
	}
}

func TestTicksStayFewAndRangesHoldTheData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(-1e6, 1e6).Draw(t, "low")
		high := low + rapid.Float64Range(0, 1e6).Draw(t, "span")
		from, to := roundRange(low, high)
		slack := 1e-8 * (to - from)
		require.LessOrEqual(t, from, min(low, 0)+slack)
		require.GreaterOrEqual(t, to, max(high, 0)-slack)

		marks := ticks{}.Ticks(from, to)
		require.GreaterOrEqual(t, len(marks), 3)
		require.LessOrEqual(t, len(marks), 12)
		seen := make(map[string]bool)
		for _, mark := range marks {
			require.False(t, seen[mark.Label], "label %s stands twice", mark.Label)
			seen[mark.Label] = true
		}
	})
}

func TestWrapKeepsWordsAndWidth(t *testing.T) {
	style := captionStyle()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,12}`), 1, 30).Draw(t, "words")
		lines := wrap(style, strings.Join(words, " "), 120)
		require.Equal(t, words, strings.Fields(strings.Join(lines, " ")))
		for _, line := range lines {
			require.NotEmpty(t, line)
			require.True(t, style.Width(line) <= 120 || !strings.Contains(line, " "), line)
		}
	})
}

// Whatever the references, no label covers another and none leaves the data area.
func TestReferenceLabelsNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reference := rapid.Custom(func(t *rapid.T) Reference {
			return Reference{
				X:     rapid.Float64Range(0, 30).Draw(t, "x"),
				Label: rapid.StringMatching(`[a-z]{1,30}`).Draw(t, "label"),
			}
		})
		references := rapid.SliceOfN(reference, 0, 6).Draw(t, "references")
		p := newPlot(Axis{Title: "x"}, Axis{Title: "y"})
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 30, 0, 1
		data := draw.Canvas{Rectangle: vg.Rectangle{Max: vg.Point{X: 500, Y: 300}}}

		labels := placeLabels(data, p, references)
		require.Len(t, labels.placed, len(references))
		require.Equal(t, len(references) == 0, labels.height() == 0)
		for i, a := range labels.placed {
			require.GreaterOrEqual(t, a.left, data.Min.X)
			require.LessOrEqual(t, a.right, data.Max.X+1e-9)
			require.Less(t, a.row, labels.rows)
			for _, b := range labels.placed[:i] {
				apart := a.row != b.row || a.right < b.left || b.right < a.left
				require.True(t, apart, "%q and %q overlap", a.Label, b.Label)
			}
		}
	})
}

func TestMarkersThinOutOnDenseCurves(t *testing.T) {
	require.Equal(t, 1, markerStep(2))
	require.Equal(t, 1, markerStep(20))
	require.Equal(t, 2, markerStep(21))
	require.Equal(t, 5, markerStep(100))
}

// Each of colour, marker and dashes alone tells any two series apart.
func TestLooksDiffer(t *testing.T) {
	all := looks()
	for i, a := range all {
		for _, b := range all[:i] {
			require.NotEqual(t, a.colour, b.colour)
			require.NotEqual(t, a.marker, b.marker)
			require.NotEqual(t, a.dashes, b.dashes)
		}
	}
}
