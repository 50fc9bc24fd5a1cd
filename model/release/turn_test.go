package release_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/model/release"
)

func TestTurned(t *testing.T) {
	newest, err := release.Lookup("v24")
	require.NoError(t, err)
	p, err := newest.Turned("CancelLeaksSlot=true", "KeyspaceEventChannelCapacity=3")
	require.NoError(t, err)
	require.True(t, p.Behaviors.CancelLeaksSlot)
	require.Equal(t, 3, p.Behaviors.KeyspaceEventChannelCapacity)
	require.False(t, newest.Behaviors.CancelLeaksSlot, "the release itself is as before")

	for given, want := range map[string]string{
		"CancelLeakSlot=true":            `no release has an on-off switch "CancelLeakSlot"; did you mean CancelLeaksSlot?`,
		"Nothing=true":                   `no release has an on-off switch "Nothing"`,
		"MinTimeCheck=1":                 `no release has an on-off switch "MinTimeCheck"`,
		"CancelLeaksSlot":                `switch CancelLeaksSlot: want true or false, not ""`,
		"KeyspaceEventChannelCapacity=0": `switch KeyspaceEventChannelCapacity: want a number from 1 on, not "0"`,
	} {
		_, err := newest.Turned(given)
		require.EqualError(t, err, want)
	}
}
