package figure

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"flag"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/groundtruth"
	"bufsim/experiments/plotstyle"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/sim/simtest"
)

var update = flag.Bool("update", false, "write the golden files of this package anew")

// studies lists the plans of the published studies.
func studies(t *testing.T) []string {
	t.Helper()
	plans, err := filepath.Glob("../*/plan*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, plans)
	return plans
}

// play plays a plan and draws its figure.
func play(t *testing.T, plan *sweep.Plan) plotstyle.Figure {
	t.Helper()
	r, err := plan.Resolve(nil)
	require.NoError(t, err)
	w, err := New(plan.Figure, r)
	require.NoError(t, err)
	tally, err := sweep.Run(context.Background(), r, sweep.Options{Probe: w.Probe, Sample: w.Sample})
	require.NoError(t, err)
	require.Nil(t, tally.OurFault)
	points, err := tally.Summarise()
	require.NoError(t, err)
	f, err := w.Figure(points)
	require.NoError(t, err)
	return f
}

// Each study in small, the ends of its axes and few seeds, gives the same numbers and the
// same drawing as before.
func TestStudiesInSmall(t *testing.T) {
	for _, path := range studies(t) {
		plan, err := sweep.LoadPlan(path)
		require.NoError(t, err)
		plan.Seeds = "1-2"
		if plan.Figure == "measured" {
			plan.Seeds = "1-39" // the fewest that give a prediction band
		}
		for i, a := range plan.Vary {
			plan.Vary[i].Values = slices.Compact([]string{a.Values[0], a.Values[len(a.Values)-1]})
		}
		f := play(t, plan)
		data, err := f.CSV()
		require.NoError(t, err)
		svg, err := f.SVG()
		require.NoError(t, err)
		got := fmt.Sprintf("%sdrawing,%x\n", data, sha256.Sum256(svg))
		golden := filepath.Join("testdata", "small", plan.Name+".csv")
		if *update {
			require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
			require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), got, "%s; go test -update writes it anew, and make plots its study", golden)
	}
}

// The published files are what the plans give: data and SVG by their bytes, PNG by its
// pixels. It plays everything, and so only at night.
func TestStudiesArePublishedAsPlayed(t *testing.T) {
	if !simtest.Nightly() {
		t.Skip("plays all studies in full; BUFSIM_NIGHTLY=1 does")
	}
	for _, path := range studies(t) {
		plan, err := sweep.LoadPlan(path)
		require.NoError(t, err)
		dir := t.TempDir()
		require.NoError(t, play(t, plan).Save(dir, plan.Name))
		for _, ext := range []string{".csv", ".svg"} {
			got, err := os.ReadFile(filepath.Join(dir, plan.Name+ext))
			require.NoError(t, err)
			want, err := os.ReadFile(filepath.Join(filepath.Dir(path), plan.Name+ext))
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got), "%s%s is old; make plots", plan.Name, ext)
		}
		requireSamePicture(t, filepath.Join(filepath.Dir(path), plan.Name+".png"), filepath.Join(dir, plan.Name+".png"))
	}
}

// requireSamePicture allows the few pixels by which rounding may differ.
func requireSamePicture(t *testing.T, wantPath, gotPath string) {
	t.Helper()
	var read [2][]byte
	for i, path := range []string{wantPath, gotPath} {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		read[i] = data
	}
	want, err := png.Decode(bytes.NewReader(read[0]))
	require.NoError(t, err)
	got, err := png.Decode(bytes.NewReader(read[1]))
	require.NoError(t, err)
	require.Equal(t, want.Bounds(), got.Bounds())
	differ := 0
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			if want.At(x, y) != got.At(x, y) {
				differ++
			}
		}
	}
	require.Less(t, differ, want.Bounds().Dx()*want.Bounds().Dy()/1000, wantPath)
}

// Each row of a README's tables of results is a row of the study's data, with the numbers
// rounded as they stand there.
func TestReadmesQuoteTheirResults(t *testing.T) {
	readmes, err := filepath.Glob("../*/README.md")
	require.NoError(t, err)
	quoted := 0
	for _, path := range readmes {
		src, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, table := range resultTables(string(src)) {
			rows := readCSV(t, filepath.Join(filepath.Dir(path), table.file))
			for _, row := range table.rows {
				require.True(t, slices.ContainsFunc(rows, func(r map[string]string) bool { return quotes(r, table.columns, row) }),
					"%s: the row %v is not in %s", path, row, table.file)
				quoted++
			}
		}
	}
	require.Greater(t, quoted, 20)
}

