package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/hunt"
)

func (a *app) replayCommand() *cobra.Command {
	var (
		opts hunt.ReplayOptions
		form *formValue
	)
	c := &cobra.Command{
		Use:   "replay CASE",
		Short: "Play a case of explore again",
		Long: `Plays a case again, a file or the folder that explore wrote: the same inputs, faults and
schedule. It says what differs from the recording: the version, Go, the first decision
that does not fit. The exit code is 1 if the finding shows again and 0 if it does not.`,
		Example: `  bufsim replay cases/buffer-window-GATE-SHARD
  bufsim replay --strict case.yaml`,
		Args: exactlyOne("case of explore --out", "bufsim replay FOLDER"),
		RunE: func(c *cobra.Command, args []string) error {
			one, err := readCase(args[0])
			if err != nil {
				return err
			}
			r, err := hunt.Replay(one, opts)
			if err != nil {
				return usage("%s: %v", args[0], err)
			}
			for _, d := range r.Differs {
				a.say("%s", d)
			}
			if err := a.print(form.form, replayedJSON(r), func() string { return replayedText(r) }); err != nil {
				return err
			}
			if r.Finding != nil {
				return errFinding()
			}
			return nil
		},
	}
	c.Flags().BoolVar(&opts.Strict, "strict", false, "stop at the first decision that does not fit the recording")
	form = registerOutput(c, "text", "json")
	return c
}

// readCase reads a case; what is wrong with it is the user's to repair.
func readCase(path string) (*hunt.Case, error) {
	c, err := hunt.ReadCase(path)
	if os.IsNotExist(err) {
		return nil, cannot("read the case", path, err)
	}
	if err != nil {
		return nil, usage("%v", err)
	}
	return c, nil
}

// replayed is the JSON form of a replay.
type replayed struct {
	Signature string         `json:"signature"`
	Shows     bool           `json:"shows"`
	Same      bool           `json:"same_run"`
	Hash      string         `json:"hash"`
	Finding   *hunt.Finding  `json:"finding,omitempty"`
	Others    []hunt.Finding `json:"others,omitempty"`
	Differs   []string       `json:"differs,omitempty"`
}

func replayedJSON(r *hunt.Replayed) replayed {
	return replayed{r.Case.Verdict.Signature, r.Finding != nil, r.Same, r.Hash, r.Finding, r.Others, r.Differs}
}

func replayedText(r *hunt.Replayed) string {
	var b strings.Builder
	same := "the recorded run, hash " + r.Hash
	if !r.Same {
		same = "another run than the recorded one, hash " + r.Hash
	}
	if f := r.Finding; f != nil {
		fmt.Fprintf(&b, "%s\n  %s\n  %s, at %s: %s\n", f.Signature, f.Meaning, f.Object, f.At, f.Detail)
		for _, e := range f.Events {
			b.WriteString("  " + e + "\n")
		}
	} else {
		fmt.Fprintf(&b, "%s\n  does not show any more\n", r.Case.Verdict.Signature)
	}
	for _, f := range r.Others {
		fmt.Fprintf(&b, "also: %s: %s\n", f.Signature, f.Detail)
	}
	fmt.Fprintf(&b, "%s\n", same)
	return b.String()
}
