package hunt_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/hunt"
)

// What was found once and repaired does not show any more, in the run that showed it.
//
//   - lock-in-a-timer: the end of the ACK receiver's poll is a timer, and waited for the MySQL
//     server's lock, which a timer cannot.
//   - errant-old-primary: an emergency left the old primary with transactions of its own, which no
//     reparent can use: the operator of the recovery now rebuilds it.
//   - primary-not-serving: the operator repaired while a command of his own was still waiting for
//     the shard's lock, and that one broke the shard again.
//
// spec: T-117a, R-102a
func TestPinnedCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		c, err := hunt.ReadCase(file)
		require.NoError(t, err)
		r, err := hunt.Replay(c, hunt.ReplayOptions{})
		require.NoError(t, err)
		require.Nil(t, r.Finding, file)
		require.Empty(t, r.Others, file)
	}
	for _, name := range []string{"lock-in-a-timer", "errant-old-primary", "primary-not-serving"} {
		_, err = os.Stat("testdata/cases/" + name + "/case.yaml")
		require.NoError(t, err)
	}
}
