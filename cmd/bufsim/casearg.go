package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bufsim/experiments/hunt"
)

// isCase reports whether a name is that of a case of explore, a file or a folder, and not of a
// scenario.
func isCase(name string) bool {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		_, err := os.Stat(filepath.Join(name, hunt.CaseFile))
		return err == nil
	}
	if !isFile(name) {
		return false
	}
	text, err := os.ReadFile(name)
	return err == nil && bytes.Contains(text, []byte("apiVersion: bufsim-case/"))
}

// readCaseAlone reads a case for a command that also takes scenarios: what changes those cannot
// be given, but for the command's own flags.
func readCaseAlone(c *cobra.Command, path string, own ...string) (*hunt.Case, error) {
	given := map[string]bool{}
	for _, name := range own {
		given[name] = true
	}
	var changed []string
	c.Flags().Visit(func(f *pflag.Flag) {
		if !given[f.Name] {
			changed = append(changed, "--"+f.Name)
		}
	})
	if len(changed) > 0 {
		return nil, usage("%s: a case says everything itself; change it in %s", strings.Join(changed, " "), hunt.CaseFile)
	}
	return readCase(path)
}
