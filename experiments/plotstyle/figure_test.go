package plotstyle

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"flag"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of this package anew")

// small is a figure with every element: two series, one band, two references.
func small() Figure {
	return Figure{
		Title: "A window longer than the outage hides it.",
		Caption: Caption{
			Runs: 20, Seeds: "1-20, the same at every point", Release: "v22",
			Unit: "one planned failover", Interval: "95 % BCa bootstrap over runs",
		},
		Body: Curves{
			X: Axis{Title: "buffer-window", Unit: "s"},
			Y: Axis{Title: "failed statements", Percent: true},
			Series: []Series{
				{
					Name: "measured", X: []float64{1, 5, 10},
					Y: []float64{0.5, 0.25, 0}, Low: []float64{0.375, 0.125, 0}, High: []float64{0.625, 0.5, 0.0625},
				},
				{Name: "model", X: []float64{1, 10}, Y: []float64{0.5, 0}},
			},
			References: []Reference{{X: 10, Label: "default 10 s"}, {X: 5.2, Label: "outage 5.2 s"}},
		},
	}
}

func TestFigureMatchesGoldenFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, small().Save(dir, "small"))
	for _, name := range []string{"small.svg", "small.csv"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		golden := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(golden, got, 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s; go test -update writes it anew", name)
	}
}

func TestFigureRendersTheSameBytesTwice(t *testing.T) {
	for name, render := range map[string]func(Figure) ([]byte, error){
		"png": Figure.PNG, "svg": Figure.SVG, "csv": Figure.CSV,
	} {
		first, err := render(small())
		require.NoError(t, err)
		second, err := render(small())
		require.NoError(t, err)
		require.True(t, bytes.Equal(first, second), name)

		changed := small()
		changed.Body.(Curves).Series[0].Y[1] = 0.3
		other, err := render(changed)
		require.NoError(t, err)
		require.False(t, bytes.Equal(first, other), "%s does not show the data", name)
	}
}

func TestPNGHasTwiceTheDisplaySize(t *testing.T) {
	data, err := small().PNG()
	require.NoError(t, err)
	image, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, 2000, image.Bounds().Dx())
	require.Equal(t, 1160, image.Bounds().Dy())
	background := image.At(0, 0)
	r, g, b, a := background.RGBA()
	require.Equal(t, []uint32{0xffff, 0xffff, 0xffff, 0xffff}, []uint32{r, g, b, a}, "opaque white paper")
}

// The fullest figure allowed: seven dense curves, and a label pushed in from the
// right edge. Each curve must leave its colour in the drawing.
func TestFullFigureShowsEveryCurve(t *testing.T) {
	curves := Curves{
		X: Axis{Title: "x"}, Y: Axis{Title: "y"},
		References: []Reference{{X: 29, Label: "a long label at the right edge"}, {X: 28, Label: "its neighbour"}},
	}
	for i, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		s := Series{Name: name}
		for x := range 30 {
			s.X = append(s.X, float64(x))
			s.Y = append(s.Y, float64(i*x))
		}
		curves.Series = append(curves.Series, s)
	}
	fig := small()
	fig.Body = curves
	svg, err := fig.SVG()
	require.NoError(t, err)
	for _, l := range looks() {
		colour := fmt.Sprintf("stroke:#%02X%02X%02X", l.colour.R, l.colour.G, l.colour.B)
		require.Equal(t, 2, strings.Count(string(svg), colour), "curve and legend of %s", colour)
	}
}

func TestCSVReadsBackAsTheSameNumbers(t *testing.T) {
	fig := small()
	fig.Body.(Curves).Series[0].Y[1] = 1.0 / 3
	data, err := fig.CSV()
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"kind", "name", "buffer-window (s)", "failed statements (share)", "low", "high"}, rows[0])
	require.Equal(t, []string{"curve", "measured", "5", "0.3333333333333333", "0.125", "0.5"}, rows[2])
	require.Len(t, rows, 1+3+2+2)
}

func TestSVGHasFallbackFontsAndAnEscapedTitle(t *testing.T) {
	fig := small()
	fig.Title = "Is a < b?"
	data, err := fig.SVG()
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(data, new(struct{})), "well-formed XML")
	text := string(data)
	require.Contains(t, text, "<title>Is a &lt; b?</title>")
	require.Contains(t, text, "'Liberation Sans',Arial,Helvetica,sans-serif")
	require.NotContains(t, text, "font-family:Liberation")
	require.NotContains(t, text, "Serif")
}

