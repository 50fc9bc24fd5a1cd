package scenario

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/release"
)

func TestVitessFlagsAreChecked(t *testing.T) {
	tests := []struct{ yaml, want string }{
		{"release: v2", `x.yaml:11:10: release: unknown release "v2"`},
		{"flags: {vtgate: {buffer_windw: 3s}}", `x.yaml:11:18: flags.vtgate.buffer-windw: vtgate has no flag "buffer-windw" known here; did you mean "buffer-window"?`},
		{"flags: {vttablet: {buffer-window: 3s}}", `x.yaml:11:20: flags.vttablet.buffer-window: vttablet has no flag "buffer-window" known here`},
		{"flags: {vtgate: {enable-buffer: perhaps}}", `x.yaml:11:18: flags.vtgate.enable-buffer: invalid value "perhaps"`},
		{"flags: {vtgate: {buffer-window: 30s}}", `x.yaml:11:1: flags: the flags do not fit together: `},
	}
	for _, tt := range tests {
		_, err := Load("x.yaml", []byte(minimal+tt.yaml+"\n"), VitessOptions())
		require.ErrorContains(t, err, tt.want)
	}
}

func TestFlagSetIsTheDefaultsAndTheScenario(t *testing.T) {
	s, err := Load("x.yaml", []byte(minimal+`flags:
  vtgate: {enable_buffer: 1, buffer_window: 3s}
  vttablet: {health-check-interval: 5s}
  reparent: {wait-replicas-timeout: 7s, lock-timeout: 9s}
`), VitessOptions())
	require.NoError(t, err)
	p, err := release.Lookup(s.Release)
	require.NoError(t, err)
	set, err := s.FlagSet(p)
	require.NoError(t, err)
	require.True(t, set.VTGate.EnableBuffer)
	require.Equal(t, 3*time.Second, set.VTGate.BufferWindow)
	require.Equal(t, 20*time.Second, set.VTGate.BufferMaxFailoverDuration)
	require.Equal(t, 5*time.Second, set.VTTablet.HealthCheckInterval)
	require.Equal(t, 7*time.Second, set.VTCtld.WaitReplicasTimeout)
	require.Equal(t, 9*time.Second, set.Common.LockTimeout)
}
