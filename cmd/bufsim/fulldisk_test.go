package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fullDisk takes a few bytes and then no more.
type fullDisk struct{ left int }

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.left < len(b) {
		return 0, errors.New("no space left on device")
	}
	d.left -= len(b)
	return len(b), nil
}

// Results that cannot be written are an error, whatever their form.
func TestFullDisk(t *testing.T) {
	for _, args := range []string{
		"sweep --buffer-window 1s..2s --seeds 1-2 -o ndjson", "sweep --buffer-window 1s --seeds 1-2 -o csv", "sweep --buffer-window 1s --seeds 1-2 -o json",
		"sweep --buffer-window 1s --seeds 1-2", "run", "run -o json", "compare v13 v24 --seeds 1-2",
		"compare v13 v24 --seeds 1-2 -o csv", "tune 3 --runs 2 --verify 2", "tune 3 --runs 2 --verify 2 -o json", "tune --qps 5 --print-scenario",
	} {
		var errs bytes.Buffer
		code := Main(strings.Fields(args), strings.NewReader(""), &fullDisk{left: 100}, &errs)
		require.Equal(t, exitUsage, code, args)
		require.Contains(t, errs.String(), "no space left on device", args)
	}
}
