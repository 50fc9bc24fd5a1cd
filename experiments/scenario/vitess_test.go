package scenario

import (
	"fmt"
	"strings"
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
		{"flags: {vtgate: {buffer-window: 30s}}", `x.yaml:11:18: flags.vtgate.buffer-window: the flags do not fit together: `},
	}
	for _, tt := range tests {
		_, err := Load("x.yaml", []byte(minimal+tt.yaml+"\n"), VitessOptions())
		require.ErrorContains(t, err, tt.want)
	}
}

// Mistakes of all kinds are told at once, each at its own line; what only follows from another
// one is not.
func TestMistakesOfAllKindsTogether(t *testing.T) {
	const src = `apiVersion: bufsim/v1
name: Mistakes
cluster:
  keyspaces:
    - name: ks
      shards: [{name: "0", tablets: [{type: primary}, {}]}]
workload:
  - closed: {clients: 1, thinks: 3s}
flags:
  vtgate:
    enable-buffer: true
    buffer_windw: 3s
  vttablet:
    health-check-interval: soon
timeline:
  - {at: 1s, do: prs, args: {shard: "1"}}
`
	_, err := Load("x.yaml", []byte(src), VitessOptions())
	var problems Problems
	require.ErrorAs(t, err, &problems)
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Path))
	}
	require.Equal(t, []string{
		"2:7 name", "8:26 workload[0].closed", "12:5 flags.vtgate.buffer-windw",
		"14:5 flags.vttablet.health-check-interval", "16:37 timeline[0].args.shard",
	}, got)
}

// What depends on a part whose form is wrong is not looked at: the target may exist.
func TestMistakesDoNotBreedOthers(t *testing.T) {
	_, err := Load("x.yaml", []byte(strings.Replace(minimal, "tablets:", "tabelts:", 1)+"timeline:\n  - {at: 1s, do: kill, args: {target: zone1-999}}\n"), VitessOptions())
	var problems Problems
	require.ErrorAs(t, err, &problems)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0].What, `unknown key "tabelts"`)
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
