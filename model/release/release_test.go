package release_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"bufsim/model/release"
)

func lookup(t *testing.T, name string) release.Profile {
	t.Helper()
	p, err := release.Lookup(name)
	require.NoError(t, err)
	return p
}

func TestLookup(t *testing.T) {
	for asked, want := range map[string]string{
		"v12": "v12", "V19": "v19", "19": "v19", " v20 ": "v20", "v19.0.4": "v19", "23.0.0": "v23.0.0",
		"v23.0.3": "v23.0.0", "v23.0.4": "v23", "v23.0.12": "v23", "main": "main", "latest": "v24",
	} {
		require.Equal(t, want, lookup(t, asked).Name, asked)
	}
	_, err := release.Lookup("v91")
	require.EqualError(t, err, `unknown release "v91": want one of v12, v13, v14, v15, v16, v17, v18, v19, v20, v21, v22, v23.0.0, v23, v24, main; did you mean v21?`)
	for _, bad := range []string{"", "v", "v11", "v19.x.1", "newest"} {
		_, err := release.Lookup(bad)
		require.ErrorContains(t, err, "unknown release", bad)
	}
}

func TestAllIsOrderedAndUnique(t *testing.T) {
	all := release.All()
	seen := map[string]bool{}
	for _, p := range all {
		require.False(t, seen[p.Name], p.Name)
		seen[p.Name] = true
		require.Equal(t, p, lookup(t, p.Name))
	}
	require.Equal(t, "v12", all[0].Name)
	require.Equal(t, "main", all[len(all)-1].Name)
	require.Equal(t, "v24", release.Latest().Name)
}

// The cells of the version tables that are easiest to get wrong.
// spec: buffer 8.1, gateway 13, discovery 12
func TestTrickyCells(t *testing.T) {
	for _, c := range []struct {
		release string
		holds   func(release.Profile) bool
		why     string
	}{
		{"v12", func(p release.Profile) bool { return p.Behaviors.ReparentText == "" && p.Defaults.BufferSize == 10 }, "no reparent text before PR 9112"},
		{"v16", func(p release.Profile) bool { return strings.Contains(p.Behaviors.ReparentText, "there is a reparent") }, "old wording"},
		{"v17", func(p release.Profile) bool { return strings.Contains(p.Behaviors.ReparentText, "there may be") }, "new wording"},
		{"v17", func(p release.Profile) bool { return p.Behaviors.BufferObjectWhenDisabled && p.Behaviors.LegacyBuffer }, "last with the legacy buffer"},
		{"v18", func(p release.Profile) bool {
			return !p.Behaviors.MarkShardNotServing && !p.Behaviors.DrainConcurrencyHonoured
		}, "never released in v18"},
		{"v19", func(p release.Profile) bool {
			return p.Behaviors.MarkShardNotServing && p.Behaviors.KeyspaceEventChannelCapacity == 2 && !p.Behaviors.KeyspaceEventSendBlocks
		}, "ported back, over the small channel"},
		{"v23.0.0", func(p release.Profile) bool { return !p.Behaviors.StoppedRecheck && !p.Behaviors.StoppedFlagFirst }, "before PR 19954"},
		{"v23", func(p release.Profile) bool { return p.Behaviors.StoppedRecheck && p.Behaviors.StoppedFlagFirst }, "v23.0.4"},
		{"v24", func(p release.Profile) bool {
			return p.Behaviors.StoppedRecheck && !p.Behaviors.TimeoutNoticeRemembered
		}, "lost wake-up still there"},
		{"main", func(p release.Profile) bool { return p.Behaviors.TimeoutNoticeRemembered && !p.Behaviors.MarkWindow }, "fixed; PR 20281 is not merged"},
	} {
		require.True(t, c.holds(lookup(t, c.release)), "%s: %s", c.release, c.why)
	}
}

// The story of all upgrades: what each release changed for us.
func TestUpgrades(t *testing.T) {
	datadriven.RunTest(t, "testdata/upgrades", func(t *testing.T, d *datadriven.TestData) string {
		var from, to string
		d.ScanArgs(t, "from", &from)
		d.ScanArgs(t, "to", &to)
		var out strings.Builder
		for _, change := range release.Differences(lookup(t, from), lookup(t, to)) {
			fmt.Fprintf(&out, "%s: %q -> %q\n", change.Name, change.From, change.To)
		}
		if out.Len() == 0 {
			return "no difference\n"
		}
		return out.String()
	})
}
