//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An interrupted sweep finishes what is under way, prints a partial result and the
// command that goes on with it, and ends with 130. The shell makes the process ignore interrupts until bufsim asks for
// them, so that it does not matter when the first one comes.
func TestInterruptedSweep(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(exe, dir+"/bufsim"))
	c := exec.Command("sh", "-c", `trap "" INT; exec "$0" sweep --buffer-window=1s --seeds=1-200000 --out=runs.ndjson`, dir+"/bufsim")
	c.Dir = dir
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	require.NoError(t, c.Start())
	ended := make(chan error)
	go func() { ended <- c.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for err = nil; err == nil; {
		select {
		case err = <-ended:
		case <-tick.C:
			_ = c.Process.Signal(os.Interrupt) // it may have just ended
		}
	}
	require.Equal(t, exitInterrupted, c.ProcessState.ExitCode(), stderr.String())
	require.Regexp(t, `^bufsim: interrupted after \d+ of 200000 runs\n`+
		`bufsim: to go on: bufsim sweep --release v24 --seeds 1-200000 --buffer-window=1s --out=runs.ndjson --resume\n$`, stderr.String())
	require.Regexp(t, `Interrupted: \d+ of 200000 runs were played`, stdout.String())
}

// An interrupted search prints what it knows, says that it was interrupted, and ends with
// 130.
func TestInterruptedTune(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(exe, dir+"/bufsim"))
	c := exec.Command("sh", "-c", `trap "" INT; exec "$0" tune --runs=100000`, dir+"/bufsim")
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	require.NoError(t, c.Start())
	ended := make(chan error)
	go func() { ended <- c.Wait() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for err = nil; err == nil; {
		select {
		case err = <-ended:
		case <-tick.C:
			_ = c.Process.Signal(os.Interrupt) // it may have just ended
		}
	}
	require.Equal(t, exitInterrupted, c.ProcessState.ExitCode(), stderr.String())
	require.Regexp(t, `^bufsim: interrupted after \d+ runs\n$`, stderr.String())
	require.Contains(t, stdout.String(), "Interrupted before anything was found. What was played:")
}
