package groundtruth_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"bufsim/experiments/groundtruth"
)

// TestMeasuredRuns plays the shape of each recorded run and compares. The stories
// are in testdata: a comment that says what must be explained, the command, and
// what came out. Beside the golden text, the verdict is checked: `equal` needs each
// measured counter and error text in at least nine of ten runs, `range` needs
// the measured error count between the least and the greatest simulated one.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var name string
			var seeds int
			d.ScanArgs(t, "run", &name)
			d.ScanArgs(t, "seeds", &seeds)
			m, err := groundtruth.Read(filepath.Join(folder, name+".json"))
			require.NoError(t, err)
			list, err := groundtruth.Play([]*groundtruth.Measured{m}, seeds, func() {})
			require.NoError(t, err)
			low, high, least := 0.0, 0.0, 1.0
			for _, r := range list[0].Rows {
				if r.Figure == "errors" {
					low, high = r.Quantiles[0], r.Quantiles[4]
				}
				timeless := strings.HasPrefix(r.Figure, "counter ") && !strings.HasSuffix(r.Figure, "_ms")
				if timeless || strings.HasPrefix(r.Figure, "error: ") {
					least = min(least, r.Same)
				}
			}
			var out strings.Builder
			fmt.Fprintf(&out, "measured: %d errors\nsimulated: %v to %v errors over %d seeds\n", m.Errors, low, high, seeds)
			switch d.Cmd {
			case "equal":
				fmt.Fprintf(&out, "each counter and error text as measured in at least %.0f %%\n", 100*least)
				require.GreaterOrEqual(t, least, 0.9, "%s: %v", name, list[0].Rows)
			case "range":
				require.True(t, low <= float64(m.Errors) && float64(m.Errors) <= high, "%s: measured %d errors, simulated %v to %v", name, m.Errors, low, high)
			default:
				t.Fatalf("unknown command %q", d.Cmd)
			}
			return out.String()
		})
	})
}