func TestSaveRejectsNamesWithFolders(t *testing.T) {
	for _, name := range []string{"", ".", "..", "a/b", "/a"} {
		require.ErrorContains(t, small().Save(t.TempDir(), name), "not a bare file name", name)
	}
}

func TestSaveWritesNothingForABadFigure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "figures")
	fig := small()
	fig.Title = ""
	require.EqualError(t, fig.Save(dir, "bad"), "figure bad: title is missing")
	require.NoDirExists(t, dir)
}

func TestBadFiguresAreClearErrors(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct {
		want   string
		change func(f *Figure, c *Curves)
	}{
		{"title is missing", func(f *Figure, _ *Curves) { f.Title = "" }},
		{"caption: 0 runs", func(f *Figure, _ *Curves) { f.Caption.Runs = 0 }},
		{"caption: seeds is missing", func(f *Figure, _ *Curves) { f.Caption.Seeds = "" }},
		{"caption: release is missing", func(f *Figure, _ *Curves) { f.Caption.Release = "" }},
		{"caption: unit is missing", func(f *Figure, _ *Curves) { f.Caption.Unit = "" }},
		{"caption: interval is missing", func(f *Figure, _ *Curves) { f.Caption.Interval = "" }},
		{"x axis: title is missing", func(_ *Figure, c *Curves) { c.X.Title = "" }},
		{`y axis: percent and unit "ms" contradict`, func(_ *Figure, c *Curves) { c.Y.Unit = "ms" }},
		{"curves: 0 series, must be 1 to 7", func(_ *Figure, c *Curves) { c.Series = nil }},
		{"curves: 8 series, must be 1 to 7", func(_ *Figure, c *Curves) { c.Series = make([]Series, 8) }},
		{`series 2: name "measured" is missing or used twice`, func(_ *Figure, c *Curves) { c.Series[1].Name = "measured" }},
		{`series "model": 1 points, a curve needs two`, func(_ *Figure, c *Curves) { c.Series[1].X = []float64{1} }},
		{`series "model": 2 values of x but 1 of y`, func(_ *Figure, c *Curves) { c.Series[1].Y = []float64{1} }},
		{"3 points but a band of 2 low and 3 high ends", func(_ *Figure, c *Curves) { c.Series[0].Low = []float64{0, 0} }},
		{"3 points but a band of 0 low and 3 high ends", func(_ *Figure, c *Curves) { c.Series[0].Low = nil }},
		{`series "measured": point 2: (5, NaN) is not finite`, func(_ *Figure, c *Curves) { c.Series[0].Y[1] = nan }},
		{"point 1: (+Inf, 0.5) is not finite", func(_ *Figure, c *Curves) { c.Series[0].X[0] = math.Inf(1) }},
		{"point 2: x = 1 does not increase after 1", func(_ *Figure, c *Curves) { c.Series[0].X[1] = 1 }},
		{"point 3: band 0 to +Inf is not finite", func(_ *Figure, c *Curves) { c.Series[0].High[2] = math.Inf(1) }},
		{"point 2: band is upside down: low 0.6 is above high 0.5", func(_ *Figure, c *Curves) { c.Series[0].Low[1] = 0.6 }},
		{`reference "default 10 s": x = NaN is not finite`, func(_ *Figure, c *Curves) { c.References[0].X = nan }},
		{"reference 2: label is missing", func(_ *Figure, c *Curves) { c.References[1].Label = "" }},
	} {
		t.Run(tc.want, func(t *testing.T) {
			fig := small()
			curves := fig.Body.(Curves)
			tc.change(&fig, &curves)
			fig.Body = curves
			for _, render := range []func() ([]byte, error){fig.PNG, fig.SVG, fig.CSV} {
				_, err := render()
				require.ErrorContains(t, err, tc.want)
			}
		})
	}
	_, err := Figure{Title: "Nothing."}.SVG()
	require.EqualError(t, err, "body is missing")
}

func TestCaptionReads(t *testing.T) {
	c := small().Caption
	c.Note = "Failed means an error was the first visible outcome."
	require.Equal(t, "n = 20 runs per point; one run = one planned failover; seeds 1-20, the same at every point; "+
		"Vitess v22. Bands: 95 % BCa bootstrap over runs. Failed means an error was the first visible outcome.", c.String())

	c.Interval, c.Note = "", ""
	require.NoError(t, c.check(false), "no interval is needed where none is drawn")
	require.True(t, strings.HasSuffix(c.String(), "Vitess v22."))
}
