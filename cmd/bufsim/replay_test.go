package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The command that a run prints gives the same bytes again, whatever it was made
// from, and a shell takes it as it stands.
func TestReplayReproduces(t *testing.T) {
	own := filepath.Join(t.TempDir(), "my own.yaml")
	code, shown, _ := call("scenario", "show", "3")
	require.Zero(t, code)
	require.NoError(t, os.WriteFile(own, []byte(shown), 0o600))
	for _, args := range [][]string{
		{"run"},
		{"run", "--seed", "7", "--prs=2s", "--lag", "1s"},
		{"run", "5", "--release", "v24", "--buffer_size=2", "-o", "json"},
		{"run", "--flags-from", "testdata/vtgate.args", "--buffer-size=6"},
		{"run", own, "--buffer-keyspace-shards=commerce/0,other", "-o=md"},
		{"run", "3", "--metrics"},
		{"scenario", "4", "--release", "v24"},
		{"scenario", own, "-o", "json"},
		{"sweep", "--buffer-size", "2..4", "--scenario", "5", "--seeds", "2-3"},
		{"sweep", "--prs=2s,3s", "--lag=1s", "--buffer_window=1s,2s", "--seeds=1", "--flags-from=testdata/vtgate.args", "-ocsv"},
		{"trace", own, "--kinds", "buffer,reparent", "--host=gate-1,vtctld", "--from=5s", "-o", "ndjson"},
	} {
		code, stdout, stderr := call(args...)
		require.LessOrEqual(t, code, exitFinding, stderr)
		again, out, errText := call(shellWords(t, replayIn(t, stdout+stderr))...)
		require.Equal(t, code, again, "%v: %s", args, errText)
		require.Equal(t, stdout, out, "%v", args)
	}
}

// replayIn finds the replay command in what a run printed.
func replayIn(t *testing.T, text string) string {
	t.Helper()
	for _, form := range []string{`(?m)^Replay: ((?:.*\\\n)*.*)$`, `(?m)^bufsim: replay: (.*)$`, "(?m)^```\n(bufsim .*)$"} {
		if m := regexp.MustCompile(form).FindStringSubmatch(text); m != nil {
			return m[1]
		}
	}
	m := regexp.MustCompile(`"replay": (".*")`).FindStringSubmatch(text)
	require.NotNil(t, m, text)
	var command string
	require.NoError(t, json.Unmarshal([]byte(m[1]), &command))
	return command
}

// shellWords lets a shell split a command and gives its arguments.
func shellWords(t *testing.T, command string) []string {
	t.Helper()
	rest, ok := strings.CutPrefix(command, "bufsim ")
	require.True(t, ok, command)
	out, err := exec.Command("sh", "-c", `printf '%s\0' `+rest).Output()
	require.NoError(t, err)
	return strings.Split(string(bytes.TrimSuffix(out, []byte{0})), "\x00")
}
