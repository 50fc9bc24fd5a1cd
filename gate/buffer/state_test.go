package buffer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/gate/buffer"
)

// The names of states are those of the log, also for a state that cannot be.
func TestStatesHaveNames(t *testing.T) {
	for state, want := range map[buffer.State]string{
		buffer.Idle: "IDLE", buffer.Buffering: "BUFFERING", buffer.Draining: "DRAINING", 9: "UNKNOWN(9)",
	} {
		require.Equal(t, want, state.String())
	}
}
