package release_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/release"
)

// Each fix is the position of a switch, some release is without it, and its first release is the
// one from which on all have it.
//
// spec: B-14, B-17, B-39, B-45, B-64, D-48, D-67, D-71
func TestFixes(t *testing.T) {
	all := release.All()
	first := map[string]string{}
	for _, f := range release.Fixes() {
		require.True(t, reflect.ValueOf(all[0].Behaviors).FieldByName(f.Switch).IsValid(), f.Switch)
		require.NotEmpty(t, f.Meaning)
		require.NotEmpty(t, f.Rules)
		first[f.Switch] = f.FirstRelease()
		if since, ok := strings.CutSuffix(strings.TrimPrefix(f.FirstRelease(), " (since "), ")"); ok && strings.HasPrefix(f.FirstRelease(), " (since") {
			reached := false
			for _, p := range all {
				reached = reached || p.Name == since
				require.False(t, reached && !f.In(p.Behaviors), "%s in %s", f.Switch, p.Name)
			}
		}
	}
	require.Equal(t, " (since v19)", first["MarkShardNotServing"])
	require.Equal(t, " (since v23)", first["StoppedRecheck"])
	require.Equal(t, " (since main)", first["TimeoutNoticeRemembered"])
	require.Equal(t, " (in no release)", first["MarkWindow"])
	require.Empty(t, first["CancelLeaksSlot"], "no release has that bug")
}
