package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Folding changes nothing but blanks and keeps to the width.
func TestFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z]{1,9}( {1,2}[a-z]{1,30}){0,12}`).Draw(t, "text")
		width := rapid.IntRange(5, 40).Draw(t, "width")
		lines := Fold(text, width)
		for _, l := range lines {
			require.LessOrEqual(t, len(l), width)
		}
		bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		require.Equal(t, bare(text), bare(strings.Join(lines, "")))
	})
}

func TestFoldKeepsLetters(t *testing.T) {
	require.Equal(t, []string{"ä", "ä", "ä"}, Fold("äää", 3))
	require.Equal(t, []string{"one", "two"}, Fold("one two", 4))
	require.Equal(t, []string{""}, Fold("", 4))
}

// Only lines that are too wide are folded, the rest of them indented.
func TestFoldLines(t *testing.T) {
	wide := strings.Repeat("word ", 25)
	require.Equal(t, "short\n"+strings.TrimRight(strings.Repeat("word ", 19)[:94], " ")+"\n      "+
		strings.TrimRight(strings.Repeat("word ", 6), " ")+"\n", FoldLines("short\n"+wide+"\n"))
}

// A folded command is still one command for a shell.
func TestCommandContinues(t *testing.T) {
	p := &page{}
	p.command("Replay: ", "bufsim run default "+strings.Repeat("--buffer-window=3s ", 8)+"--seed=1")
	lines := strings.Split(strings.TrimRight(p.String(), "\n"), "\n")
	require.Greater(t, len(lines), 1)
	for i, l := range lines {
		require.LessOrEqual(t, len(l), Columns)
		require.Equal(t, i < len(lines)-1, strings.HasSuffix(l, ` \`))
	}
}

func TestBufferMetrics(t *testing.T) {
	text := "# HELP vtgate_buffer_size Slots.\nvtgate_buffer_size 4\nvtgate_other 1\n"
	require.Equal(t, "# HELP vtgate_buffer_size Slots.\nvtgate_buffer_size 4\n", BufferMetrics(text))
	require.Equal(t, "vtgate_buffer_size 4\n", samples(BufferMetrics(text)))
}
