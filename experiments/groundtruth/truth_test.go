package groundtruth_test

import (
	"encoding/csv"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/groundtruth"
	"bufsim/sim/simtest"
)

var (
	update   = flag.Bool("update", false, "play all records and write table.csv and table.md anew")
	allSeeds = flag.Int("seeds", 100, "seeds of the table")
)

const (
	tableCSV  = "table.csv"
	tablePage = "table.md"
)

// Every record is played and compared, and the table of all figures is as committed. What does
// not fit is in the table as such.
func TestMeasuredRuns(t *testing.T) {
	if *update || simtest.Nightly() {
		list, err := groundtruth.Play(records(t), *allSeeds, func() {})
		require.NoError(t, err)
		r := &groundtruth.Report{Seeds: *allSeeds, Runs: list}
		text, err := r.CSV()
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.WriteFile(tableCSV, []byte(text), 0o600))
			require.NoError(t, os.WriteFile(tablePage, []byte(r.Markdown()), 0o600))
			return
		}
		requireFile(t, tableCSV, text)
		requireFile(t, tablePage, r.Markdown())
		return
	}
	committed := readTable(t)
	for few, seeds := range map[bool]int{true: 1, false: 3} {
		var runs []*groundtruth.Measured
		for _, m := range records(t) {
			if few == (m.OK > manyStatements) {
				runs = append(runs, m)
			}
		}
		list, err := groundtruth.Play(runs, seeds, func() {})
		require.NoError(t, err)
		for _, c := range list {
			requireLikeTable(t, c, committed)
		}
	}
}

// manyStatements is from where on a record is long to play.
const manyStatements = 5000

func requireFile(t *testing.T, path, want string) {
	t.Helper()
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(have), want, "%s is old: run go test ./experiments/groundtruth -run TestMeasuredRuns -update -timeout 2h", path)
}

// row is a line of the committed table.
type row struct {
	verdict  groundtruth.Verdict
	min, max float64
}

func readTable(t *testing.T) map[string]row {
	t.Helper()
	f, err := os.Open(tableCSV)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	lines, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	table := map[string]row{}
	for _, l := range lines[1:] {
		least, err := strconv.ParseFloat(l[4], 64)
		require.NoError(t, err)
		most, err := strconv.ParseFloat(l[8], 64)
		require.NoError(t, err)
		table[l[0]+" "+l[1]] = row{groundtruth.Verdict(l[2]), least, most}
	}
	return table
}

// requireLikeTable holds that a few seeds say what the table says: what is equal there
// is equal in each of them, and no figure leaves the table's range altogether.
func requireLikeTable(t *testing.T, c *groundtruth.Comparison, table map[string]row) {
	t.Helper()
	const rounding = 0.0005 // the table has three digits
	for _, r := range c.Rows {
		want, known := table[c.Run+" "+r.Figure]
		require.True(t, known, "%s: %s is not in the table", c.Run, r.Figure)
		if want.verdict == groundtruth.Equal {
			require.Equal(t, groundtruth.Equal, r.Verdict, "%s: %s was equal; now measured %v, simulated %v", c.Run, r.Figure, r.Measured, r.Quantiles)
		}
		if strings.HasPrefix(r.Figure, "log") || r.Text != "" {
			continue
		}
		require.LessOrEqual(t, r.Quantiles[0], want.max+rounding, "%s: %s", c.Run, r.Figure)
		require.GreaterOrEqual(t, r.Quantiles[4], want.min-rounding, "%s: %s", c.Run, r.Figure)
	}
}
