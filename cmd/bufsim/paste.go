package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/model/flags"
	"bufsim/model/release"
)

// paste applies a pasted vtgate command line to a set. On stderr it says which of
// the parts mean nothing here, and what the scenario sets and the command line does
// not.
func (s *settings) paste(c *cobra.Command, a *app, set *flags.Set, p release.Profile) error {
	from := s.flagsFrom
	text, err := readFileOr(a.in, from)
	if err != nil {
		return cannot("read the flags in", from, err)
	}
	if from == "-" {
		from = "stdin"
	}
	parsed, err := flags.ParseCommandLine(string(text), p)
	if err != nil {
		return usage("%s: %v", from, err)
	}
	if len(parsed.Given) == 0 && len(parsed.Ignored) == 0 {
		return usage("%s: there are no flags in it; paste a vtgate command line or the args list of a container", from)
	}
	for _, h := range parsed.Hints {
		a.say("%s: %s", from, h)
	}
	ignored := parsed.Ignored
	for _, d := range flags.Descriptions() {
		switch {
		case !slices.Contains(parsed.Given, d.Name):
			if v := d.Value(*set); d.Component == flags.ComponentVTGate && v != d.Default(p) && !c.Flags().Changed(d.Name) {
				a.say("%s leaves out %s: the scenario's %s stays", from, d.Spelled(p), v)
			}
		case withoutEffect(d.Name, p) != "":
			ignored = append(ignored, fmt.Sprintf("%s=%s", d.Spelled(p), d.Value(parsed.Flags)))
		default:
			if err := set.Set(d.Name, d.Value(parsed.Flags), p); err != nil {
				return usage("%s: %v", from, err)
			}
		}
	}
	if len(ignored) > 0 {
		a.say("%s: without effect here: %s", from, strings.Join(ignored, " "))
	}
	return nil
}

// readFileOr reads a file, or in if the name is "-".
func readFileOr(in io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(name)
}