// The answer of a README says no number that is neither in its tables of results nor in its
// plans: what is said is what came out.
func TestReadmesSayOnlyWhatCameOut(t *testing.T) {
	number := regexp.MustCompile(`\d+(\.\d+)?`)
	for _, path := range studies(t) {
		src, err := os.ReadFile(filepath.Join(filepath.Dir(path), "README.md"))
		require.NoError(t, err)
		tables := resultTables(string(src))
		if len(tables) == 0 {
			continue // window: older than this rule
		}
		known := map[string]bool{"1": true, "2": true}
		for _, table := range tables {
			for _, row := range table.rows {
				for _, cell := range row {
					for _, n := range number.FindAllString(cell, -1) {
						known[n] = true
					}
				}
			}
		}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.yaml"))
		require.NoError(t, err)
		for _, f := range files {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			for _, n := range number.FindAllString(string(text), -1) {
				known[n] = true
			}
		}
		_, answer, ok := strings.Cut(string(src), "**Answer.**")
		require.True(t, ok, "%s has no answer", path)
		answer, _, _ = strings.Cut(answer, "\n\n")
		for _, n := range number.FindAllString(answer, -1) {
			require.True(t, known[n], "%s: %s stands in the answer, but neither in a table of results nor in a plan", path, n)
		}
	}
}

// resultTable is a table behind a line `Results, from FILE.csv:`.
type resultTable struct {
	file    string
	columns []string
	rows    [][]string
}

func resultTables(text string) []resultTable {
	var list []resultTable
	open := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "Results, from "):
			file := strings.Trim(strings.TrimSuffix(strings.TrimPrefix(line, "Results, from "), ":"), "`")
			list, open = append(list, resultTable{file: file}), true
		case !open || line == "":
		case !strings.HasPrefix(line, "|"):
			open = false
		case strings.HasPrefix(line, "|---"):
		default:
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			last := &list[len(list)-1]
			if last.columns == nil {
				last.columns = cells
			} else {
				last.rows = append(last.rows, cells)
			}
		}
	}
	return list
}

func readCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	src, err := os.ReadFile(path)
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(src)).ReadAll()
	require.NoError(t, err)
	var list []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, cell := range row {
			m[rows[0][i]] = cell
		}
		list = append(list, m)
	}
	return list
}

// quotes compares a quoted row with one of the data.
func quotes(data map[string]string, columns, row []string) bool {
	for i, column := range columns {
		value, ok := data[column]
		if !ok || !sameNumber(value, row[i]) {
			return false
		}
	}
	return true
}

// sameNumber compares texts, and numbers as far as the quote goes; % is a hundredth.
func sameNumber(value, quote string) bool {
	if value == quote {
		return true
	}
	short, percent := strings.CutSuffix(quote, " %")
	q, err := strconv.ParseFloat(short, 64)
	v, err2 := strconv.ParseFloat(value, 64)
	if err != nil || err2 != nil {
		return false
	}
	if percent {
		v *= 100
	}
	_, decimals, _ := strings.Cut(short, ".")
	return math.Abs(v-q) <= 0.5*math.Pow(10, -float64(len(decimals)))+1e-9
}

func TestQuotesAreRoundedOnly(t *testing.T) {
	for _, c := range []struct {
		value, quote string
		same         bool
	}{
		{"0.0103", "1.0 %", true}, {"0.0103", "1.03 %", true}, {"0.0103", "1.1 %", false},
		{"95", "95", true}, {"95.4", "95", true}, {"95.6", "95", false}, {"undone-15s", "undone-15s", true}, {"a", "b", false},
	} {
		require.Equal(t, c.same, sameNumber(c.value, c.quote), "%v", c)
	}
}

// The formula lies within the simulation's interval wherever its assumptions hold, widened
// by a twentieth for what the formula leaves out.
func TestFormulaAgreesWithTheSimulation(t *testing.T) {
	simulated, formulas := map[string]map[string]string{}, 0
	rows := readCSV(t, "../analytic/analytic.csv")
	value := func(r map[string]string, column string) float64 {
		v, err := strconv.ParseFloat(r[column], 64)
		require.NoError(t, err)
		return v
	}
	for _, r := range rows {
		simulated[r["name"]+"/"+r["buffer-window (s)"]] = r
	}
	for _, r := range rows {
		if !strings.HasPrefix(r["name"], "formula") {
			continue
		}
		s := simulated[strings.Replace(r["name"], "formula", "simulated", 1)+"/"+r["buffer-window (s)"]]
		n := value(r, "failed statements a run")
		room := 0.05*n + 0.1
		require.GreaterOrEqual(t, n, value(s, "low")-room, "%v", r)
		require.LessOrEqual(t, n, value(s, "high")+room, "%v", r)
		formulas++
	}
	require.Greater(t, formulas, 40)
}

// The scenario of the study of measured runs is the shape of a measured run.
func TestMeasuredScenarioIsTheMeasuredShape(t *testing.T) {
	m, err := groundtruth.Read("../../testdata/groundtruth/w5-d4-0.json")
	require.NoError(t, err)
	want, err := m.Shape()
	require.NoError(t, err)
	got, err := scenario.LoadFile("../measured/scenario.yaml", scenario.VitessOptions())
	require.NoError(t, err)
	require.Equal(t, want.Cluster, got.Cluster)
	require.Equal(t, want.Workload, got.Workload)
	require.Equal(t, want.Timeline, got.Timeline)
	require.Equal(t, want.Duration, got.Duration)
}
