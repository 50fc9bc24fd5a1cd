package hunt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/hunt"
	schedules "bufsim/sim/explore"
)

// A fuzzer decides the schedules of drawn gates: whatever it thinks of, a gate with all fixes
// shows nothing that it must not.
func FuzzGateSchedules(f *testing.F) { fuzzSchedules(f, "gate") }

// The same for whole clusters.
func FuzzClusterSchedules(f *testing.F) { fuzzSchedules(f, "cluster") }

func fuzzSchedules(f *testing.F, world string) {
	f.Helper()
	f.Add(uint64(1), []byte{})
	f.Add(uint64(2), []byte{1, 0, 2, 1, 1, 3, 0, 0, 200, 1, 7})
	opts := hunt.Options{Release: "main", Switches: []string{"MarkWindow=true"}, Worlds: []string{world}}
	f.Fuzz(func(t *testing.T, seed uint64, tape []byte) {
		in, err := opts.Input(seed)
		require.NoError(t, err)
		opts.JudgeSchedule(t, in, schedules.NewTape(tape, false))
	})
}
