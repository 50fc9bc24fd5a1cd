package main

import (
	"bufio"
	"os"

	"github.com/spf13/cobra"

	"bufsim/experiments/sweep"
)

func (a *app) mergeCommand() *cobra.Command {
	var (
		out     string
		partial bool
	)
	c := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Put the parts of a sharded sweep together",
		Long: `Reads the records that shards of one plan wrote with bufsim sweep --out, checks that
they belong together and are complete, and writes them in the order in which the whole
plan would have been played, byte for byte. Records of another plan or version, one run
twice and missing runs are errors.

bufsim sweep PLAN --out MERGED --resume prints the table of what was merged.`,
		Example: `  bufsim merge part-*.ndjson > runs.ndjson
  bufsim merge part-*.ndjson --out runs.ndjson`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.merge(args, out, !partial) },
	}
	c.Flags().StringVar(&out, "out", "", "`FILE` for the records (default: stdout)")
	c.Flags().BoolVar(&partial, "partial", false, "merge although runs are missing")
	return c
}

func (a *app) merge(paths []string, out string, complete bool) (err error) {
	var sources []sweep.Source
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return cannot("read", path, err)
		}
		defer f.Close()
		sources = append(sources, sweep.Source{Name: path, In: f})
	}
	w := bufio.NewWriter(a.out)
	if out != "" {
		f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return cannot("write", out, err)
		}
		defer func() {
			if closed := f.Close(); err == nil && closed != nil {
				err = cannot("write", out, closed)
			}
		}()
		w = bufio.NewWriter(f)
	}
	n := 0
	write := sweep.WriteNDJSON(w)
	err = sweep.Merge(sources, complete, func(rec sweep.Record) error {
		n++
		return write(rec)
	})
	if err != nil {
		return usage("%v", err)
	}
	if err := w.Flush(); err != nil {
		return cannot("write", out, err)
	}
	a.say("merged %d runs of %d files", n, len(paths))
	return nil
}
