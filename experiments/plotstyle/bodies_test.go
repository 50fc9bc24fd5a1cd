package plotstyle

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func smallHeat() Heat {
	return Heat{
		X: Axis{Title: "buffer-window"}, Y: Axis{Title: "lag"}, Z: Axis{Title: "of statements failed", Percent: true},
		Columns: []string{"1s", "2s", "4s"}, Rows: []string{"0s", "3s"},
		Values: [][]float64{{0.02, 0.005, 0}, {0.08, 0.04, 0.01}}, Level: 0.01, LevelName: "1 % contour",
	}
}

func smallBars() Bars {
	return Bars{
		X: Axis{Title: "requests a run"}, Y: Axis{Title: "setting"}, Settings: []string{"size 2", "size 10"},
		Parts: []Part{
			{Name: "answered", Values: []float64{0, 0}},
			{Name: "drained", Values: []float64{2, 6.25}},
			{Name: "buffer full", Values: []float64{4.25, 0}},
		},
	}
}

func smallSteps() Steps {
	return Steps{
		X: Axis{Title: "time", Unit: "s"}, Y: Axis{Title: "requests"}, From: 1, To: 6,
		Lines: []StepLine{
			{Name: "slots", X: []float64{0, 2, 3, 5}, Y: []float64{0, 1, 2, 0}},
			{Name: "waiting", X: []float64{0, 2, 3, 4.5, 7}, Y: []float64{0, 1, 2, 0, 9}},
		},
		Spans: []Span{{"demotion", 2, 2.5}, {"promotion", 2.5, 4}, {"demotion", 5, 5.5}},
	}
}

func smallLanes() Lanes {
	return Lanes{
		X: Axis{Title: "time", Unit: "s"}, Y: Axis{Title: "connection"}, From: 1, To: 6,
		Kinds: []string{"answered", "held", "held, failed", "failed"},
		Lanes: []Lane{
			{Name: "1", Bars: []Bar{{0.5, 0.6, 3}, {1.5, 1.5, 0}, {2, 4, 1}}},
			{Name: "2", Bars: []Bar{{2.5, 3.5, 2}, {4, 9, 3}}},
		},
		Spans: []Span{{"outage", 2, 4}},
	}
}

func bodies() map[string]Body {
	return map[string]Body{"heat": smallHeat(), "bars": smallBars(), "steps": smallSteps(), "lanes": smallLanes()}
}

func figureOf(b Body) Figure {
	f := small()
	f.Body = b
	return f
}

// Every kind of body has its golden drawing and its golden numbers, and the same bytes
// twice.
func TestBodiesMatchGoldenFiles(t *testing.T) {
	for name, body := range bodies() {
		dir := t.TempDir()
		require.NoError(t, figureOf(body).Save(dir, name))
		for _, ext := range []string{".svg", ".csv"} {
			got, err := os.ReadFile(filepath.Join(dir, name+ext))
			require.NoError(t, err)
			golden := filepath.Join("testdata", name+ext)
			if *update {
				require.NoError(t, os.WriteFile(golden, got, 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got), "%s; go test -update writes it anew", golden)
		}
		first, err := os.ReadFile(filepath.Join(dir, name+".png"))
		require.NoError(t, err)
		second, err := figureOf(body).PNG()
		require.NoError(t, err)
		require.True(t, bytes.Equal(first, second), name)
	}
}

// The contour runs between cells below the level and cells that reach it, and nowhere
// else: here around the one low cell of the first row and between the rows.
func TestContourSeparatesTheLevel(t *testing.T) {
	edges := func(h Heat) int {
		svg, err := figureOf(h).SVG()
		require.NoError(t, err)
		c := contourLine().Color
		r, g, b, _ := c.RGBA()
		return strings.Count(string(svg), fmt.Sprintf("stroke:#%02X%02X%02X", r>>8, g>>8, b>>8)) - 1 // the legend's
	}
	h := smallHeat()
	require.Equal(t, 3, edges(h), "between 1s and 2s at lag 0, and below the other two cells at 3s")
	h.Level = 1
	require.Zero(t, edges(h), "no cell reaches it")
}

// What the figure shows is in the CSV: cells, parts, steps, bars and spans.
func TestBodiesListWhatTheyDraw(t *testing.T) {
	for name, want := range map[string]int{"heat": 6 + 1, "bars": 6, "steps": 9 + 3, "lanes": 5 + 1} {
		data, err := figureOf(bodies()[name]).CSV()
		require.NoError(t, err)
		rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 1+want, name)
	}
}

func TestBodiesRefuseWhatWouldMislead(t *testing.T) {
	ragged, negative, nameless := smallHeat(), smallHeat(), smallHeat()
	ragged.Values = [][]float64{{1, 2, 3}, {1, 2}}
	negative.Values = [][]float64{{1, 2, 3}, {1, 2, -3}}
	nameless.LevelName = ""
	missing := smallBars()
	missing.Parts = []Part{{Name: "drained", Values: []float64{1}}}
	backwards := smallSteps()
	backwards.Lines = []StepLine{{Name: "slots", X: []float64{2, 1}, Y: []float64{0, 1}}}
	noTime := smallLanes()
	noTime.To = noTime.From
	unknown := smallLanes()
	unknown.Lanes = []Lane{{Name: "1", Bars: []Bar{{1, 2, 4}}}}
	upsideDown := smallLanes()
	upsideDown.Spans = []Span{{"outage", 4, 2}}
	for want, body := range map[string]Body{
		"row 3s has 2 values for 3 columns": ragged, "negative or not finite": negative, "do not go together": nameless,
		`part "drained" has 1 values for 2 settings`: missing, "goes back": backwards, "is no time": noTime,
		"a bar of kind 4": unknown, `span "outage" from 4 to 2`: upsideDown,
	} {
		_, err := figureOf(body).SVG()
		require.ErrorContains(t, err, want)
	}
}

// Parts and kinds are told apart by more than colour: no two have both colour and
// hatching in common, and those of one hatching differ in lightness or hue.
func TestFillsDiffer(t *testing.T) {
	for _, list := range [][]fill{fills(), laneFills()} {
		seen := map[fill]bool{}
		for _, f := range list {
			require.False(t, seen[f])
			seen[f] = true
		}
	}
}

func TestCellsShowTwoDigits(t *testing.T) {
	h := smallHeat()
	for v, want := range map[float64]string{0: "0", 0.00001: "<0.01", 0.0001: "0.01", 0.0006: "0.06", 0.0012: "0.12", 0.0123: "1.2", 0.123: "12"} {
		require.Equal(t, want, h.text(v))
	}
}
