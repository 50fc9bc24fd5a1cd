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
// what came out. Beside the golden text, the verdict is checked: `equal` needs the
// measured counters and error texts in at least nine of ten runs, `range` needs
// the measured error count between the least and the greatest simulated one.
func TestMeasuredRuns(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var name string
			var seeds int
			d.ScanArgs(t, "run", &name)
			d.ScanArgs(t, "seeds", &seeds)
			m, err := groundtruth.Load(filepath.Join("../../testdata/groundtruth", name+".json"))
			require.NoError(t, err)
			runs, err := m.Play(seeds)
			require.NoError(t, err)
			low, high := groundtruth.ErrorRange(runs)
			same := m.Same(runs)
			var out strings.Builder
			fmt.Fprintf(&out, "measured: %d errors\nsimulated: %d to %d errors over %d seeds\n", m.Errors, low, high, seeds)
			switch d.Cmd {
			case "equal":
				fmt.Fprintf(&out, "counters and error texts as measured: %d of %d runs\n", same, seeds)
				require.GreaterOrEqual(t, 10*same, 9*seeds, "%s: %s\nfirst run: %s %s", name, m.Counters(), runs[0].Counters, runs[0].ErrorTexts)
			case "range":
				require.True(t, low <= m.Errors && m.Errors <= high, "%s: measured %d errors, simulated %d to %d", name, m.Errors, low, high)
			default:
				t.Fatalf("unknown command %q", d.Cmd)
			}
			return out.String()
		})
	})
}
