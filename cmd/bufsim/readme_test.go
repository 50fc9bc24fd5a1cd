package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadmeShowsTrueOutput runs the README's first command and compares what it
// prints with what the README shows.
func TestReadmeShowsTrueOutput(t *testing.T) {
	src, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, block, found := strings.Cut(string(src), "$ go run ./cmd/bufsim ")
	require.True(t, found, "the README has no first command")
	command, rest, _ := strings.Cut(block, "\n")
	want, _, _ := strings.Cut(rest, "```")
	var out, errs bytes.Buffer
	code := Main(strings.Fields(command), strings.NewReader(""), &out, &errs)
	require.Equal(t, exitOK, code, errs.String())
	if *update {
		text := strings.Replace(string(src), command+"\n"+want, command+"\n"+out.String(), 1)
		require.NoError(t, os.WriteFile("../../README.md", []byte(text), 0o644))
		return
	}
	require.Equal(t, want, out.String(), "README.md: run this test with -update, and understand why; output of `bufsim %s`", command)
}
