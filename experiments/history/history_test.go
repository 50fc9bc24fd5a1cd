package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/history"
	"bufsim/model/release"
)

func behaviors(t *testing.T, name string) release.Behaviors {
	t.Helper()
	p, err := release.Lookup(name)
	require.NoError(t, err)
	return p.Behaviors
}

func bug(t *testing.T, name string) history.Bug {
	t.Helper()
	for _, b := range history.All() {
		if b.Name == name {
			return b
		}
	}
	t.Fatalf("no bug is called %s", name)
	return history.Bug{}
}

// Every release has the bugs that it had, and no others.
//
// spec: B-14, B-17, B-39, B-46, D-48, D-67, D-71, D-88, D-92, D-102, C-9
func TestEveryReleaseHasItsBugs(t *testing.T) {
	for _, b := range history.All() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			for _, p := range release.All() {
				run, found := b.Hunt(p.Behaviors)
				require.Equal(t, b.In(p.Behaviors), found, "%s under %s: %s", p.Name, run.Schedule, run.Seen)
			}
		})
	}
}

// The switch of the bug, and nothing else, makes it come and go.
func TestSwitchIsTheCause(t *testing.T) {
	tests := map[string]struct {
		from string
		flip func(*release.Behaviors)
		had  bool // whether the release had the bug before the switch was flipped
	}{
		"slot-leak":                  {"v24", func(b *release.Behaviors) { b.CancelLeaksSlot = true }, false},
		"restart-after-shutdown":     {"v22", func(b *release.Behaviors) { b.StoppedRecheck, b.StoppedFlagFirst = true, true }, true},
		"lost-wakeup":                {"v24", func(b *release.Behaviors) { b.TimeoutNoticeRemembered = true }, true},
		"sequential-drain":           {"v18", func(b *release.Behaviors) { b.DrainConcurrencyHonoured = true }, true},
		"three-party-deadlock":       {"main", func(b *release.Behaviors) { b.MarkWindow = true }, true},
		"other-shard-ends-buffering": {"v18", func(b *release.Behaviors) { b.MarkShardNotServing = true }, true},
		"restart-taken-for-reshard":  {"v17", func(b *release.Behaviors) { b.ReshardOverlapOnly = true }, true},
		"health-updates-dropped":     {"v18", func(b *release.Behaviors) { b.HealthCheckChannelCapacity = 2048 }, true},
		"keyspace-events-dropped":    {"v19", func(b *release.Behaviors) { b.KeyspaceEventSendBlocks = true }, true},
	}
	require.Len(t, tests, len(history.All()))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b, behaviors := bug(t, name), behaviors(t, test.from)
			_, found := b.Hunt(behaviors)
			require.Equal(t, test.had, found, test.from)
			test.flip(&behaviors)
			run, found := b.Hunt(behaviors)
			require.Equal(t, !test.had, found, "%s with %s flipped: %s", test.from, b.Switch, run.Seen)
			require.Equal(t, found, b.In(behaviors))
		})
	}
}

// What issue #13854 also tells is in every release: the primary of shard -40 serves again at
// t=4 s, and its client waits out its window, because shard 80- is not back.
//
// spec: D-66, X-14, X-36
func TestShardsWaitForEachOther(t *testing.T) {
	for _, p := range release.All() {
		run := bug(t, "restart-taken-for-reshard").Play(p.Behaviors, 0)
		require.Contains(t, run.Timeline, "4s      ks/-40 has a new primary that serves", p.Name)
		require.Contains(t, run.Timeline, "12.1s   the client of ks/-40 has its answer", p.Name)
	}
}

// Either half of the fix of #19927 is not enough: the second look needs a flag that is set before
// the shards are stopped.
//
// spec: B-14, B-64
func TestHalfAFixIsNone(t *testing.T) {
	for name, half := range map[string]func(*release.Behaviors){
		"second look alone": func(b *release.Behaviors) { b.StoppedRecheck = true },
		"flag first alone":  func(b *release.Behaviors) { b.StoppedFlagFirst = true },
	} {
		b := behaviors(t, "v22")
		half(&b)
		_, found := bug(t, "restart-after-shutdown").Hunt(b)
		require.True(t, found, name)
	}
}

// The same schedule makes the same run.
func TestRunsCanBeRepeated(t *testing.T) {
	for _, b := range history.All() {
		for _, n := range []uint64{0, 1, 2} {
			require.Equal(t, b.Play(behaviors(t, "v20"), n), b.Play(behaviors(t, "v20"), n), b.Name)
		}
	}
}
