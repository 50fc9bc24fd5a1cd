package reparent_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"bufsim/model/gtid"
	"bufsim/model/vterr"
	"bufsim/tablet/reparent"
)

func wall(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.999999999Z07:00", text)
	require.NoError(t, err)
	return at.UnixNano()
}

// The whole error of the public guide's scenario 7, from the tablet's answer to the
// operator's screen, and the same failure in v24.
// spec: R-9, R-9a, R-60, R-164
func TestCatchUpErrorOnTheScreen(t *testing.T) {
	set, err := gtid.ParseSet("4fb7c72c-62c8-11ec-8287-8cae4cdeeda4:1-1677")
	require.NoError(t, err)
	const common = "primary-elect tablet zone1-0000000101 failed to catch up with replication MySQL56/4fb7c72c-62c8-11ec-8287-8cae4cdeeda4:1-1677: "
	const oldText = "rpc error: code = Unknown desc = " + common + "rpc error: code = Unknown desc = TabletManager.WaitForPosition on zone1-0000000101 error: " +
		"timed out waiting for position 4fb7c72c-62c8-11ec-8287-8cae4cdeeda4:1-1677: timed out waiting for position 4fb7c72c-62c8-11ec-8287-8cae4cdeeda4:1-1677"
	const newText = "rpc error: code = Unknown desc = " + common + "rpc error: code = DeadlineExceeded desc = TabletManager.WaitForPosition on zone1-0000000101: " +
		"WaitSourcePos failed: timed out waiting for position 4fb7c72c-62c8-11ec-8287-8cae4cdeeda4:1-1677"
	for _, c := range []struct {
		release string
		want    reparent.ClientOutput
	}{
		{"v12", reparent.ClientOutput{
			Stdout:     "PlannedReparentShard Error: " + oldText + "\n",
			Stderr:     "E1221 19:44:29.715359       1 main.go:76] remote error: " + oldText + "\n",
			ExitStatus: 1,
		}},
		{"v24", reparent.ClientOutput{
			Stderr:     `{"time":"2021-12-21T19:44:29.715359000Z","level":"ERROR","msg":"` + newText + `"}` + "\n",
			ExitStatus: 1,
		}},
	} {
		p := profile(t, c.release)
		s := threeTablets()
		s.positions[alias(100)] = set
		s.behave = failing("WaitForPosition 101", vterr.FromTabletManager(
			vterr.WaitPositionTimedOut(set.String(), p.Behaviors), "WaitForPosition", alias(101).String(), p.Behaviors))
		out := s.play(t, p, reparent.PlannedOptions{}, nil)
		got := reparent.FormatClientOutput(reparent.ClientFor(p), "PlannedReparentShard", out.result, out.err, wall(t, "2021-12-21T19:44:29.715359Z"))
		require.Equal(t, c.want, got, c.release)
	}
}

// A measured error of a replica that did not follow.
// spec: R-9a, R-57
func TestRepointErrorOnTheScreen(t *testing.T) {
	p := profile(t, "v24")
	s := threeTablets()
	s.behave = failing("SetReplicationSource 102", vterr.FromTabletManager(
		vterr.New(vterr.DeadlineExceeded, "context deadline exceeded"), "SetReplicationSource", alias(102).String(), p.Behaviors))
	out := s.play(t, p, reparent.PlannedOptions{}, nil)
	require.Equal(t, "rpc error: code = Unknown desc = some replicas failed to reparent; retry PlannedReparentShard with the same new primary alias "+
		"(zone1-0000000101) to retry failed replicas: tablet zone1-0000000102 failed to SetReplicationSource(zone1-0000000101): Code: DEADLINE_EXCEEDED\n"+
		"rpc error: code = DeadlineExceeded desc = TabletManager.SetReplicationSource on zone1-0000000102: context deadline exceeded\n"+
		": rpc error: code = DeadlineExceeded desc = TabletManager.SetReplicationSource on zone1-0000000102: context deadline exceeded",
		vterr.ForOperator(out.err).Error())
}

// spec: R-164
func TestSuccessOnTheScreen(t *testing.T) {
	result := &reparent.Result{Log: []reparent.LogLine{
		{Wall: wall(t, "2026-11-21T23:34:04.461662Z"), Severity: reparent.SeverityInfo, File: "planned_reparenter.go", Line: 192, Text: "elected new primary candidate zone1-0000000102"},
	}}
	for _, client := range []reparent.Client{reparent.VTCtlClient, reparent.VTCtldClient} {
		require.Equal(t, reparent.ClientOutput{
			Stdout: "I1121 23:34:04.461662 planned_reparenter.go:192] elected new primary candidate zone1-0000000102\n",
		}, reparent.FormatClientOutput(client, "PlannedReparentShard", result, nil, 0))
	}
	out := threeTablets().play(t, profile(t, "v24"), reparent.PlannedOptions{}, nil)
	require.Equal(t, []string{
		"elected new primary candidate zone1-0000000101",
		"checking replication on primary-elect zone1-0000000101",
		"demoting current primary: zone1-0000000100",
		"setting new primary on replica zone1-0000000100",
		"setting new primary on replica zone1-0000000102",
		"populating reparent journal on new primary zone1-0000000101",
	}, logTexts(out.result))
}

// Texts keep their angle brackets and line ends survive as escapes.
// spec: R-164
func TestJSONLineIsOneLine(t *testing.T) {
	out := reparent.FormatClientOutput(reparent.VTCtldClient, "PlannedReparentShard", nil, errors.New("a <nil>\nb"), 0)
	require.Equal(t, `{"time":"1970-01-01T00:00:00.000000000Z","level":"ERROR","msg":"rpc error: code = Unknown desc = a <nil>\nb"}`+"\n", out.Stderr)
}
