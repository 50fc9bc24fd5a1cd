package conform_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/conform"
)

func TestReportText(t *testing.T) {
	r := &conform.Report{
		Passed: 2, Failed: 1,
		Verdicts: []conform.Verdict{
			{File: "a.jsonl", Line: 1, Result: conform.Result{ID: "fine", Passed: true}},
			{File: "a.jsonl", Line: 2, Result: conform.Result{ID: "wrong", Note: "what it shows", Diffs: []conform.Diff{
				{Where: "requests[r3].error", Want: `"one"`, Rule: "7.1"},
				{Where: "slots_in_use_at_end", Got: "1", Rule: "B-28"},
				{Where: "order", Got: "1", Rule: "B-46"},
			}}},
			{File: "b.jsonl", Line: 7, Result: conform.Result{ID: "odd", Passed: true, Schedule: "random 3", Diffs: []conform.Diff{
				{Where: "slots_in_use_at_end", Want: "1", Got: "2", Rule: "B-28"},
			}}},
		},
		Reach: []conform.Reach{{ID: "odd", Seeds: 9, Listed: 3, Reached: 2, Unlisted: []conform.Unlisted{
			{Schedule: "random 1", Times: 2, Rule: "B-14"},
			{Schedule: "priorities 4", Times: 1, Diffs: []conform.Diff{{Where: "x", Want: "1", Got: "2", Rule: "9"}}},
		}}},
		Unreadable: []conform.Problem{{File: "c", What: "gone", Fix: "look"}},
	}
	require.Equal(t, `FAIL wrong (a.jsonl:2)
  what it shows
  request 3, error
    expected "one"
    got      nothing
    rules    7.1
  and 2 more differences
LOOK odd (b.jsonl:7)
  the default schedule gave an outcome that is not listed; schedule random 3 gave one that is
  slots_in_use_at_end
    expected 1
    got      2
    rules    B-28
REACH odd: 2 of 3 listed outcomes came out
UNLISTED odd: 2 of 9 schedules, first random 1: allowed by B-14
UNLISTED odd: 1 of 9 schedules, first priorities 4: unexplained
  x
    expected 1
    got      2
    rules    9
reach: 2 of 3 listed outcomes of 1 racy vectors under 9 schedules each; unlisted: 1 explained, 1 unexplained
2 passed, 1 failed, 1 unreadable
`, r.Text())
	require.Equal(t, "c: gone; look", r.Unreadable[0].String())
}
