package runner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/report"
	"bufsim/experiments/scenario"
)

// What the timeline wishes for, an end or a text, binds runs of the file's own release. In
// another one a wish that is not met is told and is no finding; one that is met is as it is.
func TestWishesAreForOneRelease(t *testing.T) {
	wishes := map[string]scenario.Operation{
		"an end":  {Outcome: scenario.OutcomeFailure},
		"a text":  {Outcome: scenario.OutcomeAny, Says: []string{"never said"}},
		"met":     {Outcome: scenario.OutcomeSuccess},
		"too far": {Outcome: scenario.OutcomeSuccess, At: at(time.Hour)},
	}
	for name, wish := range wishes {
		for _, rel := range []string{"v24", "v19"} {
			s, opts := load(t, scenario.DefaultName, rel)
			wish.ID, wish.Do = "prs", scenario.DoPlannedReparentShard
			if wish.At == nil {
				wish.At = at(time.Second)
			}
			s.Timeline, s.Thresholds, s.Duration = []scenario.Operation{wish}, scenario.Thresholds{}, scenario.Duration(5*time.Second)
			opts.Seed = 1
			r := run(t, s, opts)
			op, page := r.Operations[0], strings.Join(strings.Fields(report.Run(r, s.Title, "")), " ")
			const why = "the scenario's wish is for v24, this run is v19"
			switch {
			case name == "met":
				require.True(t, op.AsExpected)
				require.Empty(t, op.NotJudged)
				require.NotContains(t, page, "not as the scenario wants")
			case rel == "v24":
				require.False(t, op.AsExpected, name)
				require.Empty(t, op.NotJudged, name)
				require.True(t, r.Finding, name)
				require.Contains(t, r.Verdict, "Finding: prs ended otherwise than the scenario wants.", name)
			default:
				require.False(t, op.AsExpected, name)
				require.Equal(t, why, op.NotJudged, name)
				require.False(t, r.Finding, name)
				require.Contains(t, r.Verdict, "Note: prs ended otherwise than the scenario wants, which is not judged: "+why+".", name)
				require.Contains(t, page, "not as the scenario wants (not judged: ", name)
			}
		}
	}
}
