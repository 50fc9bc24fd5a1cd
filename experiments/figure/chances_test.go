package figure

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/explain"
	"bufsim/experiments/hunt"
	"bufsim/experiments/plotstyle"
	"bufsim/sim"
)

// The figures of what made a run fail have shares with their intervals, against virtual time.
func TestChances(t *testing.T) {
	timing := &explain.Timing{Scenario: "s", Release: "v24", Operation: "op2", After: "op1", Own: 2 * time.Second, FirstSeed: 1, Seeds: 10, Points: []explain.TimingPoint{
		{At: time.Second, Failed: 10, Low: 0.7, High: 1}, {At: 3 * time.Second, Failed: 5, Low: 0.2, High: 0.8},
	}}
	fig := Timing(timing)
	text, err := fig.CSV()
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"curve", "runs that fail", "3", "0.5", "0.2", "0.8"}, rows[2])
	require.Equal(t, "pause between op1 and op2 (s)", rows[0][2])

	tipping := &hunt.Tipping{Signature: "x GATE", Continuations: 4, Decisions: 9, Points: []hunt.TippingPoint{
		{Prefix: 0, Time: 0, Failed: 0}, {Prefix: 2, Time: sim.Time(time.Second), Failed: 0}, {Prefix: 5, Time: sim.Time(time.Second), Failed: 2},
		{Prefix: 7, Time: sim.Time(2 * time.Second), Failed: 3}, {Prefix: 9, Failed: 4},
	}}
	fig, err = Tipping(tipping, "v24")
	require.NoError(t, err)
	_, err = fig.CSV()
	require.NoError(t, err, "the figure is valid")
	s := fig.Body.(plotstyle.Curves).Series[0]
	require.Equal(t, []float64{0, 1, 2}, s.X)
	require.Equal(t, []float64{0, 0.5, 1}, s.Y, "the longest beginning of an instant counts, at last the whole case")
	require.Less(t, s.Low[2], 1.0, "four of four are no certainty")

	tipping.Points = []hunt.TippingPoint{{Prefix: 0, Failed: 1}, {Prefix: 4, Failed: 3}}
	fig, err = Tipping(tipping, "v24")
	require.NoError(t, err)
	require.Equal(t, []float64{0, 4}, fig.Body.(plotstyle.Curves).Series[0].X, "all at one instant: their number")
}
