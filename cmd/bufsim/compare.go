package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bufsim/experiments/compare"
	"bufsim/experiments/report"
	"bufsim/experiments/scenario"
	"bufsim/experiments/sweep"
	"bufsim/model/flags"
	"bufsim/model/release"
)

func (a *app) compareCommand() *cobra.Command {
	var (
		set         settings
		name, seeds string
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
			case seen.after != "":
				return a.compareObserved(c, &seen, &set, name, seeds, form.form, args)
			case seen.before != "":
				return usage("--before goes with --observed")
			}
			base := func(s *scenario.Scenario, p release.Profile) (flags.Set, error) { return set.resolve(c, a, s, p) }
			sides, err := parseSides(args, sweep.Plan{Scenario: name, Release: set.release}, base)
			if err != nil {
				return err
			}
			return a.compareSides(sides, seeds, form.form, replayCompare(c, args))
		},
	}
	set.register(c)
	c.Flags().StringVar(&name, "scenario", "", "scenario of both sides: name, number or file (default: the default reparent)")
	c.Flags().StringVar(&seeds, "seeds", defaultCompareSeeds, "seeds of both sides, `A-B`")
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

// compareSides plays both sides and prints what differs; after an interrupt, of what both
// have played.
func (a *app) compareSides(sides [2]compare.Side, seedsText, form, replay string) error {
	var seeds scenario.Seeds
	if err := seeds.UnmarshalText([]byte(seedsText)); err != nil || seeds.First == 0 {
		return usage("--seeds: %q is not a range of seeds such as 1-40", seedsText)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop)
	bar := newProgress(a.err, "runs")
	result, played := compare.Play(ctx, sides[0], sides[1], seeds, bar.update)
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
