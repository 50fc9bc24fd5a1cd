package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/model/flags"
)

// vitessValue is the value of a Vitess flag as it was written. It is judged later,
// when the release is known.
type vitessValue struct {
	text string
	kind flags.Kind
}

func (v *vitessValue) String() string { return v.text }

func (v *vitessValue) Set(text string) error {
	v.text = text
	return nil
}

// Type is the word for the value in help texts.
func (v *vitessValue) Type() string {
	word, _, _ := strings.Cut(string(v.kind), " ")
	return word
}

// seedValue is a seed. 0 is refused: a run without a seed takes the scenario's
// first one, so that 0 would not be what it seems.
type seedValue struct{ n uint64 }

func (v *seedValue) String() string {
	if v.n == 0 {
		return ""
	}
	return strconv.FormatUint(v.n, 10)
}

func (v *seedValue) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n == 0 {
		return errors.New("want a whole number from 1 on")
	}
	v.n = n
	return nil
}

func (*seedValue) Type() string { return "N" }

// registerSeed adds --seed to a command.
func registerSeed(c *cobra.Command) *seedValue {
	v := &seedValue{}
	c.Flags().Var(v, "seed", "seed of the run (default: the scenario's first)")
	return v
}

// formValue is the form of a command's output: one of a few words.
type formValue struct {
	form  string
	known []string
}

func (v *formValue) String() string { return v.form }

func (v *formValue) Set(text string) error {
	if !slices.Contains(v.known, text) {
		return errors.New("want " + alternatives(v.known))
	}
	v.form = text
	return nil
}

func (*formValue) Type() string { return "FORM" }

// registerOutput adds -o to a command; the first form is the default.
func registerOutput(c *cobra.Command, known ...string) *formValue {
	v := &formValue{form: known[0], known: known}
	c.Flags().VarP(v, "output", "o", "form of the output: "+alternatives(known))
	complete(c, "output", func() []string { return known })
	return v
}

// alternatives joins words as in "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
