package main

import (
	"github.com/spf13/cobra"

	"bufsim/experiments/report"
	"bufsim/experiments/scenario"
)

func (a *app) scenariosCommand() *cobra.Command {
	var form *formValue
	c := &cobra.Command{
		Use:     "scenarios",
		Short:   "List the built-in scenarios",
		Example: `  bufsim scenarios`,
		Args:    noArgument,
		RunE: func(*cobra.Command, []string) error {
			list, err := scenario.List(scenario.VitessOptions())
			if err != nil {
				return err
			}
			switch form.form {
			case "json":
				return a.printJSON(report.ScenarioEntries(list))
			case "md":
				return a.printText(report.ScenariosMarkdown(list))
			}
			return a.printText(report.Scenarios(list))
		},
	}
	form = registerOutput(c, "text", "json", "md")
	return c
}
