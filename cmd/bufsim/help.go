package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bufsim/experiments/report"
	"bufsim/model/flags"
	"bufsim/model/release"
	"bufsim/model/spelling"
)

// componentOf is the annotation of a Vitess flag: the program that has it.
const componentOf = "vitess-component"

// helpGroups are the groups of flags in help texts, each with its heading:
// bufsim's own first, then Vitess's by program.
func helpGroups() []struct {
	component flags.Component
	heading   string
} {
	return []struct {
		component flags.Component
		heading   string
	}{
		{"", "Flags"},
		{flags.ComponentVTGate, "Flags of vtgate"},
		{flags.ComponentVTTablet, "Flags of vttablet"},
		{flags.ComponentVTCtld, "Flags of vtctldclient"},
		{flags.ComponentVTOrc, "Flags of vtorc"},
		{flags.ComponentCommon, "Flags of all Vitess programs"},
	}
}

// usageText prints the usage of a command: the Vitess flags stand apart from
// bufsim's own.
func usageText(c *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", usageLine(c))
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(&b, "  %-11s %s\n", sub.Name(), sub.Short)
			}
		}
	}
	for _, g := range helpGroups() {
		fs := groupOf(c, g.component)
		if !fs.HasAvailableFlags() {
			continue
		}
		if g.component == "" {
			fmt.Fprintf(&b, "\n%s:\n%s", g.heading, fs.FlagUsagesWrapped(report.Columns))
			continue
		}
		fmt.Fprintf(&b, "\n%s (defaults of %s):\n", g.heading, release.Latest().Name)
		fs.VisitAll(func(f *pflag.Flag) { b.WriteString(vitessFlagText(f)) })
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n`%s COMMAND --help` tells more about a command.\n", c.CommandPath())
	}
	_, err := fmt.Fprint(c.OutOrStderr(), b.String())
	return err
}

// flagColumn is where the texts of Vitess's flags begin. Longer names have a line
// of their own.
const flagColumn = 46

// vitessFlagText is the help of one Vitess flag.
func vitessFlagText(f *pflag.Flag) string {
	head := "  --" + f.Name
	if f.NoOptDefVal == "" {
		head += " " + f.Value.Type()
	}
	indent := strings.Repeat(" ", flagColumn)
	if len(head) >= flagColumn {
		head += "\n" + indent
	} else {
		head += indent[len(head):]
	}
	return head + strings.Join(report.Fold(f.Usage, report.Columns-flagColumn), "\n"+indent) + "\n"
}

func usageLine(c *cobra.Command) string {
	if c.HasAvailableSubCommands() {
		return c.CommandPath() + " COMMAND"
	}
	return c.UseLine()
}

// groupOf gives the flags of a command that belong to a Vitess program, or
// bufsim's own.
func groupOf(c *cobra.Command, of flags.Component) *pflag.FlagSet {
	group := pflag.NewFlagSet("", pflag.ContinueOnError)
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		component := ""
		if a := f.Annotations[componentOf]; len(a) > 0 {
			component = a[0]
		}
		if component == string(of) {
			group.AddFlag(f)
		}
	})
	return group
}

// helpCommand explains a command; other than cobra's own, it fails for one that
// does not exist.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return commandNames(root), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(root, args)
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
	}
}

// unknownCommand is the error of a command that does not exist.
func unknownCommand(root *cobra.Command, args []string) error {
	names := commandNames(root)
	name := strings.Join(args, " ")
	if near, ok := spelling.Nearest(name, names); ok {
		return usage("unknown command %q; did you mean %s?", name, near)
	}
	return usage("unknown command %q; there are %s", name, strings.Join(names, ", "))
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// strictCompletion makes `completion` fail for a shell that it does not know.
func strictCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		shells := strings.Join(commandNames(c), ", ")
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("no completion for %q; there are scripts for %s", args[0], shells)
			}
			return c.Help()
		}
	}
}
