package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bufsim/model/spelling"
)

// Vitess's flags are written with dashes (v23 and newer), with underscores (older
// releases) and with a single leading dash (old guides). All are accepted.

// dashes is the one spelling inside: underscores become dashes.
func dashes(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
}

// doubleDashes turns `-name` and `-name=value` into `--name` for the long flags of
// the command that args names, and gives one hint if it did.
func doubleDashes(root *cobra.Command, args []string) (fixed, hints []string) {
	c, _, err := root.Find(args)
	if err != nil {
		c = root
	}
	for i, arg := range args {
		if arg == "--" {
			return append(fixed, args[i:]...), hints
		}
		if singleDash(c, arg) {
			if len(hints) == 0 {
				hints = append(hints, fmt.Sprintf("reading %s as -%s", arg, arg))
			}
			arg = "-" + arg
		}
		fixed = append(fixed, arg)
	}
	return fixed, hints
}

// singleDash reports whether an argument is a long flag with one dash: one that c
// has, or something close to one of Vitess's, which no row of short flags is.
func singleDash(c *cobra.Command, arg string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
	if len(name) < 2 || !strings.HasPrefix(arg, "-") || !isLetter(name[0]) {
		return false
	}
	return c.Flags().Lookup(name) != nil || c.Flags().ShorthandLookup(name[:1]) == nil
}

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' }

// nearestFlag returns the flag of c whose name is nearest to name, or "".
func nearestFlag(c *cobra.Command, name string) string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	name = string(dashes(nil, name))
	near, ok := spelling.Nearest(name, names)
	if !ok || len(name) < 2 || near[0] != name[0] && near[len(near)-1] != name[len(name)-1] {
		return "" // another name, not a slip
	}
	return near
}

// atMostOne checks that a command got one argument or none.
func atMostOne(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usage("%s takes one %s; got %s%s", c.Name(), what, strings.Join(args, " "), switchHint(args))
		}
		return nil
	}
}

// exactlyOne checks that a command got one argument.
func exactlyOne(what, example string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := atLeastOne(what, example)(c, args); err != nil {
			return err
		}
		return atMostOne(what)(c, args)
	}
}

// atLeastOne checks that a command got an argument.
func atLeastOne(what, example string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage("%s needs a %s, as in `%s`", c.Name(), what, example)
		}
		return nil
	}
}

// noArgument checks that a command got no argument.
func noArgument(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no argument; got %s", c.Name(), strings.Join(args, " "))
	}
	return nil
}

// switchHint tells what a lonely true or false was probably meant for.
func switchHint(args []string) string {
	for _, arg := range args {
		if arg == "true" || arg == "false" {
			return fmt.Sprintf(" (a switch takes its value after '=', as in --enable-buffer=%s)", arg)
		}
	}
	return ""
}
