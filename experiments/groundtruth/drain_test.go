package groundtruth_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/groundtruth"
)

// The gate sends buffered requests one after the other by default. Two long queries among the
// six that were held up cost all of them their sum: measured 20.0 s and 4.0 s, while the other
// four wait behind them. With as many at once as there are, the drain is as long as the longest.
// spec: T-145a
func TestDrainIsAsSlowAsItsStatements(t *testing.T) {
	for _, c := range []struct {
		run   string
		flags []string
		drain float64
	}{
		{"longquery-10s-on", nil, 20},
		{"longquery-2s-on", nil, 4},
		{"longquery-10s-on", []string{"--buffer-drain-concurrency=6"}, 10},
		{"longquery-2s-on", []string{"--buffer-drain-concurrency=6"}, 2},
	} {
		m, err := groundtruth.Read(filepath.Join(folder, c.run+".json"))
		require.NoError(t, err)
		m.Flags = append(m.Flags, c.flags...)
		list, err := groundtruth.Play([]*groundtruth.Measured{m}, 5, func() {})
		require.NoError(t, err)
		figures := map[string]groundtruth.Row{}
		for _, r := range list[0].Rows {
			figures[r.Figure] = r
		}
		// Half of the runs: after a fast switch of semi-sync the killed queries come too late.
		const half = 2
		require.InDelta(t, 6, figures["counter buffer_requests_drained"].Quantiles[half], 0)
		drain := figures["buffer's drain, s"]
		require.InDelta(t, c.drain+0.1, drain.Quantiles[half], 0.1, "%s %v", c.run, c.flags)
		if c.flags == nil {
			require.InDelta(t, c.drain, drain.Measured, 0.1)
		}
	}
}
