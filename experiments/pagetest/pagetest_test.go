package pagetest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"bufsim/experiments/pagetest"
)

// failing notes what a test was failed with.
type failing struct {
	testing.TB
	why string
}

func (*failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) { f.why = fmt.Sprintf(format, args...) }

func TestPart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(file, []byte("head\n<!-- generated: a -->\nold\n<!-- end -->\ntail\n<!-- generated: b -->\n"), 0o600))
	fails := func(part, want string) string {
		f := &failing{TB: t}
		pagetest.Part(f, file, part, want, "go test ./p", false)
		return f.why
	}
	require.Empty(t, fails("a", "old\n"))
	require.Contains(t, fails("a", "new\n"), "run go test ./p -update")
	require.Contains(t, fails("b", ""), `has no part "b" from its beginning to its end`)
	require.Contains(t, fails("c", ""), "has no part")

	pagetest.Part(t, file, "a", "new\n", "go test ./p", true)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "head\n<!-- generated: a -->\nnew\n<!-- end -->\ntail\n<!-- generated: b -->\n", string(text))
}
