package main

import (
	"github.com/spf13/cobra"

	"bufsim/experiments/scenario"
	"bufsim/model/release"
)

// complete lets the shell complete the values of a flag.
func complete(c *cobra.Command, flag string, words func() []string) {
	err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag is not registered: a mistake in this program
	}
}

// scenarioArgs completes a scenario: a built-in name, or a file.
func scenarioArgs(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return scenario.Names(), cobra.ShellCompDirectiveDefault
}

// planArgs completes the file of a plan.
func planArgs(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

func releaseNames() []string {
	var names []string
	for _, p := range release.All() {
		names = append(names, p.Name)
	}
	return names
}
