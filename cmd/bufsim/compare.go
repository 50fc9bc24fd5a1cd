package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bufsim/experiments/compare"
	"bufsim/experiments/report"
	"bufsim/experiments/scenario"
	"bufsim/experiments/stats"
	"bufsim/experiments/sweep"
	"bufsim/model/flags"
	"bufsim/model/release"
)

func (a *app) compareCommand() *cobra.Command {
	var (
		set         settings
		name, seeds string
		halfwidth   string
		form        *formValue
		seen        observedInput
	)
	c := &cobra.Command{
		Use:   "compare A B",
		Short: "Say what differs between two releases, sets of flags or scenarios",
		Long: `Plays A and B on the same seeds and says, figure by figure, what differs, with
intervals over runs; "~" stands where the runs do not decide. Each side is a text of
words: a release, a scenario, or NAME=VALUE for a Vitess flag or one of the axes of
bufsim sweep. What a side does not say is as in --scenario and as the other flags say.

With --observed, the counters of a real gate's buffer are compared with those of a grid of
settings, and the settings are ranked by their likelihood. The arguments are what varies,
NAME=VALUES; without prs= among them, the length of the outage varies. The exit code is 1 if
none of the settings comes to what was observed.`,
		Example: `  bufsim compare v13 v24 --enable-buffer
  bufsim compare buffer-window=5s buffer-window=10s --scenario 6
  bufsim compare prs=8s prs=9s --until-halfwidth 0.2% --seeds 1-2000
  bufsim compare "v24 prs=9s" "v24 prs=9s buffer-window=12s" --seeds 1-100 -o md
  bufsim compare --observed after.txt --before before.txt --scenario own.yaml prs=2s..9s lag=0s,5s`,
		Args: func(c *cobra.Command, args []string) error {
			if seen.after != "" {
				return nil
			}
			return twoSides(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case seen.after != "" && halfwidth != "":
				return usage("--until-halfwidth is about a difference; with --observed there is none")
			case seen.after != "":
				return a.compareObserved(c, &seen, &set, name, seeds, form.form, args)
			case seen.before != "":
				return usage("--before goes with --observed")
			}
			opts, err := compareOptions(halfwidth)
			if err != nil {
				return err
			}
			base := func(s *scenario.Scenario, p release.Profile) (flags.Set, error) { return set.resolve(c, a, s, p) }
			sides, err := parseSides(args, sweep.Plan{Scenario: name, Release: set.release}, base)
			if err != nil {
				return err
			}
			return a.compareSides(sides, seeds, opts, form.form, replayCompare(c, args))
		},
	}
	set.register(c)
	c.Flags().StringVar(&name, "scenario", "", "scenario of both sides: name, number or file (default: the default reparent)")
	c.Flags().StringVar(&seeds, "seeds", defaultCompareSeeds, "seeds of both sides, `A-B`")
	c.Flags().StringVar(&halfwidth, "until-halfwidth", "", "stop the seeds once the interval of the difference of error rates reaches no further than this `SHARE` from the mean, e.g. 0.2%")
	seen.register(c)
	form = registerOutput(c, "text", "md", "json", "csv")
	return c
}

// defaultCompareSeeds decide what matters, in a second.
const defaultCompareSeeds = "1-40"

// twoSides checks the arguments of compare.
func twoSides(_ *cobra.Command, args []string) error {
	if len(args) != 2 {
		return usage("compare takes two sides, as in `bufsim compare v13 v24`; got %d; quote a side of several words", len(args))
	}
	return nil
}

func parseSides(args []string, plan sweep.Plan, base sweep.BaseFlags) (sides [2]compare.Side, err error) {
	for i, text := range args {
		if sides[i], err = compare.ParseSide(text, plan, base); err != nil {
			return sides, usage("%v", err)
		}
	}
	return sides, nil
}

// compareOptions reads when to stop.
func compareOptions(halfwidth string) (o compare.Options, err error) {
	if halfwidth == "" {
		return o, nil
	}
	var share scenario.Share
	if err := share.UnmarshalText([]byte(halfwidth)); err != nil || share == 0 {
		return o, usage("--until-halfwidth: %q is not a share such as 0.2%%", halfwidth)
	}
	o.Until = &stats.FixedWidth{HalfWidth: float64(share)}
	return o, nil
}

// compareSides plays both sides and prints what differs; after an interrupt, of what both
// have played.
func (a *app) compareSides(sides [2]compare.Side, seedsText string, opts compare.Options, form, replay string) error {
	var seeds scenario.Seeds
	if err := seeds.UnmarshalText([]byte(seedsText)); err != nil || seeds.First == 0 {
		return usage("--seeds: %q is not a range of seeds such as 1-40", seedsText)
	}
	ctx, stop := interruptible()
	defer stop()
	bar := newProgress(a.err, "runs")
	opts.Progress = bar.update
	result, played := compare.Play(ctx, sides[0], sides[1], seeds, opts)
	bar.end()
	switch {
	case result.OurFault != nil:
		return ourFault(result.OurFault)
	case played != nil && !errors.Is(played, context.Canceled):
		return usage("%v", played)
	case played != nil:
		a.say("interrupted after %d of %d pairs of runs", result.Runs, seeds.Count())
	}
	if err := a.printComparison(form, &report.ComparisonPage{Comparison: result, Replay: replay}); err != nil {
		return err
	}
	if played != nil {
		return errInterrupted()
	}
	return nil
}

func (a *app) printComparison(form string, page *report.ComparisonPage) error {
	switch form {
	case "json":
		return a.printJSON(page.JSON())
	case "csv":
		return a.printText(page.CSV())
	case "md":
		return a.printText(page.Markdown())
	}
	return a.printText(page.Text())
}

// replayCompare is the command that plays a comparison again.
func replayCompare(c *cobra.Command, args []string) string {
	words := []string{c.CommandPath()}
	for _, arg := range args {
		words = append(words, quoted(arg))
	}
	c.Flags().Visit(func(f *pflag.Flag) {
		words = append(words, "--"+f.Name+"="+quoted(f.Value.String()))
	})
	return strings.Join(words, " ")
}
