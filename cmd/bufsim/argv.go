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
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if len(name) > 1 && strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && c.Flags().Lookup(name) != nil {
			if len(hints) == 0 {
				hints = append(hints, fmt.Sprintf("reading %s as -%s", arg, arg))
			}
			arg = "-" + arg
		}
		fixed = append(fixed, arg)
	}
	return fixed, hints
}

// nearestFlag returns the flag of c whose name is nearest to name, or "".
func nearestFlag(c *cobra.Command, name string) string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	near, _ := spelling.Nearest(string(dashes(nil, name)), names)
	return near
}
