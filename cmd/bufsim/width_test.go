package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/report"
	"bufsim/experiments/scenario"
)

// Text fits the width of a terminal, except the lines of a gate's own metrics.
func TestTextFitsColumns(t *testing.T) {
	commands := [][]string{{"--help"}, {"scenarios"}, {"version"}, {"scenario", "all"}, {"scenario", "all", "--release", "v24"}}
	for _, c := range []string{"run", "scenario", "sweep", "plot", "trace", "scenarios"} {
		commands = append(commands, []string{c, "--help"})
	}
	for _, name := range scenario.Names() {
		commands = append(commands, []string{"run", name})
	}
	commands = append(commands, []string{"trace", "--kinds", "reparent,buffer,gateway,topo"},
		[]string{"sweep", "--buffer-max-failover-duration", "10s,11s", "--prs", "2s", "--lag", "1s", "--seeds", "1-2"},
		[]string{"run", "--flags-from", "testdata/vtgate.args"})
	for _, args := range commands {
		_, stdout, stderr := call(args...)
		require.NotEmpty(t, stdout, args)
		for line := range strings.Lines(stdout + stderr) {
			line = strings.TrimRight(line, "\n")
			if strings.HasPrefix(line, "vtgate_") || strings.HasPrefix(line, "bufsim: replay: ") {
				continue
			}
			require.LessOrEqual(t, utf8.RuneCountInString(line), report.Columns, "%v: %s", args, line)
		}
	}
}
