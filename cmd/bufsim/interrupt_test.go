//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ending is how a command ended.
type ending struct {
	code           int
	stdout, stderr string
}

// playInterrupted runs a command in a folder and interrupts it again and again from the moment when
// ready says so. The shell makes the process ignore interrupts until bufsim asks for them, so
// that it does not matter when the first one comes.
func playInterrupted(t *testing.T, dir, args string, ready func() bool) ending {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	bin := filepath.Join(t.TempDir(), "bufsim")
	require.NoError(t, os.Symlink(exe, bin))
	c := exec.Command("sh", "-c", `trap "" INT; exec "$0" `+args, bin)
	c.Dir = dir
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	require.NoError(t, c.Start())
	ended := make(chan error)
	go func() { ended <- c.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case <-ended:
			over = true
		case <-tick.C:
			if ready() {
				_ = c.Process.Signal(os.Interrupt) // it may have just ended
			}
		}
	}
	return ending{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func atOnce() bool { return true }

// An interrupted sweep finishes what is under way, prints a partial result and the
// command that goes on with it, and ends with 130.
func TestInterruptedSweep(t *testing.T) {
	p := playInterrupted(t, t.TempDir(), "sweep --buffer-window=1s --seeds=1-200000 --out=runs.ndjson", atOnce)
	require.Equal(t, exitInterrupted, p.code, p.stderr)
	require.Regexp(t, `^bufsim: interrupted after \d+ of 200000 runs\n`+
		`bufsim: to go on: bufsim sweep --release v24 --seeds 1-200000 --buffer-window=1s --out=runs.ndjson --resume\n$`, p.stderr)
	require.Regexp(t, `Interrupted: \d+ of 200000 runs were played`, p.stdout)
}

// A sweep that was interrupted in its middle and goes on writes the bytes of one that never
// was, and gives its table.
func TestInterruptedSweepGoesOn(t *testing.T) {
	dir := t.TempDir()
	const sweep = "sweep --buffer-window=1s --seeds=1-60 --out="
	some := func() bool {
		text, _ := os.ReadFile(dir + "/parts.ndjson")
		return bytes.Count(text, []byte("\n")) > 2
	}
	never := func() bool { return false }
	first := playInterrupted(t, dir, sweep+"parts.ndjson", some)
	require.Equal(t, exitInterrupted, first.code, first.stderr)
	rest := playInterrupted(t, dir, sweep+"parts.ndjson --resume", never)
	require.Equal(t, exitOK, rest.code, rest.stderr)
	whole := playInterrupted(t, dir, sweep+"whole.ndjson", never)
	require.Equal(t, whole.stdout, rest.stdout)
	want, err := os.ReadFile(dir + "/whole.ndjson")
	require.NoError(t, err)
	got, err := os.ReadFile(dir + "/parts.ndjson")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// An interrupted search prints what it knows, says that it was interrupted, and ends with
// 130.
func TestInterruptedTune(t *testing.T) {
	p := playInterrupted(t, t.TempDir(), "tune --runs=100000", atOnce)
	require.Equal(t, exitInterrupted, p.code, p.stderr)
	require.Regexp(t, `^bufsim: interrupted after \d+ runs\n$`, p.stderr)
	require.Contains(t, p.stdout, "Interrupted before anything was found. What was played:")
}

// An interrupted comparison says what both sides have, and an interrupted figure is none.
func TestInterruptedCompareAndPlot(t *testing.T) {
	p := playInterrupted(t, t.TempDir(), "compare v13 v24 --seeds=1-100000", atOnce)
	require.Equal(t, exitInterrupted, p.code, p.stderr)
	require.Regexp(t, `bufsim: interrupted after \d+ of 100000 pairs of runs\n$`, p.stderr)

	dir := t.TempDir()
	plan := "apiVersion: bufsim/v1\nname: long\ntitle: A long one\nvary: {buffer-window: 1s..5s}\nseeds: 1-20000\n"
	require.NoError(t, os.WriteFile(dir+"/plan.yaml", []byte(plan), 0o644))
	p = playInterrupted(t, dir, "plot plan.yaml", atOnce)
	require.Equal(t, exitInterrupted, p.code, p.stderr)
	require.NoFileExists(t, dir+"/long.png")
	require.NoFileExists(t, dir+"/long.csv")
}
