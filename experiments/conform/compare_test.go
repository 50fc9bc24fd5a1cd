package conform_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/conform"
	"bufsim/model/release"
)

// A difference names the field, both values and the rules.
func TestDifferencesAreNamed(t *testing.T) {
	v := load[conform.BufferVector](t, "hand-window.jsonl")[0]
	v.Expect.Requests[0].At += 1_000_000
	v.Expect.Requests[0].Result = "error"
	r := conform.CheckBuffer(v, conform.Newest())
	require.False(t, r.Passed)
	require.Equal(t, []conform.Diff{
		{Where: "requests[r1].at", Want: `"10.001s"`, Got: `"10s"`, Rule: "B-34, B-36, B-46"},
		{Where: "requests[r1].result", Want: `"error"`, Got: `"retry"`, Rule: "B-12, 5.5"},
	}, r.Diffs)
	require.Contains(t, r.String(), `requests[r1].at: want "10.001s", got "10s" (rules B-34, B-36, B-46)`)
}

// The vectors tell an old release from the newest.
func TestOldReleasesDiffer(t *testing.T) {
	failed := map[string]int{}
	for _, name := range []string{"v18", "v22", "main"} {
		p, err := release.Lookup(name)
		require.NoError(t, err)
		for _, group := range handGroups() {
			for _, v := range load[conform.BufferVector](t, "hand-"+group+".jsonl") {
				if !conform.CheckBuffer(v, p.Behaviors).Passed {
					failed[name]++
				}
			}
		}
	}
	require.Zero(t, failed["main"])
	require.Greater(t, failed["v18"], failed["v22"], "drains are sequential and refusals are not asked for")
}

// A racy vector that lists nothing that can come out is refused, after all schedules.
func TestRacyVectorCanFail(t *testing.T) {
	v := load[conform.BufferVector](t, "racy.jsonl")[0]
	for i := range v.ExpectOneOf {
		v.ExpectOneOf[i].SlotsInUseAtEnd = 1
	}
	r := conform.CheckBuffer(v, conform.Newest())
	require.False(t, r.Passed)
	require.Equal(t, "priorities 20", r.Schedule)
	require.NotEmpty(t, r.Diffs)
}

func TestNonsenseIsRefused(t *testing.T) {
	for text, step := range map[string]conform.BufferStep{
		"unknown op":            {Op: "restart"},
		"unknown kind of error": {Op: "request", Err: "gremlin"},
		"unknown type of Move":  {Op: "keyspace_event", MoveTablesType: "sideways"},
		"unknown state of Move": {Op: "keyspace_event", MoveTablesState: "stuck"},
		"invalid tablet alias":  {Op: "keyspace_event", Shards: []conform.EventShard{{Shard: "0", Primary: "nobody"}}},
	} {
		v := conform.BufferVector{Steps: []conform.BufferStep{step}}
		_, err := conform.PlayBuffer(v, conform.Newest(), nil)
		require.ErrorContains(t, err, text)
	}
}
