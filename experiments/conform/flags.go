package conform

import (
	"maps"
	"slices"
	"strings"

	"bufsim/model/flags"
	"bufsim/model/release"
)

// FlagsVector is a set of flag values, the answer of the start-up check, and the modes of some
// shards.
type FlagsVector struct {
	ID          string            `json:"id"`
	Group       string            `json:"group"`
	Upstream    string            `json:"upstream"`
	Note        string            `json:"note"`
	Config      BufferConfig      `json:"config"`
	ExpectError string            `json:"expect_error"`
	ExpectModes map[string]string `json:"expect_modes"`
}

// start is the part that is compared.
type start struct {
	Error string            `json:"error"`
	Modes map[string]string `json:"modes"`
}

// CheckFlags makes the start-up check of a vector, as the release does it.
func CheckFlags(v FlagsVector, p release.Profile) Result {
	gate := flags.Defaults(p).VTGate
	gate.EnableBuffer = v.Config.Enabled
	gate.EnableBufferDryRun = v.Config.DryRun
	gate.BufferSize = v.Config.Size
	gate.BufferWindow = v.Config.Window.duration()
	gate.BufferMaxFailoverDuration = v.Config.MaxFailoverDuration.duration()
	gate.BufferMinTimeBetweenFailovers = v.Config.MinTimeBetweenFailovers.duration()
	gate.BufferDrainConcurrency = v.Config.DrainConcurrency
	gate.BufferKeyspaceShards = v.Config.KeyspaceShards

	got := start{Modes: map[string]string{}}
	if err := flags.ValidateBuffer(gate, p); err != nil {
		got.Error = err.Error()
	} else {
		for _, target := range slices.Sorted(maps.Keys(v.ExpectModes)) {
			keyspace, shard, _ := strings.Cut(target, "/")
			got.Modes[target] = gate.BufferMode(keyspace, shard).String()
		}
	}
	r := Result{ID: v.ID, Note: v.Note, Schedule: "default"}
	r.Diffs = Compare(start{v.ExpectError, v.ExpectModes}, got, []FieldRule{{"error", "2.2"}, {"modes", "B-2"}})
	r.Passed = len(r.Diffs) == 0
	return r
}
