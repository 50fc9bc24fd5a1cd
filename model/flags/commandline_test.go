package flags_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"bufsim/model/flags"
)

// Pasted command lines of several kinds: what is taken, what is skipped, what is remarked.
func TestCommandLines(t *testing.T) {
	datadriven.RunTest(t, "testdata/commandlines", func(t *testing.T, d *datadriven.TestData) string {
		var name string
		d.ScanArgs(t, "release", &name)
		p := profile(t, name)
		parsed, err := flags.ParseCommandLine(d.Input, p)
		if err != nil {
			return "error: " + err.Error() + "\n"
		}
		var out strings.Builder
		list := func(title string, items []string) {
			for _, item := range items {
				out.WriteString(title + ": " + item + "\n")
			}
		}
		list("changed", flags.Format(parsed.Flags, p))
		list("given", []string{strings.Join(parsed.Given, " ")})
		list("ignored", parsed.Ignored)
		list("hint", parsed.Hints)
		return out.String()
	})
}

// The flag reference, as it is published.
func TestReference(t *testing.T) {
	datadriven.RunTest(t, "testdata/reference", func(*testing.T, *datadriven.TestData) string {
		return flags.Reference()
	})
}

func FuzzParseCommandLine(f *testing.F) {
	for _, seed := range []string{
		"$ vtgate -cell zone1 \\\n  -enable_buffer=1", "args: [\"--buffer-size=4\", '--cell=a']", "- --cell\n- zone1",
		"extraFlags:\n  buffer_size: \"4\"", "--a 'b", "\\", "# x", "--cell=", "-", "[",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := profile(t, "v19")
		parsed, err := flags.ParseCommandLine(text, p)
		if err != nil {
			return
		}
		back, err := flags.Parse(flags.Format(parsed.Flags, p), p)
		require.NoError(t, err)
		require.Equal(t, parsed.Flags, back.Flags)
	})
}
