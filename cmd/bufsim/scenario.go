package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/report"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/release"
)

// guideRelease is the release whose figures the buffering guide prints.
const guideRelease = "v13"

func (a *app) scenarioCommand() *cobra.Command {
	var (
		s      settings
		seed   uint64
		format string
	)
	c := &cobra.Command{
		Use:   "scenario NUMBER|NAME|all",
		Short: "Play scenarios of the buffering guide beside the guide's figures",
		Long: `Plays one of the seven scenarios of the buffering guide, or all of them, from
gateslap's own .ini files, and prints the guide's counters beside ours: which lines
agree, which differ, and why. The guide's figures come from release v13.`,
		Example: `  bufsim scenario 5 --release v13
  bufsim scenario all --release v24
  bufsim scenario show 3            # the scenario file with all defaults`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "show" {
				return a.showScenario(args[1:])
			}
			if len(args) > 1 {
				return usage("bufsim scenario takes one scenario; got %s", strings.Join(args, " "))
			}
			return a.playGuide(c, &s, args[0], seed, format)
		},
	}
	s.register(c)
	c.Flags().Uint64Var(&seed, "seed", 0, "seed of the run (default: the scenario's first)")
	c.Flags().StringVarP(&format, "output", "o", "text", "form of the result: text or json")
	return c
}

// comparison is the JSON form of one scenario beside the guide.
type comparison struct {
	Result *runner.Result     `json:"result"`
	Guide  []report.GuideLine `json:"guide"`
}

func (a *app) playGuide(c *cobra.Command, s *settings, which string, seed uint64, format string) error {
	names := []string{which}
	if which == "all" {
		names = guideScenarios()
	}
	var (
		list   []comparison
		text   strings.Builder
		differ int
		first  error
	)
	for _, name := range names {
		j, err := a.prepare(c, s, name, seed)
		if err != nil {
			return err
		}
		result, err := j.play(runner.Options{})
		if err != nil {
			return err
		}
		lines := report.GuideLines(j.scenario, result)
		list = append(list, comparison{result, lines})
		fmt.Fprintf(&text, "%s  Replay: %s\n\n", report.Guide(j.scenario, result, j.differences()), j.replay("scenario"))
		differ += unexplained(j.profile, lines)
		if err := verdict(result); err != nil && first == nil {
			first = err
		}
	}
	if err := a.print(format, list, func() string { return strings.TrimSuffix(text.String(), "\n") }); err != nil {
		return err
	}
	if first == nil && differ > 0 {
		return errFinding()
	}
	return first
}

// guideScenarios lists the built-in scenarios that carry published figures.
func guideScenarios() []string {
	var names []string
	for _, n := range scenario.Names() {
		if n != scenario.DefaultName {
			names = append(names, n)
		}
	}
	return names
}

// unexplained counts the figures that no rule allows: differences on the guide's
// own release. Newer releases are expected to differ.
func unexplained(p release.Profile, lines []report.GuideLine) int {
	if p.Name != guideRelease {
		return 0
	}
	n := 0
	for _, l := range lines {
		if !l.Agrees && !l.Allowed {
			n++
		}
	}
	return n
}

// differences lists the behaviours in which the job's release differs from the
// guide's, for explanations.
func (j *job) differences() []string {
	if j.profile.Name == guideRelease {
		return nil
	}
	guide, err := release.Lookup(guideRelease)
	if err != nil {
		return nil
	}
	return report.Differences(guide, j.profile)
}

func (a *app) showScenario(args []string) error {
	if len(args) != 1 {
		return usage("bufsim scenario show takes a name, a number or a file")
	}
	s, err := loadScenario(args[0])
	if err != nil {
		return err
	}
	_, err = a.out.Write(s.Marshal())
	return err
}

func (a *app) scenariosCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "scenarios",
		Short: "List the built-in scenarios",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			list, err := scenario.List(scenario.VitessOptions())
			if err != nil {
				return err
			}
			return a.print(format, list, func() string { return report.Scenarios(list) })
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "text", "form of the list: text or json")
	return c
}
