package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/report"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/spelling"
	"bufsim/sim/fault"
)

func (a *app) faultsCommand() *cobra.Command {
	var form *formValue
	c := &cobra.Command{
		Use:   "faults [PATTERN [NAME=VALUE]...]",
		Short: "List the kinds of faults, and named patterns of them",
		Long: `Lists the kinds of faults with their arguments and an example line each, and the named
patterns. With the name of a pattern it prints the pattern's lines, for the faults of
a scenario or for --fault. docs/faults.md explains the lines.`,
		Example: `  bufsim faults
  bufsim faults frozen-mysqld
  bufsim faults asymmetric peer=topo for=10s
  bufsim run --fault 'when buffer.start crash gate-1 for 2s'`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return patternArgs(args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				plan, err := patternPlan(args[0], args[1:])
				if err != nil {
					return err
				}
				return a.printText(plan.String())
			}
			list := report.FaultLists{Kinds: scenario.FaultKinds(), Patterns: scenario.FaultPatterns()}
			switch form.form {
			case "json":
				return a.printJSON(list.JSON())
			case "md":
				return a.printText(list.Markdown())
			}
			return a.printText(list.Text())
		},
	}
	form = registerOutput(c, "text", "json", "md")
	return c
}

// patternArgs completes the name of a pattern, then its parameters.
func patternArgs(args []string) []string {
	var words []string
	for _, p := range scenario.FaultPatterns() {
		if len(args) == 0 {
			words = append(words, p.Name)
		} else if p.Name == args[0] {
			for _, param := range p.Params {
				words = append(words, param.Name+"="+param.Value)
			}
		}
	}
	return words
}

func patternPlan(name string, changes []string) (fault.Plan, error) {
	patterns := scenario.FaultPatterns()
	i := slices.IndexFunc(patterns, func(p fault.Pattern) bool { return p.Name == name })
	if i < 0 {
		meant := ""
		if near, ok := spelling.Nearest(name, patternArgs(nil)); ok {
			meant = "; did you mean " + near + "?"
		}
		return nil, usage("there is no pattern %q%s `bufsim faults` lists them", name, meant)
	}
	var changed []fault.Arg
	for _, c := range changes {
		param, value, ok := strings.Cut(c, "=")
		if !ok {
			return nil, usage("%s: write NAME=VALUE, such as %s", c, strings.Join(patternArgs([]string{name}), " "))
		}
		changed = append(changed, fault.Arg{Name: param, Value: value})
	}
	plan, err := patterns[i].Plan(scenario.FaultKinds(), changed...)
	if err != nil {
		return nil, usage("%v", err)
	}
	return plan, nil
}

// faultInput is what a command that plays one scenario takes of faults.
type faultInput struct{ lines []string }

func (in *faultInput) register(c *cobra.Command) {
	c.Flags().StringArrayVar(&in.lines, "fault", nil, "one more fault, `LINE` as in 'at 6s crash gate-1 for 2s'; may be given again (`bufsim faults` lists the kinds)")
	complete(c, "fault", func() []string {
		var lines []string
		for _, k := range scenario.FaultKinds() {
			lines = append(lines, k.Example)
		}
		return lines
	})
}

// apply gives the scenario with the faults of the command line behind its own.
func (in *faultInput) apply(s *scenario.Scenario) (*scenario.Scenario, error) {
	with, err := runner.WithFaults(s, in.lines)
	if err != nil {
		return nil, usage("--fault: %v", err)
	}
	return with, nil
}
