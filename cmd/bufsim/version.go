package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"bufsim/experiments/runner"
	"bufsim/model/release"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the Go version and the release profiles",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(a.out, "bufsim %s, %s %s/%s\nreleases:", runner.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			for _, p := range release.All() {
				fmt.Fprintf(a.out, " %s", p.Name)
			}
			fmt.Fprintln(a.out)
			return nil
		},
	}
}
