package main

import (
	"github.com/spf13/cobra"

	"bufsim/experiments/groundtruth"
)

func (a *app) groundtruthCommand() *cobra.Command {
	var (
		seeds int
		form  *formValue
	)
	c := &cobra.Command{
		Use:   "groundtruth FILE...",
		Short: "Play runs that were measured on a real cluster and compare",
		Long: `Plays runs that were measured on a real Vitess cluster, each with the same shape:
tablets, load, flags, operations, replication delay. It compares errors and their
texts, the buffer's counters, durations, health messages and log lines.

A figure is equal if every simulated run has the measured value, in range if timing
decides and the value lies within the simulated ones, else it is not explained.`,
		Example: `  bufsim groundtruth testdata/groundtruth/s3-0.json
  bufsim groundtruth --seeds 100 -o md testdata/groundtruth/*.json`,
		Args: atLeastOne("file", "bufsim groundtruth testdata/groundtruth/*.json"),
		RunE: func(_ *cobra.Command, files []string) error {
			if seeds < 1 {
				return usage("--seeds %d: want at least 1.", seeds)
			}
			r, err := a.groundtruth(files, seeds)
			if err != nil {
				return err
			}
			if err := a.printGroundtruth(form.form, r); err != nil {
				return err
			}
			if r.NotExplained() > 0 {
				return errFinding()
			}
			return nil
		},
	}
	c.Flags().IntVar(&seeds, "seeds", 20, "play each run with the seeds 1 to this number")
	form = registerOutput(c, "text", "md", "json", "csv")
	return c
}

// groundtruth plays the files; the file of phases, which lies in the same folder, is no run.
func (a *app) groundtruth(files []string, seeds int) (*groundtruth.Report, error) {
	var runs []*groundtruth.Measured
	for _, path := range files {
		if len(files) > 1 && !groundtruth.IsRun(path) {
			continue
		}
		m, err := groundtruth.Read(path)
		if err != nil {
			return nil, cannot("play", path, err)
		}
		runs = append(runs, m)
	}
	list, err := groundtruth.Play(runs, seeds, func() {})
	if err != nil {
		return nil, usage("%v", err)
	}
	return &groundtruth.Report{Seeds: seeds, Runs: list}, nil
}

func (a *app) printGroundtruth(form string, r *groundtruth.Report) error {
	switch form {
	case "md":
		return a.printText(r.Markdown())
	case "csv":
		text, err := r.CSV()
		if err != nil {
			return err
		}
		return a.printText(text)
	default:
		return a.print(form, r, r.Text)
	}
}
