package main

import (
	"github.com/spf13/cobra"

	"bufsim/experiments/invariant"
	"bufsim/experiments/report"
)

func (a *app) invariantsCommand() *cobra.Command {
	var form *formValue
	c := &cobra.Command{
		Use:   "invariants",
		Short: "List what holds in every good run",
		Long: `Lists the invariants that watch a run: id, meaning, and the rules of Vitess's
behaviour that they come from. ` + "`bufsim run --check`" + ` chooses among them.`,
		Example: `  bufsim invariants`,
		Args:    noArgument,
		RunE: func(*cobra.Command, []string) error {
			list := invariant.All()
			switch form.form {
			case "json":
				return a.printJSON(report.InvariantEntries(list))
			case "md":
				return a.printText(report.InvariantsMarkdown(list))
			}
			return a.printText(report.Invariants(list))
		},
	}
	form = registerOutput(c, "text", "json", "md")
	return c
}

// invariantIDs completes --check.
func invariantIDs() []string {
	ids := []string{"all", "none"}
	for _, inv := range invariant.All() {
		ids = append(ids, inv.ID)
	}
	return ids
}
