package sweep

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// faulty is a sweep whose first fault always happens, and whose second one never does: the
// gate buffers once.
func faulty(t testing.TB, marks ...string) *Resolved {
	t.Helper()
	p := Plan{Seeds: "1-2", Faults: []string{"at 3s crash gate-1 for 500ms"}, Marks: marks}
	for _, axis := range [][2]string{{"buffer-window", "5s"}, {"fault", "none; when buffer.start nth 5 crash gate-1"}} {
		a, err := ParseAxis(axis[0], axis[1])
		require.NoError(t, err)
		p.Vary = append(p.Vary, a)
	}
	r, err := p.Resolve(nil)
	require.NoError(t, err)
	return r
}

// Every run has the plan's faults and those of its point. Points say how often they happened,
// and marks that no run reaches are told of the whole sweep; both stand in the records, so
// that resumed sweeps know them.
func TestWhatNeverHappened(t *testing.T) {
	r := faulty(t, "inconsistent-state", "transaction-must-be-rolled-back")
	records, tally := played(t, r, Options{})
	require.Len(t, records, 4)
	require.Positive(t, records[0].Errors, "the gate was gone for half a second")
	require.Empty(t, records[0].IdleFaults)
	require.Equal(t, []string{"when buffer.start nth 5 crash gate-1"}, records[2].IdleFaults)

	again := NewTally(r)
	for _, rec := range decoded(t, encoded(t, records)) {
		again.Add(rec)
	}
	for _, tally := range []*Tally{tally, again} {
		points, err := tally.Summarise()
		require.NoError(t, err)
		require.Equal(t, []Fired{{"at 3s crash gate-1 for 500ms", 2}}, points[0].Faults)
		require.Empty(t, points[0].NeverFired())
		require.Equal(t, []string{"when buffer.start nth 5 crash gate-1"}, points[1].NeverFired())
		require.Equal(t, []string{"inconsistent-state", "transaction-must-be-rolled-back"}, tally.MarksMissed())
	}
}

// A mark that some run reaches is not missed; a plan that asks for marks gives other records
// and so has a hash of its own, while the runs are the same.
func TestMarks(t *testing.T) {
	r := faulty(t, "health-update-dropped")
	plain := faulty(t)
	require.NotEqual(t, plain.Hash, r.Hash)
	marked, tally := played(t, r, Options{})
	unmarked, _ := played(t, plain, Options{})
	require.Equal(t, unmarked[0].Hash, marked[0].Hash)
	tally.idleMarks["health-update-dropped"]--
	require.Empty(t, tally.MarksMissed())
}

// A plan's file may have faults; what is wrong with a line is shown in it.
func TestPlanFaults(t *testing.T) {
	p, err := parsePlan("p.yaml", []byte("apiVersion: bufsim/v1\nname: x\nfaults: [at 2s melt gate-1]\nvary: {fault: [none, 'at 2s crash gate-1 for 1s']}\nseeds: 1-2\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"none", "at 2s crash gate-1 for 1s"}, p.Vary[0].Values)
	_, err = p.Resolve(nil)
	require.ErrorContains(t, err, `faults: column 7: unknown kind of fault "melt"`)
	p.Faults = nil
	r, err := p.Resolve(nil)
	require.NoError(t, err)
	require.Empty(t, r.Points[0].Setting.Scenario.Faults)
	require.Len(t, r.Points[1].Setting.Scenario.Faults, 1)
	require.Equal(t, "none; at 2s crash gate-1 for 1s", r.Axes[0].Text())
	_, err = ParseAxis("fault", "none;;none")
	require.ErrorContains(t, err, "empty line")
}
