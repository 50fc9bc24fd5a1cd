package findings_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/findings"
	"bufsim/sim/simtest"
)

// Each case shows in the releases that its page names and in no other. By day, the two newest
// and those in which it is said not to show are played.
func TestEveryCaseShowsWhereItShould(t *testing.T) {
	for _, f := range findings.All() {
		t.Run(f.Slug, func(t *testing.T) {
			for _, release := range findings.Releases() {
				newest := release == "main" || release == "v24"
				if !newest && f.ShowsIn(release) && !simtest.Nightly() {
					continue
				}
				run, err := f.Play(release, 0)
				require.NoError(t, err)
				require.Equal(t, f.ShowsIn(release), run.Shows(), "%s: %s", release, run.Result.Verdict)
			}
		})
	}
}

// What a page recommends was tried: with it the case does not show.
func TestRemediesHelp(t *testing.T) {
	for _, f := range findings.All() {
		for _, change := range f.Remedies {
			run, err := f.Play("main", 0, change)
			require.NoError(t, err)
			require.False(t, run.Shows(), "%s with %s: %s", f.Slug, change, run.Result.Verdict)
		}
	}
}

// A write whose client has given up is executed later, next to the client's second try; where
// the client waits long enough, no row is written twice.
//
// spec: W-47
func TestAbandonedWritesHappenTwice(t *testing.T) {
	f, ok := findings.Lookup("abandoned-write")
	require.True(t, ok)
	run, err := f.Play("main", 0)
	require.NoError(t, err)
	require.Contains(t, strings.Join(run.Timeline, "\n"), "a row is written for a second time")
	f, ok = findings.Lookup("read-only-flip")
	require.True(t, ok)
	run, err = f.Play("main", 0)
	require.NoError(t, err)
	require.NotContains(t, strings.Join(run.Timeline, "\n"), "a row is written for a second time")
}

// A change that there is not is refused, so that no remedy is one by a slip of the pen.
func TestUnknownChangesAreRefused(t *testing.T) {
	f, ok := findings.Lookup("read-only-flip")
	require.True(t, ok)
	for _, change := range []string{"--buffer-windw=3s", "crowd=3"} {
		_, err := f.Play("main", 0, change)
		require.ErrorContains(t, err, "read-only-flip in main")
	}
	_, ok = findings.Lookup("no-such-finding")
	require.False(t, ok)
}
