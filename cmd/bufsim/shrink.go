package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bufsim/experiments/hunt"
)

func (a *app) shrinkCommand() *cobra.Command {
	var (
		out   string
		limit time.Duration
	)
	c := &cobra.Command{
		Use:   "shrink CASE",
		Short: "Make a case of explore as small as it can be",
		Long: `Takes away from a case what its finding does not need: steps, faults, operations,
clients, tablets, flags; rounds times; then takes stalls out and shortens the schedule
to the few choices that matter. The finding stays the same, by its signature. What else
shows on the way is written beside it. An interrupt keeps the best so far.`,
		Example: `  bufsim shrink cases/buffer-window-GATE-SHARD -o small`,
		Args:    exactlyOne("case of explore --out", "bufsim shrink FOLDER"),
		RunE:    func(c *cobra.Command, args []string) error { return a.shrink(args[0], out, limit) },
	}
	c.Flags().StringVarP(&out, "out", "o", "", "`FOLDER` for the smaller case (default: the case's, with -small behind it)")
	c.Flags().DurationVar(&limit, "time", 0, "end after that long with the best so far")
	return c
}

func (a *app) shrink(path, out string, limit time.Duration) error {
	one, err := readCase(path)
	if err != nil {
		return err
	}
	if out == "" {
		out = strings.TrimSuffix(strings.TrimSuffix(path, hunt.CaseFile), "/") + "-small"
	}
	ctx, stop := interruptible()
	defer stop()
	if limit > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	var others []*hunt.Case
	due := every(2 * time.Second)
	opts := hunt.ShrinkOptions{
		Other: func(c *hunt.Case) { others = append(others, c) },
		Progress: func(p hunt.ShrinkProgress) {
			if due() {
				a.say("%s: size %d, %d choices of %d matter; %d of %d tries kept", p.Pass, p.Size, p.Choices, p.All, p.Kept, p.Tried)
			}
		},
	}
	small, err := hunt.Shrink(ctx, one, opts)
	if err != nil {
		return usage("%s: %v", path, err)
	}
	if err := small.WriteFolder(out, nil); err != nil {
		return cannot("write the case", out, err)
	}
	for _, o := range others {
		dir := filepath.Join(filepath.Dir(out), folderName(o.Verdict.Signature))
		if _, err := os.Stat(dir); err == nil {
			continue // it was found before
		}
		if err := o.WriteFolder(dir, nil); err != nil {
			return cannot("write the case", dir, err)
		}
		a.say("found on the way: %s, written to %s", o.Verdict.Signature, dir)
	}
	return a.printText(fmt.Sprintf("%s\nbufsim replay %s\n", hunt.Compare(one, small), out))
}
