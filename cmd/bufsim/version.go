package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/runner"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, the Go version and the release profiles",
		Example: `  bufsim version`,
		Args:    noArgument,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(a.out, "bufsim %s, %s %s/%s\nreleases: %s\n", runner.Version,
				runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(releaseNames(), " "))
			return nil
		},
	}
}
