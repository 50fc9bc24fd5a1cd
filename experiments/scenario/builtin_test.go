package scenario

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuiltinScenariosLoad(t *testing.T) {
	require.Equal(t, []string{
		"default", "1-default-behavior", "2-error-handling", "3-buffering", "4-quick-prs",
		"5-too-many-connections", "6-buffer-time-too-short", "7-replica-never-becomes-primary",
		"bring-up", "bring-up-late-gate", "bring-up-second-cell", "five-tablets-emergency",
	}, Names())
	list, err := List(VitessOptions())
	require.NoError(t, err)
	for i, name := range Names() {
		s, err := Builtin(name, VitessOptions())
		require.NoError(t, err)
		require.Equal(t, name, s.Name)
		require.NotEmpty(t, s.Title)
		require.NotEmpty(t, s.Description)
		require.Equal(t, Entry{Name: s.Name, Title: s.Title}, list[i])
	}
}

func TestLookup(t *testing.T) {
	for query, want := range map[string]string{
		"default": "default", "3": "3-buffering", "buffering": "3-buffering", "3-buffering": "3-buffering",
		"7": "7-replica-never-becomes-primary",
	} {
		got, err := Lookup(query)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err := Lookup("bufering")
	require.ErrorContains(t, err, `there is no built-in scenario "bufering"`)
	require.ErrorContains(t, err, `did you mean "3-buffering"?`)
	_, err = Builtin("8", Options{})
	require.Error(t, err)
}

// The guide's figures, as its metric listings show them: buffered, drained,
// evicted (BufferFull, WindowExceeded), skipped (Disabled,
// LastFailoverTooRecent); every other series is 0.
func TestBuiltinScenariosCarryTheGuidesFigures(t *testing.T) {
	figures := map[string][6]int{
		"1": {0, 0, 0, 0, 33, 0},
		"2": {0, 0, 0, 0, 122, 0},
		"3": {6, 6, 0, 0, 0, 0},
		"4": {6, 6, 0, 0, 0, 28},
		"5": {8, 4, 4, 0, 0, 0},
		"6": {10, 4, 0, 6, 0, 0},
		"7": {30, 15, 0, 15, 0, 50},
	}
	for number, want := range figures {
		s, err := Builtin(number, Options{})
		require.NoError(t, err)
		require.Len(t, s.Expect.Counters, 11)
		got := map[string]int{}
		for _, c := range s.Expect.Counters {
			got[s.Expect.Series(c)] = c.Guide
			require.True(t, c.Number().Holds(c.Guide))
		}
		series := func(name, reason string) int {
			label := ""
			if reason != "" {
				label = `reason="` + reason + `",`
			}
			value, ok := got[`vtgate_buffer_requests_`+name+`{keyspace="commerce",`+label+`shard_name="0"}`]
			require.True(t, ok, "%s %s", name, reason)
			return value
		}
		require.Equal(t, want, [6]int{
			series("buffered", ""), series("drained", ""), series("evicted", "BufferFull"),
			series("evicted", "WindowExceeded"), series("skipped", "Disabled"), series("skipped", "LastFailoverTooRecent"),
		}, "scenario %s", number)
		sum := 0
		for _, v := range got {
			sum += v
		}
		require.Equal(t, sum, want[0]+want[1]+want[2]+want[3]+want[4]+want[5], "all other series are 0")
	}
}

func TestExpectedNumberHolds(t *testing.T) {
	low, high := 6, 14
	require.True(t, ExpectedNumber{Guide: 6, Match: MatchExact}.Holds(6))
	require.False(t, ExpectedNumber{Guide: 6, Match: MatchExact}.Holds(7))
	among := ExpectedNumber{Guide: 8, Match: MatchAmongSeeds, Min: &low, Max: &high}
	for ours, want := range map[int]bool{5: false, 6: true, 8: true, 14: true, 15: false} {
		require.Equal(t, want, among.Holds(ours), "%d", ours)
	}
}

func TestGuidesFlagsAndFiles(t *testing.T) {
	for number, want := range map[string]struct {
		flags FlagValues
		file  string
	}{
		"1": {nil, "01_light_traffic"},
		"2": {nil, "02_light_traffic_error_handling"},
		"3": {FlagValues{"enable-buffer": "1"}, "01_light_traffic"},
		"4": {FlagValues{"enable-buffer": "1"}, "01_light_traffic"},
		"5": {FlagValues{"enable-buffer": "1", "buffer-size": "4"}, "01_light_traffic"},
		"6": {FlagValues{"enable-buffer": "1", "buffer-window": "1s"}, "03_short_timeout"},
		"7": {FlagValues{"enable-buffer": "1"}, "04_numerous_heavy_traffic"},
	} {
		s, err := Builtin(number, Options{})
		require.NoError(t, err)
		require.Equal(t, "v13", s.Release)
		require.Equal(t, want.flags, s.Flags.VTGate)
		require.Len(t, s.Workload, 1)
		require.Equal(t, want.file, s.Workload[0].Gateslap.Source)
		require.True(t, strings.HasPrefix(s.Name, number+"-"))
	}
}
