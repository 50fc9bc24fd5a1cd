package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bufsim/model/flags"
)

// replayRun is the command that plays a job again: everything that it depends on
// is spelled out, also what came from --flags-from.
func replayRun(c *cobra.Command, name string, j *job) string {
	words := []string{c.CommandPath(), quoted(name), "--release", j.profile.Name, "--seed", fmt.Sprint(j.seed)}
	if defaults, err := j.scenario.FlagSet(j.profile); err == nil {
		words = append(words, flagWords(j.flags, defaults)...)
	}
	return strings.Join(append(words, ownWords(c, "release", "seed")...), " ")
}

// flagWords spells the Vitess flags in which a set differs from another, except
// the named ones.
func flagWords(set, from flags.Set, except ...string) []string {
	var words []string
	for _, d := range flags.Descriptions() {
		if v := d.Value(set); v != d.Value(from) && !slices.Contains(except, d.Name) {
			words = append(words, fmt.Sprintf("--%s=%s", d.Name, quoted(v)))
		}
	}
	return words
}

// ownWords spells those of bufsim's own flags that the user gave, except the
// named ones and --flags-from, whose text is spelled out.
func ownWords(c *cobra.Command, except ...string) []string {
	var words []string
	c.Flags().Visit(func(f *pflag.Flag) {
		if f.Annotations[componentOf] != nil || f.Name == "flags-from" || slices.Contains(except, f.Name) {
			return
		}
		if f.Value.Type() == "stringArray" { // one word for each: the values may hold commas
			list, _ := c.Flags().GetStringArray(f.Name) // its type was just seen
			for _, v := range list {
				words = append(words, "--"+f.Name+"="+quoted(v))
			}
			return
		}
		value := f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), ",")
		}
		word := "--" + f.Name
		if f.Value.Type() != "bool" || value != "true" {
			word += "=" + quoted(value)
		}
		words = append(words, word)
	})
	return words
}

// quoted protects a word for a shell.
func quoted(v string) string {
	if v != "" && !strings.ContainsAny(v, " \t\n\"'$&|;<>()*?[]{}!#~\\`") {
		return v
	}
	return fmt.Sprintf("'%s'", strings.ReplaceAll(v, "'", `'\''`))
}

// sayReplay gives the replay command on stderr, for forms of output that have no
// place for it. It stays in one line, to be copied.
func (a *app) sayReplay(command string) { fmt.Fprintf(a.err, "bufsim: replay: %s\n", command) }
